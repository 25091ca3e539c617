"""What a batch of finished calls adds up to, before any ledger sees it: few groups instead of many rows."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

import orjson

from core.usage import COUNTS
from store.entry import COMPLETION, PROMPT, Entry

GROUP: Final = ("hour", "key", "team", "route", "target", "tags")
FIGURES: Final = (
    "requests",
    "failed",
    "estimated",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    *(f"n_{count}" for count in COUNTS),
)
"""The columns of an aggregate: what it is of, and what is added up."""

Group = tuple[int, str, str, str, str, str]

_NUL: Final = rb"\u0000"  # as JSON writes it
_prompt = itemgetter(*map(COUNTS.index, PROMPT))
_completion = itemgetter(*map(COUNTS.index, COMPLETION))


class Tally(NamedTuple):
    """*hours*: figures by group; *charges*: nano-dollars by account. Both in order, so that all who write at the same
    time take locks in the same order.
    """

    hours: list[tuple[Group, tuple[int, ...]]]
    charges: list[tuple[str, int]]


def tally(entries: Iterable[Entry]) -> Tally:
    groups: dict[Group, list[Entry]] = {}
    charges: dict[str, int] = {}
    for entry in entries:
        time, _, key, team, route, target, tags, *_ = entry
        group = (int(time // 3600), key, team, route, target, written(tags))
        if (those := groups.get(group)) is None:
            those = groups[group] = []
        those.append(entry)
        for account, cost in entry.charges.items():
            charges[account] = charges.get(account, 0) + cost
    return Tally([(group, _figures(groups[group])) for group in sorted(groups)], sorted(charges.items()))


def _figures(entries: Sequence[Entry]) -> tuple[int, ...]:
    usage = tuple(map(sum, zip(*(entry.usage for entry in entries), strict=True)))
    return (
        len(entries),
        sum(map(failed, entries)),
        sum(entry.estimated for entry in entries),
        sum(_prompt(usage)),
        sum(_completion(usage)),
        sum(entry.cost for entry in entries),
        *usage,
    )


def prepared(entries: Sequence[Entry], bodies: Sequence[bytes]) -> Sequence[Entry]:
    """Entries with names that a database takes; *bodies* keep what was said."""
    if _NUL not in b"".join(bodies):
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


def failed(entry: Entry) -> bool:
    """A client that left is nobody's failure."""
    return (entry.status >= 400 or bool(entry.fault)) and not entry.gone


def output(entry: Entry) -> int | None:
    """The completion tokens of a call that went well to its end; nothing for all others."""
    if entry.gone or entry.fault or entry.status >= 400:
        return None
    return sum(_completion(entry.usage)) or None


@lru_cache(maxsize=4096)
def written(tags: tuple[str, ...]) -> str:
    """Tags as one text."""
    return orjson.dumps(tags).decode()


@lru_cache(maxsize=4096)
def read(tags: str) -> tuple[str, ...]:
    return tuple(orjson.loads(tags))
