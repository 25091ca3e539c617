"""Answers that are kept: who gets one, what it costs, what is told, and what is never kept."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.whole.provider import DONE, ROLE, STOP, Provider, completion, fails, hangs, ok, piece, says, streams, words

ALICE = {"authorization": "Bearer the-key-of-alice"}
BOB = {"authorization": "Bearer the-key-of-bob"}
CAROL = {"authorization": "Bearer the-key-of-carol"}
ADMIN = {"authorization": "Bearer the-operators"}
CONFIG = """
admin: {{key: the-operators}}
cache: {{max: {max}, largest: {largest}}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
routes:
  m: {{chain: p/real-model, cache: {{{cache}}}{more}}}
  other: {{chain: p/real-model, cache: 1h}}
  plain: p/real-model
models:
  p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
teams: {{lab: {{}}}}
keys:
  alice: {{key: the-key-of-alice, team: lab{alice}}}
  bob: {{key: the-key-of-bob, team: lab{bob}}}
  carol: {{key: the-key-of-carol}}
"""


def settings(url, cache="ttl: 1h", more="", alice="", bob="", max="64MiB", largest="1MiB"):
    return CONFIG.format(url=url, cache=cache, more=more, alice=alice, bob=bob, max=max, largest=largest)


@asynccontextmanager
async def served(start, *plays, **written):
    async with Provider(*(plays or (ok(),))) as provider:
        async with start(settings(provider.url, **written)) as gateway:
            gateway.provider = provider
            yield gateway


def told(answer):
    return answer.headers.get("x-switchyard-cache")


async def test_a_second_call_gets_the_first_ones_answer_and_pays_nothing(start):
    async with served(start) as gateway:
        first = await gateway.chat(headers=ALICE)
        second = await gateway.chat(headers=ALICE)

    assert ("miss", "hit") == (told(first), told(second))
    assert 1 == len(gateway.provider.requests)
    assert ("0.021000000", "0.000000000") == tuple(one.headers["x-switchyard-cost-usd"] for one in (first, second))
    assert {**first.body, "usage": {**first.body["usage"], "cost": 0}} == second.body
    assert ("p/real-model", "0", "0") == tuple(
        second.headers[name] for name in ("x-switchyard-target", "x-switchyard-attempts", "age")
    )


async def test_a_stream_is_told_again_event_by_event(start):
    async with served(start, streams(words("a", "b", "c"))) as gateway:
        first = await gateway.chat(headers=ALICE, stream=True)
        second = await gateway.chat(headers=ALICE, stream=True)

    assert ("miss", "hit") == (told(first), told(second))
    assert first.raw == second.raw
