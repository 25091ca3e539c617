"""From scores to an order. Whoever is as good as the best shares the calls, so that not everybody goes to one."""

import math
from collections.abc import Sequence

from core.target import Target
from routing.chance import chance
from routing.pick import Number, Order, Pick, Scores, Table, Whole


def lowest(scores: Scores) -> Order:
    """The target with the lowest score is tried first; equals stay in their order."""

    def order(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
        return sorted(range(len(targets)), key=scores(targets, table, pick).__getitem__)

    return order


def loads(targets: Sequence[Target], in_flight: Sequence[Number]) -> list[float]:
    """Calls that each would have under way with this one, for its weight."""
    return [
        ((flying or 0) + 1) / target.weight if target.weight > 0 else math.inf
        for target, flying in zip(targets, in_flight, strict=True)
    ]


def led(order: Sequence[int], whole: Whole) -> list[int]:
    """*order* with those at its head that chance had put there."""
    numbers, lead, second = whole.numbers, whole.lead, whole.second
    return sorted(order, key=lambda number: (numbers[number] != lead, numbers[number] != second))


def less_loaded(numbers: Sequence[int], targets: Sequence[Target], in_flight: Sequence[Number], pick: Pick) -> int:
    """The less loaded of two of *numbers* that chance draws.

    The least loaded of all would draw everyone who sees the same figures (Mitzenmacher, The Power of Two Choices).
    """
    count = len(numbers)
    first = int(chance(pick.seed, 0) * count)
    one, other = numbers[first], numbers[(first + 1 + int(chance(pick.seed, 1) * (count - 1))) % count]
    one_load, other_load = loads((targets[one], targets[other]), (in_flight[one], in_flight[other]))
    return one if one_load <= other_load else other


def ranked(
    scores: Sequence[float], limit: float, targets: Sequence[Target], in_flight: Sequence[Number], pick: Pick
) -> list[int]:
    """By score, the lowest first; but of those up to *limit* the less loaded of two comes before all."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    if pick.whole is not None:
        return led(order, pick.whole)
    equals = 0
    for number in order:
        if scores[number] > limit:
            break
        equals += 1
    if equals > 1:
        first = less_loaded(order[:equals], targets, in_flight, pick)
        order.remove(first)
        order.insert(0, first)
    return order
