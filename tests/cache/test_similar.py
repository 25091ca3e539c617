"""Questions as vectors: what both places do where they may lie, and that nobody gets another one's."""

import asyncio
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cache.differences import differs
from cache.entry import Forgetting, Labels
from cache.similar import Asked
from tests.cache.similarities import Here, add, in_redis, like, mark, vector
from tests.cache.test_differences import NEGATIVE


@pytest.fixture(params=["memory", "vector sets"])
async def place(request):
    if request.param == "memory":
        yield Here()
        return
    async with in_redis(request.getfixturevalue("server_with_vectors").port) as place:
        yield place


async def test_the_nearest_comes_first_and_none_that_is_too_far(place):
    for number, numbers in enumerate([(1, 0, 0), (1, 0.1, 0), (1, 0.3, 0), (0, 1, 0), (-1, 0, 0)]):
        await add(place, number, numbers)

    assert [0, 1, 2] == await like(place, (2, 0, 0))
    assert [0, 1] == await like(place, (2, 0, 0), threshold=0.99)
    assert [] == await like(place, (0, 0, 1))


async def test_what_is_found_is_as_it_was_said(place):
    ends = time.time() + 30
    asked = Asked("Wie geht's? 🦉\n", mark(7), Labels("a", "b", "c", "d", ("x", "ü")), ends)

    await place.add(b"one", vector(1, 2, 3), asked, now=time.time(), most=5)

    [found] = await place.nearest(b"one", vector(1, 2, 3), now=time.time(), threshold=0.9)
    assert (asked, 1.0) == (found.asked, pytest.approx(found.score, abs=1e-6))


@pytest.mark.parametrize(
    "other",
    [
        {"partition": b"another"},
        {"partition": b""},
        {"by": "p/other"},
        {"numbers": (1, 0)},
        {"numbers": (1, 0, 0, 0)},
    ],
)
async def test_nobody_finds_what_lies_in_another_partition_or_was_made_by_another_model(place, other):
    await add(place, 1, (1, 0, 0))
    await add(place, 2, (1, 0, 0), partition=b"two")

    assert [] == await like(place, **{"numbers": (1, 0, 0), **other})
    assert [1] == await like(place, (1, 0, 0))


@pytest.mark.parametrize("numbers", [(0, 0, 0), (float("nan"), 1, 0), (float("inf"), 0, 0)])
async def test_what_has_no_direction_is_like_nothing(place, numbers):
    await add(place, 1, numbers)
    await add(place, 2, (1, 0, 0))

    assert [] == await like(place, numbers)
    assert [2] == await like(place, (1, 0, 0))


async def test_its_time_ends(place):
    await add(place, 1, (1, 0, 0), ends=0.2)
    await add(place, 2, (1, 0.1, 0))
    before = await like(place, (1, 0, 0))
    await asyncio.sleep(0.25)

    assert ([1, 2], [2]) == (before, await like(place, (1, 0, 0)))


async def test_of_one_partition_so_many_are_remembered(place):
    for number in range(6):
        await add(place, number, (1, number / 100, 0), most=4, ends=60.0 + number)

    assert [2, 3, 4, 5] == sorted(await like(place, (1, 0, 0)))


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (Forgetting(), []),
        (Forgetting(key="alice"), [3]),
        (Forgetting(route="m"), [2]),
        (Forgetting(model="m"), [2, 3]),
        (Forgetting(model="p/x"), [1, 3]),
        (Forgetting(tag="red"), [1, 3]),
        (Forgetting(key="alice", tag="blue"), [2, 3]),
        (Forgetting(key="nobody"), [1, 2, 3]),
    ],
)
async def test_what_is_forgotten_by_a_name_is_found_no_more(place, names, left):
    await add(place, 1, (1, 0, 0), target="p/y")
    await add(place, 2, (1, 0.1, 0), route="n", model="other", tags=("red", "green"))
    await add(place, 3, (1, 0.2, 0), key="bob", model="n", target="p/z")
    await add(place, 4, (1, 0, 0), partition=b"two", key="alice", target="p/x", route="n")

    await place.forget(names)

    assert left == await like(place, (1, 0, 0))


@pytest.mark.parametrize("room", [30_000])
@pytest.mark.parametrize("where", ["memory", "vector sets"])
async def test_of_several_partitions_that_goes_first_which_nobody_looked_into(where, room, server_with_vectors):
    numbers = [1.0] * 2000  # 8 KB
    async with in_redis(server_with_vectors.port, room=room) as redis:
        place = Here(3 * 16 * 8000 + 8000) if where == "memory" else redis  # there a partition takes 16 places at once
        for number, partition in enumerate([b"one", b"two", b"three"]):
            await add(place, number, numbers, partition=partition)
            await asyncio.sleep(0.002)
        await like(place, numbers, partition=b"one")
        await asyncio.sleep(0.002)
        await add(place, 3, numbers, partition=b"four")
        left = [await like(place, numbers, partition=partition) for partition in (b"one", b"two", b"three", b"four")]

    assert [[0], [], [2], [3]] == left


@pytest.mark.parametrize(("one", "other"), NEGATIVE)
async def test_however_alike_words_tell_apart_what_means_something_else(place, one, other):
    labels = Labels("alice", "m", "m", "p/x")
    await place.add(b"one", vector(1, 2), Asked(one, mark(1), labels, time.time() + 60), now=time.time(), most=5)

    [near] = await place.nearest(b"one", vector(1, 2), now=time.time(), threshold=0.99)

    assert differs(other, near.asked.text)


NUMBERS = st.sampled_from([-1.0, 0.0, 1.0, 2.0])
VECTORS = st.tuples(NUMBERS, NUMBERS, NUMBERS).filter(any)
PARTITIONS = st.sampled_from([b"one", b"two"])
KEYS = st.sampled_from(["alice", "bob"])
ADDS = st.tuples(VECTORS, PARTITIONS, KEYS)
FORGETS = st.builds(Forgetting, key=KEYS, route=st.sampled_from(["", "m"]), tag=st.sampled_from(["", "blue", "red"]))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.one_of(ADDS, ADDS, FORGETS), max_size=8), asked=VECTORS, partition=PARTITIONS)
async def test_both_places_say_the_same(server_with_vectors, steps, asked, partition):
    here = Here()
    async with in_redis(server_with_vectors.port) as there:
        for number, step in enumerate(steps):
            for place in (here, there):
                if isinstance(step, Forgetting):
                    await place.forget(step)
                else:
                    numbers, where, key = step
                    await add(place, number, numbers, partition=where, key=key)
        found = [sorted(await like(place, asked, partition=partition, threshold=0.85)) for place in (here, there)]

    assert found[0] == found[1]
