"""In which order the targets of a stage are tried. A strategy orders; it never filters.

A new strategy is a score and a line in STRATEGIES. It sees nothing but a table: a row for each target, with the columns
that it *reads* (routing/columns.py fills them), and a Pick. So what was decided can be kept, and decided again.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from core.target import Target
from routing.chance import chance, chances

Number = float | None
Table = Sequence[tuple[Number, ...]]


class Pick(NamedTuple):
    """What is the same for all targets. *seed* is where chance comes from; *turn* counts the picks from this stage."""

    seed: int
    turn: int = 0


Order = Callable[[Sequence[Target], Table, Pick], Sequence[int]]
Scores = Callable[[Sequence[Target], Table, Pick], Sequence[float]]


class Strategy(NamedTuple):
    """*order* gives the numbers of all targets, the first to be tried first. *reads* are names from COLUMNS."""

    order: Order
    reads: tuple[str, ...] = ()


def lowest(scores: Scores) -> Order:
    """The target with the lowest score is tried first; equals stay in their order."""

    def order(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
        return sorted(range(len(targets)), key=scores(targets, table, pick).__getitem__)

    return order


def by_chance(targets: Sequence[Target], _table: Table, pick: Pick) -> Sequence[float]:
    return list(islice(chances(pick.seed), len(targets)))


def by_weighted_chance(targets: Sequence[Target], _table: Table, pick: Pick) -> Sequence[float]:
    """The smallest of exponential variates is each one's with a chance in proportion to its rate."""
    return [
        -math.log1p(-one) / target.weight if target.weight > 0 else math.inf
        for target, one in zip(targets, chances(pick.seed), strict=False)
    ]


def by_load(targets: Sequence[Target], table: Table, _pick: Pick) -> Sequence[float]:
    """Calls it would have under way with this one, for its weight."""
    return [
        ((flying or 0) + 1) / target.weight if target.weight > 0 else math.inf
        for target, (flying,) in zip(targets, table, strict=True)
    ]


def as_written(targets: Sequence[Target], _table: Table, _pick: Pick) -> Sequence[int]:
    return range(len(targets))


def in_turn(targets: Sequence[Target], _table: Table, pick: Pick) -> Sequence[int]:
    first = pick.turn % len(targets)
    return (*range(first, len(targets)), *range(first))


def better_of_two(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """The less loaded of two random targets, then the rest by load.

    The least loaded of all would draw everyone who sees the same numbers (Mitzenmacher, The Power of Two Choices).
    """
    count = len(targets)
    loads = by_load(targets, table, pick)
    one = int(chance(pick.seed, 0) * count)
    other = (one + 1 + int(chance(pick.seed, 1) * (count - 1))) % count
    first = one if loads[one] <= loads[other] else other
    return [first, *sorted((number for number in range(count) if number != first), key=loads.__getitem__)]


STRATEGIES: Final[Mapping[str, Strategy]] = {
    "order": Strategy(as_written),
    "round_robin": Strategy(in_turn),
    "weighted": Strategy(lowest(by_weighted_chance)),
    "random": Strategy(lowest(by_chance)),
    "least_loaded": Strategy(better_of_two, reads=("in_flight",)),
}
