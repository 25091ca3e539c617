"""One answer for all processes, on real servers: who asks, who waits and for how long."""

import asyncio
import time
from itertools import count

import pytest

from cache.claims import Claims
from cache.entry import Entry, Labels
from cache.shared import Shared
from core.secret import Secret
from store.redis_answers import COMPARTMENTS, RedisAnswers
from store.redis_claims import RedisClaims

PREFIXES = count()
MARK = b"\x03" + bytes(23)


class Process:
    """What one process has to do with Redis."""

    def __init__(self, url):
        self.troubles = []
        self.answers = RedisAnswers(Secret(url), lambda *_, **__: None, most=COMPARTMENTS * 64 * 1024, deadline=1.0)
        self.shelf = Shared(self.answers)
        self.claims = Claims(RedisClaims(self.answers), lambda: self.troubles.append(1))

    def claim(self, *, take=True, ttl=60.0, mark=MARK):
        return self.claims.claim(mark, now=time.time(), ttl=ttl, lives=60.0, take=take)

    async def keep(self, text="x", *, ttl=60.0, stale=0.0):
        made = Entry(Labels("k", "m", "m", "p/x"), time.time(), ttl, stale, 1_000, "stop", b"{}", whole=text.encode())
        since = (await self.shelf.find(MARK, time.time())).since
        await self.shelf.keep(MARK, made, since, time.time())


ANYWHERE = pytest.mark.parametrize("processes", ["redis", "cluster"], indirect=True)


@pytest.fixture
async def processes(request):
    """Three of them."""
    url = f"{request.getfixturevalue(getattr(request, 'param', 'redis'))}?prefix=c{next(PREFIXES)}:"
    three = [Process(url) for _ in range(3)]
    for one in three:
        await one.answers.open()
    yield three
    for one in three:
        await one.claims.end()
        await one.answers.close()


async def held(process, **how):
    """A claim that this process has taken."""
    claim = process.claim(**how)
    assert (await claim.found(5.0)).entry is None
    assert not claim.waits
    return claim


def waiting(process, within=5.0, **how):
    claim = process.claim(**how)
    return claim, asyncio.ensure_future(claim.found(within))


def text(found):
    return found and found.entry and found.entry.whole.decode()


@ANYWHERE
async def test_who_comes_second_waits_for_the_answer_of_the_first(processes):
    one, *others = processes
    claim = await held(one)
    asked = [waiting(other)[1] for other in others]
    await asyncio.sleep(0.1)
    assert not any(task.done() for task in asked)

    began = time.monotonic()
    await one.keep("told")
    claim.end(apart=False)

    assert ["told", "told"] == [text(found) for found in await asyncio.gather(*asked)]
    assert time.monotonic() - began < 0.5


async def test_what_is_there_is_nobodys_to_ask_for(processes):
    one, other, _ = processes
    await one.keep("there")

    claim = other.claim()
    assert "there" == text(await claim.found(5.0))
    claim.end(apart=True)
    assert {} == other.claims._held


@ANYWHERE
async def test_the_next_one_takes_over_from_who_leaves_and_the_rest_go_on_waiting(processes):
    one, *others = processes
    claim = await held(one)
    pairs = [waiting(other) for other in others]
    await asyncio.sleep(0.1)
    claim.end(apart=False)

    done, rest = await asyncio.wait([task for _, task in pairs], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.3)
    assert (1, 1, None) == (len(done), len([task for task in rest if not task.done()]), text(done.pop().result()))

    await one.keep("second")
    for each, _ in pairs:
        each.end(apart=False)
    assert ["second"] == [text(await task) for task in rest]


@ANYWHERE
async def test_where_one_has_asked_in_vain_each_asks_by_itself(processes):
    one, *others = processes
    claim = await held(one)
    pairs = [waiting(other) for other in others]
    await asyncio.sleep(0.1)
    began = time.monotonic()
    claim.end(apart=True)

    found = await asyncio.gather(*(task for _, task in pairs))
    assert [None, None] == [text(each) for each in found]
    assert time.monotonic() - began < 0.5
    assert not any(each.waits and each._who for each, _ in pairs)


async def test_nobody_waits_for_longer_than_it_may(processes):
    one, other, _ = processes
    await held(one)
    began = time.monotonic()

    _, task = waiting(other, within=0.3)

    assert (await task).entry is None
    assert 0.25 < time.monotonic() - began < 0.6


async def test_who_holds_a_claim_for_long_still_does(processes):
    one, other, _ = processes
    await held(one)
    _, task = waiting(other, within=2.8)

    await asyncio.sleep(2.6)

    assert not task.done()
    await task


