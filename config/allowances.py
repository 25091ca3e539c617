"""Allowances: the budgets of somebody, and how much they may ask for in a time or at a time."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from config import units
from config.budgets import LeadsBack, Terms, read_budgets
from config.problems import Notes
from config.readers import distinct, scalar, whole
from config.schema import Allowance, Limits, Rate
from config.section import Entry, Reader, Section, settings

LARGEST = 10**12  # of a rate's amount


class Written(NamedTuple):
    """An allowance as it stands in the file, to be read when all routes are known."""

    budget: Entry | None
    limits: Entry | None


def take_allowance(section: Section) -> Written:
    return Written(section.take("budget"), section.take("limits"))


def _never(route: str) -> bool:  # noqa: ARG001
    return False


def read_allowance(written: Written, notes: Notes, terms: Terms, leads_back: LeadsBack = _never) -> Allowance:
    """*leads_back* says which routes are no way out when a budget is spent."""
    return Allowance(
        budgets=read_budgets(written.budget, notes, terms, leads_back) if written.budget else (),
        limits=settings(written.limits, Limits(), _LIMITS, notes),
    )


def _rate(text: str) -> Rate:
    rate = units.rate(text)
    if not 1 <= rate.amount <= LARGEST:
        raise ValueError(text)
    return rate


_RATES = distinct(
    scalar(_rate, f"a rate such as 60/min, 100k/min or 5/s, of 1 to {LARGEST:,}"),
    lambda rate: rate.per,
    "is a second rate for the same time; keep one of them",
)
_LIMITS: Mapping[str, Reader[Any]] = {
    "requests": _RATES,
    "tokens": _RATES,
    "concurrent": whole(1, 1_000_000),
}
