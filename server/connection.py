"""aiohttp's server connection, with what a proxy needs on top: backpressure, and a limit on slow heads.

Built on aiohttp's RequestHandler, some of whose names are private: aiohttp is pinned to one version for that, and
tests/server drives every path through real sockets.
"""

import asyncio
from typing import Any

import orjson
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from core.errors import Refusal
from server.reply import Flow

TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nserver: switchyard\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(RequestHandler):
    """One client connection. *flow* is the provider's side of the stream that is going out on it, if any."""

    __slots__ = ("_head_timer", "_listener", "flow")

    def __init__(self, listener: "Listener", **kwargs: Any) -> None:
        super().__init__(listener, **kwargs)
        self._listener = listener
        self._head_timer: asyncio.TimerHandle | None = None
        self.flow: Flow | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # A quarter of the default: what a slow reader leaves with us is this and one read from the provider.
        transport.set_write_buffer_limits(high=16384)  # type: ignore[attr-defined]  # always a Transport
        self._listener.opened += 1

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_head_timer()
        self.flow = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.flow is not None:
            self.flow.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.flow is not None:
            self.flow.resume()

    def data_received(self, data: bytes) -> None:
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._stop_head_timer()
        elif self._waiter is not None and self._head_timer is None:
            # Bytes, but no request out of them yet: the head has its time from here on.
            self._head_timer = self._loop.call_later(self._listener.head_timeout, self._head_too_slow)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What aiohttp itself refuses: bytes that are no HTTP, or HTTP that could be read in two ways."""
        del request, exc
        self.keep_alive(False)
        refusal = Refusal(status, f"Bad request: {_first_line(message)}.", code="invalid_http")
        answer = web.Response(status=status, body=orjson.dumps(refusal.body()), content_type="application/json")
        answer.headers["server"] = "switchyard"
        answer.force_close()
        return answer

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_too_slow(self) -> None:
        self._head_timer = None
        if self.transport is not None:
            self.transport.write(TIMED_OUT)
        self.force_close()


def _first_line(message: str | None) -> str:
    """The part of aiohttp's explanation that doesn't quote the client."""
    return (message or "it can't be understood").partition("\n")[0].rstrip(": ")[:200]


class Listener(web.Server):
    """Makes connections and counts them."""

    def __init__(self, serve: Any, *, head_timeout: float, idle: float) -> None:
        super().__init__(
            serve,
            handler_cancellation=True,  # a client that leaves must stop what it asked for
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=idle,
            lingering_time=2.0,
            max_line_size=16384,
            max_field_size=16384,
            max_headers=100,
        )
        self.head_timeout = head_timeout
        self.opened = 0

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)
