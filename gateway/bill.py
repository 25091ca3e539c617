"""What a call costs: what is set aside before each attempt, what it came to, and the row that the ledger gets."""

import time
from typing import Final

import orjson

from catalog.bound import Bound, Unbounded
from config.schema import Key
from core.call import Call
from core.faults import Failure, Fault
from core.target import Target
from core.tasks import task_of
from core.usage import COUNTS, Usage
from core.wire import WireRequest
from gateway.ear import Ear
from gateway.generation import Generation, Shared
from gateway.slices import SLICE, Slices
from gateway.spent import Spent, elsewhere, too_dear, unbounded
from quota.hold import Hold
from quota.purse import Purse
from quota.words import Need, Shortage
from store.orphans import note
from telemetry.record import Record
from upstream.trial import StreamTrial, WholeTrial

BYTES_PER_TOKEN: Final = 4
# Seconds that a call waits for a store that could say whether it can be paid: longer than one settles.
PATIENCE: Final = 2.5
# It was sent, and what became of it will never be known.
WITHOUT_ANSWER: Final = (Fault.TIMEOUT, Fault.CANCELLED)
ONE: Final = Need()
NOTHING: Final = (0,) * len(COUNTS)


class Bill:
    """One for each call. Every attempt has a hold of its own, since one that timed out may have been billed.

    *written*: the ledger has its row. *trial* is the attempt under way, from when it was sent until it is over.
    *answer* is what the client was told, as far as somebody is to read it, and *produced* how many bytes of content
    were counted in it; below 0 before an answer is complete.
    """

    __slots__ = (
        "_began",
        "_bound",
        "_call",
        "_charges",
        "_costs",
        "_generation",
        "_hold",
        "_key",
        "_most",
        "_record",
        "_request",
        "_settled",
        "_shared",
        "_sliced",
        "_target",
        "answer",
        "produced",
        "purse",
        "slices",
        "trial",
        "tried",
        "written",
    )

    def __init__(self, generation: Generation, shared: Shared, record: Record, key: Key, call: Call) -> None:
        self._generation = generation
        self._shared = shared
        self._record = record
        self._key = key
        self._call = call
        record.task = task_of(call)
        self._most = generation.most(key)
        self._hold: Hold | None = None
        self._bound: Bound | None = None
        self._target: Target
        self._request: WireRequest | None = None
        self.trial: WholeTrial | StreamTrial | None = None
        self._began = 0.0
        self._settled = False  # the attempt under way
        self._sliced: tuple[int, int] | None = None  # what the first slice covers, and what a token more costs
        self.slices: Slices | None = None
        self._costs: list[int] = []  # of each attempt in *tried*
        self._charges: dict[str, int] = {}
        self.purse: Purse | None = None
        self.tried: list[tuple[str, str, float]] = []
        self.written = False
        self.answer: bytes | Ear | None = None
        self.produced = -1

    # Before an attempt

    def begin(self, target: Target, now: float) -> None:
        """Another attempt."""
        self._target = target
        self._began = now
        self._request = self._bound = self._sliced = self.slices = None

    async def hold(self, request: WireRequest) -> Failure | None:
        """Set aside the most that it can cost. A Failure leads to the next target; raises Spent where none helps."""
        target = self._target
        self._request = request
        shared = self._shared
        purse = self.purse = shared.till.purse(self._key, target, self._call.model)
        if purse.free and self._most is None:
            return None
        need = self._need(target, request)
        if isinstance(need, Failure):
            return need
        said = self._note(target)
        hold = shared.till.take(purse, need, said)
        if hold is None:
            answer = await shared.till.wait(purse, need, said, within=PATIENCE)
            if isinstance(answer, Shortage):
                return self._short(answer)
            hold = answer
        self._hold = hold
        if self._sliced is not None:
            covered, price = self._sliced
            self.slices = Slices(hold, covered=covered, price=price, most=self._most)
        return None

    def _need(self, target: Target, request: WireRequest) -> Need | Failure:
        """What has to be held; a Failure where that can't be said, or is too much for one call."""
        purse, most = self.purse, self._most
        if purse is None or not (purse.priced or purse.counted or most is not None):
            return ONE
        generation = self._generation
        paid = purse.priced or most is not None
        bound = (generation.bound if paid else generation.bound_in_tokens)(target, self._call, request)
        if isinstance(bound, Unbounded):
            return unbounded(bound)
        self._bound = bound
        if self._key.holds == "slices" and purse.priced and self._call.stream:
            return self._slice(target, request, bound)
        if most is not None and bound.cost > most:
            return too_dear(bound, most)
        return Need(bound.cost, bound.tokens)

    def _slice(self, target: Target, request: WireRequest, whole: Bound) -> Need | Failure:
        """The input and a first slice, where what is billed can be seen in the stream; else all of it."""
        first = self._generation.bound(target, self._call._replace(max_output=SLICE), request)
        hidden = "reasoning" in self._generation.abilities(target).capabilities
        if isinstance(first, Bound) and not hidden and whole.output > first.output:
            tokens = whole.output - first.output
            self._sliced = (first.output, -(-(whole.cost - first.cost) // tokens))
            whole = first._replace(tokens=whole.tokens)
        if self._most is not None and whole.cost > self._most:
            return too_dear(whole, self._most)
        return Need(whole.cost, whole.tokens)

    def _short(self, shortage: Shortage) -> Failure:
        failure = elsewhere(shortage)
        if failure is None:
            raise Spent(shortage, None if self.purse is None else self._shared.till.limits(self.purse))
        return failure

    def _note(self, target: Target) -> bytes:
        """What is needed to write the row of an attempt whose process was killed."""
        record, key = self._record, self._key
        return note(
            time=record.time,
            id=record.id,
            key=record.key,
            team=key.team or "",
            route=record.route,
            target=target.id,
            tags=key.tags,
            endpoint=record.endpoint,
            stream=record.stream,
        )

    # After it

    def settle(self, usage: Usage | None, produced: int, now: float) -> Usage:
        """The answer is complete: what it cost. Before its last byte goes out, since that is a promise."""
        target = self._target
        cost, usage = self._counted(target, usage, produced)
        record = self._record
        record.status = record.status or 200
        row = b""
        if self._shared.books:
            self._charge(cost)
            row = self._row((target.id, "", round((now - self._began) * 1e3, 1), cost))
            self.written = True
        self._pay(cost, usage, row)
        self._costs.append(cost)
        self._settled = True
        self.produced = produced
        return usage

    def sent(self, trial: WholeTrial | StreamTrial) -> None:
        """From here on a provider may bill something for the attempt."""
        self.trial = trial

    def end(self, failure: Failure | None) -> None:
        """The attempt is over. Unless it was settled: what may be billed for it is paid, and the rest comes back."""
        trial, self.trial = self.trial, None
        if self._settled:
            self._settled = False
        elif trial is not None and failure is not None and _billed(trial, failure):
            self._cut(trial)
        else:
            self._costs.append(0)
            self._drop()

    def _cut(self, trial: WholeTrial | StreamTrial) -> None:
        if isinstance(trial, StreamTrial):
            cost, counted = self._counted(self._target, trial.decoder.usage, trial.decoder.produced)
            self._record.estimated = True
        elif (bound := self._worst()) is not None:
            # Nobody will ever know what it said: without a stream, providers go on to the end, and bill it.
            cost, counted = bound.cost, Usage(bound.input, output=bound.output, estimated=True)
            self._note_usage(self._target, counted, cost)
        else:
            cost, counted = self._counted(self._target, None, 0)
        self._charge(cost)
        self._pay(cost, counted, b"")
        self._costs.append(cost)

    def close(self) -> None:
        """The call is over: it gets its row, if it has none yet."""
        if self.written or not self._shared.books:
            return
        self.written = True
        self._shared.journal.row(self._row())

    # What it came to

    def _counted(self, target: Target, usage: Usage | None, produced: int) -> tuple[int, Usage]:
        """Cost and usage; where the provider doesn't say, an estimate that says that it is one."""
        if usage is None:
            usage = Usage(self._call.size // BYTES_PER_TOKEN, output=produced // BYTES_PER_TOKEN, estimated=True)
        cost = self._generation.cost(target, usage) or 0
        self._note_usage(target, usage, cost)
        return cost, usage

    def _note_usage(self, target: Target, usage: Usage, cost: int) -> None:
        record = self._record
        record.target = target.id
        record.provider = target.provider
        record.usage = usage
        record.estimated = record.estimated or usage.estimated
        record.cost += cost

    def _worst(self) -> Bound | None:
        if self._bound is None and self._request is not None:
            bound = self._generation.bound(self._target, self._call, self._request)
            return bound if isinstance(bound, Bound) else None
        return self._bound

    def _pay(self, cost: int, usage: Usage, row: bytes) -> None:
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.settle(cost, usage.total, row)
        elif row:
            self._shared.journal.row(row)

    def _drop(self) -> None:
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.release()

    def _charge(self, cost: int) -> None:
        """Note which budgets pay for the attempt under way."""
        if self._hold is None:
            return
        if not self._charges:
            self._charges = self._hold.charges(cost)
        else:
            for account, amount in self._hold.charges(cost).items():
                self._charges[account] = self._charges.get(account, 0) + amount

    def _row(self, last: tuple[str, str, float, int] | None = None) -> bytes:
        """An Entry's fields as it would write them. *last* is the attempt under way, not among those tried yet."""
        record, usage = self._record, self._record.usage
        total = record.total or (time.time() - record.time) * 1e3
        fields = (
            record.time,
            record.id,
            record.key,
            self._key.team or "",
            record.route,
            record.target,
            self._key.tags,
            record.endpoint,
            record.status,
            record.fault,
            record.stream,
            record.finish,
            record.gone,
            record.estimated,
            record.cost,
            NOTHING if usage is None else usage[:5] + usage[7:12],
            round(total, 1),
            None if record.first is None else round(record.first, 1),
            self._attempts(last),
            self._charges,
            [one.kept() for one in record.decided] if record.decided else (),
            record.task,
        )
        return orjson.dumps(fields)

    def _attempts(self, last: tuple[str, str, float, int] | None) -> list[tuple[str, str, float, int]]:
        before = [(*one, cost) for one, cost in zip(self.tried, self._costs, strict=True)] if self.tried else []
        if last is not None:
            before.append(last)
        return before


def _billed(trial: WholeTrial | StreamTrial, failure: Failure) -> bool:
    """Whether the provider may bill an attempt that failed.

    It does so for what it said before it broke off, and for what nobody waited for; not for what it refused, for an
    error in place of an answer, or for what never reached it.
    """
    if failure.fault in WITHOUT_ANSWER:
        return trial.status in {0, 200}
    if trial.status != 200:
        return False
    return trial.open if isinstance(trial, StreamTrial) else not trial.complete
