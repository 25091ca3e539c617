"""What was counted on the two sides of a canary, and whether that is enough to say that it is worse than the rest.

A guard is looked at again and again while calls come in, and would go off by chance sooner or later if it asked only
whether a difference is unlikely. So what is weighed is the evidence: how much better "above the limit" explains what
was seen than "at the limit". That it ever reaches 1/MISTAKEN, however often one looks, while the limit is kept, has a
chance of MISTAKEN at most (Ville's inequality; the mixture is Robbins's, with a uniform prior above the limit).
"""

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

from config.schema import Guard

MISTAKEN: Final = 0.01
FEWEST: Final = 3  # failures: one call is no evidence, whatever it does
SURE: Final = 4.0  # standard deviations by which a mean has to differ
FEWEST_COSTS: Final = 20

SHORTEST: Final = 10.0  # milliseconds to the first content that go into the first bucket
_STEPS: Final = 4  # buckets in which a time doubles
BUCKETS: Final = 64  # up to ten minutes

FINE: Final = "fine"
DOUBTFUL: Final = "doubtful"
BROKEN: Final = "broken"


class Seen(NamedTuple):
    """One call, as far as guards look at it. *first* is milliseconds to the first content of a stream."""

    failed: bool
    first: float | None = None
    cost: int = 0  # nano-dollars
    flawed: bool = False


class Side:
    """What was counted of the canary, or of the rest of its route.

    *good* are the calls that didn't fail, of which *cost* is the sum, *squares* the sum of its squares, *invalid* how
    many were flawed, and *times* the first contents by bucket.
    """

    __slots__ = ("calls", "cost", "failed", "good", "invalid", "squares", "times")

    def __init__(self) -> None:
        self.calls = self.failed = self.good = self.invalid = self.cost = 0
        self.squares = 0.0
        self.times = [0] * BUCKETS

    def add(self, seen: Seen) -> None:
        self.calls += 1
        if seen.failed:
            self.failed += 1
            return
        self.good += 1
        self.invalid += seen.flawed
        self.cost += seen.cost
        self.squares += float(seen.cost) ** 2
        if seen.first is not None:
            self.times[bucket(seen.first)] += 1

    def join(self, other: "Side") -> None:
        """Another process counted *other*."""
        self.calls += other.calls
        self.failed += other.failed
        self.good += other.good
        self.invalid += other.invalid
        self.cost += other.cost
        self.squares += other.squares
        self.times = [mine + theirs for mine, theirs in zip(self.times, other.times, strict=True)]

    def kept(self) -> list[Any]:
        """As JSON can hold it."""
        return [self.calls, self.failed, self.good, self.invalid, self.cost, self.squares, self.times]

    @classmethod
    def again(cls, kept: Sequence[Any]) -> Self:
        """Raises TypeError or ValueError for what no side has ever kept."""
        side = cls()
        side.calls, side.failed, side.good, side.invalid, side.cost, side.squares, times = kept
        counts = [side.calls, side.failed, side.good, side.invalid, side.cost, *times]
        whole = all(type(count) is int and count >= 0 for count in counts)
        if not whole or type(side.squares) not in (int, float) or len(times) != BUCKETS:
            raise ValueError("no side")
        if side.calls != side.failed + side.good or side.good < max(side.invalid, sum(times)):
            raise ValueError("it doesn't add up")
        side.times = list(times)
        return side


class Verdict(NamedTuple):
    """*limit* is what the canary may reach; None where there is nothing to compare with. *canary* and *rest* are what
    was seen. *state*: fine, doubtful (above the limit, but that may be chance) or broken.
    """

    guard: str
    state: str
    limit: float | None
    canary: float | None
    rest: float | None


def judged(guard: Guard, canary: Side, rest: Side) -> list[Verdict]:
    """One verdict for each guard that is kept."""
    verdicts = []
    if guard.errors is not None:
        verdicts.append(_share("errors", guard.errors, (canary.failed, canary.calls), (rest.failed, rest.calls)))
    if guard.first_content is not None:
        verdicts.append(_time(guard.first_content, canary.times, rest.times))
    if guard.cost is not None:
        verdicts.append(_cost(guard.cost, canary, rest))
    if guard.validity is not None:
        verdicts.append(_share("validity", guard.validity, (canary.invalid, canary.good), (rest.invalid, rest.good)))
    return verdicts


