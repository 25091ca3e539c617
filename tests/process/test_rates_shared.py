"""Two gateways that share a Redis keep limits as one: to the call, at the window's edge, when one of them is killed."""

import asyncio
import os
import signal
import time
from collections import Counter
from contextlib import asynccontextmanager

import pytest

from tests.process.counting import PRICED, PROMPT, Counting
from tests.process.running import ADMIN, Running, until
from tests.store.redis_servers import Server, serving
from tests.whole.conftest import Answer

CONFIG = """
server: {{port: 0}}
admin: {{key: {admin}}}
state: {{directory: state, url: "redis://127.0.0.1:{redis}"}}
providers:
  a: {{dialect: vllm, api_key: sk-secret, base_url: "{url}"}}
routes: {{m: a/one}}
models: {{a/one: {priced}}}
keys:
  steady: {{key: the-key-steady, limits: {{requests: 60/min}}}}
  quick: {{key: the-key-quick, limits: {{requests: 20/s}}}}
  wordy: {{key: the-key-wordy, limits: {{tokens: 20k/min}}}}
  narrow: {{key: the-key-narrow, limits: {{concurrent: 10}}}}
  first: {{key: the-key-first, limits: {{requests: 1M/min}}}}
"""
SLOT_LEASE, LOOK = 15.0, 1.5  # seconds until a gateway is taken for lost, and until somebody looks
EDGE = 0.8  # seconds of a window of one: what is left is for the way from being counted to being seen


class Pair:
    """Every other call goes to the other one."""

    def __init__(self, provider: Counting, *gateways: Running) -> None:
        self.provider = provider
        self.gateways = gateways

    async def call(self, number: int, key: str, *, tokens: int = 100, stream: bool = False) -> Answer:
        body = {
            "model": "m",
            "messages": [{"role": "user", "content": f"call {number}"}],
            "max_tokens": tokens,
            "stream": stream,
        }
        gateway = self.gateways[number % len(self.gateways)]
        return await gateway.request("POST", "/v1/chat/completions", body, authorization=f"Bearer the-key-{key}")

    async def all_at_once(self, calls: int, key: str, **how: bool) -> Counter[int]:
        answers = await asyncio.gather(*(self.call(number, key, **how) for number in range(calls)))
        return Counter(answer.status for answer in answers)


@pytest.fixture
def pair(start, tmp_path):
    """What is said with it is for how many seconds the provider thinks."""

    @asynccontextmanager
    async def begin(seconds: float):
        redis = Server(tmp_path)
        with serving(redis):
            async with Counting(seconds) as provider:
                text = CONFIG.format(admin=ADMIN, redis=redis.port, url=provider.url, priced=PRICED)
                async with start(text, folder="one") as one, start(text, folder="two") as two:
                    both = Pair(provider, one, two)
                    await both.all_at_once(2, "first")  # a Redis that is new grants nothing for two seconds
                    provider.served.clear()
                    yield both

    return begin


async def test_two_gateways_admit_exactly_what_one_may(pair):
    async with pair(0.0) as both:
        statuses = await both.all_at_once(200, "steady")
        refused = await both.call(0, "steady")

        assert {200: 60, 429: 140} == statuses
        assert 60 == len(both.provider.whole)
        assert "rate_limit_exceeded" == refused.body["error"]["code"]
        assert ("60", "0") == (
            refused.headers["x-ratelimit-limit-requests"],
            refused.headers["x-ratelimit-remaining-requests"],
        )
        assert 1 <= int(refused.headers["retry-after"]) <= 65


async def test_no_window_has_more_wherever_it_begins(pair):
    async with pair(0.0) as both:
        ends = time.monotonic() + 3.5
        admitted: list[float] = []

        async def hammer(number: int) -> None:
            while time.monotonic() < ends:
                answer = await both.call(number, "quick")
                if answer.status == 200:
                    admitted.append(time.monotonic())
                await asyncio.sleep(0.05)

        began = time.monotonic()
        await asyncio.gather(*map(hammer, range(16)))
        took = time.monotonic() - began

    admitted.sort()
    crowded = [at for at, later in zip(admitted, admitted[20:], strict=False) if later - at < EDGE]
    assert [] == crowded
    assert 50 <= len(admitted) <= 20 * (took + 1)


async def test_tokens_are_never_more_than_allowed_and_can_nearly_all_be_had(pair):
    async with pair(0.05) as both:
        await both.all_at_once(100, "wordy")
        refusals = 0
        for number in range(200):
            if (await both.call(number, "wordy", tokens=500)).status == 429:
                refusals += 1
                await asyncio.sleep(0.3)  # what calls held and didn't take has come back by then
            if refusals == 4:
                break
        used = sum(PROMPT + one.output for one in both.provider.whole)

    assert 4 == refusals
    assert 16_000 <= used <= 20_000


async def test_a_new_store_is_waited_for(start, tmp_path):
    redis = Server(tmp_path)
    with serving(redis):
        async with Counting(0.0) as provider:
            text = CONFIG.format(admin=ADMIN, redis=redis.port, url=provider.url, priced=PRICED)
            async with start(text) as gateway:
                redis.ask("FLUSHALL")
                answers = await asyncio.gather(*(Pair(provider, gateway).call(1, "steady") for _ in range(5)))

    assert [200] * 5 == [answer.status for answer in answers]


async def test_calls_at_a_time_are_counted_together_and_outlive_a_killed_gateway(pair):
    async with pair(1.5) as both:  # longer than anybody waits for a slot
        statuses = await both.all_at_once(100, "narrow", stream=True)
        most = both.provider.most_at_once
        # What the other one had comes over at once; the first gets all of it.
        both.provider.seconds = 60.0
        lost = [asyncio.ensure_future(both.call(2 * number, "narrow", stream=True)) for number in range(10)]
        await until(lambda: both.provider.under_way == 10)

        os.kill(both.gateways[0].pid, signal.SIGKILL)
        killed = time.monotonic()
        await asyncio.gather(*lost, return_exceptions=True)
        both.provider.seconds = 0.0
        refused = await both.call(1, "narrow")

        async def again() -> bool:
            return (await both.call(1, "narrow")).status == 200

        await until(again, SLOT_LEASE + LOOK)
        took = time.monotonic() - killed

    assert {200: 10, 429: 90} == statuses
    assert 10 == most
    assert 429 == refused.status
    assert took <= SLOT_LEASE + LOOK
