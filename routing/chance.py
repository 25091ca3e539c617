"""Chance that can be repeated: numbers that follow from a seed, so that a decision can be made again.

SplitMix64 (Steele, Lea, Flood 2014) for one number: a good shuffle of a counter, and nothing that has to be set up.
Where many are wanted they come from a hash that gives any length (SHAKE128), which is quicker than a shuffle for each.
"""

import struct
from hashlib import shake_128
from typing import Final

ALL: Final = (1 << 64) - 1
UNIT: Final = 2.0**-53
_STEP: Final = 0x9E3779B97F4A7C15


def chance(seed: int, number: int) -> float:
    """The *number*-th of the seed's numbers, from 0 up to but not 1."""
    state = (seed + (number + 1) * _STEP) & ALL
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & ALL
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & ALL
    return ((state ^ (state >> 31)) >> 11) * UNIT


def chances(seed: int, count: int) -> list[float]:
    """*count* numbers of the seed's, which are others than those of `chance`. Of more, the first ones are the same."""
    drawn = shake_128((seed & ALL).to_bytes(8)).digest(8 * count)
    return [(one >> 11) * UNIT for one in struct.unpack(f"<{count}Q", drawn)]
