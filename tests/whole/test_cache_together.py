"""Calls that are the same at the same time; forgetting; and old answers where there are no others."""

import asyncio

import pytest

from tests.whole.kept import ADMIN, ALICE, BOB, served, told
from tests.whole.provider import ROLE, fails, hangs, ok, piece, streams, words

# Those who ask the same at once


async def test_the_same_call_is_made_once(start):
    async with served(start, streams(words("a", "b"), first=0.2)) as gateway:
        forms = [{"stream": True}, {}, {"stream": True}, {"stream": True}, {}]
        answers = await asyncio.gather(
            *(gateway.chat(headers=ALICE, **more) for more in forms[:1]),
            *(later(gateway, **more) for more in forms[1:]),
        )

    assert 1 == len(gateway.provider.requests)
    assert ["miss", "hit", "hit", "hit", "hit"] == [told(one) for one in answers]


async def later(gateway, headers=ALICE, **more):
    await asyncio.sleep(0.05)
    return await gateway.chat(headers=headers, **more)


async def test_each_of_those_who_wait_counts_for_itself(start):
    async with served(start, streams(words("a"), first=0.2), alice=", limits: {requests: 3/min}") as gateway:
        answers = await asyncio.gather(
            gateway.chat(headers=ALICE, stream=True), *(later(gateway, stream=True) for _ in range(4))
        )

    assert [200, 200, 200, 429, 429] == sorted(one.status for one in answers)
    assert 1 == len(gateway.provider.requests)


async def test_where_the_first_one_fails_the_others_go_on_by_themselves(start):
    slow = streams([ROLE, piece({"content": "a"})], first=0.2, whole=False)
    async with served(start, slow, streams(words("b"))) as gateway:
        answers = await asyncio.gather(
            gateway.chat(headers=ALICE, stream=True), later(gateway, stream=True), later(gateway, stream=True)
        )

    assert 3 == len(gateway.provider.requests)
    assert ["a", "b", "b"] == [one.text for one in answers]


async def test_where_the_first_one_leaves_the_others_go_on_by_themselves(start):
    async with served(start, hangs(), ok("b")) as gateway:
        first = asyncio.ensure_future(gateway.chat(headers=ALICE))
        others = [asyncio.ensure_future(later(gateway)) for _ in range(3)]
        await asyncio.sleep(0.15)
        first.cancel()
        answers = await asyncio.gather(*others)

    assert ["b", "b", "b"] == [one.body["choices"][0]["message"]["content"] for one in answers]


async def test_one_who_waits_may_leave_and_harms_nobody(start):
    async with served(start, streams(words("a"), first=0.3)) as gateway:
        first = asyncio.ensure_future(gateway.chat(headers=ALICE, stream=True))
        waiting, other = (asyncio.ensure_future(later(gateway, stream=True)) for _ in range(2))
        await asyncio.sleep(0.15)
        waiting.cancel()
        answers = await asyncio.gather(first, other)

    assert (["a", "a"], 1) == ([one.text for one in answers], len(gateway.provider.requests))
    assert {} == gateway.house._shared.larder.flights


# Forgetting


@pytest.mark.parametrize(
    ("query", "removed"),
    [
        ("all=true", 3),
        ("key=alice", 2),
        ("route=other", 1),
        ("model=m", 2),
        ("model=p%2Freal-model", 3),
        ("tag=blue", 1),
        ("key=alice&tag=red", 0),
        ("key=nobody", 0),
    ],
)
async def test_answers_are_forgotten_by_whatever_names_them(start, query, removed):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE, cache={"tags": ["blue"]})
        await gateway.chat("other", headers=ALICE)
        await gateway.chat(headers=BOB, cache={"tags": "red"})
        answer = await gateway.request("DELETE", f"/api/v1/cache?{query}", **ADMIN)
        left = (await gateway.get("/api/v1/cache", **ADMIN)).body["entries"]

    assert ({"removed": removed}, 3 - removed) == (answer.body, left)


@pytest.mark.parametrize("query", ["", "?all=false", "?all=perhaps", "?all=true&key=a", "?name=x", "?key="])
async def test_a_question_that_is_none_forgets_nothing(start, query):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE)
        answer = await gateway.request("DELETE", f"/api/v1/cache{query}", **ADMIN)
        kept = await gateway.chat(headers=ALICE)

    assert (400, "hit") == (answer.status, told(kept))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_clients_have_no_business_there(start, method):
    async with served(start) as gateway:
        answer = await gateway.request(method, "/api/v1/cache?all=true", **ALICE)

    assert 401 == answer.status


async def test_an_answer_that_was_begun_before_it_was_to_be_forgotten_is_not_kept(start):
    async with served(start, streams(words("a"), first=0.3)) as gateway:
        call = asyncio.ensure_future(gateway.chat(headers=ALICE, stream=True))
        await asyncio.sleep(0.1)
        await gateway.request("DELETE", "/api/v1/cache?key=alice", **ADMIN)
        await call
        left = (await gateway.get("/api/v1/cache", **ADMIN)).body["entries"]

    assert 0 == left


async def test_the_figures(start):
    async with served(start) as gateway:
        for headers in (ALICE, ALICE, BOB):
            await gateway.chat(headers=headers)
        await gateway.chat("plain", headers=ALICE, cache={"ttl": 1})
        page = (await gateway.get("/api/v1/cache", **ADMIN)).body

    assert {
        "entries": 2,
        "hits": 1,
        "misses": 2,
        "stale": 0,
        "saved_usd": 0.021,
        "kind": "memory",
    }.items() <= page.items()
    assert [("m", 1, 2, 0), ("plain", 0, 0, 1)] == [
        (one["route"], one["hits"], one["misses"], one["bypassed"]) for one in page["by_route"]
    ]


# When nobody else has an answer


@pytest.mark.parametrize("stream", [False, True])
async def test_an_old_answer_is_better_than_none(start, stream):
    good = streams(words("a")) if stream else ok("a")
    written = {"cache": "ttl: 50ms, stale: 1h", "more": ", retry: {attempts: 1}"}
    async with served(start, good, fails(500), **written) as gateway:
        await gateway.chat(headers=ALICE, stream=stream)
        await asyncio.sleep(0.1)
        answer = await gateway.chat(headers=ALICE, stream=stream)
        only = await gateway.chat(headers=ALICE, stream=stream, cache={"only": True})

    text = answer.text if stream else answer.body["choices"][0]["message"]["content"]
    assert (200, "stale", "a", 504) == (answer.status, told(answer), text, only.status)


async def test_a_mistake_of_the_clients_is_told_all_the_same(start):
    async with served(start, ok("a"), fails(400), cache="ttl: 50ms, stale: 1h") as gateway:
        await gateway.chat(headers=ALICE)
        await asyncio.sleep(0.1)
        answer = await gateway.chat(headers=ALICE)

    assert 400 == answer.status
