"""The life of a call, top to bottom.

who is calling, what do they ask           Conversation._hear
who to try next                            Conversation._try_all
translate, hold, send, wait for content    Conversation._try
answer, whole or piece by piece            Conversation._whole, ._stream (and gateway/call/telling.py)
settle, observe, record                    gateway/call/bill.py, Conversation._close
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from api import Endpoint
from api.stream import error
from config.schema import Key, Route
from core.ask import Ask
from core.call import Call
from core.errors import Refusal
from core.faults import Failure, Fault
from core.wire import WireRequest
from gateway.call.aftermath import broken, over
from gateway.call.asks import ask_of
from gateway.call.bill import Bill
from gateway.call.continuing import continuing
from gateway.call.gallery import Gallery
from gateway.call.hedging import OUTRUN, Race
from gateway.call.lines import lines
from gateway.call.shadow import copied
from gateway.call.tab import Tab
from gateway.call.telling import Telling
from gateway.call.turned_down import turned_down
from gateway.call.visit import KEPT, Visit, visit
from gateway.call.waiting_room import priority, wait
from gateway.flight import Part
from gateway.generation import Generation, Shared
from gateway.lane import Lane
from gateway.spent import Spent, degraded
from quota.keys import ANYONE, Stranger
from routing.exhausted import Exhausted
from routing.plan import Attempt, plan
from routing.spares import Sparing
from server.caller import Caller
from server.reply import Reply, refuse
from telemetry.record import Record
from telemetry.trace import begun
from upstream.trial import StreamTrial, WholeTrial

CANCELLED: Final = Failure(Fault.CANCELLED, "the client left")
ENDING: Final = Refusal(503, "The gateway is shutting down.", code="shutting_down", headers={"retry-after": "1"})


class Conversation:
    """One call, from its head to its record. Keeps the generation that it began with."""

    __slots__ = (
        "_began",
        "_bill",
        "_call",
        "_endpoint",
        "_gallery",
        "_generation",
        "_key",
        "_level",
        "_part",
        "_race",
        "_record",
        "_reply",
        "_route",
        "_shared",
        "_telling",
        "_visit",
        "interrupted",
    )

    def __init__(
        self, generation: Generation, shared: Shared, endpoint: Endpoint, reply: Reply, request_id: str
    ) -> None:
        self._generation = generation
        self._shared = shared
        self._endpoint = endpoint
        self._reply = reply
        self._began = shared.loop.time()
        self._record = Record(request_id, time.time(), endpoint=endpoint.name, generation=generation.config.hash)
        self._key: Key = ANYONE
        self._level: int | None = None  # of priority, where the client says one
        self._call: Call
        self._route: Route
        self._bill: Bill | None = None  # from when it is known who pays for what
        self._telling: Telling | None = None  # of a call that streams
        self._gallery: Gallery | None = None  # most calls name nothing to fetch
        self._part: Part | None = None  # in a canary
        self._race: Race | None = None  # of a call that may be hedged
        self._visit: Visit | None = None  # to the answers that are kept
        self.interrupted = False

    @property
    def route(self) -> str:
        return self._record.route

    @property
    def streaming(self) -> bool:
        return self._reply.opened

    async def run(self, caller: Caller) -> None:
        """Answer *caller*, whatever happens, and leave a record of it."""
        self._shared.open.add(self)
        try:
            await self._recognise(caller)
            body = caller.body
            if body is None or len(body) > self._generation.config.server.max_body:
                body = await self._read(caller)
            self._hear(body)
            await self._try_all()
        except Refusal as refused:
            self._refuse(refused)
        except asyncio.CancelledError:
            if not self.interrupted:
                self._record.gone = True
                self._record.status = 499
                self._record.fault = Fault.CANCELLED.code
                raise
            self._refuse(ENDING)
        finally:
            self._close()

    def interrupt(self) -> None:
        """The process is ending and has waited long enough."""
        self.interrupted = True
        self._reply.keep_alive = False
        if self._reply.driver is not None:
            self._reply.driver.cancel()

    # Who is calling, and what do they ask?

    async def _recognise(self, caller: Caller) -> None:
        record, keyring = self._record, self._generation.keyring
        try:
            key = keyring.identify(caller.authorization, record.time)
        except Stranger as stranger:
            key = await keyring.ask(stranger, record.time)
        self._know(key, caller)

    def _know(self, key: Key, caller: Caller) -> None:
        self._key = key
        self._level = None if caller.priority is None else priority(key, caller.priority)
        self._record.key = key.name
        if self._generation.traced:
            self._record.trace = begun(caller.trace, self._generation.config.telemetry.sample)

    async def _read(self, caller: Caller) -> bytes:
        server = self._generation.config.server
        return await caller.read(limit=server.max_body, patience=server.body_timeout)

    def _hear(self, body: bytes) -> None:
        generation = self._generation
        record = self._record
        record.bytes_in = len(body)
        call = self._call = self._endpoint.parse(body)
        record.stream = call.stream
        self._call, self._route = generation.ways.find(call, self._key)
        record.route = self._route.name
        if generation.content:
            record.asked = body
        if self._route.canary is not None:
            self._part = self._shared.canaries.part(self._route.canary, self._call, self._key.name, record.id)
        if self._route.cache.ttl or call.cache is not None:
            self._visit = visit(
                generation, self._shared, self._call, self._route, self._key, record=record, part=self._part
            )

    # Who to try next?

    async def _try_all(self) -> None:
        generation, record, call = self._generation, self._record, self._call
        bill = self._bill = Bill(generation, self._shared, record, self._key, call)
        if call.stream:
            telling = self._telling = Telling(generation, self._shared, self._reply, record, bill=bill, call=call)
            telling.continuing = continuing(self._route, call, record)
            telling.ear = self._shared.assessor.ear(call, self._part)
            self._shared.deadlines.watch(telling)
        self._shared.budget.enter()
        route = self._route
        try:
            if self._visit is not None and await self._visit.answers(self._reply, bill, self._telling):
                return
            if self._part is None or not await self._part.answers(partial(self._chain, bill)):
                await self._chain(bill, route)
        except Spent as spent:
            self._degrade(spent)
            await self._chain(bill, self._route)
        except Refusal as refused:
            if self._visit is None or not await self._visit.relieves(self._reply, bill, refused):
                raise
        finally:
            self._shared.budget.leave()

    async def _chain(self, bill: Bill, route: Route) -> None:
        """The targets of *route*, until one has answered."""
        self._route, self._race = route, None
        deadline = self._began + route.timeouts.total
        record, caller = self._record, self._key.name
        view, course = self._generation.view, None
        if route.hedge is not None:
            course = Sparing(route, self._call, view, deadline, record.decided, caller=caller)
            self._race = Race(route.hedge, course, bill, self._telling, breaker=route.breaker, play=self._try)
        attempts = plan(route, self._call, view, deadline, record.decided, caller=caller, course=course)
        try:
            attempt = next(attempts)
            while True:
                alone = (self._queue if attempt.queued else self._try)(attempt, bill)
                failure = await (alone if self._race is None else self._race.run(alone))
                if failure is None:
                    return
                if self._telling is not None and self._telling.committed:
                    return
                attempt = attempts.send(failure)
        except Exhausted as exhausted:
            if self._telling is not None and (failure := self._telling.broke) is not None:
                self._break_off(failure)
                return
            raise turned_down(exhausted, self._generation, route, call=self._call, key=self._key) from None

    def _degrade(self, spent: Spent) -> None:
        """Go on with the route that a spent budget names; once, and the answer's headers say so."""
        route = degraded(spent, self._generation.routes)
        if route is None or self._record.degraded:
            raise spent
        self._record.degraded = spent.shortage.scope
        self._route = route
        if self._telling is not None:
            self._telling.route = route.name

    async def _queue(self, attempt: Attempt, bill: Bill) -> Failure | None:
        """An attempt at a target that is full: it has to stand in line first."""
        route, shared, pools = self._route, self._shared, self._generation.pools
        until = self._began + route.timeouts.total
        level = priority(self._key, None) if self._level is None else self._level
        place = await wait(attempt, shared, pools, route.queue, key=self._key.name, level=level, until=until)
        return place if isinstance(place, Failure) else await self._try(place, bill)

    async def _try(self, attempt: Attempt, bill: Bill) -> Failure | None:
        """One attempt: what went wrong with it, or nothing. After content went out the plan is not asked again."""
        shared = self._shared
        tab = Tab(bill, attempt, shared.vitals.target(attempt.target.id), shared.loop.time())
        if self._race is not None:
            self._race.enter(tab)
        failure: Failure | None = CANCELLED
        try:
            if attempt.retry:
                shared.budget.began()
                await asyncio.sleep(attempt.wait)
            failure = await self._attempt(attempt, tab)
        except Refusal as refused:
            if isinstance(refused, Spent):
                failure = Failure(Fault.LIMITED, refused.message)
                raise
            # Nothing was sent: the target can't take the call, and another one may.
            failure = Failure(
                Fault.UNSUPPORTED, refused.message, code=refused.code, type=refused.type, param=refused.param
            )
        finally:
            if not tab.over:  # as it may be if another one was quicker
                over(tab, failure, self._route.breaker, self._telling)
        return failure

    async def _attempt(self, attempt: Attempt, tab: Tab) -> Failure | None:
        lane = self._generation.lanes[attempt.target.provider]
        ask = ask_of(tab.bill, attempt.target, strict=self._route.strict)
        if self._telling is not None and self._telling.broke is not None:
            ask = self._telling.asks(ask, lane.adapter)
        if urls := lane.adapter.fetches(ask):
            ask = await self._show(ask, urls)
        request = lane.adapter.encode(ask)
        failure = await tab.hold(request)
        if failure is not None:
            return failure
        if self._telling is not None:
            return await self._stream(attempt, lane, ask, request, tab=tab, telling=self._telling)
        return await self._whole(attempt, lane, ask, request, tab=tab)

    async def _show(self, ask: Ask, urls: Sequence[str]) -> Ask:
        """*ask* with what its provider can't fetch itself."""
        shared = self._shared
        if self._gallery is None:
            self._gallery = Gallery(self._call, shared.fetcher, self._generation.config.media)
        left = self._began + self._route.timeouts.total - shared.loop.time()
        return ask._replace(media=await self._gallery.show(urls, within=left))

    # Answer: whole

    async def _whole(self, attempt: Attempt, lane: Lane, ask: Ask, request: WireRequest, *, tab: Tab) -> Failure | None:
        shared, target = self._shared, attempt.target
        timeouts = self._route.timeouts
        due = min(shared.loop.time() + timeouts.attempt, self._began + timeouts.total)
        trial = WholeTrial(lane.adapter, ask, request, shared.deadlines, due, seconds=timeouts.attempt)
        tab.sent(trial)
        if self._race is not None:
            self._race.sent(tab)
        trial.exchange = lane.send(request, attempt.credential, trial, timeouts.connect, tab.lines)
        try:
            outcome = await trial.outcome
        finally:
            if not trial.over:
                trial.abort()
        if isinstance(outcome, Failure):
            return outcome
        if self._race is not None and not self._race.wins(tab):
            return OUTRUN
        record = self._record
        record.finish = outcome.finish
        record.dropped = request.dropped
        tab.settle(outcome.usage, outcome.produced, shared.loop.time())
        if outcome.remember:
            shared.memory.keep(target.provider, self._key.name, outcome.remember)
            tab.bill.private = True
        tab.bill.answer = outcome.body
        if record.asked is not None:  # the operator wants content in log or traces
            record.answered = outcome.body
        self._reply.whole(200, outcome.body, lines(tab, self._route.name, cost=True))
        return None

    # Answer: piece by piece

    async def _stream(
        self, attempt: Attempt, lane: Lane, ask: Ask, request: WireRequest, *, tab: Tab, telling: Telling
    ) -> Failure | None:
        timeouts = self._route.timeouts
        trial = StreamTrial(
            lane.adapter,
            ask,
            request,
            self._shared.deadlines,
            telling if self._race is None else self._race.sent(tab),
            first=timeouts.first_content,
            idle=timeouts.idle,
            deadline=self._began + timeouts.total,
        )
        telling.follow(tab, trial)
        tab.sent(trial)
        trial.exchange = lane.send(request, attempt.credential, trial, timeouts.connect, tab.lines)
        try:
            failure = await trial.ended
        finally:
            if not trial.over:
                trial.abort()
            if telling.committed and telling.tab is tab:
                self._reply.follow(None)
        if failure is not None and not (telling.committed and telling.tab is not tab):
            failure = telling.fails(failure)
            if telling.committed:
                self._break_off(failure)
        return failure

    # Refuse, record

    def _break_off(self, failure: Failure) -> None:
        """The answer ends where it is; content has gone out already."""
        self._refuse(broken(failure))
        self._record.fault = failure.fault.code

    def _refuse(self, refused: Refusal) -> None:
        reply, record = self._reply, self._record
        record.fault = refused.code or refused.type
        record.error = refused.message
        if reply.opened:
            reply.end(error(refused))
        elif not reply.gone:
            if refused.status in (408, 413):
                reply.keep_alive = False
            refuse(reply, refused)
        record.status = refused.status

    def _close(self) -> None:
        shared, record, reply = self._shared, self._record, self._reply
        bill, telling, part, answered = self._bill, self._telling, self._part, None
        shared.open.discard(self)
        record.status = record.status or reply.status
        record.total = (shared.loop.time() - self._began) * 1e3
        if telling is not None:
            shared.deadlines.forget(telling)
        if bill is not None:
            record.attempts = len(bill.tried)
            record.tried = tuple(bill.tried)
            bill.close()
            if self._route.shadow is not None and record.cache not in KEPT:
                copied(self._generation, shared, self._route, self._call, record)
            if bill.produced >= 0 and not record.fault:
                answered = (record, self._call, bill.answer, bill.produced, part)
            elif part is not None:
                part.close(record, "")
        if self._visit is not None:
            self._visit.close(bill)
        record.bytes_out = reply.sent
        shared.registrar.finished(record, answered)
        if part is not None:
            shared.registrar.enter()
