"""One attempt under way: the sink of its exchange, its timers, and its verdict.

A trial never raises. Its future ends with a Failure, or with what was hoped for: a Completion for a whole answer,
None for a stream that ended as it should. A head with status 200 is not an answer yet: until the first content the
client has seen nothing, and the plan may go on.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from adapters.contract import Adapter
from adapters.discretion import Discretion
from core.ask import Ask
from core.faults import Failure, Fault, UpstreamError
from core.usage import Usage
from core.wire import Completion, Event, WireRequest
from upstream.deadlines import Deadlines
from upstream.response import dated, headers_of
from upstream.sink import Exchange

MOST_ERROR: Final = 65536  # bytes of an error body that we care to read
MOST_WHOLE: Final = 256 * 1024 * 1024
MOST_HELD: Final = 1024 * 1024  # bytes of whole events that may come before the first content
Relay = Callable[[bytes], float]  # sends them, and says what time it is
TOO_LARGE: Final = Failure(Fault.BROKEN, "the answer is too large")
ENOUGH: Final = 0.9  # of the time that an attempt may take: who had so much of it and is late is to blame
SILENT: Final = 0.5  # of a call's time: who has begun, and says nothing for so long until its end, hangs
NO_HEADERS: Final[Mapping[str, str]] = {}
NO_CONTENT: Final = Failure(Fault.BROKEN, "a megabyte came without any content in it")


class Trial(ABC):
    """What whole and streamed attempts have in common: head, error body, and *due*, after which it is too late.

    Made to be sent, with what that takes. All else comes when it was: see `begin`, which has to follow at once.
    """

    __slots__ = (
        "_adapter",
        "_ask",
        "_deadlines",
        "_discretion",
        "_left",
        "_parts",
        "due",
        "exchange",
        "head",
        "over",
        "request",
        "status",
    )

    def __init__(
        self, adapter: Adapter, ask: Ask, request: WireRequest, deadlines: Deadlines, *, discretion: Discretion
    ) -> None:
        self._adapter = adapter
        self._discretion = discretion
        self._ask = ask
        self.request = request
        self._deadlines = deadlines

    def _await(self, exchange: Exchange, due: float, most: int) -> None:
        """What both kinds begin with; at most so many bytes of an answer are kept."""
        self._parts: list[bytes] = []
        self._left = most  # bytes that may still come, and be kept
        self.due = due
        self.exchange = exchange
        self.head = b""
        self.status = 0
        self.over = False
        self._deadlines.watch(self)

    def abort(self) -> None:
        """Nobody wants the answer any more."""
        self.over = True
        self._deadlines.forget(self)
        self.exchange.abort()

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the answer; read anew each time."""
        return headers_of(self.head) if self.head else NO_HEADERS

    def on_head(self, status: int, head: bytes) -> None:
        self.status = status
        self.head = head
        if status != 200:
            self._left = MOST_ERROR

    def on_data(self, data: bytes) -> None:
        if self.over:
            return
        self._left -= len(data)
        if self._left >= 0:
            self._parts.append(data)
        else:
            self._fail(TOO_LARGE if self.status == 200 else self._refused())

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
        self.exchange.abort()
        self._conclude(self._discretion.kept(failure))

    def _refused(self) -> Failure:
        headers = dated(self.headers)
        readable = headers.get("content-encoding", "identity").lower() == "identity"
        failure = self._adapter.failure(self.status, headers, b"".join(self._parts) if readable else b"")
        return self._discretion.kept(failure)


