"""Answers as bytes of our own, written straight to the client's connection.

aiohttp's response objects cost more than the rest of a call together. A Reply writes one prebuilt head and body in
one write, and the pieces of a stream as they come from the provider, without waking a task for each.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol

import orjson

from core.errors import Refusal
from core.wire import APART, Parcel

JSON: Final = b"content-type: application/json\r\n"
SSE: Final = b"content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n"
STATUS: Final = {
    each.value: b"HTTP/1.1 %d %b\r\nserver: switchyard\r\n" % (each.value, each.phrase.encode("ascii"))
    for each in HTTPStatus
}
CLOSE: Final = b"connection: close\r\n"
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
COMMENT: Final = b":\n\n"
STREAM: Final = STATUS[200] + SSE
CHUNKED: Final = b"transfer-encoding: chunked\r\n\r\n"


Put = Callable[[asyncio.WriteTransport, Parcel], None]


class Flow(Protocol):
    """Where the bytes of a stream come from; held back while the client is slow."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Driver(Protocol):
    def cancel(self) -> object: ...


class Line(Protocol):
    """The client's connection, as far as a Reply needs it."""

    transport: asyncio.Transport | None
    flow: Flow | None
    put: Put

    @property
    def writing_paused(self) -> bool: ...


class Reply:
    """The answer on a connection; of the short way's also the next one, and all that come after it.

    *old* is a client of HTTP/1.0, which knows no chunks: a stream then ends with the connection. *keep_alive* may be
    taken back, never given. *id* is the request's.
    """

    __slots__ = (
        "_line",
        "_loop",
        "_pending",
        "common",
        "driver",
        "headless",
        "id",
        "keep_alive",
        "last",
        "old",
        "opened",
        "sent",
        "status",
        "turned",
    )

    def __init__(self, line: Line, loop: asyncio.AbstractEventLoop, *, old: bool, keep_alive: bool) -> None:
        self._line = line
        self._loop = loop
        self.old = old
        self.keep_alive = keep_alive and not old
        self.id: str
        self.turned: Reply | None = None  # what goes out in its place
        self.driver: Driver | None = None  # who makes this answer, and can be told to stop
        self.headless = False  # HEAD was asked: all but the body
        self.opened = False  # the head of a stream has been decided on
        self.common = b""  # header lines that every answer on this call carries
        self.sent = 0
        self.last = 0.0
        self.status = 0
        self._pending = b""

    def begin(self) -> None:
        """Another answer, the one before being over and the connection kept."""
        self.opened = False
        self.sent = self.status = 0

    @property
    def gone(self) -> bool:
        transport = self._line.transport
        return transport is None or transport.is_closing()

    def whole(self, status: int, body: bytes, headers: bytes = b"", kind: bytes = JSON) -> None:
        """A whole answer. *headers* are lines, each with its line end."""
        self.status = status
        if not self.keep_alive:
            headers += CLOSE
        size = len(body)
        if self.headless:
            body = b""
        head = (STATUS[status], kind, self.common, headers, size)
        if size < APART:
            self._write(b"%b%b%b%bcontent-length: %d\r\n\r\n%b" % (*head, body))
        else:
            self._write((b"%b%b%b%bcontent-length: %d\r\n\r\n" % head, body))

    def nothing(self, headers: bytes = b"") -> None:
        """A 204, which has no body, nor the length of one (RFC 9110, 8.6)."""
        self.status = 204
        if not self.keep_alive:
            headers += CLOSE
        self._write(b"%b%b%b\r\n" % (STATUS[204], self.common, headers))

    @property
    def stalled(self) -> bool:
        """Whether the client doesn't take what it was sent."""
        return self._line.writing_paused

    def open(self, headers: bytes = b"") -> None:
        """Begin a stream. The head goes out with the first piece, in one write."""
        self.opened = True
        self.status = 200
        if self.keep_alive:
            self._pending = b"".join((STREAM, self.common, headers, CHUNKED))
        else:
            self._pending = b"".join((STREAM, self.common, headers, CLOSE, b"\r\n" if self.old else CHUNKED))

    def send(self, data: bytes) -> float:
        """A piece of the stream; nothing if *data* is empty (an empty chunk would end it). Returns loop time."""
        now = self._loop.time()
        if not data:
            return now
        self.last = now
        pending, self._pending, size = self._pending, b"", len(data)
        if self.old:
            self._write(pending + data)
        elif size < APART:
            self._write(b"%b%x\r\n%b\r\n" % (pending, size, data))
        else:
            self._write((b"%b%x\r\n" % (pending, size), data, b"\r\n"))
        return now

    def nudge(self) -> None:
        """Send something that means nothing, whatever has been sent."""
        transport = self._line.transport
        if self.turned is not None:
            self.turned.nudge()
        elif self.opened:
            if not self.stalled:
                Reply.send(self, COMMENT)  # whatever form it is turned into
        elif not self.sent and transport is not None:
            self._line.put(transport, CONTINUE)

    def end(self, data: bytes = b"", more: bytes = b"") -> None:
        """The last piece, and the end of the body. *more* goes on from *data*, which may be large."""
        if self.old:
            self.send(data + more)
            return
        pending, self._pending, size = self._pending, b"", len(data) + len(more)
        if not size:
            self._write(pending + b"0\r\n\r\n")
        elif size < APART:
            self._write(b"%b%x\r\n%b%b\r\n0\r\n\r\n" % (pending, size, data, more))
        else:
            self._write((b"%b%x\r\n" % (pending, size), data, more, b"\r\n0\r\n\r\n"))

    def follow(self, source: Flow | None) -> None:
        """Hold *source* back whenever the client doesn't keep up; None lets go of it."""
        self._line.flow = source
        if source is not None and self._line.writing_paused:
            source.pause()

    def _write(self, data: Parcel) -> None:
        line = self._line
        transport = line.transport
        if transport is not None:
            self.sent += len(data) if isinstance(data, bytes) else sum([len(piece) for piece in data])
            line.put(transport, data)


class Answered:
    """What aiohttp is told when the answer has been written already: the least it needs to go on."""

    __slots__ = ("keep_alive", "status")

    def __init__(self, status: int, *, keep_alive: bool) -> None:
        self.status = status
        self.keep_alive = keep_alive

    async def prepare(self, _request: object) -> None:
        """Nothing is left to write."""

    async def write_eof(self) -> None:
        """Nothing is left to write."""


def header(name: str, value: str) -> bytes:
    """A header line. Characters that could end it or begin another are replaced."""
    clean = value.encode("latin-1", "replace")
    if any(byte < 0x20 or byte == 0x7F for byte in clean):
        clean = bytes(0x3F if byte < 0x20 or byte == 0x7F else byte for byte in clean)
    return b"%b: %b\r\n" % (name.encode("ascii"), clean)


def refuse(reply: Reply, refusal: Refusal) -> None:
    """A refusal as a whole answer. A head that hasn't gone out yet can still be any status."""
    lines = b"".join([header(name, value) for name, value in refusal.headers.items()])
    reply.whole(refusal.status, orjson.dumps(refusal.body()), lines)
