"""The life of a call, top to bottom.

who is calling, what do they ask           Conversation._recognise, ._hear
who to try next                            Conversation._try_all
translate, hold, send, wait for content    Conversation._try (and gateway/call/sending.py)
answer, whole or piece by piece            Conversation._whole, ._streamed (and gateway/call/telling.py)
settle, observe, record                    gateway/call/bill.py, Conversation._close

What only some calls have to do with is in gateway/call/circumstances.py.
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
from core.caching import NO_CACHE
from core.call import Call
from core.errors import Refusal
from core.faults import Failure, Fault
from core.wire import Completion
from gateway.call.aftermath import broken, over, unsent
from gateway.call.asks import ask_of
from gateway.call.bill import Bill
from gateway.call.circumstances import Circumstances
from gateway.call.hedging import OUTRUN, Race
from gateway.call.lines import lines
from gateway.call.sending import ask_pieces, ask_whole
from gateway.call.tab import Tab
from gateway.call.telling import Telling
from gateway.call.turned_down import turned_down
from gateway.call.waiting_room import priority, wait
from gateway.generation import Generation, Shared
from gateway.spent import Detour, Spent, degraded
from quota.keys import ANYONE, Stranger
from routing.exhausted import Exhausted
from routing.plan import Attempt, opening, plan
from routing.spares import Sparing
from server.caller import Caller
from server.reply import Reply, refuse
from telemetry.record import Record
from telemetry.trace import begun

CANCELLED: Final = Failure(Fault.CANCELLED, "the client left")
ENDING: Final = Refusal(503, "The gateway is shutting down.", code="shutting_down", headers={"retry-after": "1"})


class Conversation:
    """One call, from its head to its record. Keeps the generation that it began with."""

    __slots__ = (
        "_began",
        "_bill",
        "_call",
        "_endpoint",
        "_generation",
        "_key",
        "_record",
        "_reply",
        "_route",
        "_shared",
        "_special",
        "_telling",
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
        self._call: Call
        self._route: Route
        self._bill: Bill | None = None  # from when it is known who pays for what
        self._telling: Telling | None = None  # of a call that streams, once it has to wait for anything
        self._special: Circumstances | None = None  # of a call that has any
        self.interrupted = False

    @property
    def generation(self) -> Generation:
        return self._generation

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
            key = self._recognise(caller)
            self._know(await self._ask(caller) if key is None else key, caller)
            if caller.body is None or len(caller.body) > self._generation.config.server.max_body:
                await self._read(caller)
            self._hear(caller.taken())
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

    def _recognise(self, caller: Caller) -> Key | None:
        """The key of *caller*; None where somebody has to be asked, which `_ask` does."""
        try:
            key = self._generation.keyring.identify(caller.authorization, self._record.time, caller.digest)
        except Stranger:
            return None
        caller.digest = key.digest  # of the same header, on the same connection
        return key

    async def _ask(self, caller: Caller) -> Key:
        return await self._generation.keyring.recognise(caller.authorization, self._record.time)

    def _know(self, key: Key, caller: Caller) -> None:
        self._key = key
        self._record.key = key.name
        if caller.priority is not None:
            self._circumstances().level = priority(key, caller.priority)
        if self._generation.traced:
            self._record.trace = begun(caller.trace, self._generation.config.telemetry.sample)

    async def _read(self, caller: Caller) -> None:
        server = self._generation.config.server
        await caller.read(limit=server.max_body, patience=server.body_timeout)

    def _hear(self, body: bytes | memoryview) -> None:
        generation, record = self._generation, self._record
        record.bytes_in = len(body)
        call = self._endpoint.parse(body)
        record.stream = call.stream
        call, route = generation.ways.find(call, self._key)
        self._call, self._route = call, route
        record.route = route.name
        if generation.content:
            record.asked = bytes(body)
        # What the route has, besides its targets, is asked once.
        if (
            route.canary is not None
            or route.shadow is not None
            or route.cache is not NO_CACHE
            or call.cache is not None
        ):
            self._circumstances().look(generation, self._shared, call, route, key=self._key, record=record)

    def _circumstances(self) -> Circumstances:
        """Those that the call has, or begins to have."""
        special = self._special
        if special is None:
            special = self._special = Circumstances()
        return special

    # Who to try next?

    async def _try_all(self) -> None:
        shared, special, call, route = self._shared, self._special, self._call, self._route
        bill = self._bill = Bill(self._generation, shared, self._record, self._key, call)
        opened = failure = None
        shared.budget.calls += 1
        try:
            if special is None and route.hedge is None:
                view = self._generation.view
                opened = opening(route, call, view, self._began + route.timeouts.total, view.clock())
            if opened is not None:
                failure = await self._try(opened, bill)
                if failure is None or (self._telling is not None and self._telling.committed):
                    return
            telling = self._listen(bill) if call.stream else None
            ask = partial(self._chain, bill)
            if special is None or not await special.answers(self._reply, bill, telling, ask=ask):
                await self._chain(bill, route, opened=opened, failure=failure)
        except Spent as spent:
            self._degrade(spent, bill)
            await self._chain(bill, self._route)
        except Refusal as refused:
            if special is None or not await special.relieves(self._reply, bill, refused):
                raise
        finally:
            shared.budget.calls -= 1

    async def _chain(
        self, bill: Bill, route: Route, *, opened: Attempt | None = None, failure: Failure | None = None
    ) -> None:
        """The targets of *route*, until one has answered. *opened*: was tried without a plan, and met *failure*."""
        self._route = route
        record, caller, race, course = self._record, self._key.name, None, None
        view, deadline = self._generation.view, self._began + route.timeouts.total
        if route.hedge is not None:
            course = Sparing(route, self._call, view, deadline, record.decided, caller=caller)
            race = Race(route.hedge, course, bill, self._telling, breaker=route.breaker, play=self._try)
        if race is not None or self._special is not None:
            self._circumstances().race = race
        attempts = plan(route, self._call, view, deadline, record.decided, caller=caller, course=course, opened=opened)
        try:
            attempt = next(attempts)
            if failure is not None:
                attempt = attempts.send(failure)
            while True:
                alone = (self._queue if attempt.queued else self._try)(attempt, bill)
                failure = await (alone if race is None else race.run(alone))
                if failure is None or (self._telling is not None and self._telling.committed):
                    return
                attempt = attempts.send(failure)
        except Exhausted as exhausted:
            if self._telling is not None and (broke := self._telling.broke) is not None:
                self._break_off(broke)
                return
            raise turned_down(exhausted, self._generation, route, call=self._call, key=self._key) from None

    def _degrade(self, spent: Spent, bill: Bill) -> None:
        """Go on with the route that a spent budget names; once, and the answer's headers say so."""
        route = degraded(spent, self._generation.routes)
        if route is None or self._record.degraded:
            raise spent
        self._record.degraded = spent.shortage.scope
        self._record.decided.append(Detour(spent.shortage.scope, route.name))
        self._route = route
        if self._call.stream:
            self._listen(bill).route = route.name

    def _listen(self, bill: Bill) -> Telling:
        """Who hears the stream of this call, and tells a client that waits that we are still there.

        Before the call has to wait for anything, but not before its request is on its way where it hasn't to.
        """
        telling = self._telling
        if telling is None:
            part = None if self._special is None else self._special.part
            telling = self._telling = Telling(bill, self._reply, self._route, part)
        return telling

    async def _queue(self, attempt: Attempt, bill: Bill) -> Failure | None:
        """An attempt at a target that is full: it has to stand in line first."""
        route, shared, pools = self._route, self._shared, self._generation.pools
        until = self._began + route.timeouts.total
        asked = None if self._special is None else self._special.level
        level = priority(self._key, None) if asked is None else asked
        place = await wait(attempt, shared, pools, route.queue, key=self._key.name, level=level, until=until)
        return place if isinstance(place, Failure) else await self._try(place, bill)

    async def _try(self, attempt: Attempt, bill: Bill) -> Failure | None:
        """One attempt: what went wrong with it, or nothing. After content went out the plan is not asked again."""
        shared, telling, target = self._shared, self._telling, attempt.target
        stream = self._call.stream
        tab = Tab(bill, attempt, shared.vitals.of[target.id], shared.loop.time())
        race = None if self._special is None else self._special.race
        if race is not None:
            race.enter(tab)
        failure: Failure | None = CANCELLED
        try:
            if attempt.retry:
                shared.budget.retries += 1
                await asyncio.sleep(attempt.wait)
            route, lane = self._route, self._generation.lanes[target.provider]
            ask = ask_of(bill, target, strict=route.strict)
            if telling is not None and telling.broke is not None:
                ask = telling.asks(ask, lane.adapter)
            if not ask.call.plain and (urls := lane.adapter.fetches(ask)):
                ask = await self._show(ask, urls, bill)
            short = tab.hold(lane.adapter.encode(ask))
            if short is not None and not isinstance(short, Failure):
                if stream:
                    self._listen(bill)
                short = await short
            until = self._began + route.timeouts.total
            if short is not None:
                failure = short
            elif not stream:
                outcome = await ask_whole(lane, ask, tab, route.timeouts, until=until, race=race)
                failure = self._whole(outcome, tab=tab, race=race)
            else:
                ended = await ask_pieces(lane, ask, tab, route.timeouts, until=until, race=race, listen=self._listen)
                failure = self._streamed(ended, tab, self._listen(bill))
        except Refusal as refused:
            failure = unsent(refused)
            if isinstance(refused, Spent):
                raise
        finally:
            trial = tab.trial
            if trial is not None and not trial.over:
                trial.abort()
            telling = self._telling
            if telling is not None:
                telling.leave(tab)
            if not tab.over:  # as it may be if another one was quicker
                over(tab, failure, self._route.breaker, telling)
        return failure

    async def _show(self, ask: Ask, urls: Sequence[str], bill: Bill) -> Ask:
        """*ask* with what its provider can't fetch itself."""
        if self._call.stream:
            self._listen(bill)
        gallery = self._circumstances().fetching(self._generation, self._shared, self._call)
        left = self._began + self._route.timeouts.total - self._shared.loop.time()
        return ask._replace(media=await gallery.show(urls, within=left))

    # Answer, whole or piece by piece

    def _whole(self, outcome: Completion | Failure, *, tab: Tab, race: Race | None) -> Failure | None:
        if isinstance(outcome, Failure):
            return outcome
        if race is not None and not race.wins(tab):
            return OUTRUN
        shared, record, bill = self._shared, self._record, tab.bill
        record.finish = outcome.finish
        record.dropped = tab.request.dropped
        tab.settle(outcome.usage, outcome.produced, shared.loop.time())
        if outcome.remember:
            shared.memory.keep(tab.target.provider, self._key.name, outcome.remember)
            bill.private = True
        bill.answer = body = outcome.body
        if record.asked is not None:  # the operator wants content in log or traces
            record.answered = body
        self._reply.whole(200, body, lines(tab, self._route.name, cost=True))
        return None

    def _streamed(self, failure: Failure | None, tab: Tab, telling: Telling) -> Failure | None:
        if failure is not None and not (telling.committed and telling.tab is not tab):
            telling.leave(tab)
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
        record.error = refused.noted(content=self._generation.config.log.content)
        if reply.opened:
            reply.end(error(refused))
        elif not reply.gone:
            if refused.status in (408, 413):
                reply.keep_alive = False
            refuse(reply, refused)
        record.status = refused.status

    def _close(self) -> None:
        shared, record, reply = self._shared, self._record, self._reply
        bill, telling, special = self._bill, self._telling, self._special
        part = None if special is None else special.part
        answered = None
        shared.open.discard(self)
        record.status = record.status or reply.status
        record.total = (shared.loop.time() - self._began) * 1e3
        if telling is not None:
            shared.deadlines.forget(telling)
        if bill is not None:
            tried = record.tried = tuple(bill.tried)
            record.attempts = len(tried)
            if len(tried) > 1:
                record.costs, record.took = tuple(bill.costs), tuple(bill.took)
            if not bill.written:
                bill.close()
            if bill.produced >= 0 and not record.fault:
                answered = shared.assessor.answered(record, self._call, bill.answer, bill.produced, part)
        if special is not None:
            special.close(bill, None if bill is None else self._route)
        record.bytes_out = reply.sent
        shared.registrar.finished(record, answered)
        if part is not None:
            shared.registrar.enter()
