"""A second attempt beside one that is slow: the first of the two to say something answers, the other is called off.

Both are attempts like all others, each with a hold of its own. The plan hears of them only if both have failed.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from config.schema import Breaker, Hedge
from core.faults import Failure, Fault
from core.wire import Completion, Event
from gateway.call.aftermath import over
from gateway.call.bill import Bill
from gateway.call.tab import Tab
from gateway.call.telling import Telling
from gateway.spent import Spent
from routing.plan import Attempt
from routing.spares import Sparing
from upstream.deadlines import NEVER
from upstream.trial import Relay, StreamTrial, WholeTrial

OUTRUN: Final = Failure(Fault.CANCELLED, "another attempt was quicker")
WON, LOST, FAILED = "won", "lost", "failed"  # as the metric says it, of the second attempt

Play = Callable[[Attempt, Bill], Coroutine[Any, Any, Failure | None]]


class Runner:
    """One attempt of a race; implements upstream.trial.Audience. *sent*: when, in loop time."""

    __slots__ = ("_race", "sent", "tab")

    def __init__(self, race: "Race", tab: Tab) -> None:
        self._race = race
        self.tab = tab
        self.sent = 0.0

    def opens(self) -> Relay | None:
        return self._race.opens(self)

    def hears(self, events: list[Event], *, last: bool) -> None:
        self._race.hears(events, last=last)


class Race:
    """One for each call that may be hedged; all its attempts pass through `run`. At most once there are two.

    Implements upstream.deadlines.Timed: *due* is when the attempt under way has been slow for long enough.
    """

    __slots__ = (
        "_bill",
        "_breaker",
        "_budget",
        "_course",
        "_first",
        "_hedge",
        "_play",
        "_second",
        "_shared",
        "_spare",
        "_task",
        "_telling",
        "_winner",
        "due",
    )

    def __init__(
        self,
        hedge: Hedge,
        course: Sparing,
        bill: Bill,
        telling: Telling | None,
        *,
        breaker: Breaker,
        play: Play,
    ) -> None:
        """*play* makes an attempt. *telling*: if the call streams. *breaker*: the policy of its route."""
        shared = self._shared = bill.shared
        self._hedge = hedge
        self._course = course
        self._bill = bill
        self._telling = telling
        self._play = play
        self._breaker = breaker
        self._first: Runner | None = None
        self._second: Runner | None = None
        self._winner: Runner | None = None
        self._spare: Attempt | None = None
        self._task: asyncio.Task[Failure | None] | None = None  # makes the spare one
        self._budget = shared.hedges.budget(bill.record.route)
        self._budget.enter(hedge.at_most)
        self.due = NEVER

    async def run(self, alone: Coroutine[Any, Any, Failure | None]) -> Failure | None:
        """Await the attempt *alone*, and one beside it if need be: what went wrong, or nothing."""
        self._first = self._second = self._winner = None
        try:
            failure = await alone
            return failure if self._task is None else await self._both(failure, self._task)
        finally:
            self._shared.deadlines.forget(self)
            if self._task is not None:  # the client has left, or the process ends
                await self._call_off(self._task)

    async def _both(self, failure: Failure | None, task: asyncio.Task[Failure | None]) -> Failure | None:
        """The first one is over; now the spare one."""
        await asyncio.wait((task,))
        self._task = None
        second = OUTRUN if task.cancelled() else task.result()
        if self._winner is not None and self._winner is self._second:
            self._came_to(WON)
            return second
        self._came_to(LOST if second is OUTRUN else FAILED)
        if self._winner is None and self._spare is not None and second is not None:
            self._course.failed(self._spare, second)
        return failure

    def _came_to(self, outcome: str) -> None:
        if self._second is not None:  # else it was called off before it had begun
            self._bill.record.hedged = outcome
            self._bill.record.hedge = self._second.tab.place

    async def _call_off(self, task: asyncio.Task[Failure | None]) -> None:
        self._came_to(LOST)
        self._task = None
        task.cancel()
        await asyncio.wait((task,))

    # What its attempts tell it

    def enter(self, tab: Tab) -> None:
        """An attempt begins."""
        if self._spare is not None and tab.attempt is self._spare:
            self._second = Runner(self, tab)
        else:
            self._first = Runner(self, tab)

    def sent(self, tab: Tab) -> Runner:
        """It is on its way, and its time runs. What this returns hears its stream."""
        runner = self._runner(tab)
        now = runner.sent = self._shared.loop.time()
        # A breaker's probe is there to be waited for, and there is one way only to go on with an answer that broke off.
        broke = self._telling is not None and self._telling.broke is not None
        if self._spare is None and not tab.probe and not broke:
            patience = self._shared.hedges.patience(self._hedge, tab.target.id, stream=self._telling is not None)
            if patience is not None:
                self.due = now + patience
                self._shared.deadlines.watch(self)
        return runner

    def opens(self, runner: Runner) -> Relay | None:
        """Content has come."""
        trial = runner.tab.trial
        if self._telling is None or not isinstance(trial, StreamTrial) or not self._wins(runner):
            return None
        self._telling.follow(runner.tab, trial)
        return self._telling.opens()

    def hears(self, events: list[Event], *, last: bool) -> None:
        if self._telling is not None:
            self._telling.hears(events, last=last)

    def wins(self, tab: Tab) -> bool:
        """A good whole answer has come: whether it is the first."""
        return self._wins(self._runner(tab))

    def late(self, now: float) -> None:
        """The first one is slow."""
        del now
        self._shared.deadlines.forget(self)
        if self._budget.allows:
            self._task = self._shared.loop.create_task(self._beside())

    # What follows

    async def _beside(self) -> Failure | None:
        """The spare attempt; it begins in the moment in which it is chosen."""
        first = self._first
        spare = None
        if first is not None and self._winner is None and first.tab.trial is not None and not first.tab.trial.over:
            spare = self._spare = self._course.spare(first.tab.attempt, self._shared.loop.time())
        if spare is None:
            return OUTRUN
        self._budget.take()
        try:
            return await self._play(spare, self._bill)
        except Spent as spent:
            # The first one is paid: the call isn't to be refused.
            return Failure(Fault.LIMITED, spent.message)

    def _runner(self, tab: Tab) -> Runner:
        second = self._second
        if second is not None and second.tab is tab:
            return second
        if self._first is None:
            raise LookupError("no attempt has begun")
        return self._first

    def _wins(self, runner: Runner) -> bool:
        """Whether *runner* is the first; then the other one has lost, and is over and paid when this returns."""
        if self._winner is not None:
            return self._winner is runner
        self._winner = runner
        self._shared.deadlines.forget(self)
        self._learn(runner)
        other = self._first if runner is self._second else self._second
        outcome = WON if runner is self._second else FAILED
        if other is not None and not other.tab.over and self._outrun(other) is OUTRUN and outcome is FAILED:
            outcome = LOST
        self._came_to(outcome)  # before the row is written
        if other is None and self._task is not None:  # it hasn't even begun
            self._task.cancel()
        return True

    def _outrun(self, other: Runner) -> Failure:
        """It is over: what it came to."""
        tab, trial = other.tab, other.tab.trial
        failure = OUTRUN
        if trial is None:
            if self._task is not None:
                self._task.cancel()
        elif trial.over:
            failure = _verdict(tab, trial)
        else:
            trial.on_error(OUTRUN)
            if other is self._first:
                self._learn(other)
                now = self._shared.loop.time()
                if self._telling is not None:
                    tab.vitals.slower_than(now, now - other.sent)
        over(tab, failure, self._breaker, self._telling)
        return failure

    def _learn(self, runner: Runner) -> None:
        """How long it took, or has taken without an end."""
        if self._hedge.seconds is None:
            times = self._shared.hedges.times(runner.tab.target.id, stream=self._telling is not None)
            times.add(self._shared.loop.time() - runner.sent)


def _verdict(tab: Tab, trial: WholeTrial | StreamTrial) -> Failure:
    """What became of an attempt that ended in the same moment as the one that won; nobody has looked at it yet."""
    outcome = trial.ended.result() if isinstance(trial, StreamTrial) else trial.outcome.result()
    if isinstance(outcome, Completion):
        tab.waste(outcome.usage, outcome.produced)
    return outcome if isinstance(outcome, Failure) else OUTRUN
