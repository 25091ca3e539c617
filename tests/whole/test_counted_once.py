"""Limits on requests, and on calls at a time, count a call once for whoever made it, and each of its attempts for
whoever gets them.
"""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.process.running import until
from tests.whole.hedged import late
from tests.whole.provider import Provider, fails, hangs, ok, streams, words

CONFIG = """
providers:
  a: {{dialect: openai, base_url: "{a}", api_key: k{of_a}}}
  b: {{dialect: openai, base_url: "{b}", api_key: k}}
models:
  a/one: {price}
  a/other: {price}
  b/two: {price}
routes:
  chain: {{chain: [a/one, b/two], retry: {{attempts: 1}}}}
  again: {{chain: a/one, retry: {{attempts: 3, backoff: 1ms}}}}
  later: {{chain: a/one, retry: {{attempts: 3, backoff: 300ms}}}}
  hedged: {{chain: [a/one, b/two], hedge: {{after: 20ms, at_most: 100%}}}}
  twice: {{chain: [a/one, a/other], hedge: {{after: 20ms, at_most: 100%}}}}
defaults: {{breaker: {{failures: 100}}}}
teams:
  us: {{limits: {limits}}}
service: {{limits: {limits}}}
keys:
  alice: {{key: the-key-of-alice, team: us, limits: {limits}}}
"""
PRICE = "{price: {input: 1, output: 1}, context: 100000, max_output: 1000}"
ALICE = {"authorization": "Bearer the-key-of-alice"}
LIMITS = "{requests: 3/min}"
ONE = "{concurrent: 1}"


@asynccontextmanager
async def served(start, a, b, of_a="", limits=LIMITS):
    async with Provider(*a) as first, Provider(*b) as second:
        text = CONFIG.format(a=first.url, b=second.url, price=PRICE, limits=limits, of_a=of_a)
        async with start(text) as gateway:
            gateway.a, gateway.b = first, second
            yield gateway


@pytest.mark.parametrize(
    ("model", "a"),
    [("chain", [fails(500)]), ("again", [*[fails(500), fails(500), ok()] * 3]), ("hedged", [hangs()])],
)
async def test_a_client_may_make_as_many_calls_as_it_is_told(start, model, a):
    async with served(start, a, [ok()]) as gateway:
        answers = [await gateway.chat(model, headers=ALICE, max_tokens=10) for _ in range(4)]

    assert [200, 200, 200, 429] == [each.status for each in answers]
    assert ["2", "1", "0", "0"] == [each.headers["x-ratelimit-remaining-requests"] for each in answers]
    assert "Used 3, this call needs 1" in answers[-1].body["error"]["message"]


async def test_a_provider_gets_no_more_attempts_than_it_may(start):
    async with served(start, [fails(500)], [ok()], of_a=", limits: {requests: 2/min}") as gateway:
        answers = [await gateway.chat("again", headers=ALICE, max_tokens=10) for _ in range(2)]

        assert 2 == len(gateway.a.requests)
    assert {200}.isdisjoint(each.status for each in answers)


async def test_two_attempts_of_a_call_take_the_place_of_one_call(start):
    async with served(start, [hangs()], [ok("b")], limits=ONE) as gateway:
        answers = [await gateway.chat("hedged", headers=ALICE, max_tokens=10) for _ in range(3)]

        assert [200, 200, 200] == [each.status for each in answers]
        assert 3 == len(gateway.b.requests)


@pytest.mark.parametrize(("stream", "answer"), [(False, ok()), (True, streams(words("a")))], ids=["whole", "stream"])
async def test_a_call_keeps_its_place_between_its_attempts(start, stream, answer):
    async with served(start, [fails(500), answer], [ok()], limits=ONE) as gateway:
        first = asyncio.create_task(gateway.chat("later", headers=ALICE, max_tokens=10, stream=stream))
        await until(lambda: asyncio.sleep(0, bool(gateway.a.requests)), 5)
        beside = await gateway.chat("chain", headers=ALICE, max_tokens=10)
        first = await first
        after = await gateway.chat("chain", headers=ALICE, max_tokens=10)

    assert (429, 200, 200) == (beside.status, first.status, after.status)


async def test_a_call_that_fails_gives_its_place_back(start):
    async with served(start, [fails(500)], [ok()], limits=ONE) as gateway:
        answers = [await gateway.chat("again", headers=ALICE, max_tokens=10) for _ in range(3)]

    assert {429}.isdisjoint(each.status for each in answers)


async def test_a_provider_gets_no_more_attempts_at_a_time_than_it_may(start):
    async with served(start, [late("a", 0.2, stream=False)], [ok()], of_a=f", limits: {ONE}", limits="{}") as gateway:
        answer = await gateway.chat("twice", headers=ALICE, max_tokens=10)

        assert (200, 1) == (answer.status, len(gateway.a.requests))
