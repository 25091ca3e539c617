"""Whose money it is, for which window, and of which calls: what is counted where, and what is refused."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import orjson
import pytest

from tests.whole.provider import Provider, ok, says, streams, words

ALICE = {"authorization": "Bearer the-key-of-alice"}
BOB = {"authorization": "Bearer the-key-of-bob"}
CONFIG = """
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
  q: {{dialect: openai, base_url: "{url}", api_key: k}}
  lab: {{dialect: vllm, base_url: "{url}"}}
routes:
  m: p/real-model
  other: p/real-model
  cheap: q/small-model
  own: lab/unheard-of
models:
  p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
  q/small-model: {{price: {{input: 1, output: 1}}, context: 100000, max_output: 1000}}
  p/endless: {{price: {{input: 1000, output: 1000}}}}
  p/vectors: {{price: {{input: 1000, output: 0}}, context: 8000}}
keys:
  alice: {{key: the-key-of-alice, {alice}}}
  bob: {{key: the-key-of-bob, {bob}}}
{more}
"""
MANY = {"input": [f"text {number}" for number in range(3)]}
VECTORS = {
    "object": "list",
    "data": [{"object": "embedding", "index": number, "embedding": [0.5]} for number in range(3)],
    "model": "vectors",
    "usage": {"prompt_tokens": 9, "total_tokens": 9},
}


@asynccontextmanager
async def served(start, *plays, alice="holds: whole", bob="holds: whole", more=""):
    written = partial(CONFIG.format, alice=alice, bob=bob, more=more)
    async with Provider(*plays or (ok(),)) as provider, start(written(url=provider.url)) as gateway:
        gateway.provider = provider
        yield gateway


def quota(answer):
    assert answer.status == 429, answer.raw
    return answer.body["error"]["quota"]


async def budgets(gateway):
    return (await gateway.get("/api/v1/usage", **ALICE)).body["budgets"]


async def test_a_budget_for_a_model_is_for_the_name_that_was_asked_with(start):
    async with served(start, alice="per_model: {m: {budget: 3/month}}") as gateway:
        large = await gateway.chat("m", headers=ALICE)
        elsewhere = await gateway.chat("other", headers=ALICE)
        small = await gateway.chat("m", headers=ALICE, max_tokens=10)

        assert "key/alice/model/m" == quota(large)["scope"]
        assert "key alice for m" in large.body["error"]["message"]
        assert (200, 200) == (elsewhere.status, small.status)
        assert [("m", 0.021)] == [(each["model"], each["spent_usd"]) for each in await budgets(gateway)]


async def test_a_tag_is_shared_by_the_keys_that_carry_it(start):
    more = "tags: {nightly: {budget: 2.47/day}}"
    async with served(start, alice="tags: [nightly]", bob="tags: [nightly]", more=more) as gateway:
        first = await gateway.chat(headers=ALICE, max_tokens=100)
        second = await gateway.chat(headers=BOB, max_tokens=100)
        third = await gateway.chat(headers=ALICE, max_tokens=100)

        assert [200, 200, 429] == [each.status for each in (first, second, third)]
        assert ("tag/nightly", 0.042) == (quota(third)["scope"], quota(third)["spent_usd"])


async def test_the_narrowest_of_several_windows_refuses(start):
    async with served(start, alice="budget: [100/month, 3/day, 50/week]") as gateway:
        refused = await gateway.chat(headers=ALICE)
        good = await gateway.chat(headers=ALICE, max_tokens=10)

        assert ("day", 3) == (quota(refused)["per"], quota(refused)["limit_usd"])
        assert 200 == good.status
        assert {0.021} == {each["spent_usd"] for each in await budgets(gateway)}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"])
async def test_a_day_ends_at_its_own_midnight(start, zone):
    async with served(start, alice=f"budget: {{usd: 1, per: day, zone: {zone}}}") as gateway:
        refused = await gateway.chat(headers=ALICE)
        (budget,) = await budgets(gateway)

    ends = datetime.fromtimestamp(budget["resets_at"], ZoneInfo(zone))
    assert (0, 0, 0) == (ends.hour, ends.minute, ends.second)
    said = datetime.fromisoformat(quota(refused)["resets_at"])
    assert (budget["resets_at"], True) == (said.timestamp(), refused.body["error"]["message"].endswith("Z."))


async def test_an_answer_without_an_end_is_refused_and_one_with_an_end_is_not(start):
    async with served(start, alice="budget: 100/month") as gateway:
        endless = await gateway.chat("p/endless", headers=ALICE)
        limited = await gateway.chat("p/endless", headers=ALICE, max_completion_tokens=10)

        error = endless.body["error"]
        assert (400, "cost_unknown", "max_completion_tokens") == (endless.status, error["code"], error["param"])
        assert 200 == limited.status
        assert 1 == len(gateway.provider.requests)


async def test_embeddings_are_paid_by_their_input_alone(start):
    async with served(start, says(200, VECTORS), alice="budget: 10/month") as gateway:
        body = {"model": "p/vectors", **MANY}
        good = await gateway.request("POST", "/v1/embeddings", body, **ALICE)
        large = await gateway.request("POST", "/v1/embeddings", {**body, "input": "x" * 20_000}, **ALICE)

        assert (200, 0.009) == (good.status, (await budgets(gateway))[0]["spent_usd"])
        assert "key/alice" == quota(large)["scope"]


async def test_every_choice_is_paid_for(start):
    async with served(start, alice="budget: 4/month") as gateway:
        several = await gateway.chat(headers=ALICE, max_tokens=200, n=10)
        one = await gateway.chat(headers=ALICE, max_tokens=200, n=1)

        assert quota(several)["needed_usd"] > 4
        assert 200 == one.status


async def test_tools_count_as_what_is_sent_and_a_providers_own_are_refused(start):
    async with served(start, alice="budget: 10/month") as gateway:
        function = {"type": "function", "function": {"name": "f", "description": "d" * 9_000, "parameters": {}}}
        large = await gateway.chat(headers=ALICE, max_tokens=10, tools=[function])
        own = await gateway.chat(headers=ALICE, max_tokens=10, tools=[{"type": "web_search"}])

        assert quota(large)["needed_usd"] > 9
        assert (400, "cost_unknown", "tools") == (own.status, own.body["error"]["code"], own.body["error"]["param"])
        assert [] == gateway.provider.requests


async def test_a_spent_budget_hands_a_stream_over_too(start):
    budget = "budget: {usd: 1, per: month, when_spent: cheap}"
    async with served(start, streams(words("a", "b")), alice=budget) as gateway:
        answer = await gateway.chat(headers=ALICE, stream=True)

        assert ("ab", "[DONE]") == (answer.text, answer.events[-1])
        assert ("cheap", "key/alice") == tuple(answer.headers[f"x-switchyard-{it}"] for it in ("route", "degraded"))


async def test_a_stream_is_refused_like_any_call_before_it_begins(start):
    async with served(start, alice="budget: 1/month") as gateway:
        answer = await gateway.chat(headers=ALICE, stream=True)

        assert (429, "application/json") == (answer.status, answer.headers["content-type"])
        assert str(len(answer.raw)) == answer.headers["content-length"]
        assert "insufficient_quota" == answer.body["error"]["code"]


async def test_a_refusal_leaves_the_connection_to_the_next_call(start):
    async with served(start, alice="budget: 1/month") as gateway:
        body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: {ALICE['authorization']}\r\n"
        call = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
        got = await gateway.raw(call + call, wait=0.5)

    assert 2 == got.count(b"HTTP/1.1 429 Too Many Requests\r\n")


async def test_a_body_that_is_no_json_costs_nothing_and_counts_as_no_request(start):
    async with served(start, alice="budget: 10/month, limits: {requests: 1/min}") as gateway:
        broken = await gateway.request("POST", "/v1/chat/completions", b"{", **ALICE)
        good = await gateway.chat(headers=ALICE, max_tokens=10)

        assert ("invalid_json", 200) == (broken.body["error"]["code"], good.status)


@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_left_of_rates_stands_in_the_head_of_every_answer(start, stream):
    plays = (streams(words("a")),) if stream else (ok(),)
    async with served(start, *plays, alice="limits: {requests: 5/min, tokens: 90k/min}") as gateway:
        first = await gateway.chat(headers=ALICE, max_tokens=10, stream=stream)
        second = await gateway.chat(headers=ALICE, max_tokens=10, stream=stream)

    assert ["5", "90000"] == [first.headers[f"x-ratelimit-limit-{kind}"] for kind in ("requests", "tokens")]
    left = [int(each.headers["x-ratelimit-remaining-requests"]) for each in (first, second)]
    assert left == [4, 3]
    assert float(second.headers["x-ratelimit-reset-requests"].removesuffix("s")) > 0
    assert int(second.headers["x-ratelimit-remaining-tokens"]) < 90_000


async def test_limits_on_tokens_need_no_price(start):
    async with served(start, alice="limits: {tokens: 5k/min}") as gateway:
        good = await gateway.chat("own", headers=ALICE, max_tokens=10)
        large = await gateway.chat("own", headers=ALICE, max_tokens=9_000)

        assert 200 == good.status
        assert ("tokens", "false") == (quota(large)["kind"], large.headers["x-should-retry"])
        assert "more than key alice may in all per minute: 5000" in large.body["error"]["message"]
        assert "retry-after" not in large.headers


async def test_limits_of_a_service_hold_for_everybody_together(start):
    more = "service: {limits: {requests: 3/min}}"
    async with served(start, more=more) as gateway:
        calls = [gateway.chat(headers=who, max_tokens=10) for who in (ALICE, BOB) * 3]
        answers = await asyncio.gather(*calls)

    assert [200] * 3 + [429] * 3 == sorted(each.status for each in answers)
    refused = next(each for each in answers if each.status == 429)
    assert "service" == quota(refused)["scope"]
    assert "Rate limit of this service: 3 requests per minute." in refused.body["error"]["message"]
