"""Times as people write them on a command line, and the periods that reports are of."""

from datetime import date, datetime, timedelta
from typing import Final

from store.zones import midnight, zone_of

PERIODS: Final = ("day", "week", "month", "all")


def moment(text: str, zone: str) -> float:
    """Unix time of `2026-11-26`, `2026-11`, `2026-11-26T14:00` (of *zone*) or `2026-11-26T14:00Z`."""
    where = zone_of(zone)
    try:
        read = datetime.fromisoformat(f"{text}-01" if len(text) == len("2026-11") else text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time; one is written 2026-11-26, another one 2026-11-26T14:00") from error
    return (read if read.tzinfo else read.replace(tzinfo=where)).timestamp()


def today(now: float, zone: str) -> date:
    return datetime.fromtimestamp(now, zone_of(zone)).date()


def began(period: str, now: float, zone: str) -> float:
    """When the day, week (on Monday) or month began that *now* is in; 0 for all."""
    day = today(now, zone)
    match period:
        case "day":
            return midnight(day, zone)
        case "week":
            return midnight(day - timedelta(days=day.weekday()), zone)
        case "month":
            return midnight(day.replace(day=1), zone)
        case "all":
            return 0.0
    raise ValueError(f"{period!r} is none of {', '.join(PERIODS)}")


def month_ends(now: float, zone: str) -> float:
    """When the month is over that *now* is in."""
    return midnight((today(now, zone).replace(day=1) + timedelta(days=31)).replace(day=1), zone)
