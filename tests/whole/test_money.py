"""Budgets and limits as a client meets them: what is refused, with which words, and what it costs."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.process.running import until
from tests.whole.provider import (
    DONE,
    ROLE,
    STOP,
    Provider,
    fails,
    hangs,
    ok,
    piece,
    says,
    streams,
    usage_event,
    words,
)

PRICED = "{price: {input: 1000, output: 1000}, context: 100000, max_output: 1000}"  # a tenth of a cent for each token


def config(provider: Provider, keys: str, more: str = "") -> str:
    return f"""
providers:
  p: {{dialect: openai, base_url: "{provider.url}", api_key: k}}
  q: {{dialect: openai, base_url: "{provider.url}", api_key: k}}
routes:
  m: p/real-model
  cheap: q/small-model
  chain: [p/real-model, q/small-model]
models:
  p/real-model: {PRICED}
  q/small-model: {{price: {{input: 1, output: 1}}, context: 100000, max_output: 1000}}
keys:
  {keys}
{more}
"""


@asynccontextmanager
async def served(start, *plays, keys: str, more: str = "", change: tuple[str, str] = ("", "")):
    """A gateway with *keys* before a provider; *change* is made to the first place where it can be."""
    async with Provider(*plays) as provider, start(config(provider, keys, more).replace(*change, 1)) as gateway:
        gateway.provider = provider
        yield gateway


KEY = {"authorization": "Bearer the-key-of-alice"}


async def used(gateway):
    answer = await gateway.get("/api/v1/usage", **KEY)
    return answer.body


async def settled(gateway):
    """Once the ledger has the row."""
    for _ in range(100):
        seen = await used(gateway)
        if seen["requests"]:
            return seen
        await asyncio.sleep(0.05)
    raise AssertionError("no row came")


async def test_a_call_that_the_budget_covers_is_answered_and_paid(start):
    async with served(start, ok(), keys="alice: {key: the-key-of-alice, budget: {usd: 10, per: month}}") as gateway:
        answer = await gateway.chat(headers=KEY, max_tokens=100)

        assert answer.status == 200
        assert answer.headers["x-switchyard-cost-usd"] == "0.021000000"
        seen = await settled(gateway)
        assert seen["cost_usd"] == 0.021
        assert seen["requests"] == 1
        assert seen["budgets"][0]["spent_usd"] == 0.021
        assert seen["budgets"][0]["held_usd"] == 0


async def test_a_call_that_may_cost_more_than_is_left_is_refused_before_it_is_sent(start):
    async with served(start, ok(), keys="alice: {key: the-key-of-alice, budget: {usd: 1, per: month}}") as gateway:
        answer = await gateway.chat(headers=KEY)

        assert answer.status == 429
        error = answer.body["error"]
        assert error["code"] == "insufficient_quota"
        assert error["type"] == "insufficient_quota"
        assert answer.headers["x-should-retry"] == "false"
        assert error["quota"]["scope"] == "key/alice"
        assert error["quota"]["limit_usd"] == 1
        assert error["quota"]["resets_at"].endswith("-01T00:00:00Z")
        assert "key alice" in error["message"]
        assert gateway.provider.requests == []


async def test_a_failed_attempt_costs_nothing(start):
    async with served(
        start, fails(400), ok(), keys="alice: {key: the-key-of-alice, budget: {usd: 10, per: month}}"
    ) as gateway:
        refused = await gateway.chat(headers=KEY, max_tokens=100)
        good = await gateway.chat(headers=KEY, max_tokens=100)

        assert (refused.status, good.status) == (400, 200)
        assert (await used(gateway))["budgets"][0]["spent_usd"] == 0.021


async def test_a_stream_costs_what_the_same_answer_does_whole(start):
    async with served(
        start, streams(words("a", "b", "c")), keys="alice: {key: the-key-of-alice, budget: {usd: 10, per: month}}"
    ) as gateway:
        answer = await gateway.chat(headers=KEY, max_tokens=100, stream=True)

        assert answer.text == "abc"
        assert (await used(gateway))["budgets"][0]["spent_usd"] == 0.012


async def test_a_budget_that_is_spent_hands_over_to_a_cheaper_route(start):
    budget = "{usd: 1, per: month, when_spent: cheap}"
    async with served(start, ok(), keys=f"alice: {{key: the-key-of-alice, budget: {budget}}}") as gateway:
        answer = await gateway.chat(headers=KEY)

        assert answer.status == 200
        assert answer.headers["x-switchyard-route"] == "cheap"
        assert answer.headers["x-switchyard-target"] == "q/small-model"
        assert answer.headers["x-switchyard-degraded"] == "key/alice"
        assert gateway.provider.requests[0].body["model"] == "small-model"


async def test_the_budget_of_a_provider_leads_to_the_next_target(start):
    async with served(
        start,
        ok(),
        keys="alice: {key: the-key-of-alice}",
        change=("api_key: k}", "api_key: k, budget: {usd: 1, per: day}}"),
    ) as gateway:
        answer = await gateway.chat("chain", headers=KEY)

        assert answer.headers["x-switchyard-target"] == "q/small-model"


async def test_all_levels_are_held_together_or_none(start):
    more = "teams: {research: {budget: {usd: 0.5, per: month}}}"
    keys = "alice: {key: the-key-of-alice, team: research, budget: {usd: 100, per: month}}"
    async with served(start, ok(), keys=keys, more=more) as gateway:
        answer = await gateway.chat(headers=KEY)

        assert answer.body["error"]["quota"]["scope"] == "team/research"
        assert (await used(gateway))["budgets"][0]["held_usd"] == 0


async def test_one_call_may_not_cost_more_than_its_key_allows(start):
    async with served(start, ok(), keys="alice: {key: the-key-of-alice, max_cost: 3}") as gateway:
        refused = await gateway.chat(headers=KEY)
        small = await gateway.chat(headers=KEY, max_tokens=100)

        assert (refused.status, refused.body["error"]["code"]) == (400, "max_cost_exceeded")
        assert small.status == 200


async def test_without_a_price_nobody_with_a_budget_may_call(start):
    async with served(start, ok(), keys="alice: {key: the-key-of-alice, budget: {usd: 10, per: month}}") as gateway:
        answer = await gateway.chat("p/unheard-of", headers=KEY)

        assert (answer.status, answer.body["error"]["code"]) == (400, "cost_unknown")
        assert gateway.provider.requests == []


async def test_requests_are_counted_to_the_call(start):
    async with served(start, ok(), keys="alice: {key: the-key-of-alice, limits: {requests: 5/min}}") as gateway:
        answers = await asyncio.gather(*(gateway.chat(headers=KEY) for _ in range(20)))

        statuses = sorted(each.status for each in answers)
        assert statuses == [200] * 5 + [429] * 15
        refused = next(each for each in answers if each.status == 429)
        assert refused.body["error"]["code"] == "rate_limit_exceeded"
        assert 1 <= int(refused.headers["retry-after"]) <= 62
        good = next(each for each in answers if each.status == 200)
        assert good.headers["x-ratelimit-limit-requests"] == "5"
        assert len(gateway.provider.requests) == 5


async def test_calls_at_a_time_are_counted_and_given_back(start):
    async with served(
        start, streams(words("a"), first=0.3), keys="alice: {key: the-key-of-alice, limits: {concurrent: 2}}"
    ) as gateway:
        first = await asyncio.gather(*(gateway.chat(headers=KEY, stream=True) for _ in range(5)))
        later = await gateway.chat(headers=KEY, stream=True)

        assert sorted(each.status for each in first) == [200, 200, 429, 429, 429]
        assert later.status == 200


async def test_a_client_that_leaves_pays_for_what_was_said(start):
    events = [ROLE, *(piece({"content": "word "}) for _ in range(200)), STOP, usage_event(9, 200), DONE]
    async with served(
        start, streams(events, pace=0.02), keys="alice: {key: the-key-of-alice, budget: {usd: 10, per: month}}"
    ) as gateway:
        await left(gateway, request("m", stream=True), events=25)
        await asyncio.wait_for(gateway.provider.requests[0].gone.wait(), 2)

        budget = await given_back(gateway)
        assert 0.02 < budget["spent_usd"] < 0.2


async def test_a_whole_answer_that_nobody_waited_for_costs_its_bound(start):
    async with served(start, hangs(), keys="alice: {key: the-key-of-alice, budget: {usd: 10, per: month}}") as gateway:
        await left(gateway, request("m", max_tokens=100))
        await asyncio.wait_for(gateway.provider.requests[0].gone.wait(), 2)

        budget = await given_back(gateway)
        assert budget["spent_usd"] > 0.1


@pytest.mark.parametrize("limit", ["", "max_tokens", "max_completion_tokens"])
async def test_slices_let_an_agent_declare_more_than_it_can_pay(start, limit):
    keys = "alice: {key: the-key-of-alice, holds: slices, budget: {usd: 6, per: month}}"
    async with served(
        start, streams(words("a", "b", "c")), keys=keys, change=("max_output: 1000", "max_output: 100000")
    ) as gateway:
        answer = await gateway.chat(headers=KEY, stream=True, **({limit: 90_000} if limit else {}))

        assert answer.text == "abc"
        (asked,) = gateway.provider.requests
        assert ({limit: 90_000} if limit else {}) == {k: asked.body[k] for k in asked.body if k.startswith("max_")}


async def test_an_answer_that_outgrows_its_budget_ends_as_if_its_length_were_limited(start):
    events = [ROLE, *(piece({"content": "x" * 100}) for _ in range(200)), STOP, usage_event(9, 5000), DONE]
    keys = "alice: {key: the-key-of-alice, holds: slices, budget: {usd: 8, per: month}}"
    async with served(
        start, streams(events, pace=0.005), keys=keys, change=("max_output: 1000", "max_output: 100000")
    ) as gateway:
        answer = await gateway.chat(headers=KEY, stream=True)

        last = answer.events[-2]
        assert last["choices"][0]["finish_reason"] == "length"
        assert "budget" in last["note"]
        assert answer.events[-1] == "[DONE]"
        await asyncio.wait_for(gateway.provider.requests[0].gone.wait(), 2)
        assert (await used(gateway))["budgets"][0]["spent_usd"] <= 8


async def given_back(gateway):
    """The first budget, once nothing of it is held any more."""

    async def free():
        budget = (await used(gateway))["budgets"][0]
        return budget if budget["held_usd"] == 0 else None

    return await until(free, 2)


async def left(gateway, data: bytes, *, events: int = 0) -> None:
    """A client that asks, and hangs up after so many events, or half a second later."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(data)
    for _ in range(events):
        await reader.readuntil(b"\n\n")
    if not events:
        await asyncio.sleep(0.5)
    writer.close()
    await writer.wait_closed()


