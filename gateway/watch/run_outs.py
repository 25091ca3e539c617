"""Budgets that will be used up before their windows end, as far as the ledger can tell: looked at now and then."""

import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from admin.costs import forecasts
from config.schema import NO_LIMITS, Allowance, Config
from gateway.treasury import Treasury
from gateway.watch.alarm import Alarm
from quota.purse import scope_of
from store.contract import StoreDown
from store.ledger import Ledger, LedgerDown

EVERY: Final = 600.0  # seconds between two looks, of all processes
MOST: Final = 200  # keys, those that spend most
DAYS: Final = 2  # without so many whole days of spending nothing is foretold
SINCE: Final = 56 * 86400.0
SHORTEST: Final = 2 * 86400.0  # windows shorter than this are over before anybody could do something


async def run_outs(config: Config, treasury: Treasury) -> tuple[Alarm, ...]:
    """One for each budget. Nothing while store or ledger are down."""
    ledger = treasury.ledger
    if ledger is None:
        return ()
    try:
        return tuple([alarm async for alarm in _found(config, treasury, ledger)])
    except (LedgerDown, StoreDown):
        return ()


async def _found(config: Config, treasury: Treasury, ledger: Ledger) -> AsyncIterator[Alarm]:
    now = time.time()
    for kind in ("key", "team"):
        sums = await ledger.sums([kind], now - SINCE, math.inf)
        spenders = sorted((one for one in sums if one.cost and one.by[0]), key=lambda one: -one.cost)
        for name in (one.by[0] for one in spenders[:MOST]):
            scope, allowance = await _whose(config, treasury, kind, name)
            if not allowance.budgets:
                continue
            budgets = await treasury.till.standing(scope, allowance)
            told = await forecasts(ledger, name, budgets, kind=kind, now=now)
            if told["days_seen"] >= DAYS:
                for budget in told["budgets"]:
                    if _worth(budget, now):
                        yield _alarm(f"{kind}/{name}", budget)


async def _whose(config: Config, treasury: Treasury, kind: str, name: str) -> tuple[str, Allowance]:
    """The scope, and what it may use up; nothing where there is no such key any more."""
    if kind == "team":
        team = config.teams.get(name)
        return f"team/{name}", NO_LIMITS if team is None else team.allowance
    key = config.keys.get(name) or await treasury.stored.named(name)
    return (f"key/{name}", NO_LIMITS) if key is None else (scope_of(key), key.allowance)


def _worth(budget: Mapping[str, Any], now: float) -> bool:
    """Whether it isn't used up yet, but will be while there is still something to be done about it."""
    ends = budget["resets_at"]
    soon = budget["runs_out"]["expected"] is not None
    return soon and budget["spent_usd"] < budget["limit_usd"] and (ends is None or ends - now > SHORTEST / 2)


def _alarm(scope: str, budget: Mapping[str, Any]) -> Alarm:
    day, per = budget["runs_out"]["expected"], budget["per"]
    whose = scope.replace("/", " ", 1)
    window = "" if per == "total" else f", before its {per} ends" if per.isalpha() else ", before its window ends"
    message = (
        f"The budget of {whose} (${budget['limit_usd']:.2f}) will be used up on {day}{window}: "
        f"${budget['spent_usd']:.2f} is spent."
    )
    names: Sequence[str] = ("limit_usd", "spent_usd", "per", "resets_at", "runs_out")
    facts = {name: budget[name] for name in names}
    return Alarm("run_out", scope, "budget_runs_out", message, facts, mark=f"{per}", lasts=2.5 * EVERY)
