"""A second attempt beside one that is slow, without telling the plan that anything went wrong."""

from collections.abc import Sequence

from config.schema import Route, Stage
from core.call import Call
from core.faults import Failure, Fault
from core.target import Target
from routing.breaker import CLOSED
from routing.candidates import View, obstacle
from routing.plan import Attempt, Course, Trail, leads


class Sparing(Course):
    """A course that can be asked for spare attempts. They count among those that the call may take."""

    __slots__ = ("_orders", "_spared")

    def __init__(
        self, route: Route, call: Call, view: View, deadline: float, trail: Trail | None = None, *, caller: str = ""
    ) -> None:
        super().__init__(route, call, view, deadline, trail, caller=caller)
        self._orders: dict[int, Sequence[Target]] = {}
        self._spared: tuple[Attempt, Failure] | None = None

    def order(self, index: int, now: float) -> Sequence[Target]:
        """Decided once, whoever asks first."""
        order = self._orders.get(index)
        if order is None:
            order = self._orders[index] = super().order(index, now)
        return order

    def spare(self, first: Attempt, now: float) -> Attempt | None:
        """One beside *first*: at the next target that can be used, else at the same one with another credential."""
        if self._number >= self._most() or now >= self._deadline:
            return None
        stage, target = self._calm(first.stage, now) or (first.stage, first.target)
        pool = self._view.pools[target.provider]
        if target.id not in self._seen:
            credential = pool.pick(now, target.id)
        elif obstacle(target, self._call, self._view, now) is None:
            credential = pool.other(first.credential, now, target.id)
        else:
            return None
        if credential is None:
            return None
        self._seen.add(target.id)
        self._number += 1
        return Attempt(target, credential, self._number, 0.0, stage, retry=False)

    def failed(self, spare: Attempt, failure: Failure) -> None:
        """*spare* went wrong, and so did the one beside it, of which the plan is told next."""
        self._spared = (spare, failure)

    def verdict(self, attempt: Attempt, failure: Failure, now: float) -> tuple[Attempt, Failure]:
        """The one that leaves the way less open; the other one's failure is noted."""
        one, other = (attempt, failure), self._spared
        self._spared = None
        if other is None:
            return one
        stage = self._route.stages[attempt.stage]
        if _openness(other[1].fault, stage) < _openness(failure.fault, stage):
            one, other = other, one
            self._tries = 1
        self.note(other[0].target, other[1], now)
        return one

    def _calm(self, index: int, now: float) -> tuple[int, Target] | None:
        """The next target that is no risk itself, and its stage, as if the one under way had run out of time."""
        route = self._route
        stages = route.stages if route.fallback else ()
        for number, stage in enumerate(stages[index:], index):
            if number > index and not leads(Fault.TIMEOUT, stage):
                continue
            line = stage.targets if len(stage.targets) == 1 else self.order(number, now)
            for target in line:
                closed = self._view.vitals.target(target.id).circuit.state is CLOSED
                if closed and target.id not in self._seen and self._free(target, now):
                    return number, target
        return None


def _openness(fault: Fault, stage: Stage) -> tuple[bool, bool]:
    return fault.next_target or leads(fault, stage), fault.retry_same
