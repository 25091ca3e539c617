"""A canary whose store forgets, knows no more than before, or is away: it stays where it was, or goes back."""

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.process.running import ADMIN
from tests.store.redis_servers import Server, serving
from tests.whole.conftest import gateway
from tests.whole.flown import CONFIG, USERS, Pair
from tests.whole.provider import Provider, fails, ok, says


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """Two gateways, and a way to get a third."""
    monkeypatch.chdir(tmp_path)

    @asynccontextmanager
    async def begin(new, **words):
        redis = Server(tmp_path)
        async with AsyncExitStack() as stack:
            stack.enter_context(serving(redis))
            log = os.open(os.devnull, os.O_WRONLY)
            stack.callback(os.close, log)
            p, c, hook = [await stack.enter_async_context(Provider(play)) for play in (ok("old"), new, says(204, b""))]
            names = {"admin": ADMIN, "redis": redis.port, "old": p.url, "new": c.url, "hook": hook.url, **words}

            async def another(name: str):
                (tmp_path / name).mkdir()
                text = CONFIG.format(**names).replace("directory: state", f"directory: {name}")
                return await stack.enter_async_context(gateway(text, tmp_path / name, log))

            both = Pair(redis, hook, await another("one"), await another("two"))
            both.another = another
            yield both

    return begin


async def test_what_was_seen_before_redis_forgot_still_counts(pair):
    """The second gateway alone would let it pass: it has seen nothing go wrong."""
    plays = [fails(500), fails(500), ok("new")]

    async def play(request, writer):
        await (plays.pop(0) if len(plays) > 1 else plays[0])(request, writer)

    async with pair(play, every="1s", stages="[100%]") as both:
        for _ in range(2):
            await both.gateways[0].chat()
        await asyncio.sleep(0.6)
        both.forget()
        for _ in range(12):
            await both.gateways[1].chat()
        stood = await both.seen(2.5)
        _, page = await both.pages()
        told = both.told

    assert {("running", 1)} == stood
    assert (14, 2) == (page["canary"]["calls"], page["canary"]["failed"])
    assert [] == told


@pytest.mark.parametrize("saved", [False, True], ids=["nothing", "less than it knew"])
async def test_what_was_rolled_back_stays_so_whatever_redis_remembers(pair, saved):
    async with pair(fails(500), every="1h", stages="[100%]") as both:
        if saved:
            await both.calls(2)
            await both.seen(0.6)
            both.redis.ask("SAVE")
        await both.stand(("rolled_back", 0))
        both.forget()
        # One that knows nothing may be the first to say something.
        both.gateways = (*both.gateways, await both.another("three"))
        await asyncio.sleep(1.2)
        stood = await both.seen(0.3)
        after = await both.calls(USERS)
        told = both.told

    assert {("rolled_back", 0)} == stood
    assert {"p/old"} == set(after)
    assert ["canary_rolled_back"] == told


async def test_where_nobody_remembers_it_begins_anew(pair):
    async with pair(ok("new"), every="400ms", stages="[20%, 100%]") as both:
        await both.stand(("passed", 2))
        for each in both.gateways:
            await each.house._shared.canaries.end()  # they say nothing more
        both.forget()
        both.gateways = (await both.another("three"),)
        stood = await both.standings()

    assert {("running", 1)} == stood


async def test_while_redis_is_away_nothing_moves(pair):
    async with pair(ok("new"), every="400ms", stages="[20%, 100%]") as both:
        first = await both.calls(2 * USERS)
        both.redis.kill()
        await asyncio.sleep(1)
        second = await both.calls(2 * USERS)
        both.redis.start()
        await both.stand(("running", 2))

    assert first == second


async def test_the_operator_has_the_last_word_though_redis_forgot(pair):
    async with pair(ok("new"), every="1h", stages="[100%]") as both:
        first, second = both.gateways
        operator = {"authorization": f"Bearer {ADMIN}"}
        await first.request("POST", "/api/v1/canaries/m", {"action": "stop"}, **operator)
        await both.stand(("stopped", 0), calls=0)
        both.forget()
        await both.pages()
        await second.request("POST", "/api/v1/canaries/m", {"action": "restart"}, **operator)
        await both.stand(("running", 1), calls=0)
        stood = await both.seen(1)
        told = both.told

    assert {("running", 1)} == stood
    assert ["canary_stopped", "canary_restarted"] == told
