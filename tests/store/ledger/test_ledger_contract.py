"""What every ledger does, shown of SQLite and of a real PostgreSQL."""

import math

import pytest

from store.books import Books
from store.ledger import Quantiles, Sum
from tests.store.ledger.entries import NOON, entry, usage

DAY = 86400.0


async def test_what_was_added_is_found(ledger: Books) -> None:
    one = entry(1, tags=("red",), attempts=(("a/b", "timeout", 3.5, 0), ("openai/gpt-5", "", 1.0, 7)), first_ms=1.5)
    two = entry(2, key="bob", finish=None, stream=True)

    await ledger.add("me", 1, [one, two])

    assert await ledger.rows(0, math.inf) == [two, one]


async def test_nothing_is_a_batch_too(ledger: Books) -> None:
    await ledger.add("me", 1, [])

    assert await ledger.last("me") == 0
    assert await ledger.sums([], 0, math.inf) == []


async def test_a_batch_that_comes_twice_counts_once(ledger: Books) -> None:
    batch = [entry(1), entry(2)]

    await ledger.add("me", 1, batch)
    await ledger.add("me", 1, batch)

    assert await ledger.last("me") == 2
    assert len(await ledger.rows(0, math.inf)) == 2
    assert [(one.requests, one.cost) for one in await ledger.sums([], 0, math.inf)] == [(2, 2_000)]
    assert await ledger.charged("usd:key/alice:month-2026-11") == {"me": 2_000}


async def test_of_overlapping_batches_only_what_is_new_counts(ledger: Books) -> None:
    rows = [entry(number) for number in range(1, 6)]

    await ledger.add("me", 1, rows[:3])
    await ledger.add("me", 2, rows[1:])

    assert await ledger.last("me") == 5
    assert await ledger.rows(0, math.inf) == rows[::-1]
    assert (await ledger.sums([], 0, math.inf))[0].requests == 5


async def test_numbers_belong_to_their_owner(ledger: Books, other: Books) -> None:
    await ledger.add("me", 1, [entry(1)])
    await other.add("you", 1, [entry(2), entry(3)])

    assert (await ledger.last("me"), await ledger.last("you"), await ledger.last("nobody")) == (1, 2, 0)
    assert await ledger.charged("usd:key/alice:month-2026-11") == {"me": 1_000, "you": 2_000}
    assert await ledger.charged("usd:nothing:total") == {}


async def test_a_ledger_that_begins_later_takes_the_numbers_as_they_are(ledger: Books) -> None:
    await ledger.add("me", 1_000, [entry(1)])

    assert await ledger.last("me") == 1_000


async def test_a_sum_has_everything(ledger: Books) -> None:
    counts = usage(input=1, cache_read=2, cache_write=4, output=8, reasoning=3, cache_write_long=16, audio_input=32)
    await ledger.add("me", 1, [
        entry(1, usage=counts),
        entry(2, usage=counts, estimated=True, fault="broken"),
        entry(3, status=502, fault="broken", cost=0),
        entry(4, status=499, fault="cancelled", gone=True),
        entry(5, cost=0, usage=usage(), cache="hit", saved=1_234),
    ])  # fmt: skip

    assert await ledger.sums([], 0, math.inf) == [
        Sum(
            by=(),
            requests=5,
            failed=2,
            estimated=1,
            prompt_tokens=2 * (1 + 2 + 4 + 16 + 32) + 2 * 10,
            completion_tokens=2 * 8 + 2 * 5,
            cost=3_000,
            saved=1_234,
            usage=tuple(2 * one + 2 * two for one, two in zip(counts, usage(input=10, output=5), strict=True)),
        )
    ]


