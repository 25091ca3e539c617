"""One attempt under way: the sink of its exchange, its timers, and its verdict.

A trial never raises. Its futures end with a Failure, or with what was hoped for: a Completion for a whole answer,
None for a stream that has shown its first content, and None again for a stream that ended as it should. A head with
status 200 is not an answer yet: until the first content the client has seen nothing, and the plan may go on.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Final

from adapters.contract import Adapter
from core.ask import Ask
from core.faults import Failure, Fault, UpstreamError
from core.wire import Completion, Event, WireRequest
from upstream.deadlines import Deadlines
from upstream.sink import Exchange

MOST_ERROR: Final = 65536  # bytes of an error body that we care to read
MOST_WHOLE: Final = 256 * 1024 * 1024
MOST_HELD: Final = 1024 * 1024  # bytes that may come before the first content
Out = Callable[[list[Event], bool], None]  # the events, and whether they are the last
Relay = Callable[[bytes], float]  # sends them, and says what time it is
TOO_LARGE: Final = Failure(Fault.BROKEN, "the answer is too large")
NO_HEADERS: Final[Mapping[str, str]] = {}
NO_CONTENT: Final = Failure(Fault.BROKEN, "a megabyte came without any content in it")


class Trial(ABC):
    """What whole and streamed attempts have in common: head, error body, and *due*, after which it is too late."""

    __slots__ = (
        "_adapter",
        "_ask",
        "_deadlines",
        "_parts",
        "_request",
        "_size",
        "due",
        "exchange",
        "headers",
        "over",
        "status",
    )

    def __init__(self, adapter: Adapter, ask: Ask, request: WireRequest, deadlines: Deadlines, due: float) -> None:
        self._adapter = adapter
        self._ask = ask
        self._request = request
        self._deadlines = deadlines
        self._parts: list[bytes] = []
        self._size = 0
        self.due = due
        self.exchange: Exchange | None = None
        self.headers: Mapping[str, str] = NO_HEADERS
        self.status = 0
        self.over = False
        deadlines.watch(self)

    def abort(self) -> None:
        """Nobody wants the answer any more."""
        self.over = True
        self._deadlines.forget(self)
        if self.exchange is not None:
            self.exchange.abort()

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = headers

    def on_error(self, failure: Failure) -> None:
        if not self.over:
            self._fail(failure)

    @abstractmethod
    def late(self, now: float) -> None:
        """See upstream.deadlines.Timed."""

    @abstractmethod
    def _conclude(self, failure: Failure) -> None:
        """The attempt is over; whoever waits for it is told."""

    def _fail(self, failure: Failure) -> None:
        if self.exchange is not None:
            self.exchange.abort()
        self._conclude(failure)

    def _refused(self) -> Failure:
        return self._adapter.failure(self.status, self.headers, b"".join(self._parts))

    def _keep(self, data: bytes, most: int) -> bool:
        self._size += len(data)
        if self._size > most:
            return False
        self._parts.append(data)
        return True


class WholeTrial(Trial):
    """An answer that comes in one piece. *seconds* is what its timeout is called."""

    __slots__ = ("_seconds", "outcome")

    def __init__(
        self, adapter: Adapter, ask: Ask, request: WireRequest, deadlines: Deadlines, due: float, *, seconds: float
    ) -> None:
        super().__init__(adapter, ask, request, deadlines, due)
        self._seconds = seconds
        self.outcome: asyncio.Future[Completion | Failure] = deadlines.loop.create_future()

    def on_data(self, data: bytes) -> None:
        if self.over:
            return
        if self.status == 200:
            if not self._keep(data, MOST_WHOLE):
                self._fail(TOO_LARGE)
        elif not self._keep(data, MOST_ERROR):
            self._fail(self._refused())

    def on_end(self) -> None:
        if self.over:
            return
        if self.status != 200:
            self._conclude(self._refused())
            return
        parts = self._parts
        try:
            body = parts[0] if len(parts) == 1 else b"".join(parts)
            self._conclude(self._adapter.decode(body, self._ask, self._request))
        except UpstreamError as error:
            self._conclude(error.failure)

    def late(self, now: float) -> None:
        del now
        self._fail(Failure(Fault.TIMEOUT, f"no answer within {self._seconds:g} s"))

    def _conclude(self, outcome: Completion | Failure) -> None:
        self.over = True
        self._deadlines.forget(self)
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class StreamTrial(Trial):
    """An answer that comes piece by piece.

    *opened* ends at the first content, *ended* at the end. Before `pipe` events are held; after it they go straight
    from the provider's connection to *out*, without waking anybody. *first* and *idle* are the two timeouts in
    seconds, *deadline* the end of the whole call in loop time.
    """

    __slots__ = (
        "_deadline",
        "_held",
        "_idle",
        "_loop",
        "_out",
        "_paused",
        "_relay",
        "decoder",
        "ended",
        "first_content",
        "opened",
    )

    def __init__(
        self,
        adapter: Adapter,
        ask: Ask,
        request: WireRequest,
        deadlines: Deadlines,
        *,
        first: float,
        idle: float,
        deadline: float,
    ) -> None:
        loop = self._loop = deadlines.loop
        super().__init__(adapter, ask, request, deadlines, min(loop.time() + first, deadline))
        self.decoder = adapter.decoder(ask, request)
        self.opened: asyncio.Future[Failure | None] = loop.create_future()
        self.ended: asyncio.Future[Failure | None] = loop.create_future()
        self.first_content = 0.0
        self._held: list[Event] = []
        self._out: Out | None = None
        self._relay: Relay | None = None
        self._idle = idle
        self._deadline = deadline
        self._paused = False

    def pipe(self, out: Out, relay: Relay | None = None) -> None:
        """From now on events go to *out*, the held ones at once.

        *relay* takes bytes that are ready for the client, which then don't have to become events.
        """
        held, self._held = self._held, []
        whole = self.ended.done() and self.ended.result() is None
        if not self.ended.done():
            self._out = out
            self._relay = relay
        if held or whole:
            out(held, whole)

    def pause(self) -> None:
        """The client doesn't keep up; what doesn't come meanwhile isn't the provider's fault."""
        self._paused = True
        if self.exchange is not None and not self.over:
            self.exchange.pause()

    def resume(self) -> None:
        self._paused = False
        self._wait_for_more(self._loop.time())
        if self.exchange is not None and not self.over:
            self.exchange.resume()

    def on_data(self, data: bytes) -> None:
        if self.over:
            return
        if self.status != 200:
            if not self._keep(data, MOST_ERROR):
                self._fail(self._refused())
            return
        decoder = self.decoder
        relay = self._relay
        if relay is not None and (ready := decoder.cruise(data)) is not None:
            due = relay(ready) + self._idle
            self.due = min(self._deadline, due)
            return
        try:
            events = decoder.feed(data)
        except UpstreamError as error:
            self._fail(error.failure)
            return
        if decoder.done:
            self._finish(events)
        elif self._out is None:
            self._hold(events, len(data))
        elif events:
            # Comments give no events: a provider that only says that it is alive is idle.
            self.due = min(self._loop.time() + self._idle, self._deadline)
            self._out(events, False)
        if decoder.broken is not None:
            self._fail(decoder.broken)

    def on_end(self) -> None:
        if self.over:
            return
        if self.status != 200:
            self._conclude(self._refused())
            return
        self._finish([], at_end=True)

    def _hold(self, events: list[Event], size: int) -> None:
        self._held += events
        if not self.decoder.started:
            self._size += size
            if self._size > MOST_HELD:
                self._fail(NO_CONTENT)
        elif not self.opened.done():
            now = self._loop.time()
            self.first_content = now
            self._wait_for_more(now)
            self.opened.set_result(None)

    def _finish(self, events: list[Event], *, at_end: bool = False) -> None:
        """The provider says that this was all; or the end of its connection does."""
        try:
            events += self.decoder.close()
        except UpstreamError as error:
            if events and self._out is not None:
                self._out(events, False)
            self._fail(error.failure)
            return
        if self.exchange is not None and not at_end:
            self.exchange.detach()
        if self._out is None:
            self._held += events
            self.first_content = self.first_content or self._loop.time()
        else:
            self._out(events, True)
        self._conclude(None)

    def _wait_for_more(self, now: float) -> None:
        self.due = min(now + self._idle, self._deadline)
        if not self.over:
            self._deadlines.watch(self)  # which may be sooner than before

    def late(self, now: float) -> None:
        if now >= self._deadline:
            self._fail(Failure(Fault.TIMEOUT, "the whole call took too long"))
        elif self._paused:
            self.due = min(now + self._idle, self._deadline)
        elif self.opened.done():
            self._fail(Failure(Fault.TIMEOUT, f"nothing came for {self._idle:g} s"))
        else:
            self._fail(Failure(Fault.TIMEOUT, "no content came in time"))

    def _conclude(self, outcome: Failure | None) -> None:
        self.over = True
        self._deadlines.forget(self)
        if not self.opened.done():
            self.opened.set_result(outcome)
        if not self.ended.done():
            self.ended.set_result(outcome)
        self._out = self._relay = (
            None  # whoever reads us may hold us: a circle would have to wait for the garbage collector
        )