async def test_whose_process_says_nothing_any_more_has_no_claim(processes):
    one, *others = processes
    await held(one)
    one.claims._beating.cancel()
    began = time.monotonic()
    claims = [waiting(other) for other in others]

    done, rest = await asyncio.wait([task for _, task in claims], return_when=asyncio.FIRST_COMPLETED)

    assert 1.5 < time.monotonic() - began < 2.6
    assert (1, 1) == (len(done), len(rest))
    for each, _ in claims:
        each.end(apart=True)
    await asyncio.gather(*rest)


async def test_an_old_answer_is_no_answer_but_is_told(processes):
    one, other, _ = processes
    await one.keep("old", ttl=0.05, stale=60.0)
    await asyncio.sleep(0.1)
    claim = one.claim()

    assert "old" == text(await claim.found(5.0))
    _, task = waiting(other, within=0.3)
    assert "old" == text(await task)
    _, task = waiting(other)
    await asyncio.sleep(0.1)
    await one.keep("new")
    claim.end(apart=False)
    assert "new" == text(await task)


async def test_who_wants_none_that_is_older_claims_one_that_is_new(processes):
    one, other, _ = processes
    await one.keep("a moment old")
    await asyncio.sleep(0.1)

    claim = one.claim(ttl=0.05)
    await claim.found(5.0)
    assert claim._who
    assert "a moment old" == text(await other.claim(ttl=60.0).found(5.0))
    claim.end(apart=False)


async def test_who_takes_no_claim_waits_for_that_of_another(processes):
    one, other, _ = processes
    idle = other.claim(take=False)
    assert (None, False) == (text(await idle.found(5.0)), idle.waits)
    claim = await held(one)

    _, task = waiting(other, take=False)
    await asyncio.sleep(0.1)
    await one.keep("there")
    claim.end(apart=False)

    assert "there" == text(await task)


async def test_who_leaves_while_it_waits_takes_nothing_with_it(processes):
    one, other, third = processes
    claim = await held(one)
    mine, task = waiting(other)
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    mine.end(apart=False)
    claim.end(apart=False)

    await asyncio.sleep(0.1)
    assert not (await asyncio.wait_for(held(third), 1.0)).waits
    assert [] == other.claims._waiting


async def test_a_claim_that_is_taken_when_its_call_is_over_is_let_go(processes):
    one, other, _ = processes
    claim = one.claim()
    task = asyncio.ensure_future(one.claims.look(claim))
    claim.end(apart=False)
    await task
    await asyncio.sleep(0.1)

    await held(other)
    assert 0 == one.claims._held.total()


async def test_claims_that_could_not_be_let_go_end_by_themselves(server_of_its_own):
    server, url = server_of_its_own
    one, other = Process(url), Process(url)
    try:
        for each in (one, other):
            await each.answers.open()
        claims = [await held(one), await held(one, mark=b"\x04" + bytes(23))]
        with server.paused():
            claims[0].end(apart=False)
            await one.claims._parting
        _, task = waiting(other)

        began = time.monotonic()
        await task
        assert time.monotonic() - began < 3.0
        assert one.troubles
    finally:
        for each in (one, other):
            await each.claims.end()
            await each.answers.close()


async def test_a_redis_that_goes_away_makes_nobody_wait(server_of_its_own):
    server, url = server_of_its_own
    one, other = Process(url), Process(url)
    try:
        for each in (one, other):
            await each.answers.open()
        await held(one)
        _, task = waiting(other, within=20.0)
        await asyncio.sleep(0.1)
        with server.paused():
            began = time.monotonic()
            assert (await task).entry is None
            assert time.monotonic() - began < 1.5
            assert (await one.claim(mark=b"\x05" + bytes(23)).found(20.0)) is None
    finally:
        for each in (one, other):
            await each.claims.end()
            await each.answers.close()


@ANYWHERE
async def test_many_wait_for_many_in_few_trips(processes):
    one, other, _ = processes
    marks = [bytes([number % 16]) + number.to_bytes(23, "big") for number in range(60)]
    claims = [await held(one, mark=mark) for mark in marks]
    tasks = [waiting(other, mark=mark)[1] for mark in marks]
    await asyncio.sleep(0.2)
    assert not any(task.done() for task in tasks)
    for claim in claims:
        claim.end(apart=True)

    assert [None] * 60 == [text(found) for found in await asyncio.wait_for(asyncio.gather(*tasks), 2.0)]
