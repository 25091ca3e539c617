"""Hours, days and months as text, and where they begin in a time zone."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

HOUR: Final = 3600
DAY: Final = 86400
EPOCH: Final = date(1970, 1, 1).toordinal()
MOST: Final = 24 * (date(9999, 1, 1).toordinal() - EPOCH)  # hours; what comes later has no date
TIMES: Final = ("hour", "day", "month")

_EXAMPLES: Final = {"hour": "2026-11-26T14:00Z", "day": "2026-11-26", "month": "2026-11"}

Shifts = tuple[tuple[int | None, int], ...]


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Raises ValueError with a sentence for a name that is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone; one is called Europe/Berlin, another one UTC") from error


def hour_label(hour: int) -> str:
    """`2026-11-26T14:00Z` of an hour that is counted from the epoch."""
    return f"{date_of(hour // 24).isoformat()}T{hour % 24:02}:00Z"


def date_of(day: int) -> date:
    """Of a day that is counted from the epoch."""
    return date.fromordinal(EPOCH + day)


def day_of(hour: int, zone: str) -> int:
    """The day of *zone*, counted from the epoch, in which an hour begins."""
    return (hour * HOUR + _offset(zone_of(zone), hour)) // DAY


def shifts(zone: str, first: int, last: int) -> Shifts:
    """What is to be added to UTC from hour *first* to hour *last*: pairs of the hour from which on another one counts
    (None for the last pair) and of seconds. All days of a year, so that nothing has to be known about rules.
    """
    found: list[tuple[int | None, int]] = []
    where, offset = zone_of(zone), _offset(zone_of(zone), first)
    for hour in range(first, last + 24, 24):
        if _offset(where, hour) != offset:
            change = next(one for one in range(hour - 23, hour + 1) if _offset(where, one) != offset)
            found.append((change, offset))
            offset = _offset(where, hour)
    return (*found, (None, offset))


def _offset(zone: ZoneInfo, hour: int) -> int:
    moved = datetime.fromtimestamp(hour * HOUR, zone).utcoffset()
    return 0 if moved is None else round(moved.total_seconds())


def midnight(day: date, zone: str) -> float:
    """Unix time at which a day of *zone* begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone_of(zone)).timestamp()


def narrowed(since: float, until: float, where: Mapping[str, str], zone: str) -> tuple[float, float]:
    """The part of [since, until) that lies in the hour, day and month that *where* names."""
    for name in TIMES:
        if name in where:
            begins, ends = _span(name, where[name], zone)
            since, until = max(since, begins), min(until, ends)
    return since, until


def _span(name: str, label: str, zone: str) -> tuple[float, float]:
    try:
        if name == "hour":
            begins = datetime.strptime(label, "%Y-%m-%dT%H:00Z").replace(tzinfo=UTC).timestamp()
            return begins, begins + HOUR
        first = date.fromisoformat(label if name == "day" else f"{label}-01")
        following = first + timedelta(days=1 if name == "day" else 31)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{label!r} is no {name}; one is written {_EXAMPLES[name]}") from error
    return midnight(first, zone), midnight(following if name == "day" else following.replace(day=1), zone)


def hours(since: float, until: float) -> tuple[int, int]:
    """The first hour that begins in [since, until), and the first one that doesn't any more."""
    return _up(since), _up(until)


def _up(time: float) -> int:
    if math.isinf(time):
        return MOST if time > 0 else 0
    return min(max(math.ceil(time / HOUR), 0), MOST)
