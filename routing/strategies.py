"""In which order the targets of a stage are tried. A strategy orders; it never filters.

A new strategy is a score and a line in STRATEGIES.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from core.call import Call
from core.target import Target
from routing.vitals import Vitals


class Pick(NamedTuple):
    """What a strategy may look at. *turn* counts the picks from this stage."""

    call: Call
    vitals: Vitals
    rng: Random
    turn: int
    now: float


Strategy = Callable[[Sequence[Target], Pick], Sequence[Target]]
Score = Callable[[Target, Pick], float]


def lowest(score: Score) -> Strategy:
    """The strategy that tries the target with the lowest *score* first; equals stay in their order."""

    def ordered(targets: Sequence[Target], pick: Pick) -> Sequence[Target]:
        return sorted(targets, key=lambda target: score(target, pick))

    return ordered


def chance(_target: Target, pick: Pick) -> float:
    return pick.rng.random()


def weighted_chance(target: Target, pick: Pick) -> float:
    """The smallest of exponential variates is each one's with a chance in proportion to its rate."""
    return pick.rng.expovariate(target.weight) if target.weight > 0 else math.inf


def load(target: Target, pick: Pick) -> float:
    """Calls it would have under way with this one, for its weight."""
    return (pick.vitals.target(target.id).in_flight + 1) / target.weight if target.weight > 0 else math.inf


def as_written(targets: Sequence[Target], _pick: Pick) -> Sequence[Target]:
    return targets


def in_turn(targets: Sequence[Target], pick: Pick) -> Sequence[Target]:
    first = pick.turn % len(targets)
    return (*targets[first:], *targets[:first])


by_load = lowest(load)


def better_of_two(targets: Sequence[Target], pick: Pick) -> Sequence[Target]:
    """The less loaded of two random targets, then the rest by load.

    The least loaded of all would draw everyone who sees the same numbers (Mitzenmacher, The Power of Two Choices).
    """
    count = len(targets)
    one = int(pick.rng.random() * count)
    # Any other one; sample() would take three times as long.
    other = (one + 1 + int(pick.rng.random() * (count - 1))) % count
    first = one if load(targets[one], pick) <= load(targets[other], pick) else other
    return (targets[first], *by_load((*targets[:first], *targets[first + 1 :]), pick))


STRATEGIES: Final[Mapping[str, Strategy]] = {
    "order": as_written,
    "round_robin": in_turn,
    "weighted": lowest(weighted_chance),
    "random": lowest(chance),
    "least_loaded": better_of_two,
}
