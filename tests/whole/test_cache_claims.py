"""The same call at the same time in several processes that keep their answers in one Redis."""

import asyncio
import time

import pytest

from tests.store.redis_servers import Server, serving
from tests.whole.kept import ALICE, settings, told
from tests.whole.provider import ROLE, Provider, completion, fails, hangs, ok, piece, says, streams, words

STREAM = streams(words("a", "b"), first=0.4)


async def slow(request, writer):
    """A whole answer."""
    await asyncio.sleep(0.4)
    await ok("ab")(request, writer)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"))
    with serving(server):
        yield server


@pytest.fixture
def two(start, server):
    """Two gateways before *plays*, with that provider as `provider` of the first."""
    server.ask("FLUSHALL")
    redis = f"state: {{url: 'redis://127.0.0.1:{server.port}', directory: data}}\n"

    class Two:
        def __init__(self, *plays, wait="30s", **written):
            self.provider = Provider(*plays)
            self.text = lambda url: settings(url, **written).replace("cache: {", f"cache: {{wait: {wait}, ", 1) + redis

        async def __aenter__(self):
            await self.provider.__aenter__()
            text = self.text(self.provider.url)
            self.started = start(text), start(text)
            return self.provider, *[await one.__aenter__() for one in self.started]

        async def __aexit__(self, *ended):
            for one in self.started:
                await one.__aexit__(*ended)
            await self.provider.__aexit__(*ended)

    return Two


async def asked(provider, count=1):
    async with asyncio.timeout(5):
        while len(provider.requests) < count:
            await asyncio.sleep(0.01)


def begun(gateway, **fields):
    return asyncio.ensure_future(gateway.chat(headers=ALICE, **fields))


async def test_all_processes_together_ask_the_provider_once(two):
    async with two(STREAM) as (provider, one, other):
        first = begun(one, stream=True)
        await asked(provider)
        others = [begun(gateway, stream=form) for gateway in (one, other) for form in (True, False, True)]
        answers = await asyncio.gather(first, *others)

    assert 1 == len(provider.requests)
    assert ["miss", *["hit"] * 6] == [told(each) for each in answers]
    streamed = [each.text for each in answers if each.headers["content-type"].startswith("text/event-stream")]
    assert ["ab"] * 5 == streamed


async def test_they_may_begin_in_the_very_same_moment(two):
    async with two(slow) as (provider, one, other):
        for model in ("m", "other"):
            await asyncio.gather(*(gateway.chat(model, headers=ALICE) for gateway in (one, other) * 4))

    assert 2 == len(provider.requests)


async def test_whoever_waits_elsewhere_goes_on_when_the_first_one_fails(two):
    broken = streams([ROLE, piece({"content": "a"})], first=0.3, whole=False)
    async with two(broken, streams(words("b"))) as (provider, one, other):
        first = begun(one, stream=True)
        await asked(provider)
        answers = await asyncio.gather(first, begun(other, stream=True))

    assert (["a", "b"], 2) == ([each.text for each in answers], len(provider.requests))


async def test_when_the_first_ones_client_leaves_the_next_one_goes_on(two):
    async with two(hangs(), ok("b")) as (provider, one, other):
        first = begun(one)
        await asked(provider)
        second = begun(other)
        await asyncio.sleep(0.1)
        began = time.monotonic()
        first.cancel()
        answer = await second

    assert ("b", "miss", 2) == (answer.body["choices"][0]["message"]["content"], told(answer), len(provider.requests))
    assert time.monotonic() - began < 1.0


async def test_an_answer_that_may_not_be_kept_is_waited_for_once(two):
    cut = completion("a")
    cut["choices"][0]["finish_reason"] = "length"
    async with two(says(200, cut)) as (provider, one, other):
        answers = await asyncio.gather(*(begun(gateway) for gateway in (one, other)))

    assert (2, ["miss", "miss"]) == (len(provider.requests), [told(each) for each in answers])


async def test_nobody_waits_for_longer_than_the_operator_says(two):
    async with two(hangs(), ok("b"), wait="300ms") as (provider, one, other):
        first = begun(one)
        await asked(provider)
        began = time.monotonic()
        answer = await other.chat(headers=ALICE)
        took = time.monotonic() - began
        first.cancel()

    assert (200, "miss") == (answer.status, told(answer))
    assert 0.25 < took < 1.0


async def test_a_redis_that_goes_away_meanwhile_makes_nobody_wait(two, server):
    async with two(hangs(), ok("b")) as (provider, one, other):
        first = begun(one)
        await asked(provider)
        second = begun(other)
        await asyncio.sleep(0.1)
        with server.paused():
            began = time.monotonic()
            answer = await second
            took = time.monotonic() - began
        first.cancel()

    assert (200, "miss") == (answer.status, told(answer))
    assert took < 1.0


async def test_an_old_answer_is_asked_for_anew_once_and_serves_all_where_nobody_has_another(two):
    written = {"cache": "ttl: 100ms, stale: 1h", "more": ", retry: {attempts: 1}"}
    async with two(ok("a"), slow, fails(500), **written) as (_, one, other):
        await one.chat(headers=ALICE)
        await asyncio.sleep(0.3)
        fresh = await asyncio.gather(*(begun(gateway) for gateway in (one, other)))
        await asyncio.sleep(1.2)
        stale = await asyncio.gather(*(begun(gateway) for gateway in (one, other)))

    assert ["hit", "miss"] == sorted(told(each) for each in fresh)
    assert ["stale", "stale"] == [told(each) for each in stale]


async def test_who_asks_anew_waits_for_nobody(two):
    async with two(slow) as (provider, one, other):
        answers = await asyncio.gather(begun(one), begun(other, cache={"refresh": True}))

    assert (2, ["miss", "miss"]) == (len(provider.requests), [told(each) for each in answers])


async def test_who_cannot_pay_leaves_the_call_to_the_next_one(two):
    async with two(slow, alice=", limits: {requests: 1/min}", cache="ttl: 1h, scope: team") as (provider, one, other):
        await one.chat("plain", headers=ALICE)
        refused, answer = await asyncio.gather(
            begun(one), other.chat(headers={"authorization": "Bearer the-key-of-bob"})
        )

    assert (429, 200, 2) == (refused.status, answer.status, len(provider.requests))
