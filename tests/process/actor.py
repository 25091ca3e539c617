"""A provider that plays a mood: well, dead, silent, slow, dripping, lying, or half dead; and callers who keep time."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles
from typing import Self

import orjson

from tests.whole.provider import SSE, answer, chunked, completion, piece, words

SECONDS = 0.05  # that a good answer takes
DRIP = 0.1  # from one byte to the next
SLOWER = 10
PATIENCE = 20.0
WHOLE = answer(200, orjson.dumps(completion("hello there")))
STREAMED = SSE + b"".join(chunked(event) for event in words("hello ", "there")) + b"0\r\n\r\n"
OVERLOADED = {"error": {"message": "The server is overloaded.", "type": "server_error", "code": None, "param": None}}
LIE = answer(200, orjson.dumps(OVERLOADED))
STREAMED_LIE = SSE + chunked(piece({"role": "assistant"})) + chunked(b"data: " + orjson.dumps(OVERLOADED) + b"\n\n")
STREAMED_LIE += b"0\r\n\r\n"
FAILED = answer(500, b'{"error": {"message": "Something broke.", "type": "server_error"}}')

Write = Callable[[bytes], None]
Mood = Callable[["Actor", bool, Write], None]


class Actor:
    """*mood* is played from the next request on. *asked*: how many it got."""

    def __init__(self) -> None:
        self.mood: Mood = well
        self.asked = 0
        self.loop = asyncio.get_running_loop()
        self._lines: set[_Line] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> Self:
        await self.rise()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.die()

    async def rise(self) -> None:
        """There again, where it was."""
        self._server = await self.loop.create_server(lambda: _Line(self, self._lines), "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def die(self) -> None:
        """Connections break, and new ones are refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in list(self._lines):
            line.transport.abort()


class _Line(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self, actor: Actor, lines: "set[_Line]") -> None:
        self._actor = actor
        self._lines = lines
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._lines.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._lines.discard(self)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]):
            self._read = b""
            self._actor.asked += 1
            self._actor.mood(self._actor, orjson.loads(body).get("stream", False), self._write)

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)


def well(actor: Actor, stream: bool, write: Write) -> None:
    actor.loop.call_later(SECONDS, write, STREAMED if stream else WHOLE)


def silent(_actor: Actor, _stream: bool, _write: Write) -> None:
    """A black hole."""


def slow(actor: Actor, stream: bool, write: Write) -> None:
    actor.loop.call_later(SLOWER * SECONDS, write, STREAMED if stream else WHOLE)


def dripping(actor: Actor, stream: bool, write: Write) -> None:
    rest = iter(STREAMED if stream else WHOLE)

    def drip() -> None:
        write(bytes([next(rest)]))
        actor.loop.call_later(DRIP, drip)

    drip()


def lying(actor: Actor, stream: bool, write: Write) -> None:
    """It says 200, and something else."""
    actor.loop.call_later(SECONDS, write, STREAMED_LIE if stream else LIE)


def half_dead(actor: Actor, stream: bool, write: Write) -> None:
    good = STREAMED if stream else WHOLE
    actor.loop.call_later(SECONDS, write, FAILED if actor.asked % 2 else good)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a caller saw: when it *began*, how many *seconds* the answer took, what was *wrong* with it, if anything."""

    began: float
    seconds: float
    wrong: str


class Callers:
    """They call *route* so many times a second, whatever becomes of their calls; every other one wants a stream."""

    def __init__(self, port: int, route: str, rate: int) -> None:
        self.route = route
        self.seen: list[Seen] = []
        self._loop = asyncio.get_running_loop()
        self._port = port
        self._rate = rate
        self._idle: list[_Caller] = []
        self._requests = [_request(route, stream=False), _request(route, stream=True)]

    async def call(self, seconds: float) -> None:
        """Until all are answered."""
        start, calls = time.monotonic(), []
        for number in range(int(seconds * self._rate)):
            await asyncio.sleep(start + number / self._rate - time.monotonic())
            calls.append(asyncio.create_task(self._one(stream=number % 2 == 0)))
        await asyncio.gather(*calls)
        for caller in self._idle:
            caller.transport.close()

    async def _one(self, *, stream: bool) -> None:
        began = time.monotonic()
        caller = self._idle.pop() if self._idle else None
        if caller is None:
            _, caller = await self._loop.create_connection(_Caller, "127.0.0.1", self._port)
        raw = await asyncio.wait_for(caller.ask(self._requests[stream]), PATIENCE)
        self._idle.append(caller)
        good = b" 200 " in raw[:20] and (b"data: [DONE]" in raw if stream else b"hello there" in raw)
        self.seen.append(Seen(began, time.monotonic() - began, "" if good else repr(raw[-400:])))

    def between(self, since: float, until: float = math.inf) -> list[Seen]:
        return [one for one in self.seen if since <= one.began < until]


class _Caller(asyncio.Protocol):
    """A connection to the gateway, for one call at a time."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        self._read = b""
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        _, sized, size = head.lower().partition(b"content-length:")
        if end and (len(body) >= int(size.split(b"\r\n")[0]) if sized else body.endswith(b"0\r\n\r\n")):
            self._answer.set_result(self._read)

    def connection_lost(self, _: Exception | None) -> None:
        if hasattr(self, "_answer") and not self._answer.done():
            self._answer.set_result(self._read + b" and the connection broke")


def _request(route: str, *, stream: bool) -> bytes:
    body = orjson.dumps({"model": route, "messages": [{"role": "user", "content": "hi"}], "stream": stream})
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def percentile(seen: list[Seen], share: int) -> float:
    """Milliseconds that *share* percent of the calls stay within."""
    return 1000 * quantiles([one.seconds for one in seen], n=100, method="inclusive")[share - 1]
