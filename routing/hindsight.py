"""A decision as it would have been when another one was made: by what was seen then, instead of what is seen now."""

from collections.abc import Sequence
from typing import Final

from routing.decision import Decision, ordered
from routing.pick import Number
from routing.strategies import STRATEGIES

# Columns that tell of a moment. The others follow from configuration, which is what may be different.
OBSERVED: Final = frozenset({"in_flight", "latency", "idle", "headroom"})


class Hindsight:
    """*then* are the decisions that were made for one call."""

    def __init__(self, then: Sequence[Decision]) -> None:
        self._seen: dict[str, dict[str, Number]] = {}
        self._sticky: dict[str, int] = {}
        self._turns = {decision.stage: decision.pick.turn for decision in then}
        for decision in then:
            strategy = STRATEGIES[decision.strategy]
            self._sticky[strategy.sticks] = decision.pick.sticky
            for target, row in zip(decision.targets, decision.table, strict=True):
                told = zip(strategy.reads, row, strict=True)
                seen = {name: number for name, number in told if name in OBSERVED}
                self._seen.setdefault(target.id, {}).update(seen)

    def of(self, decision: Decision) -> Decision:
        """*decision* by what was seen then, as far as that is known."""
        strategy, pick = STRATEGIES[decision.strategy], decision.pick
        pick = pick._replace(
            turn=self._turns.get(decision.stage, pick.turn), sticky=self._sticky.get(strategy.sticks, pick.sticky)
        )
        seen = [self._seen.get(target.id, {}) for target in decision.targets]
        columns = [
            [one.get(name, number) for one, number in zip(seen, column, strict=True)]
            for name, column in zip(strategy.reads, decision.columns, strict=True)
        ]
        order = ordered(decision.strategy, decision.targets, columns, pick, preferred=decision.preferred)
        return decision._replace(pick=pick, columns=columns, order=order)
