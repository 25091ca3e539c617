"""What a call costs: what all its attempts came to, and the row that the ledger gets. Each of them has its own Tab."""

import time
from collections.abc import Sequence
from typing import Final

import orjson

from config.schema import Key
from core.call import Call
from core.target import Target
from core.tasks import CHAT, task_of
from core.tenths import tenths
from core.usage import COUNTS, Usage, added, counts
from gateway.ear import Ear
from gateway.generation import Generation, Shared
from quota.allotment import Allotment
from quota.hold import Hold
from telemetry.record import Record

NOTHING: Final = (0,) * len(COUNTS)


class Bill:
    """One for each call. *most*: what the call may cost; *open*: what of it attempts under way may take. *counts*:
    limits on requests know of it. *seats*: what it has of limits on calls at a time. *begun*: how many attempts it has
    made so far. *tried*: those that are over, in the order in which they began, each with what it cost in *costs*.
    *took* has what each of these took, unless there is one only, and it went well. *written*: the ledger has its row.
    *said* is what the answer itself took, and *before* what earlier parts of it did, if any.

    *answer* is what the client was told, as far as somebody is to read it, and *produced* how many bytes of content
    were counted in it; below 0 before an answer is complete. *private*: something belongs to it that only its own
    client gets back.
    """

    __slots__ = (
        "_paid",
        "answer",
        "before",
        "begun",
        "call",
        "costs",
        "counts",
        "generation",
        "key",
        "most",
        "open",
        "private",
        "produced",
        "record",
        "said",
        "seats",
        "shared",
        "took",
        "tried",
        "written",
    )

    def __init__(self, generation: Generation, shared: Shared, record: Record, key: Key, call: Call) -> None:
        self.generation = generation
        self.shared = shared
        self.record = record
        self.key = key
        self.call = call
        record.task = CHAT if call.plain else task_of(call)
        self.most = generation.most(key)
        self.open = 0
        self.counts = False
        self.seats: tuple[Allotment, ...] = ()
        self.begun = 0
        self.costs: list[int] = []
        self.took: list[Usage | None] = []
        self._paid: list[tuple[int, tuple[str, ...]]] = []  # for each attempt that was charged: how much, and to whom
        self.tried: list[tuple[str, str, float]] = []
        self.written = False
        self.answer: bytes | Ear | None = None
        self.produced = -1
        self.before: Usage | None = None
        self.said: Usage | None = None
        self.private = False

    def close(self) -> None:
        """The call is over: it gets its row, if it has none yet."""
        self.leave()
        if self.written or not self.shared.books:
            return
        self.written = True
        self.shared.journal.row(self.row())

    def leave(self) -> None:
        """Its seats are for others now."""
        if self.seats:
            seats, self.seats = self.seats, ()
            self.shared.till.leave(seats)

    # For its tabs

    def counted(self, target: Target, usage: Usage) -> int:
        """What *usage* costs, noted."""
        cost = self.generation.cost(target, usage) or 0
        self.note_usage(target, usage, cost)
        return cost

    def note_usage(self, target: Target, usage: Usage, cost: int) -> None:
        record = self.record
        record.target = target.id
        record.provider = target.provider
        record.usage = usage if record.usage is None else added(record.usage, usage)
        self.said = usage if self.before is None else added(self.before, usage)
        record.estimated = record.estimated or usage.estimated
        record.cost += cost

    def charge(self, hold: Hold | None, cost: int) -> None:
        """Note which budgets pay for the attempt that has *hold*."""
        if hold is not None:
            self._paid.append((cost, hold.purse.names))

    def _charges(self) -> tuple[str, ...] | dict[str, int]:
        """As an Entry's charges are written: names alone where all of them pay for everything."""
        paid = self._paid
        if not paid:
            return ()
        cost, names = paid[0]
        if len(paid) == 1 and cost == self.record.cost:
            return names
        sums: dict[str, int] = {}
        for cost, names in paid:
            for name in names:
                sums[name] = sums.get(name, 0) + cost
        return sums

    def row(self, last: tuple[str, str, float, int] | None = None, place: int = 0, took: Usage | None = None) -> bytes:
        """An Entry's fields as it would write them. *last* is the attempt under way, not among those tried yet, *place*
        how many began before it, and *took* what it took.
        """
        record, key = self.record, self.key
        usage, first = record.usage, record.first
        total = record.total or (time.time() - record.time) * 1e3
        fields: tuple[object, ...] = (
            record.time,
            record.id,
            record.key,
            key.team or "",
            record.route,
            record.target,
            key.tags,
            record.endpoint,
            record.status,
            record.fault,
            record.stream,
            record.finish,
            record.gone,
            record.estimated,
            record.cost,
            NOTHING if usage is None else usage[:5] + usage[7:12],
            tenths(total),
            None if first is None else tenths(first),
            (last,) if last is not None and not self.tried else self._attempts(last, place, took),
            self._charges(),
            [one.kept() for one in record.decided] if record.decided else (),
            record.task,
        )
        if record.cache or record.hedged or record.canary:
            fields = (*fields, record.cache, record.saved, record.hedged, record.hedge, record.canary)
        return orjson.dumps(fields)

    def _attempts(
        self, last: tuple[str, str, float, int] | None, place: int, took: Usage | None
    ) -> Sequence[tuple[object, ...]]:
        """Each with what it took, where there are several."""
        if last is None and len(self.tried) == 1:
            return [(*self.tried[0], self.costs[0])]
        before: list[tuple[object, ...]] = [
            (*one, cost, () if each is None else counts(each))
            for one, cost, each in zip(self.tried, self.costs, self.took, strict=True)
        ]
        if last is not None:
            before.insert(place, (*last, () if took is None else counts(took)))
        return before
