"""The bodies of the pages about money: what somebody used, what everything cost, and what it is going to cost."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, Protocol

from admin import forecast
from admin.dollars import number
from admin.forecast import Band, History, Out
from admin.periods import began, month_ends, today
from admin.spend import figures
from store.ledger import Ledger, Sum
from store.questions import nothing
from store.zones import DAY, midnight

BREAKDOWN: Final = ("provider", "model", "key", "team", "route", "tag")
MOST_DAYS: Final = 3_660
_BRIEF: Final = ("requests", "prompt_tokens", "completion_tokens", "cost_usd", "saved_usd")


class Standing(Protocol):
    """How a budget stands: nano-dollars, *per* as in config.schema.Budget, *resets_at* unix time where it ever does."""

    @property
    def limit(self) -> int: ...
    @property
    def spent(self) -> int: ...
    @property
    def held(self) -> int: ...
    @property
    def per(self) -> str: ...
    @property
    def resets_at(self) -> float | None: ...


async def usage(
    ledger: Ledger, key: str, budgets: Sequence[Standing], *, since: float = 0.0, until: float = math.inf
) -> dict[str, Any]:
    """`GET /api/v1/usage?key=NAME`: all that a key ever used, unless a period is given. *budgets* are those of the key
    itself; what is held is the same calls in each of them.
    """
    whole = await _whole(ledger, since, until, {"key": key})
    return {
        "key": key,
        **_brief(whole),
        "held_usd": number(max((budget.held for budget in budgets), default=0)),
        "budgets": [standing(budget) for budget in budgets],
    }


def standing(budget: Standing) -> dict[str, Any]:
    return {
        "limit_usd": number(budget.limit),
        "spent_usd": number(budget.spent),
        "held_usd": number(budget.held),
        "per": budget.per,
        "resets_at": budget.resets_at,
    }


def workspace(name: str | None, teams: Collection[str]) -> dict[str, str]:
    """A workspace is a team or a tag: `team/NAME`, `tag/NAME`, or a name alone: a team's if one is called that."""
    if not name:
        return {}
    kind, slash, rest = name.partition("/")
    if slash and kind in {"team", "tag"}:
        return {kind: rest}
    return {"team" if name in teams else "tag": name}


async def costs(
    ledger: Ledger, *, period: str, now: float, where: Mapping[str, str] | None = None, zone: str = "UTC"
) -> dict[str, Any]:
    """`GET /api/v1/costs`: the day, week or month that goes on, or all; *where* as `workspace` makes it. Raises
    ValueError with a sentence for another period. A call with several tags counts for each of them.
    """
    since = began(period, now, zone)
    whole = await _whole(ledger, since, math.inf, where)
    parts = {name: await ledger.sums([name], since, math.inf, where, zone=zone) for name in BREAKDOWN}
    return {
        "period": period,
        "since": since,
        "total_cost": number(whole.cost),
        **figures(whole),
        **{f"by_{name}": [_named(name, sum) for sum in _dearest(sums)] for name, sums in parts.items()},
    }


def _dearest(sums: Sequence[Sum]) -> list[Sum]:
    return sorted(sums, key=lambda one: (-one.cost, one.by))


def _named(name: str, sum: Sum) -> dict[str, Any]:
    return {name: sum.by[0], **_brief(sum)}


def _brief(sum: Sum) -> dict[str, Any]:
    all = figures(sum)
    return {name: all[name] for name in _BRIEF}


async def daily(
    ledger: Ledger, *, days: int, now: float, where: Mapping[str, str] | None = None, zone: str = "UTC"
) -> dict[str, Any]:
    """`GET /api/v1/costs/daily?days=30`: that many days, the last of them today; those without any calls, too. Raises
    ValueError for a number of days that makes no sense.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"days is a whole number from 1 to {MOST_DAYS}")
    last = today(now, zone)
    first = last - timedelta(days=days - 1)
    sums = await ledger.sums(["day"], midnight(first, zone), math.inf, where, zone=zone)
    known = {sum.by[0]: sum for sum in sums}
    labels = [(first + timedelta(days=ahead)).isoformat() for ahead in range(days)]
    shown = [known.get(label) or nothing((label,)) for label in labels]
    return {
        "zone": zone,
        "total_cost": number(sum(one.cost for one in shown)),
        "total_saved": number(sum(one.saved for one in shown)),
        "days": [{"date": one.by[0], **_brief(one)} for one in shown],
    }


async def forecasts(
    ledger: Ledger, name: str, budgets: Sequence[Standing], *, kind: str, now: float, zone: str = "UTC"
) -> dict[str, Any]:
    """`GET /api/v1/forecast?key=NAME` or `?team=NAME`; *kind* says which. To the end of the month, and for each of its
    budgets when it runs out.
    """
    before = await past(ledger, {kind: name}, now=now, zone=zone)
    month = await _whole(ledger, began("month", now, zone), math.inf, {kind: name})
    end = month_ends(now, zone)
    return {
        kind: name,
        "method": forecast.METHOD,
        "days_seen": len(before.costs),
        "month": {"ends_at": end, "spent_usd": number(month.cost), **_until(before, end - now, month.cost)},
        "budgets": [coming(before, budget, now) for budget in budgets],
    }


async def past(ledger: Ledger, where: Mapping[str, str], *, now: float, zone: str = "UTC") -> History:
    """What the days until now have cost, of the calls that *where* finds."""
    day = today(now, zone)
    since = midnight(day - timedelta(days=forecast.DAYS), zone)
    sums = await ledger.sums(["day"], since, math.inf, where, zone=zone)
    left = (midnight(day + timedelta(days=1), zone) - now) / DAY
    return forecast.history({sum.by[0]: sum.cost for sum in sums}, day, left)


def coming(past: History, budget: Standing, now: float) -> dict[str, Any]:
    """How a budget stands, and what its window will come to."""
    return {**standing(budget), **_budget(past, budget, now)}


def _until(past: History, seconds: float, spent: int) -> dict[str, Any]:
    coming = forecast.parts(past.left, seconds / DAY)
    return _shown(forecast.band(forecast.rhythm(past), coming, past.today, spent=spent))


def _budget(past: History, budget: Standing, now: float) -> dict[str, Any]:
    """A budget without an end has no sum to forecast, only a day on which it is used up."""
    seconds = math.inf if budget.resets_at is None else budget.resets_at - now
    coming = forecast.parts(past.left, min(max(seconds / DAY, 0.0), forecast.LONGEST))
    rhythm = forecast.rhythm(past)
    out = forecast.runs_out(rhythm, coming, past.today, spent=budget.spent, limit=budget.limit)
    end = {} if budget.resets_at is None else _shown(forecast.band(rhythm, coming, past.today, spent=budget.spent))
    return {**end, "runs_out": _dates(out)}


def _shown(band: Band) -> dict[str, Any]:
    return {"expected_usd": number(band.expected), "low_usd": number(band.low), "high_usd": number(band.high)}


def _dates(out: Out) -> dict[str, str | None]:
    def text(day: date | None) -> str | None:
        return None if day is None else day.isoformat()

    return {"expected": text(out.expected), "earliest": text(out.earliest), "latest": text(out.latest)}


async def _whole(ledger: Ledger, since: float, until: float, where: Mapping[str, str] | None) -> Sum:
    return (*await ledger.sums([], since, until, where), nothing())[0]
