"""One attempt while it is under way: what is set aside for it, its trial, and what it came to.

Each has a hold of its own, since one that timed out, or that another one outran, may have been billed all the same.
"""

from collections.abc import Awaitable
from typing import Final

from catalog.bound import Bound
from catalog.guess import believed, guessed
from core.faults import Failure, Fault
from core.tenths import tenths
from core.usage import Usage
from core.wire import WireRequest
from gateway.call.bill import Bill
from gateway.call.needs import FirstSlice, Needed, needed
from gateway.call.slices import Slices
from gateway.ear import Ear
from gateway.spent import Spent, elsewhere
from quota.hold import Hold
from quota.purse import Purse
from quota.words import Shortage
from routing.plan import Attempt
from routing.vitals import TargetVitals
from store.orphans import noted
from telemetry.said import model
from telemetry.trace import Step, new_span, unix
from upstream.trial import StreamTrial, WholeTrial

# Seconds that a call waits for a store that could say whether it can be paid: longer than one settles.
PATIENCE: Final = 2.5
# It was sent, and what became of it will never be known.
WITHOUT_ANSWER: Final = (Fault.TIMEOUT, Fault.OUT_OF_TIME, Fault.CANCELLED)
# Bytes of a request from which it isn't kept while its answer comes; to know what a whole one can cost takes a while.
LONG: Final = 4096
LONG_WHOLE: Final = 16 * LONG
GONE: Final = Failure(Fault.CANCELLED, "it isn't wanted any more")


