"""A provider's account of what was used against our own: `python proxy.py reconcile FILE`."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, NamedTuple

from admin.dollars import nanos, shown
from admin.exports import COLUMNS, Line, plain, read
from admin.grid import table
from store.ledger import Ledger, LedgerDown, Sum
from store.zones import midnight

TOLERANCE: Final = Decimal(1)
LEAST: Final = nanos("0.01")  # dollars: providers' exports are rounded, too
_TOKENS: Final = 100  # likewise

Place = tuple[str, str]  # day and model


class Figures(NamedTuple):
    """*tokens* of input and output together; None is what isn't known. *cost* in nano-dollars."""

    cost: int | None = None
    tokens: int | None = None

    def plus(self, cost: int | None, tokens: int | None) -> "Figures":
        return Figures(_plus(self.cost, cost), _plus(self.tokens, tokens))


class Pair(NamedTuple):
    """What we say and what they say of one model on one day. Only what they say something of is compared."""

    place: Place
    ours: Figures
    theirs: Figures

    @property
    def drift(self) -> int | None:
        """Nano-dollars that we counted and they did not."""
        return None if self.theirs.cost is None else (self.ours.cost or 0) - self.theirs.cost

    @property
    def off(self) -> int | None:
        """The same in tokens."""
        return None if self.theirs.tokens is None else (self.ours.tokens or 0) - self.theirs.tokens

    def over(self, tolerance: Decimal, *, least: int) -> bool:
        """Whether they differ by more than *tolerance* %, and by more than *least* nano-dollars."""
        return _over(self.drift, self.theirs.cost, tolerance, least) or _over(
            self.off, self.theirs.tokens, tolerance, _TOKENS
        )


def _plus(one: int | None, two: int | None) -> int | None:
    return two if one is None else one if two is None else one + two


def _over(drift: int | None, theirs: int | None, tolerance: Decimal, least: int) -> bool:
    if drift is None or theirs is None:
        return False
    return abs(drift) > least and abs(drift) * 100 > tolerance * abs(theirs)


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="proxy.py reconcile", description="Compare a provider's export with ours.")
    arguments(parser)
    parser.add_argument("--config", default="config.yaml", help="the configuration (config.yaml)")
    return parser.parse_args(argv)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("export", metavar="FILE", type=Path, help="a usage or cost export, CSV or JSON")
    parser.add_argument("--provider", help="ours that it is of; without it, models that are not in FILE are left out")
    parser.add_argument("--columns", type=columns, default={}, help="such as date=Day,model=Name,cost=Total")
    parser.add_argument("--tolerance", type=percent, default=TOLERANCE, help="percent that may differ (1)")
    parser.add_argument("--least", type=dollars, default=LEAST, help="dollars that may differ in any case (0.01)")
    parser.add_argument("--by-day", action="store_true", help="whole days, where models are called otherwise there")
    parser.add_argument("--zone", default="UTC", help="whose days the export has")


def columns(text: str) -> dict[str, str]:
    pairs = dict(pair.partition("=")[::2] for pair in text.split(","))
    if strange := [name for name in pairs if name not in COLUMNS]:
        raise argparse.ArgumentTypeError(f"{strange[0]!r} is none of {', '.join(COLUMNS)}")
    return pairs


