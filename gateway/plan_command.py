"""`python proxy.py plan NEW.yaml`: what another configuration means, and what it would have made of the last calls."""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from admin.changes import changes
from admin.dollars import shown
from admin.grid import table
from config.schema import Config
from gateway.again import Again, Fate, asked_first
from gateway.rehearsal import rehearsal
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
    parser.add_argument("--calls", type=int, default=CALLS, help=f"so many of the last calls ({CALLS}); 0 for none")
    return parser.parse_args(argv)


async def run(options: argparse.Namespace, old: Config, new: Config, ledger: Ledger | None, *, say: Say) -> int:
    found = changes(old, new)
    say("".join(f"{change}\n" for change in found) or "The two mean the same.\n")
    most = min(max(options.calls, 0), MOST)
    rows = [] if ledger is None or not most else await ledger.rows(0, math.inf, most=most)
    if rows:
        fates = await decided(new, rows)
        say(f"\n{report(rows, fates)}")
    return 0


async def decided(config: Config, rows: Sequence[Entry]) -> list[Fate]:
    """The calls of *rows*, the newest first, in the order in which they came."""
    async with rehearsal(config) as (generation, shared):
        again = Again(generation, shared)
        again.learn(rows[::-1])
        return [again.decide(row) for row in rows]


def report(rows: Sequence[Entry], fates: Sequence[Fate]) -> str:
    """Who went where, who would go where, and what that would cost and take."""
    groups: dict[tuple[str, str, str], list[tuple[Entry, Fate]]] = {}
    for row, fate in zip(rows, fates, strict=True):
        groups.setdefault((row.route, asked_first(row) or NOTHING, fate.target or NOTHING), []).append((row, fate))
    lines = [
        (route, was, "the same" if will == was else f"{will}{_why(those)}", *_figures(those))
        for (route, was, will), those in sorted(groups.items(), key=lambda one: -len(one[1]))
    ]
    head = ("route", "first asked", "would be asked", "calls", "cost", "would cost", "ms", "would take")
    every = list(zip(rows, fates, strict=True))
    moved = sum(asked_first(row) != fate.target for row, fate in every)
    since = time.strftime("%Y-%m-%d %H:%M", time.gmtime(min(row.time for row in rows)))
    text = table(head, lines, names=3, total=("all", "", f"{moved} elsewhere", *_figures(every)))
    return f"The last {len(rows)} calls (since {since} UTC), decided again:\n\n{text}"


def _figures(those: Sequence[tuple[Entry, Fate]]) -> tuple[str, str, str, str, str]:
    known = [(row, fate) for row, fate in those if fate.cost is not None]
    cost = shown(sum(fate.cost or 0 for _, fate in known)) + ("" if len(known) == len(those) else " + unknown")
    took = [row.total_ms for row, _ in those]
    takes = [fate.ms for _, fate in those if fate.ms is not None]
    would = f"{sum(takes) / len(takes):.0f}" if takes else NOTHING
    return f"{len(those)}", shown(sum(row.cost for row, _ in those)), cost, f"{sum(took) / len(took):.0f}", would


def _why(those: Sequence[tuple[Entry, Fate]]) -> str:
    reasons = {fate.reason for _, fate in those if fate.reason}
    return f" ({min(reasons)})" if reasons else ""