class Tab:
    """*vitals*: of its target. *began*: when, in loop time. *place*: how many of its call began before it. *probe*: it
    tries whether a breaker may close.

    *span*, *lines*: where calls have a trace, the attempt's own part in it, and what its provider is told of that.
    *request*: what goes out. *purse*: who pays. *trial*: once it was sent; from then on a provider may bill something.
    *slices*: if it is paid slice by slice. *over*: it was ended. *number*: of the attempts at its target. *took*: what
    is known of that.
    """

    __slots__ = (
        "_bound",
        "_cost",
        "_hold",
        "_open",
        "attempt",
        "began",
        "bill",
        "lines",
        "number",
        "over",
        "place",
        "probe",
        "purse",
        "request",
        "slices",
        "span",
        "target",
        "took",
        "trial",
        "vitals",
    )

    def __init__(self, bill: Bill, attempt: Attempt, vitals: TargetVitals, now: float) -> None:
        """Nothing may have been awaited since the plan chose it: a breaker lets one probe through, not two."""
        self.bill = bill
        self.attempt = attempt
        self.target = attempt.target
        self.vitals = vitals
        self.began = now
        self.place = bill.begun
        bill.begun += 1
        self.probe = vitals.begin(now)
        self.number = vitals.attempts
        self._hold: Hold | None = None
        self._bound: Bound | None = None
        self._cost: int | None = None  # what was paid for it
        self._open = 0  # of what its call may cost
        self.request: WireRequest
        self.purse: Purse
        self.trial: WholeTrial | StreamTrial | None = None
        self.slices: Slices | None = None
        self.took: Usage | None = None
        self.over = False
        self.span, self.lines = "", b""
        if (trace := bill.record.trace) is not None:
            self.span = new_span()
            self.lines = trace.onward(self.span)

    # Before it is sent

    def hold(self, request: WireRequest) -> Failure | Awaitable[Failure | None] | None:
        """Set aside the most that it can cost. A Failure leads to the next target; raises Spent where none helps.
        What is to be awaited says the same, once the store was asked for more.
        """
        bill = self.bill
        self.request = request
        till = bill.shared.till
        purse = self.purse = till.purse(bill.key, self.target, bill.call.model)
        if purse.free and bill.most is None:
            return None
        need = needed(
            bill.generation,
            bill.key,
            bill.call,
            request,
            target=self.target,
            purse=purse,
            most=bill.most,
            gone=bill.record.cost + bill.open,
        )
        if isinstance(need, Failure):
            return need
        if bill.most is not None:
            self._open = need.cost
            bill.open += need.cost
        note = self._note()
        hold = self._hold = till.take(purse, need, note, again=bill.counts)
        if hold is None:
            return self._wait(purse, need, note)
        self._begin(need, hold)
        return None

    async def _wait(self, purse: Purse, need: Needed, note: bytes) -> Failure | None:
        bill = self.bill
        answer = await bill.shared.till.wait(purse, need, note, within=PATIENCE, again=bill.counts)
        if isinstance(answer, Shortage):
            return self._short(answer, purse)
        if self.over:
            answer.release()
            return GONE
        self._hold = answer
        self._begin(need, answer)
        return None

    def _begin(self, need: Needed, hold: Hold) -> None:
        """What it can come to, as far as that had to be known, and what the first slice of it pays."""
        bill = self.bill
        bill.counts = True
        if hold.seats:
            bill.seats, hold.seats = hold.seats, ()
        if isinstance(need, Bound):
            self._bound = need
        elif isinstance(need, FirstSlice):
            most = None if bill.most is None else bill.most - bill.record.cost - bill.open + self._open
            self._bound = need.bound
            self.slices = Slices(hold, covered=need.covered, price=need.price, most=most)

    def _short(self, shortage: Shortage, purse: Purse) -> Failure:
        failure = elsewhere(shortage)
        if failure is None:
            raise Spent(shortage, self.bill.shared.till.limits(purse))
        return failure

    def _note(self) -> bytes:
        """What is needed to write the row of an attempt whose process was killed."""
        record, key = self.bill.record, self.bill.key
        return noted(
            (
                record.time,
                record.id,
                record.key,
                key.team or "",
                record.route,
                self.target.id,
                key.tags,
                record.endpoint,
                record.stream,
            )
        )

    def sent(self, trial: WholeTrial | StreamTrial) -> None:
        """It is on its way. What it says isn't kept where that is long, since its answer may take minutes: whoever asks
        again writes it anew, and what a whole answer can cost at most is noted before.
        """
        self.trial = trial
        request = self.request
        whole = isinstance(trial, WholeTrial)
        if len(request.body) > (LONG_WHOLE if whole else LONG):
            if whole:
                self._bound = self._worst()
            trial.request = self.request = request._replace(body=b"")

    # After it

    def settle(self, usage: Usage | None, produced: int, now: float) -> Usage:
        """The answer is complete: what it cost. Before its last byte goes out, since that is a promise."""
        bill = self.bill
        if usage is None or (not usage.output and produced and not believed(usage, produced)):
            usage = self._guessed(usage, produced, now)
        cost = bill.counted(self.target, usage)
        record = bill.record
        record.status = record.status or 200
        row = b""
        if bill.shared.books:
            if self._hold is not None:
                bill.charge(self._hold, cost)
            row = bill.row((self.target.id, "", tenths((now - self.began) * 1e3), cost), self.place, usage)
            bill.written = True
        bill.leave()
        self._pay(cost, usage, row)
        bill.produced = produced
        return usage

    def waste(self, usage: Usage | None, produced: int) -> None:
        """The answer is complete, but another one was quicker: it is paid all the same."""
        if usage is None or not believed(usage, produced):
            usage = self._guessed(usage, produced, self.bill.shared.loop.time())
        cost = self.bill.counted(self.target, usage)
        self.bill.charge(self._hold, cost)
        self._pay(cost, usage, b"")

    def end(self, failure: Failure | None, now: float) -> None:
        """It is over. Unless it was settled: what may be billed for it is paid, and the rest comes back."""
        self.over = True
        if self._cost is None:
            trial = self.trial
            if trial is not None and failure is not None and _billed(trial, failure):
                self._cut(trial, now)
            else:
                self._drop()
        fault = "" if failure is None else failure.fault.code
        bill = self.bill
        # Of two that were under way together, the second may be over first.
        bill.tried.insert(self.place, (self.target.id, fault, (now - self.began) * 1e3))
        bill.costs.insert(self.place, self._cost or 0)
        if failure is not None or bill.begun > 1:
            bill.took.insert(self.place, self.took)
        if (trace := bill.record.trace) is not None:
            trace.took(self._step(fault, now))

    def _step(self, fault: str, now: float) -> Step:
        trial, provider = self.trial, self.bill.generation.config.providers[self.target.provider]
        return Step(
            self.span,
            provider,
            self.target.model,
            fault,
            0 if trial is None else trial.status,
            unix(now, self.began),
            (now - self.began) * 1e3,
            self.took,
            self._cost or 0,
            trial is not None,
            "" if fault else _named(self.bill.answer),
        )

    def _cut(self, trial: WholeTrial | StreamTrial, now: float) -> None:
        """Streams end where they are left; whole answers go on to the end, and what they say nobody will ever know."""
        bill, bound = self.bill, self._worst()
        told: Usage | None = None
        produced = 0
        if isinstance(trial, WholeTrial) and trial.counted is not None:
            counted = trial.counted
            cost = bill.counted(self.target, counted)
        elif isinstance(trial, WholeTrial) and bound is not None:
            cost, counted = bound.cost, Usage(bound.input, output=bound.output, estimated=True)
            bill.note_usage(self.target, counted, cost)
        else:
            if isinstance(trial, StreamTrial):
                told, produced = trial.decoder.usage, trial.decoder.produced
                bill.record.estimated = True
            counted = told if told is not None and believed(told, produced) else self._guessed(told, produced, now)
            cost = bill.counted(self.target, counted)
        bill.charge(self._hold, cost)
        self._pay(cost, counted, b"")

    def _guessed(self, told: Usage | None, produced: int, now: float) -> Usage:
        """What it probably took, where its provider hasn't said it, or not at the end."""
        trial, generation, target = self.trial, self.bill.generation, self.target
        silent = (trial.first_content or now) - trial.sent if isinstance(trial, StreamTrial) else 0.0
        return guessed(
            self.bill.call,
            generation.model(target),
            generation.lanes[target.provider].provider.dialect,
            target.model,
            told=told,
            produced=produced,
            silent=silent,
            most=self._worst(),
        )

    def _worst(self) -> Bound | None:
        if self._bound is None and self.request.body:
            bound = self.bill.generation.bound(self.target, self.bill.call, self.request)
            return bound if isinstance(bound, Bound) else None
        return self._bound

    def _pay(self, cost: int, usage: Usage, row: bytes) -> None:
        self._close()
        self._cost = cost
        self.took = usage
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.settle(cost, usage.total, row)
        elif row:
            self.bill.shared.journal.row(row)

    def _close(self) -> None:
        """What it may take of what its call may cost is known."""
        self.bill.open -= self._open
        self._open = 0

    def _drop(self) -> None:
        self._close()
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.release()


def _named(answer: bytes | Ear | None) -> str:
    """What it calls its model; of a stream only where somebody has heard it."""
    if isinstance(answer, Ear):
        answer = answer.pieces[0] if answer.pieces else None
    return "" if answer is None else model(answer)


def _billed(trial: WholeTrial | StreamTrial, failure: Failure) -> bool:
    """Whether the provider may bill an attempt that failed.

    It does so for what it said before it broke off, for what nobody waited for, and for what it has counted, whatever
    is wrong with that; not for what it refused, for an error in place of an answer, or for what never reached it.
    """
    if failure.fault in WITHOUT_ANSWER:
        return trial.status in {0, 200}
    if trial.status != 200:
        return False
    if isinstance(trial, WholeTrial):
        return not trial.complete or trial.counted is not None
    usage = trial.decoder.usage
    return trial.open or (usage is not None and not usage.estimated and usage.completion > 0)
