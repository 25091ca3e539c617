"""Aggregates say what rows say, however batches come; shown of random calls."""

import asyncio
import itertools
import math
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.usage import COUNTS
from store.books import Books, books
from store.entry import COMPLETION, PROMPT, Entry
from store.ledger import Sum
from tests.store.ledger.entries import NOON, entries, entry

DIMENSIONS = ("key", "team", "route", "target", "provider", "model", "tag")
_OWNERS = itertools.count(1)


def summed(rows: list[Entry]) -> Sum:
    """By hand."""
    usage = tuple(sum(row.usage[place] for row in rows) for place in range(len(COUNTS)))
    return Sum(
        by=(),
        requests=len(rows),
        failed=sum((row.status >= 400 or row.fault != "") and not row.gone for row in rows),
        estimated=sum(row.estimated for row in rows),
        prompt_tokens=sum(usage[COUNTS.index(name)] for name in PROMPT),
        completion_tokens=sum(usage[COUNTS.index(name)] for name in COMPLETION),
        cost=sum(row.cost for row in rows),
        saved=sum(row.saved for row in rows),
        usage=usage,
    )


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows=st.lists(entries, min_size=1, max_size=12), cuts=st.lists(st.integers(0, 12), max_size=6), by=st.data())
async def test_sums_over_rows_are_sums_over_aggregates(
    ledger: Books, rows: list[Entry], cuts: list[int], by: st.DataObject
) -> None:
    owner = f"owner {next(_OWNERS)}"
    known = Counter(await all_charges(ledger, rows))
    before = (*await ledger.sums([], 0, math.inf), summed([]))[0]
    for begin in sorted({0, *cuts}):  # each batch reaches from its beginning to the end: all but the first overlap
        await ledger.add(owner, begin + 1, rows[begin:])
    dimensions = by.draw(
        st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique=True).filter(lambda it: "tag" not in it)
    )

    (whole,) = await ledger.sums([], 0, math.inf)
    parts = await ledger.sums(dimensions, 0, math.inf)

    assert whole == plus(before, summed(rows))
    assert sum(part.cost for part in parts) == whole.cost
    assert tuple(map(sum, zip(*(part.usage for part in parts), strict=True))) == whole.usage
    paid = Counter({name: sum(row.charges.get(name, 0) for row in rows) for row in rows for name in row.charges})
    assert +Counter(await all_charges(ledger, rows)) == known + paid
    kept = await ledger.rows(0, math.inf, most=10_000)
    assert plus(summed(kept), summed([])) == whole


def plus(one: Sum, two: Sum) -> Sum:
    usage = tuple(map(int.__add__, one.usage, two.usage))
    return Sum((), *map(int.__add__, one[1:-1], two[1:-1]), usage)


async def all_charges(ledger: Books, rows: list[Entry]) -> dict[str, int]:
    names = {name for row in rows for name in row.charges}
    return {name: sum((await ledger.charged(name)).values()) for name in names}


async def test_what_no_database_takes_as_a_name_is_kept_all_the_same(ledger: Books) -> None:
    odd = entry(1, route="a\0b\\u0000", tags=("x\0",), id="nul\0", charges={"usd:tag/x\0:total": 3})
    await ledger.add("me", 1, [odd])

    assert await ledger.rows(0, math.inf, {"route": "a\0b\\u0000", "tag": "x\0"}) == [odd]
    assert await ledger.charged("usd:tag/x\0:total") == {"me": 3}


async def test_several_who_add_at_once_wait_for_each_other(ledger: Books, other: Books) -> None:
    async def add(books: Books, owner: str, *, backwards: bool) -> None:
        rows = [entry(number, key=f"key {number % 20}", time=NOON + number % 7 * 3600) for number in range(1, 201)]
        for first in range(1, 201, 20):
            batch = rows[first - 1 : first + 19]
            await books.add(owner, first, batch[::-1] if backwards else batch)

    await asyncio.gather(
        add(ledger, "a", backwards=False), add(other, "b", backwards=True), add(ledger, "c", backwards=True)
    )

    assert (await ledger.sums([], 0, math.inf))[0].requests == 600
    assert sum((await ledger.charged("usd:key/alice:month-2026-11")).values()) == 600_000


ADDER = """
import asyncio, sys
from pathlib import Path
from store.books import books
from tests.store.ledger.entries import entry

async def main(owner, url, directory):
    ledger = books(url or None, Path(directory))
    await ledger.open()
    for first in range(1, 401, 20):
        await ledger.add(owner, first, [entry(number) for number in range(first, first + 20)])
    await ledger.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_processes_add_at_the_same_time(ledger: Books, address: str | None, tmp_path: Path) -> None:
    command = [sys.executable, "-c", ADDER]

    adding = [
        await asyncio.create_subprocess_exec(*command, owner, address or "", str(tmp_path)) for owner in ("a", "b")
    ]
    codes = [await one.wait() for one in adding]

    assert codes == [0, 0]
    assert (await ledger.sums(["key"], 0, math.inf))[0].requests == 800
    assert len(await ledger.rows(0, math.inf, most=1_000)) == 800
    assert await ledger.charged("usd:key/alice:month-2026-11") == {"a": 400_000, "b": 400_000}


async def test_a_file_is_opened_by_many_at_once(tmp_path: Path) -> None:
    many = [books(None, tmp_path) for _ in range(8)]

    await asyncio.gather(*(one.open() for one in many))
    await asyncio.gather(*(one.add(f"{number}", 1, [entry(number)]) for number, one in enumerate(many)))

    assert (await many[0].sums([], 0, math.inf))[0].requests == 8
    await asyncio.gather(*(one.close() for one in many))


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "UTC"])
async def test_hours_and_days_agree_in_every_zone(ledger: Books, zone: str) -> None:
    await ledger.add("me", 1, [entry(number, time=NOON + number * 3600 * 5) for number in range(1, 2_000, 3)])

    by_day = await ledger.sums(["day"], 0, math.inf, zone=zone)
    by_hour = await ledger.sums(["day", "hour"], 0, math.inf, zone=zone)

    counted = Counter[str]()
    for one in by_hour:
        counted[one.by[0]] += one.requests
    assert {one.by[0]: one.requests for one in by_day} == counted
