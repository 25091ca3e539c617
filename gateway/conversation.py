"""The life of a call, top to bottom.

who is calling, what do they ask           Conversation._hear
who to try next                            Conversation._try_all
hold, translate, send, wait for content    Conversation._try
answer, whole or piece by piece            Conversation._whole, ._stream
settle, observe, record                    Conversation._settle, ._close
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from api import Endpoint
from api.models import unknown
from api.stream import KEEPALIVE, StreamWriter, error
from config.schema import Key, Route
from core.ask import NOTHING_FETCHED, Ask
from core.call import Call
from core.errors import Refusal
from core.faults import Failure, Fault
from core.target import Target
from core.usage import Usage
from core.wire import Event
from gateway.gallery import Gallery
from gateway.generation import Generation, Shared
from gateway.lane import Lane
from gateway.puzzle import puzzled
from gateway.remembered import Recollection
from quota.holds import Hold
from quota.keys import ANYONE
from routing.exhausted import Exhausted, refusal
from routing.plan import Attempt, plan
from server.caller import Caller
from server.reply import Reply, header, refuse
from telemetry.record import Record
from upstream.trial import Relay, StreamTrial, WholeTrial

CANCELLED: Final = Failure(Fault.CANCELLED, "the client left")
FULL: Final = Failure(Fault.OVERLOADED, "as many calls as allowed are under way at this provider")
ENDING: Final = Refusal(503, "The gateway is shutting down.", code="shutting_down", headers={"retry-after": "1"})
BYTES_PER_TOKEN: Final = 4


class Conversation:
    """One call, from its head to its record. Keeps the generation that it began with."""

    __slots__ = (
        "_began",
        "_call",
        "_committed",
        "_endpoint",
        "_first",
        "_gallery",
        "_generation",
        "_key",
        "_record",
        "_reply",
        "_route",
        "_settled",
        "_shared",
        "_target",
        "_trial",
        "_tried",
        "_writer",
        "due",
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
        self._target: Target
        self._trial: StreamTrial
        self._writer: StreamWriter
        self.due = 0.0  # when a client that waits for its stream is to be told that we are still there
        self._tried: list[tuple[str, str, float]] = []
        self._first: float | None = None
        self._gallery: Gallery | None = None  # most calls name nothing to fetch
        self._committed = False  # content has gone to the client; there is no other target from here on
        self._settled = False
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
            self._recognise(caller)
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

    def _recognise(self, caller: Caller) -> None:
        record = self._record
        self._key = self._generation.keyring.identify(caller.authorization, record.time)
        record.key = self._key.name

    async def _read(self, caller: Caller) -> bytes:
        server = self._generation.config.server
        return await caller.read(limit=server.max_body, patience=server.body_timeout)

    def _hear(self, body: bytes) -> None:
        generation = self._generation
        record = self._record
        record.bytes_in = len(body)
        call = self._call = self._endpoint.parse(body)
        record.stream = call.stream
        route = generation.routes.find(call.model)
        if route is None or not generation.keyring.may_use(self._key, call.model):
            raise unknown(call.model)
        self._route = route
        record.route = route.name
        if generation.config.log.content:
            record.asked = body

    # Who to try next?

    async def _try_all(self) -> None:
        shared, call = self._shared, self._call
        if call.stream:
            self._writer = StreamWriter(show_usage=call.include_usage)
            self.due = self._began + self._generation.config.server.keepalive
            shared.deadlines.watch(self)
        attempts = plan(self._route, call, self._generation.view, self._began + self._route.timeouts.total)
        shared.budget.enter()
        try:
            failure = await self._try(next(attempts))
            while failure is not None and not self._committed:
                failure = await self._try(attempts.send(failure))
        except Exhausted as exhausted:
            raise refusal(exhausted, partial(self._generation.able, self._call, self._key)) from None
        finally:
            shared.budget.leave()

    async def _try(self, attempt: Attempt) -> Failure | None:
        """One attempt: what went wrong with it, or nothing. After content went out the plan is not asked again."""
        shared, target = self._shared, attempt.target
        vitals = shared.vitals.target(target.id)
        began = shared.loop.time()
        probe = vitals.begin(began)  # before anything is awaited: a breaker lets one probe through, not two
        failure: Failure | None = CANCELLED
        hold: Hold | None = None
        try:
            if attempt.retry:
                shared.budget.began()
                await asyncio.sleep(attempt.wait)
            hold = shared.accounts.hold(target)
            if hold is None:
                return FULL
            lane = self._generation.lanes[target.provider]
            failure = await (self._stream(attempt, lane) if self._call.stream else self._whole(attempt, lane))
        except Refusal as refused:
            # Nothing was sent: the target can't take the call, and another one may.
            failure = Failure(
                Fault.UNSUPPORTED, refused.message, code=refused.code, type=refused.type, param=refused.param
            )
        finally:
            now = shared.loop.time()
            if hold is not None:
                hold.release()
            if attempt.retry:
                shared.budget.ended()
            first = None if self._first is None else self._first - began
            vitals.end(now, failure, probe=probe, policy=self._route.breaker, first_content=first)
            self._generation.pools[target.provider].told(attempt.credential, failure, now, target.id)
            if failure is not None and failure.guessed:
                puzzled(shared, target, failure, self._call)
            self._tried.append((target.id, "" if failure is None else failure.fault.code, (now - began) * 1e3))
        return failure

    def _ask(self, target: Target) -> Ask:
        record = self._record
        return Ask(
            self._call,
            target,
            self._generation.abilities(target),
            self._route.strict,
            record.id,
            int(record.time),
            NOTHING_FETCHED,
            Recollection(self._shared.memory, target.provider, self._key.name),
        )

    async def _show(self, ask: Ask, urls: Sequence[str]) -> Ask:
        """*ask* with what its provider can't fetch itself."""
        shared = self._shared
        if self._gallery is None:
            self._gallery = Gallery(self._call, shared.fetcher, self._generation.config.media)
        left = self._began + self._route.timeouts.total - shared.loop.time()
        return ask._replace(media=await self._gallery.show(urls, within=left))

    # Answer: whole

    async def _whole(self, attempt: Attempt, lane: Lane) -> Failure | None:
        loop, target = self._shared.loop, attempt.target
        ask = self._ask(target)
        if urls := lane.adapter.fetches(ask):
            ask = await self._show(ask, urls)
        request = lane.adapter.encode(ask)
        timeouts = self._route.timeouts
        due = min(loop.time() + timeouts.attempt, self._began + timeouts.total)
        trial = WholeTrial(lane.adapter, ask, request, self._shared.deadlines, due, seconds=timeouts.attempt)
        trial.exchange = lane.send(request, attempt.credential, trial, timeouts.connect)
        try:
            outcome = await trial.outcome
        finally:
            if not trial.over:
                trial.abort()
        if isinstance(outcome, Failure):
            return outcome
        self._settle(target, outcome.usage, outcome.produced)
        if outcome.remember:
            self._shared.memory.keep(target.provider, self._key.name, outcome.remember)
        record = self._record
        record.finish = outcome.finish
        record.dropped = request.dropped
        if record.asked is not None:  # the operator wants content in the log
            record.answered = outcome.body
        self._reply.whole(200, outcome.body, self._headers(target, cost=True))
        return None

    # Answer: piece by piece

    async def _stream(self, attempt: Attempt, lane: Lane) -> Failure | None:
        target = self._target = attempt.target
        ask = self._ask(target)
        if urls := lane.adapter.fetches(ask):
            ask = await self._show(ask, urls)
        request = lane.adapter.encode(ask)
        timeouts = self._route.timeouts
        trial = self._trial = StreamTrial(
            lane.adapter,
            ask,
            request,
            self._shared.deadlines,
            self,
            first=timeouts.first_content,
            idle=timeouts.idle,
            deadline=self._began + timeouts.total,
        )
        trial.exchange = lane.send(request, attempt.credential, trial, timeouts.connect)
        try:
            failure = await trial.ended
        finally:
            if not trial.over:
                trial.abort()
            if self._committed:
                self._reply.follow(None)
                if not self._settled:
                    self._settle(target, trial.decoder.usage, trial.decoder.produced)
        if failure is not None and self._committed:
            self._refuse(broken(failure))
            self._record.fault = failure.fault.code
        return failure

    def opens(self) -> Relay | None:
        """See upstream.trial.Audience. Runs in the provider's connection, as does *hears*, without waking the call."""
        reply, record, trial = self._reply, self._record, self._trial
        self._committed = True
        self._first = trial.first_content
        record.dropped = trial.request.dropped
        if not reply.opened:
            reply.open(self._headers(self._target))
        reply.follow(trial)
        return None if record.asked is not None else reply.send

    def hears(self, events: list[Event], *, last: bool) -> None:
        data = self._writer.write(events)
        if self._record.asked is not None:  # the operator wants content in the log
            self._record.answered = (self._record.answered or b"") + data
        if not last:
            self._reply.send(data)
            return
        decoder = self._trial.decoder
        self._record.finish = decoder.finish
        if decoder.remember:
            self._shared.memory.keep(self._target.provider, self._key.name, decoder.remember)
        usage = self._settle(self._target, decoder.usage, decoder.produced)
        self._reply.end(data, self._writer.end(usage))

    def late(self, now: float) -> None:
        """Say something to a client that has been waiting; then its status is 200, and an error an event."""
        reply, patience = self._reply, self._generation.config.server.keepalive
        quiet = max(reply.last, self._began)
        if now >= quiet + patience:
            if not reply.opened:
                reply.open(header("x-switchyard-route", self._route.name))
            if not reply.stalled:
                reply.send(KEEPALIVE)
            quiet = now
        self.due = quiet + patience

    # Settle, observe, record

    def _settle(self, target: Target, usage: Usage | None, produced: int) -> Usage:
        """What the answer cost. Where the provider doesn't say, an estimate that says that it is one."""
        self._settled = True
        if usage is None:
            usage = Usage(self._call.size // BYTES_PER_TOKEN, output=produced // BYTES_PER_TOKEN, estimated=True)
        record = self._record
        record.target = target.id
        record.provider = target.provider
        record.usage = usage
        record.estimated = usage.estimated
        record.cost = self._generation.cost(target, usage) or 0
        return usage

    def _headers(self, target: Target, *, cost: bool = False) -> bytes:
        lines = self._generation.labels(self._route.name, target.id)
        lines = b"%bx-switchyard-attempts: %d\r\n" % (lines, len(self._tried) + 1)
        if cost:
            lines += b"x-switchyard-cost-usd: %d.%09d\r\n" % divmod(self._record.cost, 1_000_000_000)
        if self._record.dropped:
            lines += header("x-switchyard-dropped", ", ".join(self._record.dropped))
        return lines

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
        if self.due:
            shared.deadlines.forget(self)
        shared.open.discard(self)
        now = shared.loop.time()
        record.status = record.status or reply.status
        record.total = (now - self._began) * 1e3
        if self._first is not None:
            record.first = (self._first - self._began) * 1e3
        record.attempts = len(self._tried)
        record.tried = tuple(self._tried)
        record.bytes_out = reply.sent
        shared.meters.count(record)
        shared.scribe.put(record)


def broken(failure: Failure) -> Refusal:
    """What a client reads of a stream that broke after content had gone out."""
    fault = failure.fault
    return Refusal(fault.status, failure.message, code=fault.shown or failure.code, type=failure.type)
