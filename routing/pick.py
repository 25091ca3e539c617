"""What a strategy is: an order that follows from a table of numbers and a Pick, and from nothing else."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from config.schema import BALANCE, Balance
from core.target import Target
from routing.chance import chances

Number = float | None
Column = Sequence[Number]
Table = Sequence[Column]  # a column for each that the strategy reads


class Whole(NamedTuple):
    """What followed from a whole table, for whoever has only some of its rows.

    *numbers* are the places that those rows had *among* so many. *lead* is the number of the row that was tried first,
    *second* of the one after it: chance puts up to two before those with a better score, one that is looked at and one
    of the equals. *scale* is what the strategy measures its scores by.
    """

    among: int
    numbers: Sequence[int]
    lead: int
    scale: Sequence[Number] = ()
    second: int | None = None  # untold by rows of the ledger that are older than the word


class Pick(NamedTuple):
    """What is the same for all targets. *seed* is where chance comes from; *turn* counts the picks from this stage.

    *sticky* stands for whose calls belong together (see routing/sticky.py), 0 where nobody knows. *balance* is what
    counts how much where several things do. *whole* is of a decision that is made again from some of its rows.
    """

    seed: int
    turn: int = 0
    sticky: int = 0
    balance: Balance = BALANCE
    whole: Whole | None = None

    def chances(self, count: int) -> list[float]:
        """One for each of *count* targets."""
        if self.whole is None:
            return chances(self.seed, count)
        drawn = chances(self.seed, self.whole.among)
        return [drawn[number] for number in self.whole.numbers]


def known_all(column: Column) -> bool:
    """Whether everything of it is known. To compare it with None fails, and is quicker than to look for None."""
    try:
        return max(column, default=0) is not None  # type: ignore[type-var]
    except TypeError:
        return False


Order = Callable[[Sequence[Target], Table, Pick], Sequence[int]]
Scores = Callable[[Sequence[Target], Table, Pick], Sequence[float]]
Scale = Callable[[Sequence[Target], Table], tuple[Number, ...]]


class Strategy(NamedTuple):
    """*order* gives the numbers of all targets, the first to be tried first. *reads* are names from COLUMNS, *sticks*
    one from STICKING, for strategies that read `Pick.sticky`. *scale* is what scores are measured by, where that
    follows from all rows: an order that gets a `Pick.whole` takes it from there.
    """

    order: Order
    reads: tuple[str, ...] = ()
    sticks: str = ""
    scale: Scale | None = None
