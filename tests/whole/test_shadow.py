"""Shadows: what they are sent, what they cost, and that no client ever feels them."""

import asyncio
import time
from contextlib import asynccontextmanager

import orjson
import pytest

from gateway.shadows import MOST
from tests.whole.provider import SSE, Provider, completion, fails, hangs, ok, says, streams, words

KEY = {"authorization": "Bearer the-key-of-alice"}
ADMIN = {"authorization": "Bearer the-operators"}
PRICE = "{price: {input: 1000, output: 1000}, context: 100000, max_output: 1000}"  # a tenth of a cent for each token
LONG = {"prompt_tokens": 500, "completion_tokens": 20, "total_tokens": 520}
CONFIG = """
admin: {{key: the-operators}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
  s: {{dialect: openai, base_url: "{shadow}", api_key: k{more}}}
routes:
  m: {{chain: p/real-model, shadow: {{target: s/other-model, share: {share}, budget: {budget}}}}}
models:
  p/real-model: {price}
  s/other-model: {price}
keys:
  alice: {{key: the-key-of-alice, budget: 10/total, limits: {{requests: 1000/min}}}}
"""


@asynccontextmanager
async def served(start, *plays, share="100%", budget="10/day", client=(), more=""):
    """A gateway before a provider, and before a shadow that plays *plays*."""
    async with Provider(*(client or (ok(),))) as provider, Provider(*(plays or (ok("from the shadow"),))) as shadow:
        text = CONFIG.format(url=provider.url, shadow=shadow.url, share=share, budget=budget, price=PRICE, more=more)
        async with start(text) as gateway:
            gateway.provider, gateway.shadow = provider, shadow
            yield gateway


async def finished(gateway, count, fault="none"):
    """Once so many copies have ended."""
    line = f'switchyard_shadow_calls_total{{fault="{fault}",route="m"}}'
    async with asyncio.timeout(15):
        while await gateway.metric(line) < count:
            await asyncio.sleep(0.02)


async def dropped(gateway, reason):
    return await gateway.metric(f'switchyard_shadow_dropped_total{{reason="{reason}",route="m"}}')


async def rows(tmp_path, gateway, count):
    """The log's lines of the shadow's calls."""
    async with asyncio.timeout(15):
        while True:
            lines = [orjson.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
            found = [line for line in lines if line["message"] == "call" and line["route"] == "shadow:m"]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


async def spent(gateway, by):
    async with asyncio.timeout(15):
        while True:
            answer = await gateway.get("/api/v1/costs?period=all", **ADMIN)
            found = {each[by]: each for each in answer.body[f"by_{by}"]}
            if "shadow:m" in found or by != "route":
                return found
            await asyncio.sleep(0.05)


async def test_a_call_is_copied_and_its_client_sees_nothing_of_it(start):
    async with served(start) as gateway:
        answer = await gateway.chat(headers=KEY, max_tokens=10, temperature=0.5)
        await finished(gateway, 1)

    assert ("hello", "p/real-model") == (
        answer.body["choices"][0]["message"]["content"],
        answer.headers["x-switchyard-target"],
    )
    (sent,), (copy,) = gateway.provider.requests, gateway.shadow.requests
    assert {**sent.body, "model": "other-model"} == copy.body


async def test_a_stream_is_copied_as_a_stream_and_read_to_its_end(start, tmp_path):
    async with served(start, streams(words("a", "b", "c")), client=(streams(words("x")),)) as gateway:
        answer = await gateway.chat(headers=KEY, stream=True, max_tokens=10)
        await finished(gateway, 1)
        (row,) = await rows(tmp_path, gateway, 1)
        first = await gateway.metric('switchyard_shadow_first_content_seconds_count{route="m"}')

    assert ("x", 1) == (answer.text, first)
    assert ("s/other-model", "stop", 3, 0.012) == (
        row["target"],
        row["finish"],
        row["usage"]["output"],
        row["cost_usd"],
    )
    assert row["first_content_ms"] > 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fields", "flaw"), [({}, "empty"), ({"response_format": {"type": "json_object"}}, "invalid_json")]
)
async def test_copies_are_looked_at_for_flaws(start, stream, fields, flaw):
    said = "" if flaw == "empty" else "Sure!"
    play = streams(words(*said)) if stream else ok(said)
    client = streams(words("{}")) if stream else ok("{}")
    line = f'switchyard_answer_flaws_total{{flaw="{flaw}",target='
    async with served(start, play, client=(client,)) as gateway:
        for number in range(2):  # a client that asks again says nothing of the shadow
            await gateway.chat(headers=KEY, stream=stream, max_tokens=10, **fields)
            await finished(gateway, number + 1)
        async with asyncio.timeout(15):
            while await gateway.metric(f'{line}"s/other-model"}}') < 2:
                await asyncio.sleep(0.02)
        others = await gateway.metric(f'{line}"p/real-model"}}')
        again = await gateway.metric('switchyard_answer_flaws_total{flaw="asked_again",target="s/other-model"}')

    assert (0, 0) == (others, again)