SPREAD = [
    entry(1, target="openai/gpt-5", tags=("green", "red")),
    entry(2, target="openrouter/meta/llama", tags=("red",), key="bob", team=""),
    entry(3, target="", route="slow", time=NOON + DAY),
    entry(4, target="openai/gpt-5", time=NOON + 10 * DAY),
]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (["key"], {("alice",): 3, ("bob",): 1}),
        (["team"], {("",): 1, ("research",): 3}),
        (["route"], {("fast",): 3, ("slow",): 1}),
        (["target"], {("",): 1, ("openai/gpt-5",): 2, ("openrouter/meta/llama",): 1}),
        (["provider"], {("",): 1, ("openai",): 2, ("openrouter",): 1}),
        (["model"], {("",): 1, ("gpt-5",): 2, ("meta/llama",): 1}),
        (["tag"], {("",): 2, ("green",): 1, ("red",): 2}),
        (["hour"], {("2026-11-26T12:00Z",): 2, ("2026-11-27T12:00Z",): 1, ("2026-12-06T12:00Z",): 1}),
        (["day"], {("2026-11-26",): 2, ("2026-11-27",): 1, ("2026-12-06",): 1}),
        (["month"], {("2026-11",): 3, ("2026-12",): 1}),
        (["month", "key"], {("2026-11", "alice"): 2, ("2026-11", "bob"): 1, ("2026-12", "alice"): 1}),
        (["key", "day", "hour"][:2], {("alice", "2026-11-26"): 1, ("alice", "2026-11-27"): 1,
                                      ("alice", "2026-12-06"): 1, ("bob", "2026-11-26"): 1}),
        (["day", "hour"], {("2026-11-26", "2026-11-26T12:00Z"): 2, ("2026-11-27", "2026-11-27T12:00Z"): 1,
                           ("2026-12-06", "2026-12-06T12:00Z"): 1}),
    ],
)  # fmt: skip
async def test_sums_are_by_what_is_asked(ledger: Books, by: list[str], expected: dict[tuple[str, ...], int]) -> None:
    await ledger.add("me", 1, SPREAD)

    found = await ledger.sums(by, 0, math.inf)

    assert {one.by: one.requests for one in found} == expected
    assert [one.by for one in found] == sorted(expected)


@pytest.mark.parametrize(
    ("where", "calls"),
    [
        ({"key": "bob"}, [2]),
        ({"team": "research", "route": "fast"}, [1, 4]),
        ({"target": "openai/gpt-5"}, [1, 4]),
        ({"provider": "openrouter"}, [2]),
        ({"provider": ""}, [3]),
        ({"model": "meta/llama"}, [2]),
        ({"model": "llama"}, []),
        ({"tag": "red"}, [1, 2]),
        ({"tag": ""}, [3, 4]),
        ({"tag": "' OR 1=1 --"}, []),
        ({"day": "2026-11-26"}, [1, 2]),
        ({"hour": "2026-11-27T12:00Z"}, [3]),
        ({"month": "2026-11", "key": "alice"}, [1, 3]),
    ],
)
async def test_rows_and_sums_are_of_what_is_asked_for(ledger: Books, where: dict[str, str], calls: list[int]) -> None:
    await ledger.add("me", 1, SPREAD)

    rows = await ledger.rows(0, math.inf, where)
    sums = await ledger.sums([], 0, math.inf, where)

    assert sorted(row.id for row in rows) == [f"call-{number}" for number in calls]
    assert sum(one.requests for one in sums) == len(calls)


async def test_a_tag_that_is_asked_for_stands_alone(ledger: Books) -> None:
    await ledger.add("me", 1, SPREAD)

    assert [one.by for one in await ledger.sums(["tag"], 0, math.inf, {"tag": "red"})] == [("red",)]


@pytest.mark.parametrize("asked", [{"by": ["colour"]}, {"by": [], "where": {"colour": "red"}}])
async def test_what_is_no_dimension_is_refused(ledger: Books, asked: dict) -> None:
    with pytest.raises(ValueError, match="'colour' is none of hour, day, month, key"):
        await ledger.sums(since=0, until=math.inf, **asked)
    with pytest.raises(ValueError, match="'colour' is none of"):
        await ledger.rows(0, math.inf, {"colour": "red"})


