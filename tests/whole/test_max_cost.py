"""What one call may cost at most, however many attempts it makes."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.process.running import until
from tests.whole.provider import DONE, ROLE, STOP, Provider, fails, hangs, ok, piece, streams, usage_event
from tests.whole.test_leaving import logged

CONFIG = """
providers:
  a: {{dialect: vllm, base_url: "{a}"}}
  b: {{dialect: vllm, base_url: "{b}"}}
models:
  a/one: {price}
  b/two: {price}
routes:
  chain: {{chain: [a/one, b/two], timeouts: {{attempt: 150ms}}, retry: {{attempts: 1}}}}
  hedged: {{chain: [a/one, b/two], hedge: {{after: 20ms, at_most: 100%}}}}
  continued: {{chain: [a/one, b/two], on_break: continue, retry: {{attempts: 1}}}}
keys:
  alice: {{key: the-key-of-alice, max_cost: {most}{more}}}
"""
PRICE = "{price: {input: 1, output: 1000}, context: 100000, max_output: 1000}"
ALICE = {"authorization": "Bearer the-key-of-alice"}
ONCE, TWICE = 0.15, 0.3  # dollars: enough for one attempt with 100 tokens, and for two
CUT = streams([ROLE, piece({"content": "word " * 72})], whole=False)
REST = streams([ROLE, piece({"content": "more"}), STOP, usage_event(100, 10), DONE])


async def slow(request, writer) -> None:
    await asyncio.sleep(0.3)
    await ok("late")(request, writer)


@asynccontextmanager
async def served(start, a, b, most, more=""):
    async with Provider(a) as first, Provider(b) as second:
        text = CONFIG.format(a=first.url, b=second.url, price=PRICE, most=most, more=more)
        async with start(text) as gateway:
            gateway.a, gateway.b = first, second
            yield gateway


async def cost(tmp_path):
    (line,) = await until(lambda: logged(tmp_path), 5)
    return line["cost_usd"]


@pytest.mark.parametrize(("most", "asked"), [(ONCE, 0), (TWICE, 1)])
async def test_a_timeout_leaves_less_for_the_next_target(start, tmp_path, most, asked):
    async with served(start, hangs(), ok(), most) as gateway:
        answer = await gateway.chat("chain", headers=ALICE, max_tokens=100)

        assert asked == len(gateway.b.requests)
        assert (200 if asked else 504) == answer.status
        if not asked:
            first, second = answer.body["error"]["attempts"]
            assert ("timeout", "unsupported") == (first["fault"], second["fault"])
            assert "after attempts that took $0.11" in second["message"]
        assert 0.1 < await cost(tmp_path) <= most


@pytest.mark.parametrize(("most", "asked"), [(ONCE, 0), (TWICE, 1)])
async def test_a_second_attempt_beside_a_slow_one_has_to_fit(start, tmp_path, most, asked):
    async with served(start, slow, slow, most) as gateway:
        answer = await gateway.chat("hedged", headers=ALICE, max_tokens=100)

        assert (200, asked) == (answer.status, len(gateway.b.requests))
        assert await cost(tmp_path) <= most


@pytest.mark.parametrize(("most", "asked"), [(ONCE, 0), (TWICE, 1)])
async def test_what_goes_on_with_a_stream_has_to_fit(start, tmp_path, most, asked):
    async with served(start, CUT, REST, most) as gateway:
        await gateway.chat("continued", headers=ALICE, max_tokens=100, stream=True)

        assert asked == len(gateway.b.requests)
        assert 0.08 < await cost(tmp_path) <= most


async def test_what_cost_nothing_leaves_all(start, tmp_path):
    async with served(start, fails(500), ok(), ONCE, ", budget: 10/month") as gateway:
        assert 200 == (await gateway.chat("chain", headers=ALICE, max_tokens=100)).status
        assert await cost(tmp_path) <= ONCE


async def test_slices_end_where_the_call_has_no_more(start, tmp_path):
    """A first attempt failed at no cost; the second may take all that there is."""
    long = streams([ROLE, *(piece({"content": "x" * 64}) for _ in range(100)), STOP, usage_event(9, 900), DONE])
    async with served(start, fails(500), long, 1.2, ", budget: 10/month, holds: slices") as gateway:
        answer = await gateway.chat("chain", headers=ALICE, max_tokens=5000, stream=True)

        assert 200 == answer.status
        assert await cost(tmp_path) <= 1.2
