"""`python proxy.py plan NEW.yaml`: what another configuration means, and what it would have made of the last calls."""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import orjson

from admin.changes import Change, changes
from admin.dollars import number, shown
from admin.grid import table
from config.schema import Config
from gateway.commands.again import Again, Fate, asked_first
from gateway.commands.rehearsal import rehearsal
from store.entry import Entry
from store.ledger import Ledger

Say = Callable[[str], object]
CALLS: Final = 1000
MOST: Final = 20_000
NOTHING: Final = "-"


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="proxy.py plan",
        description="The difference between two configurations, and the last calls of the ledger decided again under"
        " the new one. Nothing is sent anywhere.",
    )
    parser.add_argument("new", help="the configuration that is thought of")
    parser.add_argument("--config", default="config.yaml", help="the one that is in use (config.yaml)")
    parser.add_argument("--json", action="store_true", help="as a program would read it")
    parser.add_argument("--calls", type=int, default=CALLS, help=f"so many of the last calls ({CALLS}); 0 for none")
    return parser.parse_args(argv)


class Group(NamedTuple):
    """Calls of a route that one target was asked for first, and one *would* be; empty where none was or would be.

    *cost* and *would_cost* in nano-dollars, the latter without *unknown* calls whose price nobody knows; *ms* and
    *would_ms* on average, None where nothing is known.
    """

    route: str
    asked: str
    would: str
    reason: str
    calls: int
    cost: int
    would_cost: int
    unknown: int
    ms: float
    would_ms: float | None


async def run(options: argparse.Namespace, old: Config, new: Config, ledger: Ledger | None, *, say: Say) -> int:
    found = changes(old, new)
    most = min(max(options.calls, 0), MOST)
    rows = [] if ledger is None or not most else await ledger.rows(0, math.inf, most=most)
    fates = await decided(new, rows) if rows else []
    if options.json:
        say(orjson.dumps(as_json(found, rows, fates), option=orjson.OPT_INDENT_2).decode() + "\n")
        return 0
    say("".join(f"{change}\n" for change in found) or "The two mean the same.\n")
    if rows:
        say(f"\n{report(rows, fates)}")
    return 0


async def decided(config: Config, rows: Sequence[Entry]) -> list[Fate]:
    """The calls of *rows*, the newest first, in the order in which they came."""
    async with rehearsal(config) as (generation, shared):
        again = Again(generation, shared)
        again.learn(rows[::-1])
        return [again.decide(row) for row in rows]


def as_json(found: Sequence[Change], rows: Sequence[Entry], fates: Sequence[Fate]) -> dict[str, Any]:
    return {
        "object": "plan",
        "changes": [change._asdict() for change in found],
        "calls": len(rows),
        "since": min((row.time for row in rows), default=None),
        "elsewhere": _moved(rows, fates),
        "groups": [_shown(group) for group in grouped(rows, fates)],
    }


def _shown(group: Group) -> dict[str, Any]:
    told = group._asdict()
    cost, would = told.pop("cost"), told.pop("would_cost")
    return told | {"cost_usd": number(cost), "would_cost_usd": number(would)}


def report(rows: Sequence[Entry], fates: Sequence[Fate]) -> str:
    """Who went where, who would go where, and what that would cost and take."""
    lines = [(group.route, group.asked or NOTHING, _would(group), *_figures(group)) for group in grouped(rows, fates)]
    head = ("route", "first asked", "would be asked", "calls", "cost", "would cost", "ms", "would take")
    every = _group("all", "", "", list(zip(rows, fates, strict=True)))
    since = time.strftime("%Y-%m-%d %H:%M", time.gmtime(min(row.time for row in rows)))
    total = ("all", "", f"{_moved(rows, fates)} elsewhere", *_figures(every))
    return (
        f"The last {len(rows)} calls (since {since} UTC), decided again:\n\n{table(head, lines, names=3, total=total)}"
    )


def grouped(rows: Sequence[Entry], fates: Sequence[Fate]) -> list[Group]:
    """The largest first."""
    groups: dict[tuple[str, str, str], list[tuple[Entry, Fate]]] = {}
    for row, fate in zip(rows, fates, strict=True):
        groups.setdefault((row.route, asked_first(row), fate.target), []).append((row, fate))
    return [_group(*names, those) for names, those in sorted(groups.items(), key=lambda one: (-len(one[1]), one[0]))]


def _group(route: str, asked: str, would: str, those: Sequence[tuple[Entry, Fate]]) -> Group:
    costs = [fate.cost for _, fate in those if fate.cost is not None]
    takes = [fate.ms for _, fate in those if fate.ms is not None]
    return Group(
        route,
        asked,
        would,
        min((fate.reason for _, fate in those if fate.reason), default=""),
        len(those),
        sum(row.cost for row, _ in those),
        sum(costs),
        len(those) - len(costs),
        round(sum(row.total_ms for row, _ in those) / len(those), 1),
        round(sum(takes) / len(takes), 1) if takes else None,
    )


def _moved(rows: Sequence[Entry], fates: Sequence[Fate]) -> int:
    return sum(asked_first(row) != fate.target for row, fate in zip(rows, fates, strict=True))


def _figures(group: Group) -> tuple[str, str, str, str, str]:
    would = shown(group.would_cost) + (" + unknown" if group.unknown else "")
    takes = NOTHING if group.would_ms is None else f"{group.would_ms:.0f}"
    return f"{group.calls}", shown(group.cost), would, f"{group.ms:.0f}", takes


def _would(group: Group) -> str:
    if group.would and group.would == group.asked:
        return "the same"
    return (group.would or NOTHING) + (f" ({group.reason})" if group.reason else "")