async def test_a_slow_shadow_delays_nobody(start):
    async with served(start, hangs(), client=(ok(), streams(words("x")))) as gateway:
        began = time.monotonic()
        for stream in (False, True, True):
            await gateway.chat(headers=KEY, max_tokens=10, stream=stream)
        took = time.monotonic() - began

    assert took < 1


async def test_copies_that_pile_up_are_dropped_and_counted(start):
    async with served(start, hangs(), budget="1000/day") as gateway:
        for _ in range(MOST + 3):
            await gateway.chat(headers=KEY, max_tokens=10)
        async with asyncio.timeout(15):
            while len(gateway.shadow.requests) < MOST:
                await asyncio.sleep(0.02)
        found = await dropped(gateway, "busy")

    assert (3, MOST) == (found, len(gateway.shadow.requests))


async def test_the_shadows_budget_is_never_overspent_and_its_clients_are_served_on(start):
    async with served(start, says(200, completion(usage=LONG)), budget="10/day") as gateway:
        for _ in range(60):
            await gateway.chat(headers=KEY, max_tokens=20)
            await asyncio.sleep(0.005)
        async with asyncio.timeout(15):
            while await dropped(gateway, "spent") + len(gateway.shadow.requests) < 60:
                await asyncio.sleep(0.05)
        cost = await gateway.metric('switchyard_shadow_cost_usd_total{route="m"}')
        debt = await gateway.metric("switchyard_budget_debt_usd_total")

    assert 60 == len(gateway.provider.requests)
    assert (pytest.approx(len(gateway.shadow.requests) * 0.52), 0) == (cost, debt)
    assert 5 < cost <= 10


async def test_what_it_costs_is_no_clients(start):
    async with served(start) as gateway:
        await gateway.chat(headers=KEY, max_tokens=12)
        await finished(gateway, 1)
        by_route = await spent(gateway, "route")
        usage = (await gateway.get("/api/v1/usage", **KEY)).body

    assert {"m": 0.021, "shadow:m": 0.021} == {name: each["cost_usd"] for name, each in by_route.items()}
    assert (1, 0.021, 0.021) == (usage["requests"], usage["cost_usd"], usage["budgets"][0]["spent_usd"])


@pytest.mark.parametrize(
    ("play", "fault"),
    [(fails(500), "broken"), (fails(400), "bad_request"), (says(200, b"no json"), "broken"), (hangs(SSE), "timeout")],
)
async def test_what_goes_wrong_is_counted_and_concerns_nobody(start, play, fault):
    async with served(start, play) as gateway:
        gateway.config.write_text(gateway.config.read_text() + "defaults: {timeouts: {attempt: 300ms}}\n")
        await gateway.request("POST", "/admin/reload", **ADMIN)
        answer = await gateway.chat(headers=KEY, max_tokens=12)
        await finished(gateway, 1, fault)
        health = (await gateway.get("/health", **ADMIN)).body

    assert 200 == answer.status
    assert {"p/real-model": "closed", "s/other-model": "closed"} == {
        name: each["breaker"] for name, each in health["targets"].items()
    }


async def test_a_dead_shadow_is_left_alone_for_a_while_without_hurting_its_other_callers(start):
    async with served(start, fails(500)) as gateway:
        for _ in range(7):
            await gateway.chat(headers=KEY, max_tokens=12)
            await asyncio.sleep(0.03)
        away = await dropped(gateway, "unavailable")
        direct = await gateway.chat("s/other-model", headers=KEY, max_tokens=12)

    assert (2, 502) == (away, direct.status)
    assert 6 <= len(gateway.shadow.requests)


