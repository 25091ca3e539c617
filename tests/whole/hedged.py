"""A gateway that hedges before three providers, and how one sees what it did."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.process.running import until
from tests.whole.provider import (
    Provider,
    ok,
    streams,
    words,
)

AFTER = 0.05
SLOW = 0.2
PRICE = "{price: {input: 1000, output: 1000}, context: 100000, max_output: 1000}"  # a tenth of a cent for each token
CONFIG = """
providers:
  a: {{dialect: openai, base_url: "{a.url}", api_key: {keys}}}
  b: {{{busy}dialect: openai, base_url: "{b.url}", api_key: k}}
  c: {{dialect: openai, base_url: "{c.url}", api_key: k}}
defaults:
  retry: {{attempts: 1}}
  breaker: {breaker}
  on_break: {on_break}
routes:
  m: {{chain: {chain}, hedge: {hedge}}}
models:
  a/one: {price}
  b/two: {price}
{more}
"""
ALICE = {"authorization": "Bearer the-key-of-alice"}
BUDGET = "keys: {{alice: {{key: the-key-of-alice, budget: {{usd: {usd}, per: month}}}}}}"


@asynccontextmanager
async def hedging(start, *plays, hedge="{after: 50ms, at_most: 100%}", chain="[a/one, b/two]", keys="k", **words):
    """A gateway before the providers a, b and c, which play *plays*: each a play, or a list of them."""
    lists = [play if isinstance(play, list) else [play] for play in (*plays, *[ok()] * (3 - len(plays)))]
    a, b, c = (Provider(*each) for each in lists)
    async with a, b, c:
        usual = {"more": "", "breaker": "{}", "on_break": "error", "busy": ""}
        words = {**usual, **words, "hedge": hedge, "chain": chain, "keys": keys}
        config = CONFIG.format(a=a, b=b, c=c, price=PRICE, **words)
        async with start(config) as gateway:
            gateway.a, gateway.b, gateway.c = a, b, c
            yield gateway


def late(text: str, seconds: float, *, stream: bool):
    if stream:
        return streams(words(text), first=seconds)

    async def play(request, writer) -> None:
        await asyncio.sleep(seconds)
        await ok(text)(request, writer)

    return play


def prompt(text: str, *, stream: bool):
    return late(text, 0.0, stream=stream)


def said(reply) -> str:
    event_stream = reply.headers["content-type"].startswith("text/event-stream")
    return reply.text if event_stream else reply.body["choices"][0]["message"]["content"]


async def logged(tmp_path, count: int = 1):
    def lines():
        every = map(orjson.loads, (tmp_path / "log").read_bytes().splitlines())
        calls = [line for line in every if line["message"] == "call"]
        return calls if len(calls) >= count else []

    async def ready():
        return lines()

    return await until(ready, 5)


def tried(line) -> list[tuple[str, str]]:
    return [(target, fault) for target, fault, _ in line["tried"]]


async def nothing_is_left(gateway) -> None:
    async def quiet() -> bool:
        gauges = ('in_flight{route="m"}', 'target_in_flight{target="a/one"}', 'target_in_flight{target="b/two"}')
        return [0, 0, 0] == [await gateway.metric(f"switchyard_{line}") for line in gauges]

    await until(quiet, 5)


async def hedges(gateway) -> dict[str, float]:
    outcomes = ("won", "lost", "failed")
    counts = {it: await gateway.metric(f'switchyard_hedges_total{{outcome="{it}",route="m"}}') for it in outcomes}
    return {it: count for it, count in counts.items() if count}


async def purse(gateway) -> tuple[float, float]:
    """What alice's budget has spent, and what it holds."""
    seen = (await gateway.get("/api/v1/usage", **ALICE)).body["budgets"][0]
    return seen["spent_usd"], seen["held_usd"]


BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
