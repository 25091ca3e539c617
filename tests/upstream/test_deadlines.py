"""Many timeouts under one timer."""

import asyncio

import pytest

from upstream.deadlines import Deadlines


class Egg:
    """Notes when it was late; *then* is what it does about it."""

    def __init__(self, deadlines, seconds, then=None):
        self.due = deadlines.loop.time() + seconds
        self.then = then
        self.late_at = None
        self.deadlines = deadlines
        deadlines.watch(self)

    def late(self, now):
        self.late_at = now
        self.deadlines.forget(self)
        if self.then is not None:
            self.then()


@pytest.fixture
async def deadlines():
    return Deadlines(asyncio.get_running_loop())


async def test_each_is_late_when_it_is_due(deadlines):
    eggs = [Egg(deadlines, seconds) for seconds in (0.06, 0.02, 0.04)]

    await asyncio.sleep(0.15)

    for egg in eggs:
        assert egg.due - 0.002 <= egg.late_at <= egg.due + 0.1
    assert sorted(eggs, key=lambda egg: egg.late_at) == sorted(eggs, key=lambda egg: egg.due)


async def test_what_is_forgotten_is_never_late(deadlines):
    egg = Egg(deadlines, 0.02)
    deadlines.forget(egg)
    deadlines.forget(egg)

    await asyncio.sleep(0.08)

    assert egg.late_at is None


async def test_a_due_that_moves_later_needs_no_word(deadlines):
    egg = Egg(deadlines, 0.02)
    egg.due += 0.08

    await asyncio.sleep(0.05)
    early = egg.late_at
    await asyncio.sleep(0.15)

    assert early is None
    assert egg.late_at >= egg.due - 0.002


async def test_a_due_that_moves_sooner_is_heard_when_it_is_said(deadlines):
    egg = Egg(deadlines, 30)
    egg.due -= 29.97
    deadlines.watch(egg)

    await asyncio.sleep(0.12)

    assert egg.late_at is not None


async def test_one_that_is_late_may_end_another(deadlines):
    second = Egg(deadlines, 0.02)
    Egg(deadlines, 0.0, then=lambda: deadlines.forget(second))

    await asyncio.sleep(0.08)

    assert second.late_at is None


async def test_the_next_ones_are_heard_after_all_were_late(deadlines):
    Egg(deadlines, 0.01)
    await asyncio.sleep(0.04)
    egg = Egg(deadlines, 0.01)

    await asyncio.sleep(0.08)

    assert egg.late_at is not None
