"""Strategies that know what they want: the fastest, the cheapest, the best, or a balance of the three."""

import math
from collections.abc import Sequence
from typing import Final, cast

from core.target import Target
from routing.chance import chance
from routing.pick import Column, Number, Pick, Table, known_all
from routing.ranking import ranked

Known = Sequence[float]
Scale = tuple[Number, ...]

# How much worse than the best is as good as the best.
AS_FAST: Final = 1.1
AS_GOOD: Final = 0.02
AS_FREE: Final = 0.1
AS_BALANCED: Final = 0.02
LATE: Final = 2.0  # times as long as usual, from where on the logarithm counts
AHEAD: Final = 100.0  # what no balance outweighs

FRESH: Final = 15.0  # seconds in which nothing is forgotten
FADES: Final = 300.0  # seconds after which what was slow is forgotten, to a third
STALE: Final = 10  # seconds without an answer, after which a target is worth a look
LOOKS: Final = 0.01  # of the calls go and look at one that is stale
TRIES: Final = 0.25  # of the calls, at most, go to one that was never tried
_EXPLORES, _WHOM = 2, 3  # which of the seed's numbers

BALANCED: Final = ("cost", "quality", "latency", "idle", "in_flight")


def middle(column: Column) -> float | None:
    """The median of what is known; the lower one of two."""
    known = sorted(cast("Known", column) if known_all(column) else [one for one in column if one is not None])
    return known[(len(known) - 1) // 2] if known else None


def expected(latency: Column, idle: Column, scale: Sequence[Number] | None = None) -> tuple[list[float], float]:
    """Milliseconds that each is expected to take, and those of the one in the middle, with which a *scale* begins.

    Who was never tried counts as that one; who was slow and wasn't heard of for long comes closer to it.
    """
    usual = middle(latency) if scale is None else scale[0]
    if usual is None:
        return [0.0] * len(latency), 0.0
    times = list(cast("Known", latency)) if known_all(latency) else [usual if one is None else one for one in latency]
    for number, since in enumerate(idle):
        if since is not None and since >= FRESH and times[number] > usual:
            times[number] = usual + (times[number] - usual) * math.exp(-since / FADES)
    return times, usual


def waits(_targets: Sequence[Target], table: Table) -> Scale:
    """The latency in the middle, and up to which one is as fast as the fastest."""
    latency, idle, _ = table
    return middle(latency), min(expected(latency, idle)[0]) * AS_FAST


def usuals(_targets: Sequence[Target], table: Table) -> Scale:
    """The latency in the middle, the cost where nothing is special, and the longest latency."""
    cost, _, latency, idle, _ = table[-len(BALANCED) :]
    return middle(latency), _filled(cost)[1], max(expected(latency, idle)[0])


def fastest(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """Mostly the fastest; now and then one of which too little is known, so that it has its chance."""
    latency, idle, in_flight = table
    scale = None if pick.whole is None else pick.whole.scale
    scores, _ = expected(latency, idle, scale)
    limit = min(scores) * AS_FAST if scale is None else scale[1] or 0.0
    # Who was never tried has its own share; it isn't one of the equals as well.
    behind = [
        limit * AS_FAST if one is None and score <= limit else score for one, score in zip(latency, scores, strict=True)
    ]
    order = ranked(behind, limit, targets, in_flight, pick)
    return _before(order, None if pick.whole is not None else _explored(idle, in_flight, pick))


def _before(order: list[int], first: int | None) -> list[int]:
    if first is not None:
        order.remove(first)
        order.insert(0, first)
    return order


def _explored(idle: Column, in_flight: Column, pick: Pick) -> int | None:
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
    cost, in_flight = table
    scores = [math.inf if one is None else one for one in cost]
    return ranked(scores, min(scores), targets, in_flight, pick)


def best(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    quality, in_flight = table
    scores = [1 - (one or 0.0) for one in quality]
    return ranked(scores, min(scores) + AS_GOOD, targets, in_flight, pick)


def freest(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """By how much of their rate limits is left; those that tell of none have none."""
    headroom, in_flight = table
    scores = [0.0 if one is None else 1 - one for one in headroom]
    return ranked(scores, min(scores) + AS_FREE, targets, in_flight, pick)


def balanced(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    scores = balance(table, pick)
    limit = min(scores) + AS_BALANCED
    return _before(ranked(scores, limit, targets, table[-1], pick), _promising(table, scores, limit, pick))


def _promising(table: Table, scores: Known, limit: float, pick: Pick) -> int | None:
    """Whom this call looks at, since it would be one of the best if it weren't slow any more. *scores* are those by
    what is believed, of which *limit* still is as good as the best. Where only some of the rows are left, it is known
    already who went first.
    """
    if pick.whole is not None or chance(pick.seed, _EXPLORES) >= LOOKS:
        return None
    cost, quality, latency, idle, in_flight = table
    stale = [number for number, one in enumerate(idle) if (one or 0) > STALE and not in_flight[number]]
    if not stale:
        return None
    hoped = [None if number in stale else one for number, one in enumerate(latency)]
    believed, hopes = balance(table, pick), balance((cost, quality, hoped, idle, in_flight), pick)
    whom = [number for number in stale if scores[number] - max(believed[number] - hopes[number], 0.0) <= limit]
    return whom[int(chance(pick.seed, _WHOM) * len(whom))] if whom else None


def preferred(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """By a first column, where more is better; a balance among equals."""
    first, *columns = table
    scores = [score - AHEAD * one if one else score for one, score in zip(first, balance(columns, pick), strict=True)]
    limit = min(scores) + AS_BALANCED
    return _before(ranked(scores, limit, targets, columns[-1], pick), _promising(columns, scores, limit, pick))


def balance(table: Table, pick: Pick) -> list[float]:
    """A score of each, the lowest for the best.

    A cost or a latency is told by the ratio to that in the middle, which scores a half, as does one that nobody knows.
    So neither units matter nor how much dearer the dearest is. Qualities are from 0 to 1 already. What takes many
    times as long as usual scores more and more, without an end: nothing makes up for being out of order.
    """
    cost, quality, latency, idle, _ = table
    for_cost, for_quality, for_latency = pick.balance
    whole = for_cost + for_quality + for_latency
    price, care, haste = for_cost / whole, for_quality / whole, for_latency / whole
    scale = None if pick.whole is None else pick.whole.scale
    money, dear = _filled(cost, None if scale is None else scale[1])
    times, usual = expected(latency, idle, scale)
    slow = usual or (max(times) if scale is None else scale[2]) or 1.0
    good = cast("Known", quality) if known_all(quality) else [0.5 if one is None else one for one in quality]
    # What `price * one / (one + dear)` and so on add up to, with fewer steps for each.
    late = slow * LATE
    most, dearer, slower = price + haste + care, price * dear, haste * slow
    return [
        most - dearer / (one + dear) - slower / (time + slow) - care * fit
        if time <= late
        else most - dearer / (one + dear) - haste * (0.5 - math.log(time / slow) / 4) - care * fit
        for one, time, fit in zip(money, times, good, strict=True)
    ]


def _filled(column: Column, usual: Number = None) -> tuple[Known, float]:
    """*column* with what is *usual* where nothing is known, and what that is; 1 where all is nothing."""
    if usual is not None:
        return [usual if one is None else one for one in column], usual
    if not known_all(column):
        usual = middle(column) or max((one for one in column if one is not None), default=1.0) or 1.0
        return [usual if one is None else one for one in column], float(usual)
    known = cast("Known", column)
    return known, float(middle(known) or max(known) or 1.0)
