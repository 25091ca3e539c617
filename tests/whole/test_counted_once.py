"""Limits on requests count a call once for whoever made it, and each of its attempts for whoever gets them."""

from contextlib import asynccontextmanager

import pytest

from tests.whole.provider import Provider, fails, hangs, ok

CONFIG = """
providers:
  a: {{dialect: openai, base_url: "{a}", api_key: k{of_a}}}
  b: {{dialect: openai, base_url: "{b}", api_key: k}}
models:
  a/one: {price}
  b/two: {price}
routes:
  chain: {{chain: [a/one, b/two], retry: {{attempts: 1}}}}
  again: {{chain: a/one, retry: {{attempts: 3, backoff: 1ms}}}}
  hedged: {{chain: [a/one, b/two], hedge: {{after: 20ms, at_most: 100%}}}}
defaults: {{breaker: {{failures: 100}}}}
teams:
  us: {limits}
service: {limits}
keys:
  alice: {{key: the-key-of-alice, team: us, limits: {{requests: 3/min}}}}
"""
PRICE = "{price: {input: 1, output: 1}, context: 100000, max_output: 1000}"
ALICE = {"authorization": "Bearer the-key-of-alice"}
LIMITS = "{limits: {requests: 3/min}}"


@asynccontextmanager
async def served(start, a, b, of_a=""):
    async with Provider(*a) as first, Provider(*b) as second:
        text = CONFIG.format(a=first.url, b=second.url, price=PRICE, limits=LIMITS, of_a=of_a)
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
