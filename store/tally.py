"""What a batch of finished calls adds up to, before any ledger sees it: few groups instead of many rows."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from operator import add, itemgetter, sub
from typing import Any, Final, NamedTuple

import orjson

from core.usage import COUNTS
from store.entry import (
    ATTEMPTS,
    CHARGES,
    COMPLETION,
    COST,
    ESTIMATED,
    FAULT,
    GONE,
    KEY,
    NO_TOKENS,
    PROMPT,
    SAVED,
    STATUS,
    TAGS,
    TIME,
    USAGE,
    Entry,
    answered,
)

GROUP: Final = ("hour", "key", "team", "route", "target", "tags")
FIGURES: Final = (
    "requests",
    "failed",
    "estimated",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "saved",
    *(f"n_{count}" for count in COUNTS),
)
"""The columns of an aggregate: what it is of, and what is added up."""

NOTHING: Final = (0,) * len(FIGURES)
Group = tuple[int, str, str, str, str, str]

NUL: Final = rb"\u0000"  # as JSON writes it
_NAMES: Final = slice(KEY, TAGS + 1)
_prompt = itemgetter(*map(COUNTS.index, PROMPT))
_completion = itemgetter(*map(COUNTS.index, COMPLETION))
_usage, _estimated, _cost, _charges = map(itemgetter, (USAGE, ESTIMATED, COST, CHARGES))


class Tally(NamedTuple):
    """*hours*: figures by group; *charges*: nano-dollars by account. Both in order, so that all who write at the same
    time take locks in the same order.
    """

    hours: list[tuple[Group, tuple[int, ...]]]
    charges: list[tuple[str, int]]


def tally(rows: Iterable[Sequence[Any]]) -> Tally:
    """*rows* are Entries, or what stands in JSON for them. What a call has cost and taken at other targets than the
    one that it is a call of counts there, as money and tokens without a call.
    """
    groups: dict[tuple[Any, ...], list[Sequence[Any]]] = {}
    charges: dict[str, int] = {}
    hour, names = math.nan, None  # of the row before: most are of its group
    those: list[Sequence[Any]] = []
    for row in rows:
        if row[TIME] // 3600 != hour or row[_NAMES] != names:
            hour, names = row[TIME] // 3600, row[_NAMES]
            those = groups.setdefault((int(hour), *names[:-1], *names[-1]), [])
        those.append(row)
    for those in groups.values():
        _charge(charges, list(filter(_charges, those)))
    hours: dict[Group, tuple[int, ...]] = {}
    moved: dict[Group, tuple[int, ...]] = {}
    for (begins, key, team, route, target, *tags), those in groups.items():
        hours[begins, key, team, route, target, written(tags)] = _figures(those)
        for other, part in _elsewhere(target, those):
            for place, change in ((other, add), (target, sub)):
                group = begins, key, team, route, place, written(tags)
                moved[group] = tuple(map(change, moved.get(group, NOTHING), part))
    for group, parts in moved.items():
        hours[group] = tuple(map(add, hours.get(group, NOTHING), parts))
    return Tally(sorted(hours.items()), sorted(charges.items()))


def _elsewhere(target: str, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Which other targets had a part in these calls of *target*, and what it came to in FIGURES."""
    for row in rows:
        if len(row[ATTEMPTS]) > 1:
            for other, _, _, cost, *took in row[ATTEMPTS]:
                usage = took[0] if took and took[0] else NO_TOKENS
                if other != target and (cost or any(usage)):
                    yield other, (0, 0, 0, sum(_prompt(usage)), sum(_completion(usage)), cost, 0, *usage)


def _charge(charges: dict[str, int], paid: Sequence[Sequence[Any]]) -> None:
    """Add what each account has *paid* for these rows. Most of them name the same ones, and no sums."""
    names = paid[0][CHARGES] if paid else ()
    if isinstance(names, list) and list(map(_charges, paid)).count(names) == len(paid):
        cost = sum(map(_cost, paid))
        for account in names:
            charges[account] = charges.get(account, 0) + cost
        return
    for row in paid:
        given = row[CHARGES]
        for account, cost in given.items() if isinstance(given, dict) else zip(given, repeat(row[COST])):
            charges[account] = charges.get(account, 0) + cost


def _figures(rows: Sequence[Sequence[Any]]) -> tuple[int, ...]:
    usage = tuple(map(sum, zip(*map(_usage, rows), strict=True)))
    return (
        len(rows),
        sum(map(failed, rows)),
        sum(map(_estimated, rows)),
        sum(_prompt(usage)),
        sum(_completion(usage)),
        sum(map(_cost, rows)),
        sum(row[SAVED] for row in rows if len(row) > SAVED),
        *usage,
    )


def tidied(sum: Tally) -> Tally:
    """With names that a database takes; what has become one by that is added up there."""
    hours: list[tuple[Group, tuple[int, ...]]] = []
    for (hour, key, team, route, target, tags), figures in sum.hours:
        names = clean(key), clean(team), clean(route), clean(target), written(tuple(map(clean, read(tags))))
        hours.append(((hour, *names), figures))
    return Tally(hours, [(clean(account), cost) for account, cost in sum.charges])


def prepared(entries: Sequence[Entry], bodies: Sequence[bytes]) -> Sequence[Entry]:
    """Entries with names that a database takes; *bodies* keep what was said."""
    if NUL not in b"".join(bodies):
        return entries
    return list(map(_cleaned, entries))


def _cleaned(entry: Entry) -> Entry:
    return entry._replace(
        id=clean(entry.id),
        key=clean(entry.key),
        team=clean(entry.team),
        route=clean(entry.route),
        target=clean(entry.target),
        tags=tuple(map(clean, entry.tags)),
        charges={clean(account): cost for account, cost in entry.charges.items()},
    )


def clean(text: str) -> str:
    """Databases' texts can't hold NUL, which a client may write into the name of a model."""
    return text.replace("\0", "\ufffd")


def cleaned(where: Mapping[str, str] | None) -> dict[str, str]:
    return {name: clean(value) for name, value in (where or {}).items()}


def failed(row: Sequence[Any]) -> bool:
    """A client that left is nobody's failure."""
    return (row[STATUS] >= 400 or bool(row[FAULT])) and not row[GONE]


def output(row: Sequence[Any]) -> int | None:
    """The completion tokens of a call that went well to its end; nothing for all others."""
    if row[GONE] or row[FAULT] or row[STATUS] >= 400:
        return None
    return sum(_completion(answered(row))) or None


def written(tags: Sequence[str]) -> str:
    """Tags as one text."""
    return orjson.dumps(tags).decode()


@lru_cache(maxsize=4096)
def read(tags: str) -> tuple[str, ...]:
    return tuple(orjson.loads(tags))
