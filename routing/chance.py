"""Chance that can be repeated: numbers that follow from a seed, so that a decision can be made again.

SplitMix64 (Steele, Lea, Flood 2014): a good shuffle of a counter, and nothing that has to be set up.
"""

from collections.abc import Iterator
from typing import Final

_ALL: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_UNIT: Final = 2.0**-53


def chance(seed: int, number: int) -> float:
    """The *number*-th of the seed's numbers, from 0 up to but not 1."""
    return _mixed(seed + (number + 1) * _STEP) * _UNIT


def chances(seed: int) -> Iterator[float]:
    """All of them, in order."""
    while True:
        seed += _STEP
        yield _mixed(seed) * _UNIT


def _mixed(state: int) -> int:
    state &= _ALL
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _ALL
    return (state ^ (state >> 31)) >> 11
