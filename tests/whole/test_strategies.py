"""Choices among several targets, through real sockets: what attempts teach is what the next calls go by."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.whole.provider import Provider, completion, fails, ok, says, streams, words

LEFT = {"x-ratelimit-limit-requests": "100", "x-ratelimit-reset-requests": "60s"}


@asynccontextmanager
async def lab(start, plays, *, models="", **route):
    """A gateway with a route `m` over one provider for each of *plays*."""
    async with AsyncExitStack() as stack:
        providers = [await stack.enter_async_context(Provider(play)) for play in plays]
        names = "abcdef"[: len(providers)]
        lines = "\n".join(
            f"  {name}: {{dialect: openai, base_url: '{one.url}', api_key: k}}"
            for name, one in zip(names, providers, strict=True)
        )
        config = f"""
providers:
{lines}
routes:
  m:
    {next((f"{key}: {value}" for key, value in route.items()), "retry: {attempts: 1}")}
    chain: [{{targets: [{", ".join(f"{name}/x" for name in names)}]}}]
{models}
"""
        yield await stack.enter_async_context(start(config)), providers


def target(answer) -> str:
    return answer.headers["x-switchyard-target"][0]


def prices(**dollars):
    rows = (f"  {name}/x: {{price: {{input: {price}, output: {price}}}}}" for name, price in dollars.items())
    return "\n".join(("models:", *rows))


async def test_the_cheapest_is_asked_first_by_any_name_of_that_strategy(start):
    async with lab(start, [ok(), ok(), ok()], models=prices(a=3, b=1, c=2)) as (gateway, _):
        got = {name: target(await gateway.chat(routing={"strategy": name})) for name in ("cost", "cost-optimized")}

    assert got == {"cost": "b", "cost-optimized": "b"}


def later(play, seconds):
    """*play* after *seconds*."""

    async def wait(request, writer):
        await asyncio.sleep(seconds)
        await play(request, writer)

    return wait


@pytest.mark.parametrize(
    ("slow", "fast", "stream"),
    [(later(ok(), 0.2), ok(), False), (streams(words("a"), first=0.2), streams(words("a")), True)],
)
async def test_who_is_slow_is_left_for_who_is_fast(start, slow, fast, stream):
    async with lab(start, [slow, fast], strategy="latency") as (gateway, providers):
        async with asyncio.timeout(15):
            while not all(one.requests for one in providers):  # whom chance lets be tried when is another matter
                await gateway.chat(stream=stream)
        known = len(providers[0].requests)
        for _ in range(20):
            await gateway.chat(stream=stream)

    assert len(providers[0].requests) - known < 8


async def test_what_counts_is_for_the_operator_to_say(start):
    only = "{cost: 1, quality: 0, latency: 0}"
    async with lab(start, [ok(), ok(), ok()], models=prices(a=9, b=1, c=1), weights=only) as (gateway, _):
        got = Counter([target(await gateway.chat()) for _ in range(24)])

    assert (got["a"], got["b"] > 2, got["c"] > 2) == (0, True, True)


async def test_who_fails_counts_as_slow(start):
    async with lab(start, [fails(500), ok()], strategy="latency") as (gateway, providers):
        for _ in range(12):
            assert (await gateway.chat()).status == 200

    assert len(providers[0].requests) < 8


async def test_the_one_with_most_headroom_is_asked_before_a_limit_is_met(start):
    tight = says(200, completion(), {**LEFT, "x-ratelimit-remaining-requests": "10"})
    roomy = says(200, completion(), {**LEFT, "x-ratelimit-remaining-requests": "90"})
    async with lab(start, [tight, roomy], strategy="headroom") as (gateway, _):
        got = [target(await gateway.chat()) for _ in range(12)]

    assert "a" in got[:8]
    after = got[got.index("a") + 1 :]
    assert after.count("a") == 0


async def test_limits_of_the_operator_count_as_headroom(start):
    config_of_b = "models: {b/x: {limits: {requests: 4/h}}}"
    async with lab(start, [ok(), ok()], strategy="headroom", models=config_of_b) as (gateway, _):
        got = Counter([target(await gateway.chat()) for _ in range(24)])

    assert got["b"] <= 2


async def test_a_session_stays_with_its_target_and_sessions_are_spread(start):
    async with lab(start, [ok()] * 4, strategy="affinity") as (gateway, _):
        got = [{target(await gateway.chat(prompt_cache_key=f"s{number}")) for _ in range(3)} for number in range(16)]

    assert all(len(each) == 1 for each in got)
    assert len(set().union(*got)) > 1


async def test_a_key_stays_with_its_target_unless_it_names_a_user(start):
    async with lab(start, [ok()] * 4, strategy="consistent") as (gateway, _):
        users = {target(await gateway.chat(user=f"u{number}")) for number in range(16)}
        same = {target(await gateway.chat(user="me")) for _ in range(4)}

    assert (len(users) > 1, len(same)) == (True, 1)