class WholeTrial(Trial):
    """An answer that comes in one piece. *sent*: when, in loop time. *complete*: all of it has come. *counted*: what
    one that is none says that it took.
    """

    __slots__ = ("_seconds", "_total", "complete", "counted", "outcome", "sent")

    def begin(self, exchange: Exchange, *, seconds: float, total: float, deadline: float) -> None:
        """It was sent as *exchange*, and may take so many *seconds*.

        The *total* of the whole call is over at *deadline*, in loop time.
        """
        now = self.sent = self._deadlines.loop.time()
        self._await(exchange, min(now + seconds, deadline), MOST_WHOLE)
        self._seconds = seconds
        self._total = total
        self.complete = False
        self.counted: Usage | None = None
        self.outcome: asyncio.Future[Completion | Failure] = self._deadlines.loop.create_future()

    def on_end(self) -> None:
        if self.over:
            return
        self.complete = True
        if self.status != 200:
            self._conclude(self._refused())
            return
        parts = self._parts
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        try:
            outcome: Completion | Failure = self._adapter.decode(body, self._ask, self.request)
        except UpstreamError as error:
            outcome = self._discretion.kept(error.failure)
            self.counted = self._adapter.counted(body, self.request)
        self._conclude(outcome)

    def late(self, now: float) -> None:
        del now
        had = self.due - self.sent
        if self.status >= 400:
            self._fail(self._refused())
        elif cut_short(had, self._seconds, self._total):
            self._fail(Failure(Fault.OUT_OF_TIME, f"no answer within the {shown(had)} s that the call had left"))
        else:
            self._fail(Failure(Fault.TIMEOUT, f"no answer within {shown(had)} s"))

    def _conclude(self, outcome: Completion | Failure) -> None:
        self.over = True
        self._deadlines.forget(self)
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Audience(Protocol):
    """Who hears a stream, inside of the provider's connection: nobody is woken for a piece of it."""

    def opens(self) -> Relay | None:
        """There is content: from here on the client hears. Returns what takes bytes that are ready for it, if any."""
        ...

    def hears(self, events: list[Event], *, last: bool) -> None:
        """What the provider says; *last*: and that was all."""
        ...


