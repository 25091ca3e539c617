"""The deadline and the breaker of a store."""

import asyncio
import time

import pytest

from store.contract import StoreDown
from store.outage import FAILURES, PROBE, Breaker, Deadline


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, object]]] = []

    def __call__(self, level: str, text: str, **fields: object) -> None:
        self.lines.append((level, text, fields))

    @property
    def texts(self) -> list[str]:
        return [text for _, text, _ in self.lines]


class Now:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def breaker(log: Log, now: Now) -> Breaker:
    return Breaker("cache:6379", log, now)


def fail(breaker: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.failed("no answer in time")


def test_it_opens_after_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, FAILURES - 1)
    breaker.worked()
    fail(breaker, FAILURES - 1)

    assert not breaker.open
    fail(breaker, 1)
    assert breaker.open


def test_who_comes_while_it_is_open_is_sent_away(breaker: Breaker) -> None:
    fail(breaker)

    with pytest.raises(StoreDown, match="cache:6379"):
        breaker.enter()


def test_one_at_a_time_looks_whether_the_store_is_back(breaker: Breaker, now: Now) -> None:
    fail(breaker)
    now.time += PROBE

    breaker.enter()

    with pytest.raises(StoreDown):
        breaker.enter()


def test_a_failed_look_is_followed_by_the_next_one_later(breaker: Breaker, now: Now) -> None:
    fail(breaker)
    now.time += PROBE
    fail(breaker, 1)

    with pytest.raises(StoreDown):
        breaker.enter()
    now.time += PROBE
    breaker.enter()


def test_a_good_look_lets_everybody_in(breaker: Breaker, now: Now) -> None:
    fail(breaker)
    now.time += PROBE
    breaker.enter()
    breaker.worked()

    breaker.enter()
    breaker.enter()


def test_a_look_that_nobody_waited_for_is_made_again(breaker: Breaker, now: Now) -> None:
    fail(breaker)
    now.time += PROBE
    breaker.enter()
    breaker.left()

    breaker.enter()


def test_it_says_one_line_for_each_change(breaker: Breaker, now: Now, log: Log) -> None:
    fail(breaker)
    breaker.failed("no answer in time")
    now.time += PROBE
    breaker.enter()
    breaker.worked()
    breaker.worked()

    assert [
        ("error", "the store is down", {"server": "cache:6379", "why": "no answer in time"}),
        ("info", "the store is back", {"server": "cache:6379"}),
    ] == log.lines


async def test_a_deadline_ends_what_takes_longer() -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()

    with pytest.raises(TimeoutError):
        async with Deadline(begun + 0.03):
            await asyncio.sleep(5)

    assert 0.03 <= loop.time() - begun < 1


async def test_a_deadline_leaves_alone_what_is_done_in_time() -> None:
    async with Deadline(asyncio.get_running_loop().time() + 0.02):
        pass

    await asyncio.sleep(0.04)


async def test_what_has_come_while_the_loop_was_busy_came_in_time() -> None:
    loop = asyncio.get_running_loop()
    come = loop.create_future()

    async with Deadline(loop.time() + 0.02):
        loop.call_later(0.001, time.sleep, 0.05)
        loop.call_later(0.03, come.set_result, "answer")
        assert "answer" == await come


async def test_whoever_is_cancelled_is_cancelled_and_not_late() -> None:
    async def wait() -> None:
        async with Deadline(asyncio.get_running_loop().time() + 5):
            await asyncio.sleep(10)

    task = asyncio.get_running_loop().create_task(wait())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
