"""What will be spent until a window ends, and when a budget runs out, from what was spent on the days before.

The method. Days are those of a time zone, from the first one with any spending, at most 56. Each counts half as much
as the one a week later. From three whole weeks on, weekdays have factors: each weekday's weighted mean against that of
all, drawn to 1 as if one ordinary week had been seen besides. The level is the weighted mean of what days would
have cost without their factors; what is expected of a day is level times factor. The band of 80 % is that of
Student's t with as many degrees of freedom as weights are worth: it takes days to be independent, and adds what isn't
known of the level itself. One day alone is taken to scatter as much as it cost. What is left of today counts by the
part of it that is left.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

DAYS: Final = 56  # looked at
HALF: Final = 7.0  # days in which a day's weight halves
WEEKS: Final = 3  # from which on weekdays differ
LONGEST: Final = 366  # days for which it is said when a budget runs out
# The 90th percentile of Student's t by degrees of freedom; between them the smaller one's counts.
_STUDENT: Final = ((1, 3.078), (2, 1.886), (3, 1.638), (4, 1.533), (5, 1.476), (7, 1.415), (10, 1.372), (20, 1.325))
METHOD: Final = "weighted mean of daily spending, halved per week of age; weekday factors from 3 weeks on; 10-90 % band"


class History(NamedTuple):
    """*costs*: nano-dollars of whole days, the oldest first, the last one being yesterday. *today* is what the day is
    that goes on, *left* the part of it that is left, *so_far* what it has cost.
    """

    costs: Sequence[int]
    today: date
    left: float
    so_far: int = 0


class Rhythm(NamedTuple):
    """*level* is nano-dollars for a day, *factors* by weekday from Monday on; *scatter* is a day's deviation,
    *doubt* the level's.
    """

    level: float
    factors: tuple[float, ...]
    scatter: float
    doubt: float
    width: float  # of the band, in deviations
    days: int


class Band(NamedTuple):
    """Nano-dollars: what is expected, and what it falls below with 10 % and with 90 %."""

    expected: int
    low: int
    high: int


class Out(NamedTuple):
    """The days on which a budget is used up: as expected, and when spending is at the band's ends. None: not before
    its window ends, or not within a year.
    """

    expected: date | None
    earliest: date | None
    latest: date | None


def history(days: Mapping[str, int], today: date, left: float) -> History:
    """From costs by `2026-11-26`; days without any are days all the same."""
    first = min((date.fromisoformat(day) for day, cost in days.items() if cost), default=today)
    first = max(first, today - timedelta(days=DAYS))
    whole = [(first + timedelta(days=place)).isoformat() for place in range((today - first).days)]
    return History([days.get(day, 0) for day in whole], today, left, days.get(today.isoformat(), 0))


def rhythm(past: History) -> Rhythm:
    costs: Sequence[float] = past.costs
    weekday = past.today.weekday()
    if not costs:  # it began today
        gone = max(1.0 - past.left, 1 / 24)
        costs, weekday = [past.so_far / gone], weekday + 1
    days = [(weekday - age) % 7 for age in range(len(costs), 0, -1)]
    weights = [0.5 ** (age / HALF) for age in range(len(costs), 0, -1)]
    factors = _factors(costs, weights, days)
    plain = [cost / factors[day] for cost, day in zip(costs, days, strict=True)]
    level = _mean(plain, weights)
    worth = sum(weights) ** 2 / sum(weight * weight for weight in weights)
    if len(costs) < 2:
        return Rhythm(level, factors, level, level, _student(1), len(past.costs))
    spread = _mean([(one - level) ** 2 for one in plain], weights)
    scatter = math.sqrt(spread * worth / (worth - 1))
    return Rhythm(level, factors, scatter, scatter / math.sqrt(worth), _student(worth - 1), len(past.costs))


def _factors(costs: Sequence[float], weights: Sequence[float], days: Sequence[int]) -> tuple[float, ...]:
    mean = _mean(costs, weights)
    if len(costs) < 7 * WEEKS or mean <= 0:
        return (1.0,) * 7
    week = sum(weights) / len(weights)  # what one ordinary day weighs that is added to each weekday
    found = []
    for weekday in range(7):
        mine = [(cost, weight) for cost, weight, day in zip(costs, weights, days, strict=True) if day == weekday]
        total = sum(cost * weight for cost, weight in mine) + mean * week
        found.append(total / (sum(weight for _, weight in mine) + week) / mean)
    return tuple(factor * 7 / sum(found) for factor in found)


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _student(freedom: float) -> float:
    return next((value for least, value in reversed(_STUDENT) if freedom >= least), _STUDENT[0][1])


def band(rhythm: Rhythm, parts: Sequence[float], today: date, *, spent: int) -> Band:
    """*parts*: how much of today and of each following day is still to come and counts."""
    whole, squares = _shares(rhythm, parts, today)
    return _band(rhythm, whole, squares, spent)


def _shares(rhythm: Rhythm, parts: Sequence[float], today: date) -> tuple[float, float]:
    shares = [part * rhythm.factors[(today.weekday() + ahead) % 7] for ahead, part in enumerate(parts)]
    return sum(shares), sum(share * share for share in shares)


def _band(rhythm: Rhythm, whole: float, squares: float, spent: int) -> Band:
    expected = rhythm.level * whole
    width = rhythm.width * math.sqrt(squares * rhythm.scatter**2 + (whole * rhythm.doubt) ** 2)
    return Band(*(spent + max(round(more), 0) for more in (expected, expected - width, expected + width)))


def runs_out(rhythm: Rhythm, parts: Sequence[float], today: date, *, spent: int, limit: int) -> Out:
    """*parts* as for `band`, to the end of the budget's window, or a year where there is none."""
    found: list[date | None] = [None, None, None]
    whole = squares = 0.0
    for ahead, part in enumerate((0.0, *parts[:LONGEST])):
        day = today + timedelta(days=max(ahead - 1, 0))
        share = part * rhythm.factors[day.weekday()]
        whole, squares = whole + share, squares + share * share
        expected, low, high = _band(rhythm, whole, squares, spent)
        for place, cost in enumerate((expected, high, low)):
            if found[place] is None and cost >= limit:
                found[place] = day
    return Out(*found)


def parts(left: float, days: float) -> list[float]:
    """What is left of today, and of each day after it, where *days* days are left in all."""
    first = min(left, days)
    rest = max(days - first, 0.0)
    return [first, *(min(1.0, rest - day) for day in range(math.ceil(rest)))]
