"""Listening, and aiohttp's server connection with what a proxy needs on top: backpressure, limits on slow heads.

Built on aiohttp's RequestHandler, some of whose names are private: aiohttp is pinned to one version for that, and
tests/server drives every path through real sockets.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from aiohttp import StreamReader, web
from aiohttp.http_exceptions import InvalidHeader, InvalidURLError, LineTooLong
from aiohttp.web_protocol import RequestHandler

from core.errors import BUG, Refusal
from server.caller import Caller
from server.front import Front, Take
from server.reply import CLOSE, JSON, STATUS, Flow, Put, Reply, header
from server.shortcut import Head, body_in, read_head
from server.vigil import TELLS, Vigil

LATE: Final = Refusal(408, "The request's head did not come in time.", code="request_timeout")
# What aiohttp says of these quotes the client.
QUOTED: Final[Mapping[type[object], str]] = {
    LineTooLong: "its target or a header is too long",
    InvalidHeader: "it has a header that can't be read",
    InvalidURLError: "its target can't be read",
}
LOOKS: Final = 8  # how often within its idle time somebody looks at a connection
SOONEST: Final = 0.05


class Connection(RequestHandler):
    """One client connection. *flow* is the provider's side of the stream that is going out on it, if any."""

    __slots__ = ("_body", "_listener", "_patience", "_vigil", "answer", "flow", "put")

    def __init__(self, listener: "Listener", **kwargs: Any) -> None:
        super().__init__(listener, **kwargs)
        self._listener = listener
        self._patience: asyncio.TimerHandle | None = None  # runs while half a request is here
        self.flow: Flow | None = None
        self.put = listener.put
        self.answer: tuple[web.BaseRequest, Reply] | None = None  # the last that was begun
        self._body: StreamReader | None = None  # of the request that came last
        self._vigil: Vigil | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # A quarter of the default: what a slow reader leaves with us is this and one read from the provider.
        transport.set_write_buffer_limits(high=16384)  # type: ignore[attr-defined]  # always a Transport

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_waiting()
        if self._vigil is not None:
            self._vigil.stop()
        self.flow = None
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # what it returns says whether to go on
        """The client has shut its side. If it has asked before, and whole, it may wait for its answer."""
        old = self.answer is not None and self.answer[1].old
        if not self.owes or self._body is None or not self._body.is_eof() or self._upgraded or old or not TELLS:
            return False
        if self._vigil is None:
            if not self._messages and (reply := self.answering) is not None:
                reply.keep_alive = False
            self._vigil = Vigil(self, self._loop)
        return True

    @property
    def owes(self) -> bool:
        """See server.vigil.Watched."""
        waits = self._waiter is not None or not self._request_count
        return bool(self._messages) or not waits

    @property
    def answering(self) -> Reply | None:
        """See server.vigil.Watched."""
        answer = self.answer
        return answer[1] if answer is not None and answer[0] is self._current_request else None

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
        idle = not self._messages and (self._waiter is not None or not before)
        # Let go of, it still takes what belongs to the answer that it owes; aiohttp would drop the rest of a body.
        closing, self._close = self._close, False
        super().data_received(data)
        self._close = closing
        if self._messages:
            self._body = self._messages[-1][1]
        if self._request_count != before:
            self._stop_waiting()
        elif idle and self._patience is None:
            # Bytes, but no request out of them yet: the head has its time from here on.
            self._patience = self._loop.call_later(self._listener.head_timeout, self._too_slow)

    def let_go(self) -> None:
        """Close it after the answer that it owes; at once if it owes none (aiohttp would keep idle ones)."""
        owes = self.owes
        self.close()
        if self.transport is not None and not owes:
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _too_slow(self) -> None:
        self._patience = None
        if self.transport is not None:
            body = orjson.dumps(LATE.body())
            lines = header("x-request-id", self._listener.name()) + CLOSE
            self.transport.write(b"%b%b%bcontent-length: %d\r\n\r\n%b" % (STATUS[408], JSON, lines, len(body), body))
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What aiohttp itself refuses: bytes that are no HTTP, or HTTP that could be read in two ways. Or a mistake of
        ours, before there was a call.
        """
        del request
        self.keep_alive(False)
        refusal, id = BUG, self._listener.name()
        if status < BUG.status:
            refusal = Refusal(status, f"Bad request: {_reason(exc, message)}.", code="invalid_http")
        elif exc is not None:
            self._listener.own_up(exc, None, id)
        answer = web.Response(status=refusal.status, body=orjson.dumps(refusal.body()), content_type="application/json")
        answer.headers["server"] = "switchyard"
        answer.headers["x-request-id"] = id
        answer.force_close()
        return answer


def _reason(exc: BaseException | None, message: str | None) -> str:
    """The part of aiohttp's explanation that doesn't quote the client."""
    return QUOTED.get(type(exc)) or (message or "it can't be understood").partition("\n")[0].rstrip(":. ")[:200]


class Listener(web.Server):
    """Makes connections.

    *serve* answers requests that come aiohttp's way; *take* those that come the short way, whose request lines are the
    keys of *short* (empty: there is no short way) and whose paths are the values. *put* writes bytes to a transport.
    *own_up* is told what *serve* raised, or *take* and which Reply it had. *name* makes ids for requests that can't be
    read.
    """

    def __init__(
        self,
        serve: Any,
        take: Take,
        short: Mapping[bytes, str],
        put: Put,
        own_up: Callable[..., None],
        *,
        name: Callable[[], str],
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
        self.own_up = own_up
        self.name = name
        self.head_timeout = head_timeout
        self.loop = self._loop
        self._idle = idle
        self._fronts: set[Front] = set()
        # The last head of any connection, and whoever sent it: clients are many, but few kinds of them.
        self._known: tuple[Head, Caller] | None = None
        self._look: asyncio.TimerHandle | None = None

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._fronts) + len(self._connections)

    def let_go(self) -> None:
        """Close every connection after the answer that it owes."""
        for connection in [*self._fronts, *self.connections]:
            if isinstance(connection, (Front, Connection)):
                connection.let_go()

    def pre_shutdown(self) -> None:
        self.let_go()
        super().pre_shutdown()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  (aiohttp's own signature)
        if self._look is not None:
            self._look.cancel()
        for front in list(self._fronts):
            if front.transport is not None:
                front.transport.abort()
        await super().shutdown(timeout)

    def __call__(self) -> Any:
        return Front(self) if self.short else Connection(self, loop=self._loop, **self._kwargs)

    # What a Front asks for

    def meet(self, data: bytes) -> tuple[Head, Caller, tuple[int, int]] | None:
        """See server.front.Door."""
        known = self._known
        if known is not None and (body := body_in(data, known[0])) is not None:
            head, caller = known[0], known[1].again()
        else:
            read = read_head(data, self.short)
            if read is None or (body := body_in(data, read)) is None:
                return None
            head = read
            caller = Caller(
                head.authorization, head.request_id, head.origin, None, priority=head.priority, trace=head.trace
            )
        self._known = head, caller
        return head, caller, body

    def opened(self, front: Front) -> None:
        """See server.front.Door."""
        if self._known is not None:
            head, caller = self._known
            front.expect(head, caller.again())
        front.since = self._loop.time()
        self._fronts.add(front)
        if self._look is None:
            self._look = self._loop.call_later(max(self._idle / LOOKS, SOONEST), self._close_idle)

    def closed(self, front: Front) -> None:
        self._fronts.discard(front)

    def hand_over(self, front: Front, data: bytes) -> None:
        """See server.front.Door."""
        transport = front.transport
        self._fronts.discard(front)
        if transport is None or transport.is_closing():
            return
        connection = Connection(self, loop=self._loop, **self._kwargs)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        if front.writing_paused:
            connection.pause_writing()
        connection.data_received(data)

    def _close_idle(self) -> None:
        """One look at all connections, instead of a timer for each."""
        due = self._loop.time() - self._idle
        for front in [front for front in self._fronts if front.idle and front.since <= due]:
            front.let_go()
        wait = max(self._idle / LOOKS, SOONEST)
        self._look = self._loop.call_later(wait, self._close_idle) if self._fronts else None
