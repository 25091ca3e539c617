"""What one call has to do with answers that are kept: it finds one, waits for one, or leaves its own.

may it have one at all                     visit
a kept answer, or one under way            Visit.answers
who pays, what is told                     Visit._admit, ._tell
its own answer                             Visit.close
"""

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from api.stream import DONE
from cache.entry import Entry, Labels
from cache.fingerprint import fingerprint, partition, question, whose
from cache.forms import events, whole
from cache.making import Kept, of_stream, of_whole
from cache.shelf import Found
from cache.similar import Vector
from config.schema import Key, Route
from core.caching import ANYHOW, SERVE, CacheWish, narrowed
from core.call import Call
from core.errors import Refusal
from core.target import Target
from gateway.call.bill import Bill
from gateway.call.lines import NANO, PAID, limits
from gateway.call.tab import PATIENCE
from gateway.call.tape import Tape
from gateway.call.telling import Telling
from gateway.flight import Part
from gateway.generation import Generation, Shared
from gateway.larder import CALLS, SAVED, Flight, Larder
from gateway.likeness import Question
from gateway.spent import Spent
from quota.hold import Hold
from quota.words import Need, Shortage
from server.reply import Reply, header
from server.tap import Tap
from telemetry.record import Record

if TYPE_CHECKING:
    from cache.claims import Claim, Claims

NOWHERE: Final = Target("", "")  # no provider's and no target's limits concern what was answered already
HIT, MISS, STALE, BYPASS = "hit", "miss", "stale", "bypass"
KEPT: Final = (HIT, STALE)  # nobody was asked, or nobody had an answer
READ_HERE: Final = 64 * 1024  # bytes of an answer that are read in the loop; more is for a thread
LONGEST_PAUSE: Final = 10.0
NOT_KEPT: Final = Refusal(
    504,
    "No answer to this call is kept, and 'cache.only' asks for nothing else.",
    code="not_cached",
    param="cache.only",
    headers={"x-should-retry": "false"},
)


def visit(
    generation: Generation, shared: Shared, call: Call, route: Route, key: Key, *, record: Record, part: Part | None
) -> "Visit | None":
    """For calls whose route keeps answers, or that speak of it. Raises Refusal where there can't be any and nothing
    else is wanted.
    """
    wish = call.cache or ANYHOW
    ttl, scope = narrowed(route.cache, wish)
    mark = None
    # What is tried on a share of the sessions is neither given to the others nor kept from being tried. What a provider
    # is to store, it has to be asked.
    if ttl and (part is None or part.ahead is None) and not call.body.get("store"):
        owner = whose(scope, key=key.name, digest=key.digest, team=key.team)
        mark = fingerprint(call, owner, shared.larder.way(generation.config, route))
    if mark is None:
        record.cache = BYPASS
        shared.larder.meters.counter(CALLS, route.name, BYPASS).value += 1
        if wish.only:
            raise NOT_KEPT
        return None
    asked = None
    semantic = route.cache.semantic
    if semantic is not None and (text := question(call)) is not None:
        part_of = partition(call, owner, shared.larder.way(generation.config, route))
        asked = None if part_of is None else Question(text, part_of, record, semantic)
    return Visit(generation, shared, route, call, record, key=key, mark=mark, question=asked, wish=wish, ttl=ttl)


