"""Strategies that keep calls together: the same session, user or key meets the same target.

Rendezvous hashing (Thaler, Ravishankar 1998): every target draws a number for the one that sticks, and the lowest wins.
Where a target leaves, only those that it had won go elsewhere.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from core.target import Target
from routing.chance import ALL, UNIT
from routing.pick import Number, Pick, Table

BOUND: Final = 1.25  # of its fair share of the attempts under way: above it, a target is passed over
LAST: Final = 1e9  # beyond what is ever drawn
FEW: Final = 4  # attempts under way are no load yet


def mark(text: str) -> int:
    """A number that stands for *text* in every process, and isn't 0."""
    return int.from_bytes(blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).digest()) >> 1 or 1


@lru_cache(maxsize=8192)  # names of targets, never what clients say
def _line(id: str) -> tuple[int, int]:
    """A slope and a start, for a hash of its own of everybody who sticks (Dietzfelbinger 1996: multiply and add)."""
    drawn = blake2b(id.encode("utf-8", "backslashreplace"), digest_size=16).digest()
    return int.from_bytes(drawn[:8]) | 1, int.from_bytes(drawn[8:])


def draws(targets: Sequence[Target], pick: Pick) -> list[float]:
    """In proportion to weights, the lowest wins. Where nobody is known to stick, by the call's own chance."""
    sticky = pick.sticky
    if not sticky:
        return in_proportion(targets, pick.chances(len(targets)))
    lines = [_line(target.id) for target in targets]
    return in_proportion(targets, [((slope * sticky + start & ALL) >> 11) * UNIT for slope, start in lines])


def in_proportion(targets: Sequence[Target], drawn: list[float]) -> list[float]:
    """From what each has *drawn*, numbers of which each one's is the lowest with a chance in proportion to its weight.

    The smallest of exponential variates is each one's with a chance in proportion to its rate; where all weights are
    the same, what was drawn is in the same order already.
    """
    weights = [target.weight for target in targets]
    if weights and weights[0] > 0 and weights.count(weights[0]) == len(weights):
        return drawn
    return [-math.log1p(-one) / weight if weight > 0 else math.inf for weight, one in zip(weights, drawn, strict=True)]


def consistent(targets: Sequence[Target], _table: Table, pick: Pick) -> Sequence[int]:
    return sorted(range(len(targets)), key=draws(targets, pick).__getitem__)


def shares(targets: Sequence[Target], table: Table) -> tuple[Number, ...]:
    """What each unit of weight may have under way."""
    flying = sum([one or 0 for one in table[0]])
    return (BOUND * (flying + 1) / (sum([target.weight for target in targets]) or 1),)


def affine(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """The same, but who has more than its share under way is passed over.

    Mirrokni, Thorup, Zadimoghaddam: Consistent Hashing with Bounded Loads (2016).
    """
    (in_flight,) = table
    flying = [one or 0 for one in in_flight]
    weights = [target.weight for target in targets]
    (share,) = shares(targets, table) if pick.whole is None else pick.whole.scale
    scores = [
        draw + LAST if under_way >= FEW and under_way >= math.ceil((share or 0.0) * weight) else draw
        for draw, under_way, weight in zip(draws(targets, pick), flying, weights, strict=True)
    ]
    return sorted(range(len(targets)), key=scores.__getitem__)
