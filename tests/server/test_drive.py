"""Coroutines that run without a task."""

import asyncio

import pytest

from server.drive import Drive

pytestmark = pytest.mark.plain


class Driven(Drive):
    """Drives a coroutine, and keeps what it did."""

    def __init__(self, make):
        super().__init__(asyncio.get_running_loop())
        self.done = asyncio.Event()
        self.steps = []
        self.drive(make(self.steps))

    def over(self):
        self.done.set()


async def test_it_begins_at_once_and_ends_at_once_if_nothing_has_to_be_waited_for():
    async def steps(did):
        did.append("begun")

    driven = Driven(steps)

    assert (["begun"], True) == (driven.steps, driven.done.is_set())


@pytest.mark.parametrize("seconds", [0, 0.01])
async def test_it_sleeps(seconds):
    async def steps(did):
        did.append("begun")
        await asyncio.sleep(seconds)
        did.append("awake")

    driven = Driven(steps)
    before = list(driven.steps)
    await asyncio.wait_for(driven.done.wait(), 2)

    assert (["begun"], ["begun", "awake"]) == (before, driven.steps)


async def test_it_waits_for_futures_and_tasks_and_gets_what_they_bring():
    answer = asyncio.get_running_loop().create_future()

    async def brings():
        return "task"

    async def fails():
        raise ValueError("no")

    async def steps(did):
        did.append(await answer)
        did.append(await asyncio.create_task(brings()))
        try:
            await asyncio.create_task(fails())
        except ValueError as error:
            did.append(str(error))

    driven = Driven(steps)
    answer.set_result("future")
    await asyncio.wait_for(driven.done.wait(), 2)

    assert ["future", "task", "no"] == driven.steps


async def test_cancelled_it_cleans_up_and_is_not_done():
    async def steps(did):
        try:
            await asyncio.sleep(10)
        finally:
            did.append("cleaned")

    driven = Driven(steps)
    driven.cancel()
    await asyncio.sleep(0.01)

    assert (["cleaned"], False) == (driven.steps, driven.done.is_set())


async def test_what_it_waits_for_is_cancelled_with_it():
    ended = asyncio.Event()

    async def long():
        try:
            await asyncio.sleep(10)
        finally:
            ended.set()

    async def steps(did):
        await asyncio.create_task(long())

    driven = Driven(steps)
    await asyncio.sleep(0)
    driven.cancel()

    await asyncio.wait_for(ended.wait(), 2)
    assert not driven.done.is_set()


async def test_it_may_answer_its_cancellation():
    async def steps(did):
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            did.append("answered")

    driven = Driven(steps)
    driven.cancel()
    await asyncio.wait_for(driven.done.wait(), 2)

    assert ["answered"] == driven.steps


async def test_it_drives_one_after_the_other():
    async def steps(did):
        await asyncio.sleep(0)
        did.append("done")

    driven = Driven(steps)
    before = driven.driving
    await asyncio.wait_for(driven.done.wait(), 2)
    between = driven.driving
    driven.done.clear()
    driven.drive(steps(driven.steps))
    await asyncio.wait_for(driven.done.wait(), 2)

    assert (True, False) == (before, between)
    assert ["done", "done"] == driven.steps


async def test_cancelling_what_is_over_changes_nothing():
    async def steps(did):
        did.append("done")

    driven = Driven(steps)
    driven.cancel()

    assert (["done"], True) == (driven.steps, driven.done.is_set())


async def test_what_it_raises_is_told_before_its_end():
    class Blamed(Driven):
        def failed(self, mistake):
            self.steps.append((str(mistake), self.driving, self.done.is_set()))

    async def steps(did):
        await asyncio.sleep(0)
        raise LookupError("no")

    driven = Blamed(steps)
    await asyncio.wait_for(driven.done.wait(), 2)

    assert [("no", False, False)] == driven.steps