def request(model: str, **fields: object) -> bytes:
    body = orjson.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}], **fields})
    lines = ("POST /v1/chat/completions HTTP/1.1", "host: x", f"authorization: {KEY['authorization']}")
    return "\r\n".join((*lines, f"content-length: {len(body)}", "", "")).encode() + body


async def test_an_error_in_place_of_an_answer_costs_nothing(start):
    broken = [
        says(200, {"error": {"message": "no", "type": "server_error", "code": None, "param": None}}),
        streams([b'data: {"error": {"message": "no", "type": "server_error"}}\n\n']),
        streams([ROLE], whole=False),
    ]
    keys = "alice: {key: the-key-of-alice, budget: {usd: 10, per: month}}"
    async with served(start, *broken, hangs(), keys=keys, more="defaults: {retry: {attempts: 1}}") as gateway:
        answers = [await gateway.chat(headers=KEY, max_tokens=100)]
        answers += [await gateway.chat(headers=KEY, max_tokens=100, stream=True) for _ in range(2)]

        assert [502, 502, 502] == [each.status for each in answers]
        assert (await used(gateway))["budgets"][0]["spent_usd"] == 0


async def test_a_stream_that_breaks_off_costs_what_was_said(start):
    events = [ROLE, piece({"content": "a" * 400})]
    keys = "alice: {key: the-key-of-alice, budget: {usd: 10, per: month}}"
    async with served(start, streams(events, whole=False), keys=keys) as gateway:
        await gateway.chat(headers=KEY, max_tokens=200, stream=True)

        seen = await settled(gateway)
        assert 0.1 <= seen["budgets"][0]["spent_usd"] <= 0.15
        assert seen["cost_usd"] == seen["budgets"][0]["spent_usd"]
