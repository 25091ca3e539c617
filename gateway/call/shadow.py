"""A call's copy to a shadow: sent when the client's own call is over, read to its end, paid for, and thrown away.

who is copied                              copied
may it be sent at all                      Copy.obstacle
translate, hold, send, read to the end     Copy.run
settle, observe, record                    gateway/call/bill.py, Copy._close
"""

import time
from functools import partial
from typing import Final

from api.stream import StreamWriter
from config.schema import Route, Shadow
from core.ask import Ask
from core.call import Call
from core.errors import Refusal
from core.faults import Failure, Fault
from core.wire import Event, WireRequest
from gateway.call.asks import ask_of
from gateway.call.bill import Bill
from gateway.call.gallery import Gallery
from gateway.call.tab import Tab
from gateway.generation import Generation, Shared
from gateway.lane import Lane
from gateway.mistakes import told
from gateway.spent import Spent
from routing.candidates import obstacle
from routing.naming import named
from routing.plan import Attempt
from routing.share import drawn
from telemetry.log import Scribe
from telemetry.record import Record
from upstream.trial import Relay, StreamTrial, WholeTrial

CALLS: Final = "switchyard_shadow_calls_total"
COST: Final = "switchyard_shadow_cost_usd_total"
DROPPED: Final = "switchyard_shadow_dropped_total"
FIRST: Final = "switchyard_shadow_first_content_seconds"
NO_FAULT: Final = "none"
SHADOW: Final = "shadow"
CANCELLED: Final = Failure(Fault.CANCELLED, "the process ends")


def copied(generation: Generation, shared: Shared, route: Route, call: Call, record: Record) -> None:
    """The call of *record* is over; copy it, if it is one of those that are. Returns at once."""
    shadow = route.shadow
    if shadow is None or record.status != 200 or record.fault or record.degraded:
        return
    if not drawn(record.id, shadow.key.name, shadow.share) or unwanted(generation, shadow, call):
        return
    if shared.shadows.full(route.name):
        shared.meters.counter(DROPPED, route.name, "busy").value += 1
        return
    copy = Copy(generation, shared, route, shadow, call=call, id=f"{record.id}-{SHADOW}")
    shared.shadows.begin(route.name, copy.run(), partial(_confess, shared.scribe, record.id))


def _confess(scribe: Scribe, id: str, mistake: BaseException) -> None:
    scribe.event("error", "internal error", id=id, **told(mistake))


def unwanted(generation: Generation, shadow: Shadow, call: Call) -> bool:
    """Whether the client doesn't want its call to go there."""
    wishes, target = call.wishes, shadow.target
    elsewhere = wishes.local is True and not generation.config.providers[target.provider].local
    return elsewhere or bool(wishes.avoid and named(target, wishes.avoid))