@pytest.mark.parametrize(("name", "label"), [("day", "26.11."), ("hour", "2026-11-26T14:30Z"), ("month", "9999-12")])
async def test_what_is_no_time_is_refused(ledger: Books, name: str, label: str) -> None:
    with pytest.raises(ValueError, match=f"{label!r} is no {name}; one is written 2026-11"):
        await ledger.sums([], 0, math.inf, {name: label})


async def test_what_is_no_zone_is_refused(ledger: Books) -> None:
    with pytest.raises(ValueError, match="'Mars/Olympus' is not a time zone"):
        await ledger.sums(["day"], 0, math.inf, {"day": "2026-11-26"}, zone="Mars/Olympus")


async def test_hours_belong_to_a_period_that_they_begin_in(ledger: Books) -> None:
    await ledger.add("me", 1, [entry(1, time=NOON + 3599.9), entry(2, time=NOON + 3600)])

    found = [
        sum(one.requests for one in await ledger.sums([], since, until))
        for since, until in [(NOON, NOON + 1), (NOON + 1, NOON + 3601), (NOON, NOON + 3600), (NOON + 3601, math.inf)]
    ]

    assert found == [1, 1, 1, 0]


async def test_days_are_those_of_the_zone_also_where_clocks_change(ledger: Books) -> None:
    changed = NOON - 32 * DAY  # 2026-10-25T12:00Z; clocks in Berlin went back at 01:00Z
    await ledger.add("me", 1, [
        entry(1, time=changed - 14 * 3600 - 1),  # 21:59Z the day before: 23:59
        entry(2, time=changed - 14 * 3600),      # 22:00Z: midnight of summer
        entry(3, time=changed + 11 * 3600 - 1),  # 22:59Z: a second before midnight of winter
        entry(4, time=changed + 11 * 3600),      # 23:00Z
    ])  # fmt: skip

    days = await ledger.sums(["day"], 0, math.inf, zone="Europe/Berlin")
    hours = await ledger.sums(["day", "hour"], 0, math.inf, zone="Europe/Berlin")
    one = await ledger.sums(["month"], 0, math.inf, {"day": "2026-10-25"}, zone="Europe/Berlin")

    expected = {("2026-10-24",): 1, ("2026-10-25",): 2, ("2026-10-26",): 1}
    assert {one.by: one.requests for one in days} == expected
    assert [one.by[0] for one in hours] == ["2026-10-24", "2026-10-25", "2026-10-25", "2026-10-26"]
    assert [(one.by, one.requests) for one in one] == [(("2026-10",), 2)]


async def test_rows_come_in_pages(ledger: Books) -> None:
    rows = [entry(number, time=NOON) for number in range(1, 8)]
    await ledger.add("me", 1, rows)

    seen: list[str] = []
    while page := await ledger.rows(0, math.inf, most=3, after=seen[-1] if seen else ""):
        seen += [row.id for row in page]

    assert sorted(seen) == sorted(row.id for row in rows)
    assert len(seen) == 7


async def test_pages_end_even_where_clients_choose_the_same_id_again(ledger: Books) -> None:
    await ledger.add("me", 1, [entry(number, id="mine") for number in range(1, 5)])

    assert len(await ledger.rows(0, math.inf, most=3)) == 3
    assert await ledger.rows(0, math.inf, most=3, after="mine") == []
    assert await ledger.rows(0, math.inf, after="never seen") == []


async def test_rows_are_those_of_the_period(ledger: Books) -> None:
    await ledger.add("me", 1, [entry(number) for number in range(1, 5)])

    assert [row.id for row in await ledger.rows(NOON + 2, NOON + 4)] == ["call-3", "call-2"]