class Visit:
    """One for each call that may get a kept answer."""

    __slots__ = (
        "_began",
        "_call",
        "_claim",
        "_flight",
        "_found",
        "_generation",
        "_key",
        "_larder",
        "_like",
        "_mark",
        "_question",
        "_record",
        "_route",
        "_shared",
        "_since",
        "_tape",
        "_ttl",
        "_vector",
        "_wish",
    )

    def __init__(
        self,
        generation: Generation,
        shared: Shared,
        route: Route,
        call: Call,
        record: Record,
        *,
        key: Key,
        mark: bytes,
        question: Question | None,
        wish: CacheWish,
        ttl: float,
    ) -> None:
        self._generation = generation
        self._shared = shared
        self._larder: Larder = shared.larder
        self._route = route
        self._call = call
        self._record = record
        self._key = key
        self._mark = mark
        self._wish = wish
        self._ttl = ttl
        self._began = shared.loop.time()
        self._since: int | None = None  # how often something was forgotten before; None: nothing may be kept
        self._flight: Flight | None = None  # of those who wait for this call's answer
        self._claim: Claim | None = None  # before those of other processes
        self._found: Entry | None = None  # too old, but better than an error
        self._tape: Tape | None = None
        self._question = question  # where answers to those that mean the same are kept
        self._vector: Vector | None = None
        self._like: float | None = None  # how near the question is whose answer was given
        record.cache = MISS

    # What is there already

    async def answers(self, reply: Reply, bill: Bill, telling: Telling | None) -> bool:
        """Whether the call was answered with what is kept; else *telling* is listened to, where it streams. Raises
        Spent where its key may not call at all.
        """
        entry = await self._look() or await self._resemble()
        if entry is not None and await self._give(entry, reply, bill, HIT):
            return True
        if self._wish.only:
            raise NOT_KEPT
        if telling is not None and (self._since is not None or self._flight is not None):
            telling.ear = self._tape = Tape(self._shared.loop.time, self._generation.config.cache.largest)
        return False

    async def relieves(self, reply: Reply, bill: Bill, refused: Refusal) -> bool:
        """Whether the call, which was *refused*, was answered with what is too old."""
        entry, away = self._found, refused.status >= 500 or refused.status == 429
        if entry is None or not away or self._wish.only or reply.opened:
            return False
        return await self._give(entry, reply, bill, STALE)

    async def _look(self) -> Entry | None:
        larder, mark = self._larder, self._mark
        if larder.claims is None:
            found = larder.memory.look(mark, self._record.time)
            if (entry := self._good(found.entry)) is not None:
                return entry
            self._since = found.since
        if not self._wish.refresh:
            flight = larder.flights.get(mark)
            if flight is not None:
                return self._good(await self._wait(flight))
            if not self._wish.only:
                self._flight = larder.flights[mark] = self._shared.loop.create_future()
        if larder.claims is not None and (told := await self._claimed(larder.claims)) is not None:
            self._since = told.since
            return self._good(told.entry)
        return None

    async def _claimed(self, claims: "Claims") -> Found | None:
        """What Redis has; or will have, since another process asks for it."""
        now, loop = self._record.time, self._shared.loop
        if self._wish.refresh:
            # A call is no task, and a trip with a deadline has to be one.
            return await loop.create_task(self._larder.find(self._mark, now))
        lives = self._route.timeouts.total
        self._claim = claims.claim(self._mark, now=now, ttl=self._ttl, lives=lives, take=self._flight is not None)
        return await self._claim.found(self._patience())

    async def _resemble(self) -> Entry | None:
        """The answer to a question that means the same. Never on behalf of a call that will be refused."""
        asked, larder = self._question, self._larder
        if asked is None or asked.semantic.mode != SERVE or self._wish.refresh or self._poor():
            return None
        self._vector = await larder.likeness.vector(self._generation, asked)
        if self._vector is None:
            return None
        near = await self._shared.loop.create_task(larder.likeness.nearest(asked, self._vector))
        if near is None:
            return None
        found = await self._shared.loop.create_task(larder.find(near[1], self._record.time))
        entry = None if found is None else self._good(found.entry)
        if entry is not None:
            self._like = near[0]
            if self._record.trace is not None:
                self._record.trace.alike = True
        return entry

    def _poor(self) -> bool:
        """Whether anything that its key pays with has run out, as far as is known here."""
        purse = self._shared.till.purse(self._key, NOWHERE, self._call.model)
        if any(one.free < 1 for one in purse.allotments):
            return True
        rates = self._shared.till.limits(purse) if purse.metered else ()
        return any(rate is not None and rate[1] < 1 for rate in rates)

    def _good(self, entry: Entry | None) -> Entry | None:
        """*entry*, if it may be given to this call as it is."""
        if entry is None:
            return None
        if self._wish.refresh or not entry.fresh(time.time(), self._ttl):
            self._found = entry if entry.stale and not self._wish.refresh else None
            return None
        return entry

    async def _wait(self, flight: Flight) -> Entry | None:
        """The answer of a call that is the same and under way; None if it leaves nothing: then each goes on alone."""
        await asyncio.wait((flight,), timeout=self._patience())
        return flight.result() if flight.done() and not flight.cancelled() else None

    def _patience(self) -> float:
        """Seconds that it waits for a call that is the same."""
        left = self._began + self._route.timeouts.total - self._shared.loop.time()
        return max(0.0, min(left, self._generation.config.cache.wait))

    # Who pays, what is told

    async def _give(self, entry: Entry, reply: Reply, bill: Bill, how: str) -> bool:
        said = self._said(entry)
        if said is None:
            return False
        hold = await self._admit(entry)
        record = self._record
        record.cache, record.saved = how, entry.cost
        record.target, record.provider = entry.labels.target, entry.labels.target.partition("/")[0]
        record.finish, record.dropped = entry.finish, entry.dropped
        self._land(entry)
        try:
            if self._call.stream:
                await self._stream(entry, said, reply, bill)
            else:
                reply.whole(200, said[0], self._head(entry, bill, how))
        finally:
            if hold is not None:
                hold.release()
        if record.asked is not None:  # the operator wants content in the log
            record.answered = b"".join(said)
        return True

    def _said(self, entry: Entry) -> tuple[bytes, ...] | None:
        """In the form that the client wants; None where it can't be told so."""
        if self._call.stream:
            return events(entry, usage=self._call.include_usage)
        body = whole(entry)
        return None if body is None else (body,)

    async def _admit(self, entry: Entry) -> Hold | None:
        """It counts as a request, and costs nothing; but whoever has nothing left to pay with gets nothing."""
        till = self._shared.till
        purse = till.purse(self._key, NOWHERE, self._call.model)
        if purse.free:
            return None
        need = Need(max(1, entry.cost) if purse.priced else 0, 1 if purse.counted else 0)
        hold = till.take(purse, need, b"")
        if hold is not None:
            return hold
        answer = await till.wait(purse, need, b"", within=PATIENCE)
        if isinstance(answer, Shortage):
            raise Spent(answer, till.limits(purse))
        return answer

    def _head(self, entry: Entry, bill: Bill, how: str) -> bytes:
        record, age = self._record, max(0, int(self._record.time - entry.made))
        text = self._generation.labels(record.route, record.target, len(bill.tried))
        text = PAID % (text, *divmod(record.cost, NANO))
        text += b"x-switchyard-cache: %b\r\nage: %d\r\n" % (how.encode(), age)
        if self._like is not None:
            text += b"x-switchyard-similarity: %.4f\r\n" % self._like
        if record.dropped:
            text += header("x-switchyard-dropped", ", ".join(record.dropped))
        purse = self._shared.till.purse(self._key, NOWHERE, self._call.model)
        return text + limits(self._shared.till, purse) if purse.metered else text

    async def _stream(self, entry: Entry, said: tuple[bytes, ...], reply: Reply, bill: Bill) -> None:
        if not reply.opened:
            reply.open(self._head(entry, bill, self._record.cache))
        if not self._wish.pace or not entry.pauses:
            reply.end(b"".join(said), DONE)
            return
        tap = Tap()
        reply.follow(tap)
        try:
            for at, piece in enumerate(said):
                if at < len(entry.pauses):
                    await asyncio.sleep(min(entry.pauses[at], LONGEST_PAUSE))
                await tap.open()
                reply.send(piece)
            reply.end(DONE)
        finally:
            reply.follow(None)

    # Its own answer

    def close(self, bill: Bill | None) -> None:
        """The call is over, one way or the other."""
        record, larder = self._record, self._larder
        larder.meters.counter(CALLS, self._route.name, record.cache).value += 1
        if record.saved:
            larder.meters.counter(SAVED, self._route.name).value += record.saved
        if self._since is None and self._flight is None:
            return
        if bill is not None and self._sound(bill):
            self._read(bill)
        else:
            self._land(None)

    def _sound(self, bill: Bill) -> bool:
        """Whether its answer is whole, and nobody's but its target's."""
        record = self._record
        good = record.status == 200 and not (record.fault or record.gone or record.degraded or record.continued)
        return good and record.cache == MISS and bill.produced >= 0 and not bill.private

    def _read(self, bill: Bill) -> None:
        """A long answer is read by a thread."""
        answer, tape, usage = bill.answer, self._tape, bill.said
        if isinstance(answer, bytes) and len(answer) <= self._generation.config.cache.largest:
            size, made = len(answer), partial(of_whole, answer, usage)
        elif tape is not None and tape.heard:
            size, made = tape.size, partial(of_stream, tape.heard, tape.pauses, usage, self._call.choices)
        else:
            self._land(None)
            return
        if size <= READ_HERE:
            self._put(bill, made())
        else:
            self._larder.begin(self._later(bill, made))

    async def _later(self, bill: Bill, made: partial[Kept | None]) -> None:
        try:
            kept = await asyncio.to_thread(made)
        except BaseException:
            self._land(None)
            raise
        self._put(bill, kept)

    def _put(self, bill: Bill, kept: Kept | None) -> None:
        if kept is None:
            self._land(None)
            return
        record = self._record
        tags = tuple(dict.fromkeys((*self._key.tags, *self._wish.tags)))
        paid = [cost for (_, fault, _), cost in zip(bill.tried, bill.costs, strict=True) if not fault]
        entry = Entry(
            Labels(record.key, record.route, self._call.model, record.target, tags),
            time.time(),
            self._ttl,
            self._route.cache.stale,
            paid[-1] if paid else 0,
            record.finish,
            kept.usage,
            kept.whole,
            kept.pieces,
            kept.pauses,
            record.dropped,
        )
        if self._since is not None:
            claim, self._claim = self._claim, None
            learning = self._larder.likeness.learning(self._generation, self._question, self._vector, self._mark, entry)
            self._larder.keep(self._mark, entry, self._since, claim, learning)
        self._land(entry)

    def _land(self, entry: Entry | None) -> None:
        """Tell those who wait, here and elsewhere."""
        if (claim := self._claim) is not None:
            self._claim, record = None, self._record
            claim.end(apart=record.cache != MISS or (record.attempts > 0 and not record.gone))
        flight, self._flight = self._flight, None
        if flight is not None:
            self._larder.flights.pop(self._mark, None)
            if not flight.done():
                flight.set_result(entry)