class Copy:
    """One copy. Implements upstream.trial.Audience for nobody."""

    __slots__ = (
        "_began",
        "_bill",
        "_call",
        "_ear",
        "_first",
        "_generation",
        "_pool",
        "_record",
        "_route",
        "_shadow",
        "_shared",
        "_tab",
        "_trial",
        "_why",
    )

    def __init__(
        self, generation: Generation, shared: Shared, route: Route, shadow: Shadow, *, call: Call, id: str
    ) -> None:
        self._generation = generation
        self._shared = shared
        self._route = route
        self._shadow = shadow
        self._call = call._replace(model=shadow.key.name)
        record = self._record = Record(id, time.time(), endpoint=call.endpoint, generation=generation.config.hash)
        record.route = shadow.key.name
        record.stream = call.stream
        self._bill = Bill(generation, shared, record, shadow.key, self._call)
        self._began = shared.loop.time()
        self._pool = shared.shadows.vitals.pool(generation.config.providers[shadow.target.provider])
        self._tab: Tab
        self._trial: WholeTrial | StreamTrial | None = None
        self._ear = shared.assessor.ear(call, None) if call.stream else None
        self._first: float | None = None
        self._why = ""  # nothing was sent

    def obstacle(self) -> str:
        """Why it can't be sent now, in one word; empty if it can."""
        target, now, generation = self._shadow.target, self._shared.loop.time(), self._generation
        skipped = obstacle(target, self._call, generation.view, now)
        if skipped is not None:
            return "unfit" if skipped.fault is None else "unavailable"
        pools = (generation.pools[target.provider], self._pool)
        resting = any(pool.pause(now, target.id).fault is not None for pool in pools)
        return "unavailable" if resting or not self._shared.shadows.vitals.target(target.id).available(now) else ""

    async def run(self) -> None:
        self._why = self.obstacle()
        if self._why:
            self._drop()
            return
        target = self._shadow.target
        vitals = self._shared.shadows.vitals.target(target.id)
        credential = self._pool.pause(self._began, target.id).credential
        self._tab = Tab(self._bill, Attempt(target, credential, 1, 0.0, 0, retry=False), vitals, self._began)
        failure: Failure | None = CANCELLED
        try:
            failure = await self._attempt(credential)
        except Refusal as refused:
            self._why = "spent" if isinstance(refused, Spent) else "unfit"
            failure = Failure(Fault.LIMITED, refused.message)
        finally:
            now = self._shared.loop.time()
            self._tab.end(failure, now)
            first = None if self._first is None else self._first - self._began
            vitals.end(now, failure, probe=self._tab.probe, policy=self._route.breaker, first_content=first)
            self._pool.told(credential, failure, now, target.id)
            self._close(failure, now)

    async def _attempt(self, credential: int) -> Failure | None:
        lane = self._generation.lanes[self._shadow.target.provider]
        ask = ask_of(self._bill, self._shadow.target, strict=False)
        if urls := lane.adapter.fetches(ask):
            gallery = Gallery(self._call, self._shared.fetcher, self._generation.config.media)
            ask = ask._replace(media=await gallery.show(urls, within=self._route.timeouts.total))
        failure = self._tab.hold(lane.adapter.encode(ask))
        if failure is not None and not isinstance(failure, Failure):
            failure = await failure
        if failure is not None:
            self._why = "spent" if failure.fault is Fault.LIMITED else "unfit"
            return failure
        trial = self._trial = self._sent(lane, ask, self._tab.request, credential)
        self._tab.sent(trial)
        try:
            return await (trial.ended if isinstance(trial, StreamTrial) else self._whole(trial))
        finally:
            if not trial.over:
                trial.abort()

    def _sent(self, lane: Lane, ask: Ask, request: WireRequest, credential: int) -> WholeTrial | StreamTrial:
        timeouts, deadlines = self._route.timeouts, self._shared.deadlines
        deadline = self._began + timeouts.total
        if self._call.stream:
            stream = StreamTrial(lane.adapter, ask, request, deadlines, discretion=lane.discretion)
            exchange = lane.send(request, credential, stream, timeouts.connect)
            first, idle, total = timeouts.first_content, timeouts.idle, timeouts.total
            stream.begin(exchange, self, first=first, idle=idle, total=total, deadline=deadline)
            return stream
        whole = WholeTrial(lane.adapter, ask, request, deadlines, discretion=lane.discretion)
        exchange = lane.send(request, credential, whole, timeouts.connect)
        whole.begin(exchange, seconds=timeouts.attempt, total=timeouts.total, deadline=deadline)
        return whole

    async def _whole(self, trial: WholeTrial) -> Failure | None:
        outcome = await trial.outcome
        if isinstance(outcome, Failure):
            return outcome
        self._record.finish = outcome.finish
        self._tab.settle(outcome.usage, outcome.produced, self._shared.loop.time())
        self._bill.answer = outcome.body
        return None

    # Nobody listens, but for the ear of the assessor

    def opens(self) -> Relay | None:
        self._first = self._shared.loop.time()
        self._record.first = (self._first - self._began) * 1e3
        return self._forget if self._ear is None else self._ear.beside(self._forget)

    def hears(self, events: list[Event], *, last: bool) -> None:
        if self._ear is not None:
            self._ear.hear(StreamWriter(show_usage=False).write(events))
        if last and isinstance(self._trial, StreamTrial):
            decoder = self._trial.decoder
            self._record.finish = decoder.finish
            self._tab.settle(decoder.usage, decoder.produced, self._shared.loop.time())
            self._bill.answer = self._ear

    def _forget(self, data: bytes) -> float:
        del data
        return self._shared.loop.time()

    # What is kept of it

    def _drop(self) -> None:
        self._shared.meters.counter(DROPPED, self._route.name, self._why).value += 1

    def _close(self, failure: Failure | None, now: float) -> None:
        if self._trial is None:
            self._bill.leave()
            if self._why:
                self._drop()
            return
        record, bill, shared, route = self._record, self._bill, self._shared, self._route.name
        fault = "" if failure is None else failure.fault.code
        record.tried, record.attempts = tuple(bill.tried), 1
        record.total = (now - self._began) * 1e3
        record.fault = fault
        record.status = 200 if failure is None else failure.fault.status
        bill.close()
        if failure is None:
            shared.assessor.copied(record, self._call, bill.answer, bill.produced)
        shared.scribe.put(record)
        shared.meters.counter(CALLS, route, fault or NO_FAULT).value += 1
        shared.meters.counter(COST, route).value += record.cost
        if record.first is not None:
            shared.meters.histogram(FIRST, route).observe(record.first / 1e3)