class StreamTrial(Trial):
    """An answer that comes piece by piece.

    Until the first content its events are held, then its audience hears them. *sent*: when, in loop time. *open*: the
    audience has heard something.
    """

    __slots__ = (
        "_audience",
        "_deadline",
        "_first",
        "_held",
        "_idle",
        "_loop",
        "_paused",
        "_relay",
        "_total",
        "_until",
        "decoder",
        "ended",
        "first_content",
        "open",
        "sent",
    )

    def begin(
        self, exchange: Exchange, audience: Audience, *, first: float, idle: float, total: float, deadline: float
    ) -> None:
        """It was sent as *exchange*, and *audience* hears it.

        *first* and *idle* are the two timeouts in seconds. The *total* of the whole call is over at *deadline*, in loop
        time.
        """
        loop = self._loop = self._deadlines.loop
        now = self.sent = loop.time()
        self._await(exchange, min(now + first, deadline), MOST_HELD)
        self.decoder = self._adapter.decoder(self._ask, self.request)
        self.ended: asyncio.Future[Failure | None] = loop.create_future()
        self.first_content = 0.0
        self.open = False
        self._audience: Audience | None = audience
        self._held: list[Event] = []
        self._relay: Relay | None = None
        self._first = first
        self._idle = idle
        self._total = total
        self._deadline = deadline
        self._until = now + idle  # when its silence is too long, be that after the deadline
        self._paused = False

    def abort(self) -> None:
        super().abort()
        self._audience = self._relay = None

    def stop(self) -> None:
        """What was said is enough: nobody is to blame, and nothing more is wanted."""
        if not self.over:
            self.abort()
            self._conclude(None)

    def reject(self, failure: Failure) -> None:
        """What was said is of no use, as its audience sees."""
        if not self.over:
            self._fail(failure)

    def pause(self) -> None:
        """The client doesn't keep up; what doesn't come meanwhile isn't the provider's fault."""
        self._paused = True
        if not self.over:
            self.exchange.pause()

    def resume(self) -> None:
        self._paused = False
        self._wait_for_more(self._loop.time())
        if not self.over:
            self.exchange.resume()

    def on_data(self, data: bytes) -> None:
        if self.over:
            return
        if self.status != 200:
            super().on_data(data)
            return
        decoder = self.decoder
        relay = self._relay
        if relay is not None and (ready := decoder.cruise(data)) is not None:
            until = self._until = relay(ready) + self._idle
            self.due = min(until, self._deadline)
            return
        try:
            events = decoder.feed(data)
        except UpstreamError as error:
            self._fail(error.failure)
            return
        if decoder.done:
            self._finish(events)
        elif self.open:
            if events:
                # Comments give no events: a provider that only says that it is alive is idle.
                until = self._until = self._loop.time() + self._idle
                self.due = min(until, self._deadline)
                self._tell(events)
        else:
            self._hold(events, len(data))
        if decoder.broken is not None:
            self._fail(decoder.broken)

    def on_end(self) -> None:
        if self.over:
            return
        if self.status != 200:
            self._conclude(self._refused())
            return
        self._finish([], at_end=True)

    def on_error(self, failure: Failure) -> None:
        if self.open and not self.over and self.decoder.finished:
            self._finish([], at_end=True)  # nothing was left to say
        else:
            super().on_error(failure)

    def _hold(self, events: list[Event], size: int) -> None:
        if self.decoder.started:
            self._open()
            self._tell(events)
            self._wait_for_more(self.first_content)
            return
        self._held += events
        self._left -= size
        # What isn't whole yet may be content, and its decoder limits it.
        if self._left + self.decoder.waiting < 0:
            self._fail(NO_CONTENT)

    def _open(self) -> None:
        """The first content is here."""
        self.first_content = self._loop.time()
        self.open = True
        if self._audience is not None:
            self._relay = self._audience.opens()

    def _tell(self, events: list[Event], *, last: bool = False) -> None:
        if self._held:
            events, self._held = [*self._held, *events], []
        if self._audience is not None:
            self._audience.hears(events, last=last)

    def _finish(self, events: list[Event], *, at_end: bool = False) -> None:
        """The provider says that this was all; or the end of its connection does."""
        try:
            events += self.decoder.close()
        except UpstreamError as error:
            if events and self.open:
                self._tell(events)
            self._fail(error.failure)
            return
        if not at_end:
            self.exchange.detach()
        if not self.open:
            self._open()
        self._tell(events, last=True)
        self._conclude(None)

    def _wait_for_more(self, now: float) -> None:
        before = self.due
        until = self._until = now + self._idle
        self.due = min(until, self._deadline)
        if self.due < before and not self.over:
            self._deadlines.watch(self)

    def late(self, now: float) -> None:
        if self.status >= 400:
            self._fail(self._refused())
        elif self.open and self.decoder.finished and not self._paused:
            self._finish([])
        elif self._paused and now < self._deadline:
            self.due = min(now + self._idle, self._deadline)
        elif self._paused or self.due >= self._deadline:
            self._fail(self._out_of_time())
        else:
            missed = f"nothing came for {self._idle:g} s" if self.open else "no content came in time"
            self._fail(Failure(Fault.TIMEOUT, missed))

    def _out_of_time(self) -> Failure:
        """The call's time is over before any of its own is."""
        if self.open:
            silent = self._deadline - self._until + self._idle
            if not self._paused and silent >= min(ENOUGH * self._idle, SILENT * self._total):
                return Failure(Fault.TIMEOUT, f"nothing came for the last {shown(silent)} s of the call's time")
            return Failure(Fault.OUT_OF_TIME, "the whole call took too long")
        had = self._deadline - self.sent
        if cut_short(had, self._first, self._total):
            return Failure(Fault.OUT_OF_TIME, f"no content came within the {shown(had)} s that the call had left")
        return Failure(Fault.TIMEOUT, "no content came in time")

    def _conclude(self, outcome: Failure | None) -> None:
        self.over = True
        self._deadlines.forget(self)
        if not self.ended.done():
            self.ended.set_result(outcome)
        self._audience = self._relay = None  # it holds us: a circle would have to wait for the garbage collector


def cut_short(had: float, own: float, total: float) -> bool:
    """Whether an attempt that *had* so many seconds got clearly less than its *own* timeout allows, or the *total* of a
    call that makes no other: then it isn't its target that was too slow.
    """
    return had < ENOUGH * min(own, total)


def shown(seconds: float) -> str:
    return f"{round(seconds, 3):g}"