def evidence(bad: int, calls: int, limit: float) -> float:
    """The logarithm of how much better it explains *bad* of *calls* that their share is above *limit*, than at it."""
    if not 0 < limit < 1 or bad < (calls + 1) * limit:
        return -math.inf
    good = calls - bad
    # The integral over all shares above the limit is at least half of that over all shares, since the median of what
    # is integrated lies above the limit here.
    above = math.lgamma(bad + 1) + math.lgamma(good + 1) - math.lgamma(calls + 2) + math.log(0.5 / (1 - limit))
    return above - bad * math.log(limit) - good * math.log1p(-limit)


def proven(bad: int, calls: int, limit: float) -> bool:
    """Whether the share of *bad* ones is above *limit*, beyond what chance does."""
    return bad >= FEWEST and evidence(bad, calls, limit) >= -math.log(MISTAKEN)


def bucket(milliseconds: float) -> int:
    """Which of the times a first content counts among."""
    steps = math.ceil(_STEPS * math.log2(max(milliseconds, SHORTEST) / SHORTEST))
    return min(steps, BUCKETS - 1)


def upper(bucket: int) -> float:
    """The longest time that belongs to *bucket*, in milliseconds."""
    return SHORTEST * math.exp2(bucket / _STEPS)


def median(times: Sequence[int], *, surely: bool = False) -> float | None:
    """To the accuracy of a bucket; None where there were none. *surely*: a time that it isn't above, but by chance."""
    count = sum(times)
    rank = min(count, count / 2 + (math.sqrt(count) if surely else 0))
    before = 0
    for number, here in enumerate(times):
        before += here
        if here and before >= rank:
            return upper(number)
    return None


def _share(name: str, allowed: float, canary: tuple[int, int], rest: tuple[int, int]) -> Verdict:
    """A share that may be above that of the rest by *allowed*. Where there is no rest, it was fine."""
    (bad, calls), (others_bad, others) = canary, rest
    usual = others_bad / others if others else 0.0
    limit = usual + allowed
    doubt = math.sqrt(usual * (1 - usual) / others) if others else 0.0
    share = bad / calls if calls else None
    state = FINE
    if share is not None and share > limit:
        state = BROKEN if proven(bad, calls, limit + doubt) else DOUBTFUL
    return Verdict(name, state, limit, share, usual if others else None)


def _time(times: float, canary: Sequence[int], rest: Sequence[int]) -> Verdict:
    """Half of the canary's calls may take longer than *times* the median of the rest, and no more than half."""
    mine, usual, sure = median(canary), median(rest), median(rest, surely=True)
    if mine is None or usual is None or sure is None:
        return Verdict("first_content", FINE, None, mine, usual)
    state = FINE
    if mine > usual * times:
        slow = sum(canary[bucket(sure * times) + 1 :])
        state = BROKEN if proven(slow, sum(canary), 0.5) else DOUBTFUL
    return Verdict("first_content", state, usual * times, mine, usual)


def _cost(times: float, canary: Side, rest: Side) -> Verdict:
    """The mean of what calls cost. Nothing can be compared with a rest that costs nothing."""
    mine = canary.cost / canary.good if canary.good else None
    usual = rest.cost / rest.good if rest.good else None
    if mine is None or not usual:
        return Verdict("cost", FINE, None, mine, usual)
    state = FINE
    if mine > usual * times:
        spread = math.sqrt(_spread(canary, mine) + times**2 * _spread(rest, usual))
        sure = canary.good >= FEWEST_COSTS and mine - usual * times >= SURE * spread
        state = BROKEN if sure else DOUBTFUL
    return Verdict("cost", state, usual * times, mine, usual)


def _spread(side: Side, mean: float) -> float:
    """How far, squared, the mean may be from what it would be in the long run."""
    return max(0.0, side.squares / side.good - mean**2) / side.good
