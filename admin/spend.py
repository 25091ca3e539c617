"""What was spent, by whatever it is asked by: `python proxy.py spend`."""

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

import orjson

from admin.dollars import exact, number, shown
from admin.grid import separated, table
from admin.periods import began, moment
from core.usage import COUNTS
from store.ledger import DIMENSIONS, Ledger, LedgerDown, Sum
from store.questions import nothing

FORMATS: Final = ("table", "csv", "json")
TIMES: Final = {"hour", "day", "month"}
FIGURES: Final = ("requests", "failed", "estimated", "prompt_tokens", "completion_tokens")


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="proxy.py spend", description="What was spent, from the ledger.")
    arguments(parser)
    parser.add_argument("--config", default="config.yaml", help="the configuration (config.yaml)")
    return parser.parse_args(argv)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", type=dimensions, default=("key",), help=f"one or more of {','.join(DIMENSIONS)}")
    parser.add_argument("--since", help="a time or a day (2026-11-01); the first of this month if not given")
    parser.add_argument("--until", help="until then, which is not counted any more; now if not given")
    parser.add_argument("--where", type=fixed, nargs="+", action="extend", default=[], help="such as key=alice")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--zone", default="UTC", help="whose days count: Europe/Berlin")


def dimensions(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if strange := [name for name in names if name not in DIMENSIONS]:
        raise argparse.ArgumentTypeError(f"{strange[0]!r} is none of {', '.join(DIMENSIONS)}")
    return names


def fixed(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given or name not in DIMENSIONS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(DIMENSIONS)} with = and a value")
    return name, value


async def run(
    options: argparse.Namespace,
    ledger: Ledger,
    *,
    say: Callable[[str], object] = sys.stdout.write,
    clock: Callable[[], float] = time.time,
) -> int:
    """0, or 1 where the ledger can't be asked, or 2 where what is asked makes no sense. *ledger* is open."""
    where, zone = dict(options.where), options.zone
    try:
        since = moment(options.since, zone) if options.since else began("month", clock(), zone)
        until = moment(options.until, zone) if options.until else math.inf
        sums = await ledger.sums(options.by, since, until, where, zone=zone)
        # Not the sum of the lines: a call with two tags stands in two of them.
        total = (*await ledger.sums([], since, until, where, zone=zone), nothing())[0]
    except (ValueError, LedgerDown) as error:
        say(f"{error}\n")
        return 2 if isinstance(error, ValueError) else 1
    say(text(sums, total, by=options.by, format=options.format))
    return 0


def text(sums: Sequence[Sum], total: Sum, *, by: Sequence[str], format: str) -> str:
    """*format* is one of FORMATS. By time where the time is asked for, else the dearest first."""
    if not TIMES & set(by):
        sums = sorted(sums, key=lambda one: (-one.cost, one.by))
    if format == "json":
        return as_json(sums, total, by)
    if format == "csv":
        return as_csv(sums, by)
    return as_table(sums, total, by)


def as_table(sums: Sequence[Sum], total: Sum, by: Sequence[str]) -> str:
    """What the cache saved has a column where it saved anything."""
    saved = ("saved $",) if total.saved else ()
    head = (*by, "requests", "failed", "prompt tokens", "completion tokens", "cost $", *saved)
    rows = [(*(name or "-" for name in sum.by), *_shown(sum, saved=bool(saved))) for sum in sums]
    all = _shown(total, saved=bool(saved))
    whole = (*("total" if place == 0 else "" for place in range(len(by))), *all) if by else ()
    return table(head, rows or [all] if not by else rows, names=len(by), total=whole)


def _shown(sum: Sum, *, saved: bool) -> tuple[str, ...]:
    counts = (sum.requests, sum.failed, sum.prompt_tokens, sum.completion_tokens)
    return (*(f"{count:,}" for count in counts), shown(sum.cost), *((shown(sum.saved),) if saved else ()))


def as_csv(sums: Sequence[Sum], by: Sequence[str]) -> str:
    head = (*by, *FIGURES, *COUNTS, "cost_usd", "saved_usd")
    rows = [
        (
            *sum.by,
            *(str(getattr(sum, name)) for name in FIGURES),
            *map(str, sum.usage),
            exact(sum.cost),
            exact(sum.saved),
        )
        for sum in sums
    ]
    return separated(head, rows, names=len(by))


def as_json(sums: Sequence[Sum], total: Sum, by: Sequence[str]) -> str:
    rows = [{**dict(zip(by, sum.by, strict=True)), **figures(sum)} for sum in sums]
    body = {"by": list(by), "rows": rows, "total": figures(total)}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode() + "\n"


def figures(sum: Sum) -> dict[str, object]:
    """As all pages show them."""
    return {
        **{name: getattr(sum, name) for name in FIGURES},
        "cost_usd": number(sum.cost),
        "saved_usd": number(sum.saved),
        "usage": {name: count for name, count in zip(COUNTS, sum.usage, strict=True) if count},
    }