async def test_a_rate_limit_that_a_shadow_meets_rests_no_clients_key(start):
    async with served(start, fails(429), ok()) as gateway:
        await gateway.chat(headers=KEY, max_tokens=12)
        await finished(gateway, 1, "rate_limited")
        await gateway.chat(headers=KEY, max_tokens=12)
        await asyncio.sleep(0.05)
        away = await dropped(gateway, "unavailable")
        direct = await gateway.chat("s/other-model", headers=KEY, max_tokens=12)

    assert (1, 200) == (away, direct.status)


async def test_a_refused_call_is_not_copied(start):
    async with served(start, client=(fails(400),)) as gateway:
        answer = await gateway.chat(headers=KEY, max_tokens=12)
        await asyncio.sleep(0.05)

    assert (400, []) == (answer.status, gateway.shadow.requests)


@pytest.mark.parametrize("routing", [{"local": True}, {"avoid": ["s"]}, {"avoid": ["s/other-*"]}])
async def test_a_client_who_does_not_want_to_go_there_does_not(start, routing):
    async with served(start, more="") as gateway:
        text = gateway.config.read_text().replace("api_key: k}\n  s:", "api_key: k, local: true}\n  s:")
        gateway.config.write_text(text)
        await gateway.request("POST", "/admin/reload", **ADMIN)
        await gateway.chat(headers=KEY, max_tokens=12, routing=routing)
        await asyncio.sleep(0.05)

    assert [] == gateway.shadow.requests


async def test_the_share_is_drawn_by_the_calls_id(start):
    async with served(start, share="30%", budget="1000/day") as gateway:
        for number in range(60):
            await gateway.chat(headers={**KEY, "x_request_id": f"call-{number}"}, max_tokens=12)
        from routing.share import drawn

        expected = sum(drawn(f"call-{number}", "shadow:m", 0.3) for number in range(60))
        await finished(gateway, expected)
        await asyncio.sleep(0.05)

    assert expected == len(gateway.shadow.requests)
    assert 8 <= expected <= 30


async def test_limits_of_the_shadows_provider_hold_for_copies(start):
    async with served(start, more=", limits: {requests: 2/min}") as gateway:
        for _ in range(4):
            await gateway.chat(headers=KEY, max_tokens=12)
            await asyncio.sleep(0.02)
        async with asyncio.timeout(15):
            while await dropped(gateway, "spent") < 2:
                await asyncio.sleep(0.02)

    assert 2 == len(gateway.shadow.requests)


async def test_a_copy_under_way_ends_with_the_process_and_is_paid(start, tmp_path):
    async with served(start, hangs(SSE), client=(streams(words("x")),)) as gateway:
        await gateway.chat(headers=KEY, max_tokens=12, stream=True)
        async with asyncio.timeout(15):
            while not gateway.shadow.requests:
                await asyncio.sleep(0.01)

    (row,) = await rows(tmp_path, gateway, 1)
    assert ("cancelled", 499) == (row["fault"], row["status"])


async def test_a_wildcard_gives_its_shadow_the_same_name(start):
    async with Provider(ok()) as provider, Provider(ok()) as shadow:
        text = f"""
providers:
  p: {{dialect: openai, base_url: "{provider.url}", api_key: k}}
  s: {{dialect: vllm, base_url: "{shadow.url}"}}
routes:
  "x-*": {{chain: "p/x-*", shadow: {{target: "s/y-*", share: 1}}}}
"""
        async with start(text) as gateway:
            await gateway.chat("x-large")
            async with asyncio.timeout(15):
                while not shadow.requests:
                    await asyncio.sleep(0.01)

    assert ["x-large", "y-large"] == [each.requests[0].body["model"] for each in (provider, shadow)]


async def test_what_the_shadow_cannot_be_asked_is_dropped(start):
    async with served(start, client=(ok(choices=2),)) as gateway:
        text = gateway.config.read_text().replace("s: {dialect: openai", "s: {dialect: anthropic")
        gateway.config.write_text(text)
        await gateway.request("POST", "/admin/reload", **ADMIN)
        await gateway.chat(headers=KEY, max_tokens=12, n=2)
        async with asyncio.timeout(15):
            while not await dropped(gateway, "unfit"):
                await asyncio.sleep(0.01)

    assert completion()["object"] == "chat.completion"
    assert [] == gateway.shadow.requests
