"""Rows of finished calls in blocks: as one piece of JSON each, since a database takes one of them as fast as one row.

Whoever looks for calls reads whole blocks, the newest first, and stops as soon as no older one can hold what is wanted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import orjson

from store.entry import ID, KEY, ROUTE, TAGS, TARGET, TEAM, TIME, WHOLE, Entry, NoRow
from store.questions import parted
from store.tally import clean

Fields = Sequence[Any]  # an Entry's, in its order
Fits = Callable[[Fields], bool]

_PLACES: Final = {"key": KEY, "team": TEAM, "route": ROUTE, "target": TARGET}
ENOUGH: Final = 16 * 1024 * 1024
_time, _key = itemgetter(TIME), itemgetter(KEY)
_MARK: Final = "\n"  # between the keys of a block; JSON leaves none in them


class Block(NamedTuple):
    """*since* and *until*: when the first and the last of its calls began. *keys* are those who called."""

    since: float
    until: float
    keys: str
    body: bytes


def block(rows: Sequence[Fields], bodies: Sequence[bytes]) -> Block:
    """Of at least one row."""
    times = list(map(_time, rows))
    return Block(min(times), max(times), marked(map(clean, set(map(_key, rows)))), b"[%b]" % b",".join(bodies))


def marked(keys: Iterable[str]) -> str:
    """A text in which `marked([key])` occurs for each of *keys*, and for no other."""
    return _MARK.join(["", *(orjson.dumps(key).decode() for key in sorted(set(keys))), ""])


def read(bodies: Sequence[bytes], *, already: int = 0) -> list[Fields]:
    """The rows that *bodies* are. Raises NoRow for the first that is none, *already* added to its number."""
    try:
        rows = orjson.loads(b"[%b]" % b",".join(bodies))
        if len(rows) == len(bodies) and set(map(len, rows)) <= WHOLE:
            return rows  # type: ignore[no-any-return]
    except (ValueError, TypeError):
        pass
    for number, body in enumerate(bodies):
        try:
            Entry.from_bytes(body)
        except (ValueError, TypeError):
            raise NoRow(already + number) from None
    return [Entry.from_bytes(body) for body in bodies]


def fitting(where: Mapping[str, str]) -> Fits:
    """Whether a row is one of those asked for. Times are not looked at."""
    tests = [test for name, value in where.items() if (test := _test(name, value)) is not None]
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _test(name: str, value: str) -> Fits | None:
    if (place := _PLACES.get(name)) is not None:
        return lambda row: clean(row[place]) == value
    match name:
        case "provider" | "model":
            part = name == "model"
            return lambda row: parted(clean(row[TARGET]))[part] == value
        case "tag":
            return lambda row: value in map(clean, row[TAGS]) if row[TAGS] else not value
    return None


def newest(
    blocks: Iterable[tuple[float, bytes]], fits: Fits, wanted: int, *, since: float, until: float
) -> list[Fields]:
    """The newest *wanted* rows that fit, of those that began in [since, until); the newest first.

    *blocks* are bodies, each after the time of its last call, the latest first.
    """
    found: list[tuple[float, int, int, Fields]] = []
    least = since
    for number, (last, body) in enumerate(blocks):
        if last < least:
            break
        found += [
            (row[TIME], -number, index, row)
            for index, row in enumerate(orjson.loads(body))
            if least <= row[TIME] < until and fits(row)
        ]
        if len(found) >= wanted:
            found.sort(key=_order, reverse=True)
            del found[wanted:]
            least = found[-1][0] if found else since
    found.sort(key=_order, reverse=True)
    return [row for *_, row in found[:wanted]]


def called(blocks: Iterable[tuple[float, bytes]], id: str, key: str | None, *, since: float) -> Fields | None:
    """The newest call with that id (of *key*, unless None), in the newest ENOUGH bytes of *blocks*."""
    written, read = orjson.dumps(id), 0
    for _, body in blocks:
        if written in body:
            rows = [row for row in orjson.loads(body) if row[ID] == id and row[TIME] >= since]
            if found := [row for row in rows if key is None or clean(row[KEY]) == key]:
                return max(found, key=_time)  # type: ignore[no-any-return]
        read += len(body)
        if read > ENOUGH:
            break
    return None


def following(found: Sequence[Fields], id: str, looked_at: int) -> Sequence[Fields]:
    """Those after the last that is called *id* among the first *looked_at*, since a client that always says the same id
    must not send us in a circle; none where there is no such one.
    """
    places = [place for place, row in enumerate(found[:looked_at]) if clean(row[ID]) == id]
    return found[places[-1] + 1 :] if places else ()


def _order(one: tuple[float, int, int, Fields]) -> tuple[float, int, int]:
    return one[:3]
