"""aiohttp's server connection and what a proxy needs on top: backpressure, limits on slow heads, the short way in.

Built on aiohttp's RequestHandler, some of whose names are private: aiohttp is pinned to one version for that, and
tests/server drives every path through real sockets.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from core.errors import Refusal
from server.caller import SLOWEST, Caller, too_large
from server.reply import Answered, Flow, Put, Reply
from server.shortcut import LARGEST_BODY, Head, again, read_head

TIMED_OUT: Final = (
    b"HTTP/1.1 408 Request Timeout\r\nserver: switchyard\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
UNSENT: Final = 65536

Take = Callable[[str, Caller, Reply], Coroutine[Any, Any, Answered]]


class Coming(Caller):
    """One whose body is still on its way. *missing* counts the bytes that haven't come."""

    __slots__ = ("_length", "_loop", "_parts", "_whole", "missing")

    def __init__(self, head: Head, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(head.authorization, head.request_id, head.origin, None)
        self._loop = loop
        self._length = self.missing = head.length
        self._parts: list[bytes] = []
        self._whole: asyncio.Future[None] | None = None  # somebody waits for it

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to the body; what is left doesn't."""
        part, rest = (data, b"") if len(data) <= self.missing else (data[: self.missing], data[self.missing :])
        self._parts.append(part)
        self.missing -= len(part)
        if not self.missing and self._whole is not None and not self._whole.done():
            self._whole.set_result(None)
        return rest

    async def read(self, *, limit: int, patience: float) -> bytes:
        if self._length > limit:
            raise too_large(limit)
        if self.missing:
            whole = self._whole = self._loop.create_future()
            timer = self._loop.call_later(patience + self._length / SLOWEST, self._late)
            try:
                await whole
            finally:
                timer.cancel()
        return b"".join(self._parts)

    def _late(self) -> None:
        if self._whole is not None and not self._whole.done():
            self._whole.set_exception(Refusal(408, "The request body did not come in time.", code="request_timeout"))


class Connection(RequestHandler):
    """One client connection. *flow* is the provider's side of the stream that is going out on it, if any."""

    __slots__ = ("_call", "_came", "_coming", "_known", "_listener", "_long", "_patience", "flow", "put")

    def __init__(self, listener: "Listener", **kwargs: Any) -> None:
        super().__init__(listener, **kwargs)
        self._listener = listener
        self._patience: asyncio.TimerHandle | None = None  # runs while half a request is here
        self._long = False  # aiohttp's parser may hold half a request: all that comes is for it from here on
        self._known: Head | None = None  # the head of the request before
        self._coming: Coming | None = None  # whoever still sends their body
        self._came = bytearray()  # while a call is answered, what comes after it
        self._call: asyncio.Task[Answered] | None = None  # a call that came the short way, while it is answered
        self.flow: Flow | None = None
        self.put = listener.put

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # A quarter of the default: what a slow reader leaves with us is this and one read from the provider.
        transport.set_write_buffer_limits(high=16384)  # type: ignore[attr-defined]  # always a Transport
        # The system would hold megabytes that a slow reader's window has no room for.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)

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
        if self._coming is not None:
            self._more_body(self._coming, data)
        elif self._call is not None:
            self._pipelined(data)
        elif not self._take(data):
            self._leave_to_aiohttp(data)

    def let_go(self) -> None:
        """Close it after the answer that it owes; at once if it owes none (aiohttp would keep idle ones)."""
        waits = self._waiter is not None or not self._request_count
        owes = self._call is not None or bool(self._messages) or not waits
        self.close()
        if self.transport is not None and not owes:
            self.transport.close()

    # The short way

    def _take(self, data: bytes) -> bool:
        """Whether *data* begins a plain request, which is then answered the short way."""
        # No waiter and yet a request: aiohttp is at it. (With no request, its task has only not begun to wait.)
        busy = self._messages or (self._waiter is None and self._request_count)
        if self._long or busy or self._close or self._force_close:
            return False
        known = self._known
        head = again(known, data) if known is not None else None
        if head is None:
            head = self._known = read_head(data, self._listener.short)
        if head is None or not 0 < head.length <= LARGEST_BODY:
            return False
        start = head.start
        end = start + head.length
        if end > len(data):
            coming = self._coming = Coming(head, self._loop)
            coming.feed(data[start:])
            self._begin(head.path, coming)
            return True
        if end < len(data):
            self._came += data[end:]
        self._begin(head.path, Caller(head.authorization, head.request_id, head.origin, data[start:end]))
        return True

    def _more_body(self, coming: Coming, data: bytes) -> None:
        rest = coming.feed(data)
        if coming.missing:
            return
        self._coming = None
        if self._call is None:
            self._stop_waiting()
            self._next()
        if rest:
            self.data_received(rest)

    def _begin(self, path: str, caller: Caller) -> None:
        self._request_in_progress = True
        self._request_count += 1
        reply = Reply(self, self._loop, old=False, keep_alive=True)
        call = self._call = self._loop.create_task(self._listener.take(path, caller, reply))
        call.add_done_callback(self._done)

    def _done(self, call: asyncio.Task[Answered]) -> None:
        """The call has been answered: what RequestHandler.start does after each of its own."""
        self._call = None
        self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        if self.transport is None or call.cancelled():
            return
        if not call.result().keep_alive:
            self.close()
        if self._coming is None:
            self._next()
        else:
            # Refused before it had all come: cut off at once, its client would never read why.
            self._patience = self._loop.call_later(self._lingering_time, self.force_close)

    def _next(self) -> None:
        """Ready for another request, if there may be one."""
        transport = self.transport
        if transport is None:
            return
        if self._close or self._force_close:
            transport.close()
            return
        self._next_keepalive_close_time = close = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(close, self._process_keepalive)
        if self._came:
            data = bytes(self._came)
            self._came.clear()
            transport.resume_reading()
            self.data_received(data)

    def _process_keepalive(self) -> None:
        """Close it if it has been idle for long; to aiohttp a connection whose call is here looks idle."""
        if self._call is None and self._coming is None:
            super()._process_keepalive()
        else:
            self._keepalive_handle = None

    def _pipelined(self, data: bytes) -> None:
        """The next request came before this one was answered: it waits, and beyond some bytes its sender does too."""
        self._came += data
        if len(self._came) > LARGEST_BODY and self.transport is not None:
            self.transport.pause_reading()

    # The long way

    def _leave_to_aiohttp(self, data: bytes) -> None:
        before = self._request_count
        idle = not self._messages and (self._waiter is not None or not before)
        # Let go of, it still takes what belongs to the answer that it owes; aiohttp would drop the rest of a body.
        closing, self._close = self._close, False
        super().data_received(data)
        self._close = closing
        # Where a request ends is known to us only of one that is a head and nothing else.
        alone = data.find(b"\r\n\r\n") == len(data) - 4 and len(self._messages) == 1 and self._messages[0][1].is_eof()
        self._long = self._long or not (idle and alone)
        if self._request_count != before:
            self._stop_waiting()
        elif idle and self._patience is None:
            # Bytes, but no request out of them yet: the head has its time from here on.
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
    keys of *short* (empty: there is no short way) and whose paths are the values. *put* writes bytes to a transport.
    """

    def __init__(
        self,
        serve: Any,
        take: Take,
        short: Mapping[bytes, str],
        put: Put,
        *,
        head_timeout: float,
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
        self.put = put
        self.head_timeout = head_timeout

    def let_go(self) -> None:
        """Close every connection after the answer that it owes."""
        for connection in self.connections:
            if isinstance(connection, Connection):
                connection.let_go()

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)
