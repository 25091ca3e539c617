"""What every store does with rates, in real time: short windows, and answers that leave room for slow machines."""

import asyncio
import math

import pytest

from store.contract import Draw, Store, life
from tests.store.stores import Opened
from tests.store.words import draw

RATE = "req:key/alice:60"


async def test_units_are_drawn_until_there_are_none(store: Store) -> None:
    drawn = [await draw(store, Draw(RATE, 3, 60.0)) for _ in range(5)]

    assert [1, 1, 1, 0, 0] == [one.granted for one in drawn]
    assert [2, 1, 0, 0, 0] == [one.left for one in drawn]


@pytest.mark.parametrize(
    ("limit", "least", "most", "granted"),
    [
        (1600, 1, 1000, 100),
        (1600, 700, 900, 700),
        (1600, 1600, 1600, 1600),
        (1600, 1601, 1601, 0),
        (1600, 0, 1000, 100),
        (1600, 0, 0, 0),
        (10, 0, 1000, 0),
        (0, 1, 1, 0),
    ],
)
async def test_a_draw_is_granted_like_a_lease(store: Store, limit: int, least: int, most: int, granted: int) -> None:
    drawn = await draw(store, Draw(RATE, limit, 60.0, least, most))

    assert (granted, limit - granted) == (drawn.granted, drawn.left)


async def test_a_refused_draw_says_when_to_come_again(store: Store) -> None:
    await draw(store, Draw(RATE, 10, 60.0, 10, 10))

    drawn = await draw(store, Draw(RATE, 10, 60.0, 4, 4))

    assert 0 == drawn.granted
    assert 58 < drawn.wait <= 62 + life(60.0)
    assert drawn.wait == pytest.approx(drawn.reset, abs=0.01)


async def test_a_granted_draw_waits_for_nothing(store: Store) -> None:
    drawn = await draw(store, Draw(RATE, 10, 60.0))

    assert 0 == drawn.wait
    assert 58 < drawn.reset <= 62 + life(60.0)


async def test_a_rate_nobody_drew_of_is_reset_already(store: Store) -> None:
    drawn = await draw(store, Draw(RATE, 10, 60.0, 0, 0))

    assert (0, 10, 0.0, 0.0, False) == (drawn.granted, drawn.left, drawn.reset, drawn.wait, drawn.wanted)


async def test_more_than_the_limit_is_never_granted_and_asks_nobody_to_give_back(store: Store) -> None:
    drawn = await draw(store, Draw(RATE, 10, 60.0, 11, 11))

    assert (0, 10, math.inf, False) == (drawn.granted, drawn.left, drawn.wait, drawn.wanted)


async def test_a_refused_draw_asks_everybody_to_give_back(store: Store) -> None:
    await draw(store, Draw(RATE, 10, 60.0, 10, 10))

    refused = await draw(store, Draw(RATE, 10, 60.0, 1, 1))
    after = await draw(store, Draw(RATE, 10, 60.0, 0, 0))

    assert (True, True) == (refused.wanted, after.wanted)


async def test_units_that_go_back_can_be_drawn_again(store: Store) -> None:
    first = await draw(store, Draw(RATE, 10, 60.0, 10, 10))

    drawn = await draw(store, Draw(RATE, 10, 60.0, 5, 5, back=((first.slot, 6),)))

    assert (5, 1) == (drawn.granted, drawn.left)


async def test_no_more_goes_back_than_was_drawn(store: Store) -> None:
    first = await draw(store, Draw(RATE, 10, 60.0, 4, 4))
    back = ((first.slot, 3), (first.slot, 3), (first.slot - 7, 5), (first.slot + 7, 5))

    drawn = await draw(store, Draw(RATE, 10, 60.0, 0, 0, back=back))

    assert (10, 0.0) == (drawn.left, drawn.reset)


async def test_a_limit_that_shrinks_leaves_nothing(store: Store) -> None:
    await draw(store, Draw(RATE, 10, 60.0, 10, 10))

    drawn = await draw(store, Draw(RATE, 4, 60.0, 1, 1))

    assert (0, 0) == (drawn.granted, drawn.left)


async def test_draws_of_one_message_are_each_their_own(store: Store) -> None:
    one, two, again = await store.draw(
        [Draw("req:a:60", 5, 60.0, 5, 5), Draw("req:b:1", 1, 1.0), Draw("req:a:60", 5, 60.0)]
    )

    assert (5, 1, 0) == (one.granted, two.granted, again.granted)


async def test_units_come_back_when_their_window_has_passed(store: Store) -> None:
    await draw(store, Draw("req:a:0.3", 2, 0.3, 2, 2))
    refused = await draw(store, Draw("req:a:0.3", 2, 0.3))

    await asyncio.sleep(refused.wait + 0.02)

    assert 0 < refused.wait <= 0.3 + 0.3 / 60 + life(0.3)
    assert 1 == (await draw(store, Draw("req:a:0.3", 2, 0.3))).granted


async def test_two_processes_draw_of_one_rate(opening: Opened) -> None:
    async with opening() as here, opening() as there:
        drawn = [await draw(one, Draw(RATE, 60, 60.0)) for _ in range(50) for one in (here, there)]

    assert 60 == sum(one.granted for one in drawn)
