"""aiohttp's server connection and what a proxy needs on top: backpressure, limits on slow heads, the short way in.

Built on aiohttp's RequestHandler, some of whose names are private: aiohttp is pinned to one version for that, and
tests/server drives every path through real sockets.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from core.errors import Refusal
from server.caller import Caller
from server.reply import Answered, Flow, Reply
from server.shortcut import LARGEST_BODY, Head, again, read_head

TIMED_OUT: Final = (
    b"HTTP/1.1 408 Request Timeout\r\nserver: switchyard\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
FOR_EVER: Final = float("inf")

Take = Callable[[str, Caller, Reply], Coroutine[Any, Any, Answered]]


class Connection(RequestHandler):
    """One client connection. *flow* is the provider's side of the stream that is going out on it, if any."""

    __slots__ = ("_call", "_came", "_head", "_known", "_listener", "_missing", "_partial", "_patience", "flow")

    def __init__(self, listener: "Listener", **kwargs: Any) -> None:
        super().__init__(listener, **kwargs)
        self._listener = listener
        self._patience: asyncio.TimerHandle | None = None  # runs while half a request is here
        self._partial = False  # aiohttp's parser holds half a request
        self._head: Head | None = None  # of a request whose body isn't all here yet
        self._known: Head | None = None  # the head of the request before
        self._came: list[bytes] = []  # the pieces of that body; or what came while a call was answered
        self._missing = 0
        self._call: asyncio.Task[Answered] | None = None  # a call that came the short way, while it is answered
        self.flow: Flow | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # A quarter of the default: what a slow reader leaves with us is this and one read from the provider.
        transport.set_write_buffer_limits(high=16384)  # type: ignore[attr-defined]  # always a Transport

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_waiting()
        self.flow = None
        if self._call is not None:
            # A client that leaves must stop what it asked for.
            self._call.cancel()
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
        if self._call is not None:
            self._pipelined(data)
        elif self._head is not None:
            self._more_body(data)
        elif not self._take(data):
            self._leave_to_aiohttp(data)

    # The short way

    def _take(self, data: bytes) -> bool:
        """Whether *data* begins a plain request, which is then answered the short way."""
        if self._partial or self._waiter is None or self._messages or self._close or self._force_close:
            return False
        known = self._known
        head = again(known, data) if known is not None else None
        if head is None:
            head = self._known = read_head(data, self._listener.short)
        if head is None or not 0 < head.length <= LARGEST_BODY:
            return False
        missing = head.start + head.length - len(data)
        if missing > 0:
            self._head = head
            self._came = [data[head.start :]]
            self._missing = missing
            self._patience = self._loop.call_later(self._listener.body_timeout, self._too_slow)
        elif missing == 0:
            self._begin(head, data[head.start :])
        else:
            body_end = head.start + head.length
            self._begin(head, data[head.start : body_end])
            self._came = [data[body_end:]]
        return True

    def _more_body(self, data: bytes) -> None:
        self._came.append(data)
        self._missing -= len(data)
        if self._missing > 0:
            return
        head, self._head = self._head, None
        self._stop_waiting()
        body = b"".join(self._came)
        self._came = []
        assert head is not None
        if self._missing < 0:
            self._came = [body[head.length :]]
            body = body[: head.length]
        self._begin(head, body, rest=self._came)

    def _begin(self, head: Head, body: bytes, rest: list[bytes] | None = None) -> None:
        self._came = rest or []
        self._request_in_progress = True
        self._request_count += 1
        self._next_keepalive_close_time = FOR_EVER
        reply = Reply(self, self._loop, old=False, keep_alive=True)
        caller = Caller(head.authorization, head.request_id, head.origin, body)
        call = self._call = self._loop.create_task(self._listener.take(head.path, caller, reply))
        call.add_done_callback(self._done)

    def _done(self, call: asyncio.Task[Answered]) -> None:
        """The call has been answered: what RequestHandler.start does after each of its own."""
        self._call = None
        self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        transport = self.transport
        if transport is None or call.cancelled():
            return
        if self._close or self._force_close or not call.result().keep_alive:
            transport.close()
            return
        self._next_keepalive_close_time = close = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(close, self._process_keepalive)
        if self._came:
            data = b"".join(self._came)
            self._came = []
            transport.resume_reading()
            self.data_received(data)

    def _pipelined(self, data: bytes) -> None:
        """The next request came before this one was answered: it waits, and beyond some bytes its sender does too."""
        self._came.append(data)
        if sum(map(len, self._came)) > LARGEST_BODY and self.transport is not None:
            self.transport.pause_reading()

    # The long way

    def _leave_to_aiohttp(self, data: bytes) -> None:
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._partial = False
            self._stop_waiting()
        elif self._waiter is not None:
            # Bytes, but no request out of them yet: the head has its time from here on.
            self._partial = True
            if self._patience is None:
                self._patience = self._loop.call_later(self._listener.head_timeout, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _too_slow(self) -> None:
        self._patience = None
        if self.transport is not None:
            self.transport.write(TIMED_OUT)
        self.force_close()

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


def _first_line(message: str | None) -> str:
    """The part of aiohttp's explanation that doesn't quote the client."""
    return (message or "it can't be understood").partition("\n")[0].rstrip(": ")[:200]


class Listener(web.Server):
    """Makes connections.

    *serve* answers requests that come aiohttp's way; *take* those that come the short way, whose request lines are the
    keys of *short* (empty: there is no short way) and whose paths are the values.
    """

    def __init__(
        self,
        serve: Any,
        take: Take,
        short: Mapping[bytes, str],
        *,
        head_timeout: float,
        body_timeout: float,
        idle: float,
    ) -> None:
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
        self.take = take
        self.short = short
        self.head_timeout = head_timeout
        self.body_timeout = body_timeout

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)
