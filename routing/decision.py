"""One decision: in which order the targets of a stage are tried, and everything that it followed from.

`decide` looks at what was observed; what it saw is a table, from which `Decision.order` follows by a pure function. So
a decision can be kept, explained, and made again.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

from config.schema import Balance, Stage
from core.call import Call
from core.target import Target
from routing.candidates import Skipped, View, sift
from routing.columns import COLUMNS, Sight
from routing.eligibility import liked
from routing.pick import Number, Pick, Table, Whole
from routing.sticky import sticky
from routing.strategies import STRATEGIES, strategy_named

MOST_KEPT: Final = 24  # targets of a decision, of which few are ever tried


class Decision(NamedTuple):
    """*targets* are those that could take the call, as written, and *columns* what was seen of them (one for each thing
    that the strategy reads). *order* are numbers of them. *skipped* could not take it at that moment; they come last.
    *preferred* are the numbers of those that the client would rather have.
    """

    stage: int
    strategy: str
    pick: Pick
    targets: Sequence[Target]
    columns: Table
    preferred: frozenset[int]
    order: Sequence[int]
    skipped: Sequence[Skipped]

    def tried(self) -> list[Target]:
        """All targets, the first to be tried first."""
        targets = self.targets
        return [*(targets[number] for number in self.order), *(each.target for each in self.skipped)]

    @property
    def table(self) -> Sequence[tuple[Number, ...]]:
        """The same as a row for each target."""
        return list(zip(*self.columns, strict=True)) if self.columns else [()] * len(self.targets)

    def kept(self) -> list[Any]:
        """As the ledger keeps it: what it followed from, but not what followed. Of many targets, those tried first."""
        one = self.cut() if len(self.targets) > MOST_KEPT else self
        kept = [
            one.stage,
            one.strategy,
            *one.pick[:3],
            tuple(one.pick.balance),
            [
                (target.provider, target.model, target.weight, row)
                for target, row in zip(one.targets, one.table, strict=True)
            ],
            sorted(one.preferred),
            [(each.target.provider, each.target.model, each.reason) for each in one.skipped[:MOST_KEPT]],
        ]
        return kept if one.pick.whole is None else [*kept, tuple(one.pick.whole)]

    def cut(self) -> Self:
        """The same of the targets that are tried first, and what it takes to put them in the same order again."""
        strategy, pick, targets, columns = STRATEGIES[self.strategy], self.pick, self.targets, self.columns
        lead, second = (strategy.order(targets, columns, pick) if self.preferred else self.order)[:2]
        numbers = sorted(self.order[:MOST_KEPT])
        scale = () if strategy.scale is None else strategy.scale(targets, columns)
        places = {number: place for place, number in enumerate(numbers)}
        return self._replace(
            pick=pick._replace(whole=Whole(len(targets), numbers, lead, scale, second)),
            targets=[targets[number] for number in numbers],
            columns=[[column[number] for number in numbers] for column in columns],
            preferred=frozenset(places[number] for number in self.preferred if number in places),
            order=[places[number] for number in self.order[:MOST_KEPT]],
        )

    @classmethod
    def again(cls, kept: Sequence[Any]) -> Self:
        """The same decision, made once more from what was kept.

        Raises KeyError, TypeError or ValueError for what another version has kept.
        """
        stage, strategy, seed, turn, stuck, weights, rows, preferred, away, *whole = kept
        targets = [Target(provider, model, weight) for provider, model, weight, _ in rows]
        columns = list(zip(*(row for *_, row in rows), strict=True))
        skipped = [Skipped(Target(provider, model), reason) for provider, model, reason in away]
        seen = Pick(seed, turn, stuck, Balance(*weights), Whole(*whole[0]) if whole else None)
        first = frozenset(preferred)
        order = ordered(strategy, targets, columns, seen, preferred=first)
        return cls(stage, strategy, seen, targets, columns, first, order, skipped)


def decide(stage: Stage, number: int, call: Call, view: View, *, turn: int, now: float, caller: str = "") -> Decision:
    """The order for *stage*, the *number*-th of its route. *caller* is the name of the client's key."""
    able, seen, skipped = sift(stage.targets, call, view, now)
    wishes = call.wishes
    name = (wishes.strategy and strategy_named(wishes.strategy)) or stage.strategy
    strategy = STRATEGIES[name]
    seed = wishes.seed
    if seed is None:
        seed = view.rng.getrandbits(63) if len(stage.targets) > 1 else 0  # one alone leaves nothing to chance
    stuck = sticky(strategy.sticks, call, caller) if strategy.sticks else 0
    pick = Pick(seed, turn, stuck, stage.weights)
    sight = Sight(able, seen, call, view, now)
    table = [COLUMNS[column](sight) for column in strategy.reads]
    preferred = liked(able, wishes, view)
    order = ordered(name, able, table, pick, preferred=preferred)
    return Decision(number, name, pick, able, table, preferred, order, skipped)


def ordered(
    strategy: str, targets: Sequence[Target], table: Table, pick: Pick, *, preferred: frozenset[int]
) -> Sequence[int]:
    """What follows from what was seen, and from nothing else."""
    if len(targets) < 2:
        return range(len(targets))
    order = STRATEGIES[strategy].order(targets, table, pick)
    if preferred:
        order = sorted(order, key=lambda number: number not in preferred)
    return order