def percent(text: str) -> Decimal:
    try:
        value = Decimal(text.rstrip("%"))
    except InvalidOperation:
        value = Decimal(-1)
    if not (value.is_finite() and value >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of percent")
    return value


def dollars(text: str) -> int:
    try:
        return nanos(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}") from error


async def run(options: argparse.Namespace, ledger: Ledger, *, say: Callable[[str], object] = sys.stdout.write) -> int:
    """0 where all agree, 1 where something is over the tolerance or the ledger is down, 2 where FILE can't be read.
    *ledger* is open.
    """
    try:
        lines = read(options.export.read_text(encoding="utf-8"), options.columns)
        pairs = await _pairs(options, ledger, lines)
    except (ValueError, OSError, LedgerDown) as error:
        say(f"{options.export.name}: {error}\n")
        return 1 if isinstance(error, LedgerDown) else 2
    total = whole(pairs)
    wrong = [pair for pair in (*pairs, total) if pair.over(options.tolerance, least=options.least)]
    say(text(pairs, total, wrong))
    say(f"{len(wrong)} over the tolerance of {options.tolerance} %\n" if wrong else "all within the tolerance\n")
    return 1 if wrong else 0


async def _pairs(options: argparse.Namespace, ledger: Ledger, lines: Sequence[Line]) -> list[Pair]:
    if not lines:
        raise ValueError("there is nothing in it")
    by_day = options.by_day or not all(line.model for line in lines)
    days = sorted({line.day for line in lines})
    last = date.fromisoformat(days[-1]) + timedelta(days=1)
    since, until = midnight(date.fromisoformat(days[0]), options.zone), midnight(last, options.zone)
    where = {"provider": options.provider} if options.provider else {}
    sums = await ledger.sums(["day", "model"], since, until, where, zone=options.zone)
    theirs = _theirs(lines, by_day=by_day)
    ours = _ours(sums, by_day=by_day)
    if not options.provider and not by_day:
        named = {model for _, model in theirs}
        ours = {place: figures for place, figures in ours.items() if place[1] in named}
    return compared({place: figures for place, figures in ours.items() if place[0] in days}, theirs)


def _theirs(lines: Iterable[Line], *, by_day: bool) -> dict[Place, Figures]:
    found: dict[Place, Figures] = {}
    for line in lines:
        place = (line.day, "" if by_day else plain(line.model))
        found[place] = found.get(place, Figures()).plus(line.cost, _plus(line.input, line.output))
    return found


def _ours(sums: Iterable[Sum], *, by_day: bool) -> dict[Place, Figures]:
    found: dict[Place, Figures] = {}
    for sum in sums:
        place = (sum.by[0], "" if by_day else plain(sum.by[1]))
        found[place] = found.get(place, Figures()).plus(sum.cost, sum.prompt_tokens + sum.completion_tokens)
    return found


def compared(ours: Mapping[Place, Figures], theirs: Mapping[Place, Figures]) -> list[Pair]:
    """By day and model. Of what they don't mention on a day they say that it was nothing."""
    costs = any(figures.cost is not None for figures in theirs.values())
    tokens = any(figures.tokens is not None for figures in theirs.values())
    zero = Figures(0 if costs else None, 0 if tokens else None)
    places = sorted({*ours, *theirs})
    return [Pair(place, ours.get(place, Figures(0, 0)), theirs.get(place, zero)) for place in places]


def whole(pairs: Sequence[Pair]) -> Pair:
    """Only what both know enters the sum of either."""
    ours = theirs = Figures()
    for pair in pairs:
        ours = ours.plus(
            None if pair.theirs.cost is None else pair.ours.cost,
            None if pair.theirs.tokens is None else pair.ours.tokens,
        )
        theirs = theirs.plus(*pair.theirs)
    return Pair(("total", ""), ours, theirs)


def text(pairs: Sequence[Pair], total: Pair, wrong: Sequence[Pair]) -> str:
    head = ("day", "model", "ours $", "theirs $", "drift $", "drift %", "tokens off", "")
    rows = [_row(pair, bad=pair in wrong) for pair in pairs]
    return table(head, rows, names=2, total=_row(total, bad=total in wrong))


def _row(pair: Pair, *, bad: bool) -> tuple[str, ...]:
    day, model = pair.place
    known = pair.drift is not None
    share = _share(pair.drift, pair.theirs.cost) if known else _share(pair.off, pair.theirs.tokens)
    return (
        day,
        model,
        shown(pair.ours.cost or 0),
        "-" if pair.theirs.cost is None else shown(pair.theirs.cost),
        "-" if pair.drift is None else f"{'+' if pair.drift > 0 else ''}{shown(pair.drift)}",
        share,
        "-" if pair.off is None else f"{pair.off:+,}",
        "over" if bad else "",
    )


def _share(drift: int | None, theirs: int | None) -> str:
    if not drift or theirs is None:
        return "0.00"
    return f"{Decimal(drift) * 100 / theirs:+,.2f}" if theirs else "all"
