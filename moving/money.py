"""Budgets of other gateways."""

import re
from decimal import Decimal
from typing import Final

from config.section import Entry
from moving.findings import Findings, shortened
from moving.page import Tree

# LiteLLM begins weeks on Monday and months on their first day, if they are said as days.
_CALENDAR: Final = {
    **dict.fromkeys(("1h", "60m"), "hour"),
    **dict.fromkeys(("1d", "24h"), "day"),
    **dict.fromkeys(("7d", "1w"), "week"),
    **dict.fromkeys(("30d", "1mo"), "month"),
}
_PERIOD: Final = re.compile(r"([1-9][0-9]{0,8})(s|m|h|d|w|mo)")
_UNITS: Final = {"s": (1, "s"), "m": (60, "m"), "h": (3600, "h"), "d": (86400, "d"), "w": (604_800, "d")}
_YEAR: Final = 366 * 86400


def budget(at: Entry, usd: Decimal, period: str, findings: Findings) -> Tree | None:
    """*usd* dollars in each *period* (such as 30d; empty: in all); None where ours has no such time."""
    if usd >= 10**9:
        findings.leave(at, "a budget is less than a thousand million dollars here")
        return None
    per = _per(period)
    if per is None:
        findings.leave(at, f"no budget begins anew each {shortened(period)} here")
        return None
    told = {"total": "for good, since no time is said", "week": "from Monday on", "month": "from the first day on"}
    findings.change(at, f"a budget per {per}: {told.get(per, 'by the clock')}; held before a call, so never overspent")
    return {"usd": round(usd, 9), "per": per}


def _per(period: str) -> str | None:
    if not period:
        return "total"
    if period in _CALENDAR:
        return _CALENDAR[period]
    found = _PERIOD.fullmatch(period)
    if found is None or found[2] not in _UNITS:
        return None
    length, unit = _UNITS[found[2]]
    number = int(found[1])
    if number * length > _YEAR:
        return None
    return f"{number * 7 if found[2] == 'w' else number}{unit}"
