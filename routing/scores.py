"""Strategies that know what they want: the fastest, the cheapest, the best, or a balance of the three."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from core.target import Target
from routing.chance import chance
from routing.pick import Number, Pick, Table
from routing.ranking import ranked

# How much worse than the best is as good as the best.
AS_FAST: Final = 1.1
AS_GOOD: Final = 0.02
AS_FREE: Final = 0.1
AS_BALANCED: Final = 0.02

FADES: Final = 300.0  # seconds after which what was slow is forgotten, to a third
STALE: Final = 60  # seconds without an answer, after which a target is worth a look
LOOKS: Final = 0.05  # of the calls go and look at one that is stale
TRIES: Final = 0.25  # of the calls, at most, go to one that was never tried
_EXPLORES, _WHOM = 2, 3  # which of the seed's numbers

BALANCED: Final = ("cost", "quality", "latency", "idle", "in_flight")


def middle(column: Iterable[Number]) -> float | None:
    """The median of what is known; the lower one of two."""
    known = sorted(one for one in column if one is not None)
    return known[(len(known) - 1) // 2] if known else None


def expected(latency: Sequence[Number], idle: Sequence[Number], usual: Number) -> list[float]:
    """Milliseconds that each is expected to take. *usual* is the latency in the middle.

    Who was never tried counts as one in the middle; who was slow and wasn't heard of for long comes closer to it.
    """
    if usual is None:
        return [0.0] * len(latency)
    return [
        usual if one is None else one if one <= usual or not since else usual + (one - usual) * math.exp(-since / FADES)
        for one, since in zip(latency, idle, strict=True)
    ]


def waits(_targets: Sequence[Target], table: Table) -> tuple[Number, ...]:
    """The latency in the middle, and up to which one is as fast as the fastest."""
    latency, idle, _ = zip(*table, strict=True)
    usual = middle(latency)
    return usual, min(expected(latency, idle, usual)) * AS_FAST


def usuals(_targets: Sequence[Target], table: Table) -> tuple[Number, ...]:
    """A cost and a latency as they would be where nothing is special, and the latency in the middle."""
    cost, _, latency, idle, _ = list(zip(*table, strict=True))[-len(BALANCED) :]
    usual = middle(latency)
    return usual, _usual(cost), _usual(expected(latency, idle, usual))


def fastest(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """Mostly the fastest; now and then one of which too little is known, so that it has its chance."""
    latency, idle, in_flight = zip(*table, strict=True)
    whole = pick.whole
    usual = middle(latency) if whole is None else whole.scale[0]
    scores = expected(latency, idle, usual)
    limit = min(scores) * AS_FAST if whole is None else whole.scale[1] or 0.0
    # Who was never tried has its own share; it isn't one of the equals as well.
    behind = [
        limit * AS_FAST if one is None and score <= limit else score for one, score in zip(latency, scores, strict=True)
    ]
    order = ranked(behind, limit, targets, in_flight, pick)
    if whole is None and (first := _explored(idle, in_flight, pick)) is not None:
        order.remove(first)
        order.insert(0, first)
    return order


def _explored(idle: Sequence[Number], in_flight: Sequence[Number], pick: Pick) -> int | None:
    """Whom this call goes to for the sake of later ones. One at a time, since it may be dead.

    Who was never tried gets the share that chance would give it; the others, a look.
    """
    free = [number for number, flying in enumerate(in_flight) if not flying]
    untried = [number for number in free if idle[number] is None]
    stale = [number for number in free if (idle[number] or 0) > STALE]
    whom, share = (untried, min(TRIES, len(untried) / len(idle))) if untried else (stale, LOOKS)
    if not whom or chance(pick.seed, _EXPLORES) >= share:
        return None
    return whom[int(chance(pick.seed, _WHOM) * len(whom))]


def cheapest(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """By what this call will cost; those without a known price come last."""
    cost, in_flight = zip(*table, strict=True)
    scores = [math.inf if one is None else one for one in cost]
    return ranked(scores, min(scores), targets, in_flight, pick)


def best(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    quality, in_flight = zip(*table, strict=True)
    scores = [1 - (one or 0.0) for one in quality]
    return ranked(scores, min(scores) + AS_GOOD, targets, in_flight, pick)


def freest(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """By how much of their rate limits is left; those that tell of none have none."""
    headroom, in_flight = zip(*table, strict=True)
    scores = [0.0 if one is None else 1 - one for one in headroom]
    return ranked(scores, min(scores) + AS_FREE, targets, in_flight, pick)


def balanced(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    columns = list(zip(*table, strict=True))
    scores = balance(columns, pick)
    return ranked(scores, min(scores) + AS_BALANCED, targets, columns[-1], pick)


def preferred(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """By a first column, where more is better; a balance among equals."""
    first, *columns = zip(*table, strict=True)
    scores = [score - 2 * (one or 0.0) for one, score in zip(first, balance(columns, pick), strict=True)]
    return ranked(scores, min(scores) + AS_BALANCED, targets, columns[-1], pick)


def balance(columns: Sequence[Sequence[Number]], pick: Pick) -> list[float]:
    """A score from 0 (the best) to 1 of each.

    A cost or a latency is told by the ratio to that in the middle, which scores a half, as does one that nobody knows.
    So neither units matter nor how much dearer the dearest is. Qualities are from 0 to 1 already.
    """
    cost, quality, latency, idle, _ = columns
    for_cost, for_quality, for_latency = pick.balance
    whole = for_cost + for_quality + for_latency
    price, haste, care = for_cost / whole, for_latency / whole, for_quality / whole
    if pick.whole is None:
        times = expected(latency, idle, middle(latency))
        dear, slow = _usual(cost), _usual(times)
    else:
        usual, *rest = pick.whole.scale
        dear, slow = (one or 0.0 for one in rest)
        times = expected(latency, idle, usual)
    return [
        price * (money / (money + dear) if dear and money is not None else 0.5)
        + haste * (time / (time + slow) if slow else 0.5)
        + care * (1 - (0.5 if good is None else good))
        for money, good, time in zip(cost, quality, times, strict=True)
    ]


def _usual(column: Sequence[Number]) -> float:
    """What is in the middle and above nothing; where all is free, anything is."""
    return middle(column) or max((one for one in column if one is not None), default=0) or 0.0
