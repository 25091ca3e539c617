"""How long to wait before trying the same target again."""

from math import ldexp
from random import Random

from config.schema import Retry

# 2 ** 30 backoffs are beyond every cap; more would overflow one day.
_MOST_DOUBLINGS = 30
_SPREAD = 0.1


def delay(retry: Retry, attempt: int, *, retry_after: float | None, rng: Random) -> float:
    """Seconds to wait after *attempt* tries (1 or more) at one target.

    Exponential with full jitter, at most *retry.max_backoff*; never shorter than *retry_after*, which is
    exceeded by a tenth at most.
    """
    ceiling = min(retry.max_backoff, ldexp(retry.backoff, min(attempt - 1, _MOST_DOUBLINGS)))
    if retry_after is None or retry_after <= 0:
        return rng.random() * ceiling
    # Everyone who was told the same time would come back at the same moment.
    return retry_after + rng.random() * min(ceiling, retry_after * _SPREAD)
