"""Answers in the Redis that processes share, and in the memory of several on one machine."""

import asyncio
import time

import pytest

from tests.store.redis_servers import Server, serving
from tests.whole.kept import ADMIN, ALICE, BOB, settings, told
from tests.whole.provider import Provider, ok, streams, words


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"))
    with serving(server):
        yield server


@pytest.fixture
def redis(server):
    server.ask("FLUSHALL")
    return f"state: {{url: 'redis://127.0.0.1:{server.port}', directory: data}}\n"


async def kept(gateway, count):
    """Once so many answers are; they are sent beside the calls."""
    async with asyncio.timeout(15):
        while (await gateway.get("/api/v1/cache", **ADMIN)).body["entries"] != count:
            await asyncio.sleep(0.02)


async def test_what_one_process_has_asked_another_one_knows(start, redis):
    async with Provider(streams(words("a", "b"))) as provider:
        text = settings(provider.url) + redis
        async with start(text) as one, start(text) as other:
            first = await one.chat(headers=ALICE, stream=True)
            await kept(one, 1)
            second = await other.chat(headers=ALICE, stream=True)
            whole = await other.chat(headers=ALICE)
            stranger = await other.chat(headers=BOB, stream=True)
            page = (await other.get("/api/v1/cache", **ADMIN)).body

    assert ["miss", "hit", "hit", "miss"] == [told(one) for one in (first, second, whole, stranger)]
    assert (first.raw, "ab", 2) == (
        second.raw,
        whole.body["choices"][0]["message"]["content"],
        len(provider.requests),
    )
    assert ("redis", True, 2, 0.022) == tuple(page[name] for name in ("kind", "reached", "hits", "saved_usd"))


async def test_what_one_process_forgets_all_forget_at_once(start, redis):
    async with Provider(ok()) as provider:
        text = settings(provider.url) + redis
        async with start(text) as one, start(text) as other:
            await one.chat(headers=ALICE)
            await one.chat(headers=BOB)
            await kept(one, 2)
            answer = await other.request("DELETE", "/api/v1/cache?key=alice", **ADMIN)
            after = [await one.chat(headers=who) for who in (ALICE, BOB)]

    assert ({"removed": 1}, ["miss", "hit"]) == (answer.body, [told(each) for each in after])


async def test_the_same_call_is_made_once_here_too(start, redis):
    async with Provider(streams(words("a"), first=0.2)) as provider, start(settings(provider.url) + redis) as gateway:
        answers = await asyncio.gather(*(gateway.chat(headers=ALICE, stream=True) for _ in range(5)))

    assert (1, ["hit"] * 4 + ["miss"]) == (len(provider.requests), sorted(told(one) for one in answers))


async def test_a_cache_that_does_not_answer_is_a_miss_and_delays_nobody(start, redis, server):
    async with Provider(ok()) as provider, start(settings(provider.url) + redis) as gateway:
        await gateway.chat(headers=ALICE)
        await kept(gateway, 1)
        with server.paused():
            began = time.monotonic()
            answers = [await gateway.chat(headers=ALICE) for _ in range(10)]
            took = time.monotonic() - began
            page = (await gateway.get("/api/v1/cache", **ADMIN)).body
            refused = await gateway.request("DELETE", "/api/v1/cache?all=true", **ADMIN)
            trouble = await gateway.metric("switchyard_cache_trouble_total")
        async with asyncio.timeout(15):
            while told(again := await gateway.chat(headers=ALICE)) != "hit":
                await asyncio.sleep(0.1)

    assert ([200] * 10, {"miss"}) == ([one.status for one in answers], {told(one) for one in answers})
    assert took < 1.0
    assert (False, 503, True) == (page["reached"], refused.status, trouble >= 3)
    assert 200 == again.status


async def test_a_start_without_the_cache_is_a_start(start, tmp_path):
    gone = "state: {url: 'redis://127.0.0.1:1', directory: data}\n"
    async with Provider(ok()) as provider, start(settings(provider.url) + gone) as gateway:
        answers = [await gateway.chat(headers=ALICE) for _ in range(2)]

    assert [(200, "miss"), (200, "miss")] == [(one.status, told(one)) for one in answers]


async def test_memory_may_be_wanted_all_the_same(start, redis):
    async with Provider(ok()) as provider:
        text = settings(provider.url).replace("cache: {max", "cache: {shared: false, max", 1) + redis
        async with start(text) as gateway:
            await gateway.chat(headers=ALICE)
            answer = await gateway.chat(headers=ALICE)
            page = (await gateway.get("/api/v1/cache", **ADMIN)).body

    assert ("hit", "memory", 1) == (told(answer), page["kind"], page["entries"])


async def test_processes_with_answers_in_their_memory_hear_what_is_to_be_forgotten(start):
    async with Provider(ok()) as provider:
        text = settings(provider.url)
        async with start(text) as one, start(text) as other:
            for gateway in (one, other):
                await gateway.chat(headers=ALICE)
                await gateway.chat(headers=BOB)
            answer = await other.request("DELETE", "/api/v1/cache?key=alice", **ADMIN)
            async with asyncio.timeout(4):
                while (await one.get("/api/v1/cache", **ADMIN)).body["entries"] > 1:
                    await asyncio.sleep(0.05)
            after = [await one.chat(headers=who) for who in (ALICE, BOB)]

    assert ({"removed": 1}, ["miss", "hit"]) == (answer.body, [told(each) for each in after])
