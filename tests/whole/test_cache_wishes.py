"""What a call may wish of kept answers, and what is never kept."""

import asyncio

import pytest

from tests.whole.kept import ADMIN, ALICE, served, told
from tests.whole.provider import DONE, ROLE, STOP, completion, fails, ok, piece, says, streams, words

# What a call may wish


async def test_nothing_of_the_wish_reaches_a_provider(start):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE, cache={"ttl": "5m", "scope": "key", "tags": ["a"], "pace": True})

    assert "cache" not in gateway.provider.requests[0].body


async def test_a_call_may_want_a_younger_answer_or_a_new_one_or_none(start):
    async with served(start, ok("one"), ok("two"), ok("three")) as gateway:
        await gateway.chat(headers=ALICE)
        await asyncio.sleep(0.05)
        younger = await gateway.chat(headers=ALICE, cache={"ttl": "10ms"})
        refreshed = await gateway.chat(headers=ALICE, cache={"refresh": True})
        after = await gateway.chat(headers=ALICE)
        never = await gateway.chat(headers=ALICE, cache={"ttl": 0})

    assert ["miss", "miss", "hit", "bypass"] == [told(one) for one in (younger, refreshed, after, never)]
    assert ["two", "three", "three"] == [
        one.body["choices"][0]["message"]["content"] for one in (younger, refreshed, after)
    ]


async def test_who_wants_a_kept_answer_or_none_is_told_that_there_is_none(start):
    async with served(start) as gateway:
        without = await gateway.chat(headers=ALICE, cache={"only": True})
        nowhere = await gateway.chat("plain", headers=ALICE, cache={"only": True})
        await gateway.chat(headers=ALICE)
        there = await gateway.chat(headers=ALICE, cache={"only": True})

    assert [(504, "not_cached"), (504, "not_cached")] == [
        (one.status, one.body["error"]["code"]) for one in (without, nowhere)
    ]
    assert ("false", "hit", 1) == (without.headers["x-should-retry"], told(there), len(gateway.provider.requests))


async def test_what_a_provider_is_to_store_it_is_asked_each_time(start):
    async with served(start) as gateway:
        stored = [await gateway.chat(headers=ALICE, store=True, metadata={"run": str(at)}) for at in range(2)]
        plain = [await gateway.chat(headers=ALICE, store=False) for _ in range(2)]

    assert ["bypass", "bypass", "miss", "hit"] == [told(one) for one in (*stored, *plain)]
    assert ["0", "1"] == [one.body["metadata"]["run"] for one in gateway.provider.requests[:2]]


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ("yes", "cache"),
        ({"ttl": "soon"}, "cache.ttl"),
        ({"ttl": -1}, "cache.ttl"),
        ({"ttl": True}, "cache.ttl"),
        ({"scope": "world"}, "cache.scope"),
        ({"only": 1}, "cache.only"),
        ({"tags": [""]}, "cache.tags"),
        ({"life": 1}, "cache.life"),
    ],
)
async def test_a_wish_that_cannot_be_meant_is_refused(start, wish, param):
    async with served(start) as gateway:
        answer = await gateway.chat(headers=ALICE, cache=wish)

    assert (400, param) == (answer.status, answer.body["error"]["param"])


async def test_a_plain_route_says_nothing_of_it(start):
    async with served(start) as gateway:
        plain = await gateway.chat("plain", headers=ALICE)
        asked = await gateway.chat("plain", headers=ALICE, cache={"ttl": 60})

    assert (None, "bypass") == (told(plain), told(asked))


async def test_a_stream_keeps_its_pace_where_that_is_wanted(start):
    async with served(start, streams(words("a", "b", "c"), pace=0.05)) as gateway:
        first = await gateway.chat(headers=ALICE, stream=True)
        loop = asyncio.get_running_loop()
        began = loop.time()
        paced = await gateway.chat(headers=ALICE, stream=True, cache={"pace": True})
        took = loop.time() - began
        began = loop.time()
        await gateway.chat(headers=ALICE, stream=True)
        at_once = loop.time() - began

    assert (first.raw, "hit") == (paced.raw, told(paced))
    assert at_once < 0.1 < took