async def test_output_is_that_of_good_calls(ledger: Books) -> None:
    good = [entry(number, usage=usage(output=number, audio_output=1)) for number in range(1, 11)]
    bad = [
        entry(11, usage=usage(output=900), gone=True),
        entry(12, usage=usage(output=900), fault="broken"),
        entry(13, usage=usage(input=900)),
        entry(14, usage=usage(output=900), status=500),
        entry(15, usage=usage(output=900), key="bob"),
        entry(16, usage=usage(output=900), route="slow"),
        entry(17, usage=usage(output=900), target="openai/gpt-6"),
    ]
    await ledger.add("me", 1, [*good, *bad])

    assert await ledger.output("alice", "fast", "openai/gpt-5", 0) == Quantiles(10, 6, 10)
    assert await ledger.output("alice", "fast", "openai/gpt-5", NOON + 10) == Quantiles(1, 11, 11)
    assert await ledger.output(None, None, None, 0) == Quantiles(13, 8, 900)
    assert await ledger.output("nobody", None, None, 0) == Quantiles(0, 0, 0)


async def test_sums_outlive_their_rows(ledger: Books) -> None:
    for first in range(1, 2_101, 10):
        await ledger.add("me", first, [entry(number) for number in range(first, first + 10)])

    assert await ledger.forget(NOON + 2_091) == 2_090
    assert await ledger.forget(NOON + 2_091) == 0
    assert await ledger.forget(-math.inf) == 0

    assert [row.id for row in await ledger.rows(0, math.inf)] == [
        f"call-{number}" for number in range(2_100, 2_090, -1)
    ]
    assert (await ledger.sums([], 0, math.inf))[0].requests == 2_100
    assert await ledger.charged("usd:key/alice:month-2026-11") == {"me": 2_100_000}


async def test_accounts_of_windows_that_are_long_over_are_forgotten(ledger: Books) -> None:
    kept = ["usd:key/a:total", "usd:key/a:total@Europe/Berlin", "usd:key/a:99999999s-17"]
    gone = ["usd:key/a:day-2024-01-01", "usd:key/a:3600s-474000", "usd:key/a:week-2024-W01@Europe/Berlin"]
    await ledger.add("me", 1, [entry(1, time=NOON - 800 * DAY, charges=dict.fromkeys((*kept, *gone), 5))])
    await ledger.add("me", 2, [entry(2, charges={"usd:key/a:day-2026-11-26": 5})])

    await ledger.forget(NOON - 90 * DAY)

    assert [await ledger.charged(account) for account in kept] == [{"me": 5}] * 3
    assert [await ledger.charged(account) for account in gone] == [{}] * 3
    assert await ledger.charged("usd:key/a:day-2026-11-26") == {"me": 5}


async def test_tables_are_made_once(ledger: Books, other: Books) -> None:
    assert await ledger.migrate() == []
    assert await other.migrate() == []


async def test_a_key_is_found_among_many_and_no_other_for_it(ledger: Books) -> None:
    keys = ["a", "aa", 'a"b', "a\nb", "ünï", "nul\0nul"]
    await ledger.add("me", 1, [entry(number, key=key) for number, key in enumerate(keys)])
    await ledger.add("me", 7, [entry(number, key="b") for number in range(7, 10)])

    found = [[row.id for row in await ledger.rows(0, math.inf, {"key": key})] for key in (*keys, "c", "")]

    assert found == [*([f"call-{number}"] for number in range(6)), [], []]


async def test_rows_come_in_the_order_of_their_times_whenever_they_were_added(ledger: Books) -> None:
    times = [50, 3, 77, 12, 40, 41, 5, 99, 1, 60]
    for number, time in enumerate(times, 1):
        await ledger.add("me", number, [entry(time)])
    await ledger.add("you", 1, [entry(time) for time in (2, 98, 45)])

    found = [row.id for row in await ledger.rows(NOON + 2, NOON + 99, most=8)]
    rest = [row.id for row in await ledger.rows(NOON + 2, NOON + 99, after=found[-1])]

    assert [*found, *rest] == [f"call-{time}" for time in (98, 77, 60, 50, 45, 41, 40, 12, 5, 3, 2)]
