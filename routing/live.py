"""What calls of the last hour were like at one target: how many, how fast, how dear.

Counts in slots of ten minutes, so that the oldest fall away; times and paces in buckets so fine that a percentile is
wrong by a few percent at most. Where there is much to see, every seventh answer is looked at, and counts as seven.
"""

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import accumulate
from operator import add
from typing import Final, NamedTuple

SLOT: Final = 600.0  # seconds
SLOTS: Final = 6
WINDOW: Final = SLOT * SLOTS
STEP: Final = 1.12
LOWEST: Final = 0.5
BOUNDS: Final = tuple(LOWEST * STEP**number for number in range(124))  # milliseconds, or tokens per second
ENOUGH: Final = 70  # answers in a slot that are all looked at
EACH: Final = 7  # of the others; a prime, lest it keeps step with whatever comes in turns
FEW: Final = 16  # tokens say nothing about the time that each of them takes
ANSWER: Final = 300  # tokens of the answer that `Seen.seconds` is about

Buckets = Sequence[int]
NOTHING: Final[Buckets] = (0,) * (len(BOUNDS) + 1)
NO_ROUTES: Final[Mapping[str, int]] = {}


class Seen(NamedTuple):
    """*calls* were tried, *errors* of them went wrong by the target's fault or ours. *cost* is nano-dollars of all
    answers that were looked at, *first* milliseconds to the first content of streams, *whole* to the end of answers,
    *pace* tokens per second: after the first content of a stream, over all the time of an answer that came whole.
    *routes* says by which of them the calls came.
    """

    calls: int = 0
    errors: int = 0
    cost: int = 0
    first: Buckets = NOTHING
    pace: Buckets = NOTHING
    whole: Buckets = NOTHING
    routes: Mapping[str, int] = NO_ROUTES

    @property
    def usual_cost(self) -> int | None:
        """Nano-dollars of an answer."""
        answers = sum(self.whole)
        return self.cost // answers if answers else None

    @property
    def seconds(self) -> float | None:
        """What an answer of ANSWER tokens takes, as far as that was seen."""
        first, pace = percentile(self.first, 0.5), percentile(self.pace, 0.5)
        if pace:
            return (first or 0.0) / 1e3 + ANSWER / pace
        whole = percentile(self.whole, 0.5)
        return None if whole is None else whole / 1e3


class Slot:
    """What is counted now."""

    __slots__ = ("answered", "cost", "errors", "failed", "first", "pace", "routes", "whole")

    def __init__(self) -> None:
        self.failed = self.errors = self.answered = self.cost = 0
        self.routes: dict[str, int] = {}
        self.first, self.pace, self.whole = (array("I", NOTHING) for _ in range(3))

    def look(self, took: float, first: float | None, output: int, cost: int, *, route: str, weight: int) -> None:
        self.cost += cost * weight
        self.routes[route] = self.routes.get(route, 0) + weight
        self.whole[bisect_left(BOUNDS, took * 1e3)] += weight
        if first is not None:
            self.first[bisect_left(BOUNDS, first * 1e3)] += weight
            took -= first
        if output >= FEW and took > 0:
            self.pace[bisect_left(BOUNDS, output / took)] += weight

    def seen(self) -> Seen:
        calls = self.answered + self.failed
        return Seen(calls, self.errors, self.cost, self.first, self.pace, self.whole, self.routes)


class Live:
    """One for each target. *now* is any clock that only goes forward, always the same."""

    __slots__ = ("_ends", "_past", "_slot", "_sum")

    def __init__(self) -> None:
        self._ends = 0.0
        self._slot: Slot | None = None  # most names that clients make up are never heard of again
        self._past: deque[tuple[float, Seen]] = deque()  # with when each ended
        self._sum = Seen()  # of those

    def failed(self, now: float, *, route: str, blamed: bool) -> None:
        """An attempt went wrong; *blamed*: not by the fault of who called."""
        slot = self._now(now)
        slot.failed += 1
        slot.routes[route] = slot.routes.get(route, 0) + 1
        slot.errors += blamed

    def answered(self, now: float) -> int:
        """An answer came. Returns what it counts for if it is to be looked at, else 0."""
        slot = self._slot
        if slot is None or now >= self._ends:
            slot = self._now(now)
        slot.answered = count = slot.answered + 1
        if count <= ENOUGH:
            return 1
        return 0 if count % EACH else EACH

    def look(self, took: float, first: float | None, output: int, cost: int, *, route: str, weight: int) -> None:
        """At the answer that has just come, which counts for *weight*: of *output* tokens; it *took* so many seconds, a
        stream *first* until it had content.
        """
        if self._slot is not None:
            self._slot.look(took, first, output, cost, route=route, weight=weight)

    def seen(self, now: float) -> Seen:
        """In the last hour, or up to ten minutes less of it."""
        if self._slot is None:
            return NEVER
        slot = self._now(now).seen()
        return together(self._sum, slot) if self._past else slot

    def _now(self, now: float) -> Slot:
        """The slot of this moment; those of more than an hour ago are dropped."""
        slot = self._slot
        if slot is None:
            slot = self._slot = Slot()
            self._ends = now + SLOT
        elif now >= self._ends:
            if slot.answered or slot.failed:
                self._past.append((self._ends, slot.seen()))
                slot = self._slot = Slot()
            self._ends = now + SLOT
            while self._past and self._past[0][0] <= now - WINDOW + SLOT:
                self._past.popleft()
            self._sum = total(seen for _, seen in self._past)
        return slot


NEVER: Final = Seen()


def together(one: Seen, other: Seen) -> Seen:
    return Seen(
        one.calls + other.calls,
        one.errors + other.errors,
        one.cost + other.cost,
        first=tuple(map(add, one.first, other.first)),
        pace=tuple(map(add, one.pace, other.pace)),
        whole=tuple(map(add, one.whole, other.whole)),
        routes={name: one.routes.get(name, 0) + other.routes.get(name, 0) for name in {**one.routes, **other.routes}},
    )


def total(parts: Iterable[Seen]) -> Seen:
    return reduce(together, parts, NEVER)


def percentile(buckets: Buckets, share: float) -> float | None:
    """Below which *share* of all lie; None where there are none."""
    return None if buckets is NOTHING else percentiles(buckets, share)[0]


def percentiles(buckets: Buckets, *shares: float) -> list[float | None]:
    """The same for several."""
    sums = list(accumulate(buckets))
    return [_percentile(buckets, sums, share * sums[-1]) for share in shares]


def _percentile(buckets: Buckets, sums: Buckets, rank: float) -> float | None:
    if not rank:
        return None
    place = bisect_left(sums, rank)
    if place >= len(BOUNDS):
        return BOUNDS[-1]
    before = sums[place] - buckets[place]
    # Within a bucket they are taken to lie evenly on its scale of factors.
    part: float = STEP ** ((rank - before) / buckets[place] - 1)
    return BOUNDS[place] * part
