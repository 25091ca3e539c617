"""What a ledger is asked, as SQL for either database, and how what it answers becomes sums.

Placeholders are $1, $2 ... A database groups by what its columns hold; days of a time zone, providers and tags are made
of that here, so that both ledgers answer alike.
"""

# ruff: noqa: S608  (names are ours; what others said stands in places)

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from core.usage import COUNTS
from store.ledger import DIMENSIONS, Quantiles, Sum
from store.tally import FIGURES, read
from store.zones import DAY, HOUR, Shifts, date_of, day_of, hour_label, hours, narrowed

LOOKED_AT: Final = 20_000  # calls among which one is looked for by what no index knows
_PLAIN: Final = ("key", "team", "route", "target")
_COLUMN: Final = {name: name for name in _PLAIN} | {"provider": "target", "model": "target", "tag": "tags"}


class Dialect(NamedTuple):
    """Where two databases differ. *tagged* is true of rows with the tag in its place."""

    prefix: str
    slash: str
    tagged: str


class Question(NamedTuple):
    text: str
    values: tuple[Any, ...]


class Words:
    """A condition that grows, and the values in its places."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._conditions: list[str] = []
        self.values: list[Any] = []

    def say(self, condition: str, value: object) -> None:
        """*condition* has a `{}` where the value's place is."""
        self.values.append(value)
        self._conditions.append(condition.format(f"${len(self.values)}"))

    def fix(self, where: Mapping[str, str]) -> None:
        slash = self._dialect.slash
        for name, value in where.items():
            if name in _PLAIN:
                self.say(f"{name} = {{}}", value)
            elif name == "provider":
                self.say(f"CASE WHEN {slash} = 0 THEN '' ELSE substr(target, 1, {slash} - 1) END = {{}}", value)
            elif name == "model":
                self.say(f"substr(target, {slash} + 1) = {{}}", value)
            elif name == "tag":
                self.say("tags = '[]' AND {} = ''" if not value else self._dialect.tagged, value)

    @property
    def text(self) -> str:
        return " AND ".join(self._conditions) or "1 = 1"


class Sums:
    """One question for sums; raises ValueError with a sentence for a dimension that there isn't."""

    def __init__(
        self, by: Sequence[str], since: float, until: float, where: Mapping[str, str], *, zone: str, dialect: Dialect
    ) -> None:
        checked({**dict.fromkeys(by, ""), **where})
        self._by, self._zone, self._dialect, self._tag = tuple(by), zone, dialect, where.get("tag")
        begins, ends = hours(*narrowed(since, until, where, zone))
        self._words = Words(dialect)
        self._words.say("hour >= {}", begins)
        self._words.say("hour < {}", ends)
        self._words.fix(where)
        self._hourly = "hour" in by
        self._timed = self._hourly or "day" in by or "month" in by
        self._columns = list(dict.fromkeys(_COLUMN[name] for name in by if name in _COLUMN))

    @property
    def extent(self) -> Question | None:
        """What has to be asked before, if anything: from which hour to which one there is something."""
        if not self._timed or self._hourly or self._zone == "UTC":
            return None
        return Question(
            f"SELECT min(hour), max(hour) FROM {self._dialect.prefix}hours WHERE {self._words.text}",
            tuple(self._words.values),
        )

    def question(self, shifts: Shifts) -> Question:
        columns = [*([self._time(shifts)] if self._timed else []), *self._columns]
        places = ", ".join(str(place) for place in range(1, len(columns) + 1))
        figures = ", ".join(f"CAST(sum({name}) AS BIGINT)" for name in FIGURES)
        grouped = f" GROUP BY {places}" if columns else ""
        text = f"SELECT {', '.join([*columns, figures])} FROM {self._dialect.prefix}hours"
        return Question(f"{text} WHERE {self._words.text}{grouped}", tuple(self._words.values))

    def _time(self, shifts: Shifts) -> str:
        if self._hourly:
            return "hour"
        *changes, (_, last) = shifts
        cases = " ".join(f"WHEN hour < {change} THEN {offset}" for change, offset in changes)
        offset = f"CASE {cases} ELSE {last} END" if cases else f"{last}"
        return f"(hour * {HOUR} + {offset}) / {DAY}"

    def fold(self, rows: Iterable[Sequence[Any]]) -> list[Sum]:
        found: dict[tuple[str, ...], list[int]] = {}
        first = self._timed + len(self._columns)
        for row in rows:
            figures = row[first:]
            if figures[0] is None:
                continue
            for by in self._labels(row):
                known = found.get(by)
                found[by] = list(figures) if known is None else list(map(int.__add__, known, figures))
        return [_sum(by, found[by]) for by in sorted(found)]

    def _labels(self, row: Sequence[Any]) -> Iterable[tuple[str, ...]]:
        time = row[0] if self._timed else 0
        values = dict(zip(self._columns, row[self._timed :], strict=False))
        return product(*(self._label(name, time, values) for name in self._by))

    def _label(self, name: str, time: int, values: Mapping[str, str]) -> tuple[str, ...]:
        match name:
            case "hour":
                return (hour_label(time),)
            case "day" | "month":
                day = date_of(day_of(time, self._zone) if self._hourly else time).isoformat()
                return (day if name == "day" else day[:7],)
            case "provider":
                return (parted(values["target"])[0],)
            case "model":
                return (parted(values["target"])[1],)
            case "tag":
                return (self._tag,) if self._tag is not None else read(values["tags"]) or ("",)
        return (values[name],)


def parted(target: str) -> tuple[str, str]:
    """Provider and model; no provider where there is no slash."""
    provider, slash, model = target.partition("/")
    return (provider, model) if slash else ("", target)


def _sum(by: tuple[str, ...], figures: Sequence[int]) -> Sum:
    requests, bad, estimated, prompt, completion, cost, saved, *usage = figures
    return Sum(by, requests, bad, estimated, prompt, completion, cost, saved, tuple(usage))


def nothing(by: tuple[str, ...] = ()) -> Sum:
    return Sum(by, 0, 0, 0, 0, 0, 0, 0, (0,) * len(COUNTS))


def checked(where: Mapping[str, str]) -> Mapping[str, str]:
    """Raises ValueError with a sentence for a dimension that there isn't."""
    if strange := [name for name in where if name not in DIMENSIONS]:
        raise ValueError(f"{strange[0]!r} is none of {', '.join(DIMENSIONS)}")
    return where


def said(since: float, target: str | None, dialect: Dialect) -> Question:
    """Opinions by target, task and label, with how many there are, and their mean."""
    words = Words(dialect)
    words.say("time >= {}", float(since))
    if target is not None:
        words.say("target = {}", target)
    return Question(
        f"SELECT target, task, label, count(*), avg(score) FROM {dialect.prefix}opinions WHERE {words.text}"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        tuple(words.values),
    )


def quantiles(outputs: Sequence[int]) -> Quantiles:
    """By the nearest rank: a number that really occurred."""
    if not outputs:
        return Quantiles(0, 0, 0)
    ranked = sorted(outputs)
    p50, p90 = (ranked[math.ceil(len(ranked) * share / 100) - 1] for share in (50, 90))
    return Quantiles(len(ranked), p50, p90)


def lasting(account: str) -> bool:
    """Whether an account may still be charged a year after it last was: its window is very long, or has no end."""
    window = account.rpartition(":")[2].partition("@")[0]
    seconds, dash, _ = window.partition("s-")
    return window == "total" or bool(dash and seconds.replace(".", "", 1).isdigit() and float(seconds) > YEAR)


YEAR: Final = 366.0 * DAY
