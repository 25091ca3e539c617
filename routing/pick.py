"""What a strategy is: an order that follows from a table of numbers and a Pick, and from nothing else."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from config.schema import BALANCE, Balance
from core.target import Target

Number = float | None
Column = Sequence[Number]
Table = Sequence[Column]  # a column for each that the strategy reads


class Pick(NamedTuple):
    """What is the same for all targets. *seed* is where chance comes from; *turn* counts the picks from this stage.

    *sticky* stands for whose calls belong together (see routing/sticky.py), 0 where nobody knows. *balance* is what
    counts how much where several things do.
    """

    seed: int
    turn: int = 0
    sticky: int = 0
    balance: Balance = BALANCE


Order = Callable[[Sequence[Target], Table, Pick], Sequence[int]]
Scores = Callable[[Sequence[Target], Table, Pick], Sequence[float]]


class Strategy(NamedTuple):
    """*order* gives the numbers of all targets, the first to be tried first. *reads* are names from COLUMNS, *sticks*
    one from STICKING, for strategies that read `Pick.sticky`.
    """

    order: Order
    reads: tuple[str, ...] = ()
    sticks: str = ""
