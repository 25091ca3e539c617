"""Which window of a budget a moment falls into, and what the account of that window is called."""

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from config.schema import Budget

HOUR: Final = 3600
LONGEST_CALENDAR: Final = 32 * 86400.0


class Window(NamedTuple):
    """From *begins* up to, but not including, *ends*; both unix time."""

    label: str
    begins: float
    ends: float


EVER: Final = Window("total", -math.inf, math.inf)


def window(budget: Budget, now: float) -> Window:
    """The window that *now* (unix time) falls into."""
    if budget.per == "total":
        return EVER
    if (calendar := _CALENDARS.get(budget.per)) is None:
        return _counted(budget.per, now)
    found = calendar(now, ZoneInfo(budget.zone))
    return found if budget.zone == "UTC" else found._replace(label=f"{found.label}@{budget.zone}")


def account(scope: str, window: Window) -> str:
    """What the store calls the dollars that *scope* may spend in *window*."""
    return f"usd:{scope}:{window.label}"


def _counted(per: str, now: float) -> Window:
    seconds = float(per)
    number = math.floor(now / seconds)
    return Window(f"{seconds:g}s-{number}", number * seconds, (number + 1) * seconds)


def _hour(now: float, zone: ZoneInfo) -> Window:
    """Where clocks are put back, an hour comes twice: the second one is marked."""

    def label(moment: float) -> str:
        there = datetime.fromtimestamp(moment, zone)
        return f"hour-{there:%Y-%m-%dT%H}{'b' * there.fold}"

    second = math.floor(now)
    there = datetime.fromtimestamp(second, zone)
    first = second - there.minute * 60 - there.second
    return Window(label(now), _edge(label, second, first), _edge(label, second, first + HOUR - 1) + 1)


def _edge(label: Callable[[float], str], inside: int, far: int) -> int:
    """The second that is the furthest from *inside*, up to *far*, and has its label: clocks may be moved between."""
    known, other = inside, far
    while known != other and label(other) != label(inside):
        middle = (known + other) // 2
        if middle in {known, other}:
            return known
        known, other = (middle, other) if label(middle) == label(inside) else (known, middle)
    return other


def _day(now: float, zone: ZoneInfo) -> Window:
    day = datetime.fromtimestamp(now, zone).date()
    return _days(f"day-{day}", day, day + timedelta(days=1), zone)


def _week(now: float, zone: ZoneInfo) -> Window:
    day = datetime.fromtimestamp(now, zone).date()
    monday = day - timedelta(days=day.weekday())
    year, week, _ = day.isocalendar()
    return _days(f"week-{year}-W{week:02}", monday, monday + timedelta(days=7), zone)


def _month(now: float, zone: ZoneInfo) -> Window:
    first = datetime.fromtimestamp(now, zone).date().replace(day=1)
    return _days(f"month-{first:%Y-%m}", first, (first + timedelta(days=32)).replace(day=1), zone)


def _days(label: str, first: date, end: date, zone: ZoneInfo) -> Window:
    return Window(label, _midnight(first, zone), _midnight(end, zone))


def _midnight(day: date, zone: ZoneInfo) -> float:
    """Its first moment; where clocks skip midnight, the moment at which they do."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


_CALENDARS: Final[dict[str, Callable[[float, ZoneInfo], Window]]] = {
    "hour": _hour,
    "day": _day,
    "week": _week,
    "month": _month,
}


def lasts(account: str, now: float) -> float:
    """Until when an account is needed of which nothing is known but its name; rather too long than too short."""
    label = account.rpartition(":")[2]
    if label == EVER.label:
        return math.inf
    length, _, number = label.partition("s-")
    try:
        return (int(number) + 1) * float(length)
    except ValueError:
        return now + LONGEST_CALENDAR
