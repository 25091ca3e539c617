"""Budgets: so many dollars in a day, in a month or in all, and what follows when they are spent."""

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config import units
from config.problems import Notes
from config.readers import MONEY, TEXT, choice, distinct, scalar
from config.schema import Budget
from config.section import Entry, Reader, Section, got, shown
from config.yaml_lines import Fields, Scalar

PLAIN = Budget(limit=0)  # what a budget says that says nothing
CALENDAR = ("hour", "day", "week", "month")
WHEN_DOWN = choice(("allotment", "closed", "open"), "policy")
OPEN = "is open, so that more than the limit may be spent while the store can't be reached"

_LONGEST = units.duration("366d")
_SHORT = re.compile(r"([0-9.]+) ?/ ?(\S+)")
_ZONE = re.compile(r"(?!posix/|right/|localtime$)[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")


class Terms(NamedTuple):
    """What holds for all budgets: the *routes* that they may lead to, and *when_down* for those that say nothing."""

    routes: Collection[str]
    when_down: str = PLAIN.when_down


LeadsBack = Callable[[str], bool]
"""Whether a route only leads to what the budget is for."""


def read_budgets(entry: Entry, notes: Notes, terms: Terms, leads_back: LeadsBack) -> tuple[Budget, ...]:
    """One, or a list of budgets for different times. Those whose `usd` is an empty variable are none."""
    reader: Reader[Budget] = lambda one, notes: _budget(one, notes, terms, leads_back)  # noqa: E731  (a reader)
    return distinct(reader, _times, "is a second budget for the same time; keep one of them")(entry, notes) or ()


def _times(budget: Budget) -> tuple[str, str]:
    return budget.per, budget.zone


def _budget(entry: Entry, notes: Notes, terms: Terms, leads_back: LeadsBack) -> Budget | None:
    plain = replace(PLAIN, when_down=terms.when_down)
    if not isinstance(entry.node, Fields):
        found = _short(entry, notes)
        return None if found is None else replace(plain, limit=found[0], per=found[1])
    section = Section(entry, notes)
    usd = section.take("usd")
    if not section.says("usd"):
        notes.error(section.at("usd"), "is missing (dollars)")
    limit = MONEY(usd, notes) if usd else None
    per = section.read("per", _PER, None)
    budget = replace(
        plain,
        limit=limit or 0,
        per=per or plain.per,
        zone=section.read("zone", _ZONE_NAME, plain.zone),
        when_spent=section.read("when_spent", _way_out(terms, leads_back), None),
        when_down=section.read("when_down", WHEN_DOWN, plain.when_down),
    )
    section.close()
    if section.says("zone") and budget.zone != plain.zone and budget.per not in CALENDAR:
        notes.error(section.at("zone"), f"only budgets per {', '.join(CALENDAR)} begin in a time zone")
    if limit is not None and section.says("when_down") and budget.when_down == "open":
        notes.warn(section.at("when_down"), OPEN)
    return None if limit is None else budget


def _short(entry: Entry, notes: Notes) -> tuple[int, str] | None:
    """`50/month`"""
    expected = "expected a mapping, or dollars in a time such as 50/month"
    if not isinstance(entry.node, Scalar):
        notes.error(entry, f"{expected}, got {got(entry.node)}")
        return None
    found = _SHORT.fullmatch(entry.node.text)
    try:
        if found:
            return units.money(found[1]), _per(found[2])
    except ValueError:
        pass
    notes.error(entry, f"{expected}, got {shown(entry.node)}")
    return None


def _per(text: str) -> str:
    if text in {*CALENDAR, PLAIN.per}:
        return text
    seconds = units.duration(text)
    if not 1 <= seconds <= _LONGEST or seconds != int(seconds):
        raise ValueError(text)
    return str(int(seconds))


def _zone(text: str) -> str:
    if _ZONE.fullmatch(text) is None:
        raise ValueError(text)
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(text) from error
    return text


def _way_out(terms: Terms, leads_back: LeadsBack) -> Reader[Any]:
    """`refuse`, or the route that is asked instead."""

    def read(entry: Entry, notes: Notes) -> str | None:
        route = TEXT(entry, notes)
        if route is None or route == "refuse" or not isinstance(entry.node, Scalar):
            return None
        said = shown(entry.node)
        if route not in terms.routes:
            meant = notes.meant(route, terms.routes) or "; expected refuse, or the name of a route"
            notes.error(entry, f"no route is called {said}{meant}")
        elif "*" in route:
            notes.error(entry, "a route whose name holds a * can't be asked by that name")
        elif leads_back(route):
            notes.error(entry, f"{said} leads back to what is spent")
        else:
            return route
        return None

    return read


_PER = scalar(_per, f"{', '.join(CALENDAR)}, total, or a duration in whole seconds such as 90s or 12h, up to 366d")
_ZONE_NAME = scalar(_zone, "a time zone such as Europe/Berlin")
