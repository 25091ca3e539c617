"""When a question that costs nothing is asked again: what models a provider has, and whether it is there at all."""

from math import ldexp
from random import Random
from typing import Final

SOONEST: Final = 5.0
LATEST: Final = 300.0
_SPREAD = 0.1
_MOST_DOUBLINGS = 30


def pause(every: float, failures: int, rng: Random, *, retry_after: float | None = None) -> float:
    """Seconds until the next time, after *failures* in a row; up to a tenth more, so that not all come at once.

    The first failure is soon followed by another try; then the pauses double up to *every*, or to five minutes if that
    is longer. *retry_after* is what the provider asked for, up to the same limit.
    """
    wait = every
    if failures:
        latest = max(every, LATEST)
        wait = min(ldexp(min(every, SOONEST), min(failures - 1, _MOST_DOUBLINGS)), latest)
        wait = max(wait, min(retry_after or 0.0, latest))
    return wait * rng.uniform(1.0, 1.0 + _SPREAD)
