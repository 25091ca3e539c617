"""What every place does where answers are kept."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cache.entry import APART, OVERHEAD, Entry, Forgetting, Labels
from cache.memory import Memory

ANY = Forgetting()


def entry(text="x", *, cost=1_000, ttl=60.0, made=None, stale=0.0, **labels):
    names = {"key": "alice", "route": "m", "model": "m", "target": "p/x", "tags": ("blue", "red"), **labels}
    made = time.time() if made is None else made
    return Entry(Labels(**names), made, ttl, stale, cost, "stop", b'{"cost":0}', whole=text.encode())


def mark(number, *, compartment=0):
    return bytes([compartment]) + number.to_bytes(23, "big")


async def keep(shelf, number, one, since=None):
    if since is None:
        since = (await shelf.find(mark(number), time.time())).since
    return await shelf.keep(mark(number), one, since, time.time())


async def has(shelf, *numbers):
    return [(await shelf.find(mark(number), time.time())).entry is not None for number in numbers]


async def test_what_is_kept_is_found_as_it_was(shelf):
    pieces = (b"data: {}\n\n", "data: ü\n\n".encode())
    one = entry("")._replace(whole=b"", pieces=pieces, pauses=(0.0, 0.25), dropped=("seed",), finish=None)

    await keep(shelf, 1, one)

    found = (await shelf.find(mark(1), time.time())).entry
    assert one == found
    assert (await shelf.find(mark(2), time.time())).entry is None


async def test_its_time_ends(shelf):
    await keep(shelf, 1, entry(ttl=0.2))
    await keep(shelf, 2, entry(ttl=0.1, stale=60.0))
    await asyncio.sleep(0.25)

    assert [False, True] == await has(shelf, 1, 2)


async def test_whether_there_is_one_can_be_asked(shelf):
    await keep(shelf, 1, entry())

    assert [True, False] == [await shelf.has(mark(number)) for number in (1, 2)]


async def test_the_latest_stands(shelf):
    await keep(shelf, 1, entry("one"))
    await keep(shelf, 1, entry("two"))

    assert b"two" == (await shelf.find(mark(1), time.time())).entry.whole
    assert 1 == (await shelf.figures()).entries


async def test_there_is_never_more_than_there_is_room_for(shelf):
    for number in range(100):
        await keep(shelf, number, entry("x" * 3000))

    figures = await shelf.figures()
    assert figures.bytes <= 64 * 1024
    assert 10 <= figures.entries <= 64 * 1024 // 3000
    assert [True] == await has(shelf, 99)


async def test_what_is_larger_than_all_the_room_is_not_kept(shelf):
    await keep(shelf, 1, entry("x"))

    assert not await keep(shelf, 2, entry("x" * 70_000))
    assert [True, False] == await has(shelf, 1, 2)


async def test_what_saves_much_outlives_what_saves_little(shelf):
    await keep(shelf, 0, entry("x" * 3000, cost=10_000_000))
    for number in range(1, 60):
        await keep(shelf, number, entry("x" * 3000, cost=100))

    assert [True, False] == await has(shelf, 0, 1)


async def test_what_is_wanted_outlives_what_is_not(shelf):
    for number in range(40):
        await keep(shelf, number, entry("x" * 3000))
        await has(shelf, 0)

    assert [True, False] == await has(shelf, 0, 1)


async def test_what_was_dear_once_goes_when_nobody_wants_it_any_more(shelf):
    await keep(shelf, 0, entry("x" * 3000, cost=5_000))
    for number in range(1, 400):
        await keep(shelf, number, entry("x" * 3000, cost=1_000))

    assert [False] == await has(shelf, 0)


@pytest.mark.parametrize(
    ("names", "gone"),
    [
        (ANY, [1, 2, 3]),
        (Forgetting(key="alice"), [1, 2]),
        (Forgetting(route="n"), [2]),
        (Forgetting(model="p/x"), [1, 2]),
        (Forgetting(model="asked"), [3]),
        (Forgetting(tag="red"), [1, 2]),
        (Forgetting(tag="green"), [3]),
        (Forgetting(key="alice", route="m"), [1]),
        (Forgetting(key='"*'), []),
    ],
)
async def test_answers_are_forgotten_by_name(shelf, names, gone):
    await keep(shelf, 1, entry())
    await keep(shelf, 2, entry(route="n"))
    await keep(shelf, 3, entry(key="bob", model="asked", target="p/y", tags=("green",)))

    count = await shelf.forget(names)

    assert len(gone) == count
    assert [number not in gone for number in (1, 2, 3)] == await has(shelf, 1, 2, 3)
    assert 3 - len(gone) == (await shelf.figures()).entries


async def test_names_may_be_hostile(shelf):
    nasty = 'a"b\\c\n\x00é{}%'
    await keep(shelf, 1, entry(key=nasty, route=nasty, model=nasty, tags=(nasty,)))

    assert nasty == (await shelf.find(mark(1), time.time())).entry.labels.key
    assert 1 == await shelf.forget(Forgetting(key=nasty, tag=nasty))


async def test_what_was_to_be_forgotten_while_it_was_made_is_not_kept(shelf):
    since = (await shelf.find(mark(1), time.time())).since
    await shelf.forget(Forgetting(key="bob"))
    await shelf.forget(Forgetting(route="m"))

    assert not await keep(shelf, 1, entry(), since)
    assert await keep(shelf, 1, entry(route="n"), since)
    assert not await keep(shelf, 2, entry(route="n", key="bob"), since)
    assert await keep(shelf, 1, entry())


async def test_who_was_away_for_too_long_keeps_nothing(shelf):
    since = (await shelf.find(mark(1), time.time())).since
    for number in range(70):
        await shelf.forget(Forgetting(key=f"k{number}"))

    assert not await keep(shelf, 1, entry(), since)


async def test_all_compartments_are_looked_through(shelf):
    for compartment in range(16):
        where = mark(1, compartment=compartment)
        await shelf.keep(where, entry(), (await shelf.find(where, time.time())).since, time.time())

    assert 16 == (await shelf.figures()).entries
    assert 16 == await shelf.forget(Forgetting(key="alice"))


# Memory by itself


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 12), st.integers(0, 2_000), st.integers(0, 10**9), st.floats(0.1, 30), st.floats(0, 5)
        ),
        max_size=60,
    )
)
def test_memory_keeps_its_books(steps):
    memory, now = Memory(6_000), 1_000.0
    for number, size, cost, ttl, pause in steps:
        now += pause
        memory.put(mark(number), entry("x" * size, cost=cost, ttl=ttl, made=now), 0, now)
        memory.look(mark(number // 2), now)

        kept = [place.entry for place in memory._places.values()]
        assert sum(one.size for one in kept) == memory.bytes <= 6_000
        assert len(memory._ranks) <= 2 * len(memory) + 66
        assert len(memory._ends) <= 2 * len(memory) + 66


def test_less_room_later_is_made_at_once():
    memory = Memory(64 * 1024)
    for number in range(10):
        memory.put(mark(number), entry("x" * 1000), 0, time.time())

    memory.resize(3 * (1020 + OVERHEAD))

    assert memory.bytes <= 3 * (1020 + OVERHEAD)
    assert (3, 7) == (len(memory), memory.evicted)


def test_what_is_too_old_goes_before_anything_else():
    memory, now = Memory(6_000), 1_000.0
    for number in range(3):
        memory.put(mark(number), entry("x" * 1000, made=now, ttl=1.0 if number else 60.0), 0, now)

    memory.put(mark(9), entry("x" * 1000, made=now), 0, now + 5)

    assert (2, 0) == (len(memory), memory.evicted)


# What is written of an entry


@settings(max_examples=60, deadline=None)
@given(
    whole=st.binary(max_size=50),
    pieces=st.lists(st.binary(max_size=20), max_size=4),
    tags=st.lists(st.text(max_size=5), max_size=3),
    cost=st.integers(0, 2**53),
)
def test_an_entry_is_read_as_it_was_written(whole, pieces, tags, cost):
    one = entry(cost=cost, tags=tuple(tags))._replace(
        whole=whole, pieces=tuple(pieces), pauses=tuple(0.5 for _ in pieces)
    )

    assert one == Entry.from_bytes(one.to_bytes())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_what_another_version_wrote_is_nothing(text):
    assert Entry.from_bytes(text) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400))
def test_half_an_entry_is_nothing(cut):
    text = entry("x" * 50).to_bytes()

    assert Entry.from_bytes(text[: min(cut, len(text) - 1)]) is None


@pytest.mark.parametrize(
    ("now", "fresh"), [(-APART - 1, False), (-APART, True), (0, True), (9, True), (10, False), (100, False)]
)
def test_what_was_made_by_a_clock_that_was_put_back_is_not_fresh(now, fresh):
    kept = entry(made=1e9, ttl=100)

    assert fresh is kept.fresh(1e9 + now, 10)
