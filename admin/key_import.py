"""Taking over many keys by their hashes: all of them, or none."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from admin.key_rows import Row
from admin.keys import Json, Locksmith, exists, hash_of, name_of, reachable
from core.errors import Refusal
from store.contract import StoredKey, StoreDown, Taken


class Ready(NamedTuple):
    """A row that can be taken over; *there*: it has been already, just as it is."""

    row: Row
    key: StoredKey
    there: bool


async def take_over(locksmith: Locksmith, rows: Sequence[Row], *, try_only: bool = False) -> Json:
    """What became of each row: `made`, `there` (it was already), `wrong`, or `left` (since another was wrong).

    Doing it again is harmless. With *try_only* nothing is written.
    """
    checked = await _checked(locksmith, rows)
    good = all(isinstance(each, Ready) for each in checked)
    if good and not try_only:
        checked = await _written(locksmith, [each for each in checked if isinstance(each, Ready)])
        good = all(isinstance(each, Ready) for each in checked)
    done = "ready" if try_only else "made"
    lines = [_line(row, each, done if good else "left") for row, each in zip(rows, checked, strict=True)]
    return {
        "ok": good,
        "made": sum(line["result"] == "made" for line in lines),
        "there": sum(line["result"] == "there" for line in lines),
        "wrong": sum(line["result"] == "wrong" for line in lines),
        "rows": lines,
    }


async def _checked(locksmith: Locksmith, rows: Sequence[Row]) -> list[Ready | str]:
    seen: dict[tuple[str, str | bytes], int] = {}
    checked: list[Ready | str] = []
    for row in rows:
        try:
            checked.append(await _check(locksmith, row, seen))
        except Refusal as refusal:
            if refusal.status == 503:
                raise
            checked.append(refusal.message)
    return checked


async def _check(locksmith: Locksmith, row: Row, seen: dict[tuple[str, str | bytes], int]) -> Ready | str:
    """Raises Refusal, or returns what is wrong."""
    if row.wrong:
        return row.wrong
    name, hashed = name_of(row.name or None), hash_of(row.sha256 or None)
    for mark in (("name", name), ("hash", hashed)):
        line = seen.setdefault(mark, row.line)
        if line != row.line:
            return f"has the same {mark[0]} as line {line}"
    row.notes += locksmith.read(name, hashed, row.fields)
    locksmith.refuse_written(name, hashed)
    with reachable():
        named = await locksmith.store.key_named(name)
        hashed_so = await locksmith.store.key_of(hashed)
    if named is not None and named.digest == hashed and dict(named.fields) == row.fields:
        return Ready(row, named, there=True)
    if named is not None:
        raise exists(f"There is a key called {name!r} already.", "name")
    if hashed_so is not None:
        raise exists("This key exists under another name.", "sha256")
    now = locksmith.clock()
    return Ready(row, StoredKey(name, hashed, row.fields, now, now), there=False)


async def _written(locksmith: Locksmith, ready: Sequence[Ready]) -> list[Ready | str]:
    """If one can't be written after all, what was is taken back."""
    tried: list[StoredKey] = []
    for each in ready:
        if each.there:
            continue
        try:
            await locksmith.store.put_key(each.key)
        except Taken:
            why = "was made by somebody else meanwhile"
        except StoreDown:
            tried.append(each.key)  # it may have been made
            why = "the store can't be reached"
        else:
            tried.append(each.key)
            continue
        why += await _taken_back(locksmith, tried)
        return [why if one is each else one for one in ready]
    return list(ready)


async def _taken_back(locksmith: Locksmith, keys: Sequence[StoredKey]) -> str:
    """The end of a sentence: what could not be taken back."""
    try:
        for key in keys:
            found = await locksmith.store.key_named(key.name)
            if found is not None and found.digest == key.digest:
                await locksmith.store.drop_key(key.name)
    except StoreDown:
        return "; some of the keys may have been made: do it again when it is back"
    return ""


def _line(row: Row, each: Ready | str, done: str) -> Json:
    line: dict[str, Any] = {"line": row.line, "name": row.name}
    if isinstance(each, str):
        return {**line, "result": "wrong", "why": each}
    notes: Mapping[str, Any] = {"notes": row.notes} if row.notes else {}
    return {**line, "result": "there" if each.there else done, **notes}
