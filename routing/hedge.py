"""When a second attempt is worth while beside one that is slow, and how many of them a route may have."""

import math
from typing import Final, TypeVar

from config.schema import Hedge

LEAST: Final = 20  # times that must be known before one is called unusual
RECENT: Final = 64
MOST_KNOWN: Final = 10_000
BURST: Final = 2
_UNIT: Final = 1_000_000  # parts of a hedge, so that shares add up without a rest

K = TypeVar("K")
T = TypeVar("T")


class Times:
    """The last seconds that answers of one target took: to their first content, or whole."""

    __slots__ = ("_next", "_ordered", "_recent")

    def __init__(self) -> None:
        self._recent: list[float] = []
        self._next = 0
        self._ordered: list[float] | None = None

    def add(self, seconds: float) -> None:
        self._ordered = None
        if len(self._recent) < RECENT:
            self._recent.append(seconds)
            return
        self._recent[self._next] = seconds
        self._next = (self._next + 1) % RECENT

    def quantile(self, share: float) -> float | None:
        """What *share* (above 0, up to 1) of them stay within; None while too few are known."""
        count = len(self._recent)
        if count < LEAST:
            return None
        if self._ordered is None:
            self._ordered = sorted(self._recent)
        return self._ordered[math.ceil(share * count) - 1]


class HedgeBudget:
    """Every call adds its share of a hedge, and a hedge takes a whole one: there are never more than that share.

    What a quiet time leaves over is two of them at most.
    """

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts = 0

    def enter(self, share: float) -> None:
        """A call begins of which *share* (0 to 1) may be hedged."""
        self._parts = min(self._parts + int(share * _UNIT + 0.5), BURST * _UNIT)

    @property
    def allows(self) -> bool:
        return self._parts >= _UNIT

    def take(self) -> None:
        """A hedge begins; only where it is allowed."""
        self._parts -= _UNIT


class Hedges:
    """One for each process: times by target and kind of answer, budgets by route. Outlives a reload."""

    __slots__ = ("_budgets", "_times")

    def __init__(self) -> None:
        self._times: dict[tuple[str, bool], Times] = {}
        self._budgets: dict[str, HedgeBudget] = {}

    def times(self, target_id: str, *, stream: bool) -> Times:
        key = (target_id, stream)
        times = self._times.get(key)
        return times if times is not None else _kept(self._times, key, Times())

    def budget(self, route: str) -> HedgeBudget:
        budget = self._budgets.get(route)
        return budget if budget is not None else _kept(self._budgets, route, HedgeBudget())

    def patience(self, hedge: Hedge, target_id: str, *, stream: bool) -> float | None:
        """Seconds after which an attempt at the target is slow; None while nobody can say."""
        if hedge.seconds is not None:
            return hedge.seconds
        return self.times(target_id, stream=stream).quantile(hedge.quantile)


def _kept(known: dict[K, T], key: K, new: T) -> T:
    """*new* among the *known*; wildcard routes let clients name targets, so that the oldest makes room."""
    if len(known) >= MOST_KNOWN:
        del known[next(iter(known))]
    known[key] = new
    return new
