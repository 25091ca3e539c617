"""A client's connection: one call at a time, read as cheaply as Python can, every chunk's delay measured.

The provider writes its monotonic clock into each paced chunk, so a chunk's delay is the time of reading less that.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from functools import partial

from bench.targets import HEADERS, PATH

STAMP = re.compile(rb"t=(\d+) ")
LENGTH = re.compile(rb"content-length: *(\d+)")
LAST_CHUNK = b"0\r\n\r\n"
now = time.monotonic_ns


class Connection(asyncio.Protocol):
    """*status* is that of the last answer; *first*, *end* and *delays* are in nanoseconds.

    *mark* stands near the end of a stream that is *complete*.
    """

    def __init__(self, mark: bytes = b"[DONE]") -> None:
        self._mark = mark
        self.transport: asyncio.WriteTransport
        self.closed = False
        self.answered: asyncio.Future[bool] | None = None
        self.begun = asyncio.Event()
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.head = b""
        self.left: int | None = None
        self.rest = b""
        self.delays: list[int] = []
        self.sent = now()
        self.first = 0
        self.end = 0
        self.complete = False
        self.begun.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # it is one that writes; asyncio's signature is wider

    def connection_lost(self, _reason: Exception | None) -> None:
        self.closed = True
        self._finish(whole=False)

    def send(self, request: bytes) -> asyncio.Future[bool]:
        """The future says whether the answer came whole."""
        self._reset()
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answered

    def data_received(self, data: bytes) -> None:
        arrived = now()
        if not self.head and not (data := self._read_head(data)):
            return
        if self.left is None:
            self._read_stream(data, arrived)
            return
        self.left -= len(data)
        if self.left <= 0:
            self.end = arrived
            self._finish(whole=True)

    def _read_head(self, data: bytes) -> bytes:
        """What follows the head, once that is complete."""
        self.rest += data
        head, found, body = self.rest.partition(b"\r\n\r\n")
        if not found:
            return b""
        self.head, self.rest = head.lower(), b""
        self.status = int(head[9:12])
        if length := LENGTH.search(self.head):
            self.left = int(length[1])
        return body

    def _read_stream(self, data: bytes, arrived: int) -> None:
        for stamp in STAMP.finditer(data):
            self.delays.append(arrived - int(stamp[1]))
            self.first = self.first or arrived
        self.begun.set()
        end = self.rest + data
        self.complete = self.complete or self._mark in end
        end = end[-40:]
        self.rest = end
        if end.endswith(LAST_CHUNK):
            self.end = arrived
            self._finish(whole=True)

    def _finish(self, *, whole: bool) -> None:
        self.begun.set()
        if self.answered and not self.answered.done():
            self.answered.set_result(whole)


async def connect(port: int, mark: str = "[DONE]") -> Connection:
    made = partial(Connection, mark.encode())
    return (await asyncio.get_running_loop().create_connection(made, "127.0.0.1", port))[1]


def request(body: bytes, *, headers: Mapping[str, str] = HEADERS, path: str = PATH) -> bytes:
    """A call as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
