"""Chance that can be repeated: numbers that follow from a seed, so that a decision can be made again.

SplitMix64 (Steele, Lea, Flood 2014): a good shuffle of a counter, and nothing that has to be set up.
"""

from collections.abc import Iterable
from typing import Final

_ALL: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_UNIT: Final = 2.0**-53


def chance(seed: int, number: int) -> float:
    """The *number*-th of the seed's numbers, from 0 up to but not 1."""
    return _mixed(seed + (number + 1) * _STEP) * _UNIT


def chances(seed: int, count: int) -> list[float]:
    """The first *count* of them."""
    return spread(range(seed + _STEP, seed + (count + 1) * _STEP, _STEP) if count else ())


def spread(states: Iterable[int]) -> list[float]:
    """A number from 0 up to but not 1 for each of *states*, however close they are."""
    # The shuffle of `_mixed`, written out: hundreds of targets may need one each.
    return [
        ((mixed ^ (mixed >> 31)) >> 11) * _UNIT
        for state in states
        for state in (state & _ALL,)
        for mixed in (((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _ALL,)
        for mixed in (((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _ALL,)
    ]


def _mixed(state: int) -> int:
    state &= _ALL
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _ALL
    return (state ^ (state >> 31)) >> 11


def place(number: int) -> int:
    """Where the *number*-th of the numbers of any seed begins: `spread` of the seed and it is `chance` of both."""
    return ((number + 1) * _STEP) & _ALL
