"""Whatever is said to it, a store answers as the one in memory does."""

from collections.abc import AsyncIterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.contract import Draw, Drawn, Heard, Store
from store.memory import MemoryStore
from tests.store.histories import RESTORES, SAYS, TAKES, WAITS, Step, Wait, play
from tests.store.stores import CLOCKED, Clock

PLAYED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ROOMS = count()


def without_time(answers: Sequence[Heard] | Sequence[Drawn]) -> object:
    """What two stores agree on that look at the clock one after the other, whether or not they forget."""
    return [
        (one.granted, one.left, one.wanted, one.wait > 0) if isinstance(one, Drawn) else one._replace(fresh=False)
        for one in answers
    ]


@PLAYED
@given(steps=st.lists(st.one_of(SAYS, SAYS, RESTORES, TAKES), max_size=25))
async def test_a_store_answers_like_the_one_in_memory(store: Store, steps: list[Step]) -> None:
    model = MemoryStore()
    room = f":{next(ROOMS)}"
    ours: list[Drawn] = []
    theirs: list[Drawn] = []

    for step in steps:
        expected = await play(model, step, theirs, room)

        assert without_time(expected) == without_time(await play(store, step, ours, room))


@pytest.fixture(params=sorted(set(CLOCKED) - {"memory"}))
async def alike(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> AsyncIterator[Store]:
    async with CLOCKED[request.param](clock, tmp_path)() as store:
        yield store


@PLAYED
@given(steps=st.lists(st.one_of(SAYS, RESTORES, TAKES, WAITS), max_size=25))
async def test_with_time_too(alike: Store, clock: Clock, steps: list[Step]) -> None:
    model = MemoryStore(clock, steady=clock)
    room = f":{next(ROOMS)}"
    ours: list[Drawn] = []
    theirs: list[Drawn] = []

    for step in steps:
        if isinstance(step, Wait):
            clock.move(step.seconds)

        assert await play(model, step, theirs, room) == await play(alike, step, ours, room)
    assert [] == await alike.draw(list[Draw]())


NAMES = st.sampled_from(["a", "a/b", "a/b/c", "ab", "b/ü"])
POSTS = st.tuples(NAMES, st.binary(max_size=9), st.sampled_from([5.0, 50.0]), st.booleans())
PREFIXES = st.sampled_from(["", "a", "a/", "b/", "c"])


@PLAYED
@given(steps=st.lists(st.one_of(POSTS, PREFIXES, st.sampled_from([3.0, 40.0])), max_size=25))
async def test_its_board_too(
    alike: Store, clock: Clock, steps: list[tuple[str, bytes, float, bool] | str | float]
) -> None:
    model = MemoryStore(clock, steady=clock)
    clock.move(60.0)  # what earlier examples have posted is over

    for step in steps:
        if isinstance(step, float):
            clock.move(step)
        elif isinstance(step, str):
            assert await model.posted(step) == await alike.posted(step)
        else:
            name, value, ttl, only_new = step
            expected = await model.post(name, value, ttl, only_new=only_new)

            assert expected == await alike.post(name, value, ttl, only_new=only_new)