async def test_ttl_ends(start):
    async with served(start, cache="ttl: 50ms") as gateway:
        await gateway.chat(headers=ALICE)
        await asyncio.sleep(0.1)
        answer = await gateway.chat(headers=ALICE)

    assert "miss" == told(answer)


# What is never kept


@pytest.mark.parametrize(
    "play",
    [
        says(200, completion(choices=[{**completion()["choices"][0], "finish_reason": "length"}])),
        says(200, completion(choices=[{**completion()["choices"][0], "finish_reason": "content_filter"}])),
        says(200, completion(choices=[{"index": 0, "finish_reason": "stop", "message": {"refusal": "no"}}])),
        fails(400),
        fails(500),
    ],
)
async def test_what_is_cut_or_filtered_or_an_error_is_not_kept(start, play):
    async with served(start, play, more=", retry: {attempts: 1}") as gateway:
        await gateway.chat(headers=ALICE)
        await gateway.chat(headers=ALICE)

    assert 2 == len(gateway.provider.requests)


@pytest.mark.parametrize(
    "play",
    [
        streams([ROLE, piece({"content": "a"})], whole=False),
        streams([ROLE, piece({"content": "a"}, "length"), DONE]),
        streams([ROLE, piece({"refusal": "no"}), STOP, DONE]),
    ],
)
async def test_a_stream_that_broke_or_was_cut_is_not_kept(start, play):
    async with served(start, play) as gateway:
        await gateway.chat(headers=ALICE, stream=True)
        await gateway.chat(headers=ALICE, stream=True)

    assert 2 == len(gateway.provider.requests)


async def test_a_continued_answer_is_not_kept(start):
    broken = streams([ROLE, piece({"content": "Once upon a time there was "})], whole=False)
    rest = streams(words("there was ", "a gateway."))
    async with served(start, broken, rest, more=", on_break: continue", cache="ttl: 1h") as gateway:
        gateway.config.write_text(
            gateway.config.read_text().replace("chain: p/real-model,", "chain: [p/real-model, p/second],", 1)
        )
        await gateway.request("POST", "/admin/reload", **ADMIN)
        await gateway.chat(headers=ALICE, stream=True)
        answer = await gateway.chat(headers=ALICE, stream=True)

    assert "miss" == told(answer)


async def test_what_is_too_large_is_not_kept(start):
    async with served(start, ok("x" * 3000), streams(words("y" * 3000)), ok("z"), largest="2KiB") as gateway:
        sizes = [{}, {"stream": True}, {}]
        answers = [await gateway.chat(headers=ALICE, **more) for more in sizes]

    assert ["miss", "miss", "miss"] == [told(one) for one in answers]


async def test_a_long_answer_is_read_by_a_thread_and_kept(start):
    async with served(start, ok("x" * 100_000)) as gateway:
        first = await gateway.chat(headers=ALICE)
        async with asyncio.timeout(15):
            while not await gateway.metric("switchyard_cache_entries"):
                await asyncio.sleep(0.02)
        second = await gateway.chat(headers=ALICE)

    assert ("hit", first.body["choices"]) == (told(second), second.body["choices"])


async def test_memory_has_an_end(start):
    async with served(start, ok("x" * 1000), max="8KiB", largest="4KiB") as gateway:
        for number in range(20):
            await gateway.chat(headers=ALICE, seed=number)
        sizes = [await gateway.metric(f"switchyard_cache_{name}") for name in ("entries", "bytes", "evicted_total")]

    assert 2 <= sizes[0] < 6
    assert sizes[1] <= 8192
    assert 20 == sizes[0] + sizes[2]
