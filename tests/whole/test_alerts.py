"""Budgets that run low, and out, are told to a real address: once, signed, and again until it is heard."""

import asyncio
import hashlib
import hmac
import os
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.whole.conftest import gateway as gateway_in
from tests.whole.provider import Provider, hangs, ok, says

KEY = {"authorization": "Bearer the-key-of-alice"}
SECRET = "what-the-receiver-knows"
CONFIG = """
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
routes: {{m: p/real-model}}
models:
  p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
alerts: {{webhook: "{hook}", at: [{at}], secret: {secret}}}
keys:
  alice: {{key: the-key-of-alice, budget: {budget}}}
"""


@asynccontextmanager
async def served(start, *answers, at="10%", budget="10/month"):
    """A gateway, and the address that is told; *answers* are what that answers."""
    async with Provider(ok()) as provider, Provider(*answers or (says(204, {}),)) as hook:
        hooked = hook.url.removesuffix("/v1") + "/told?team=a"
        async with start(CONFIG.format(url=provider.url, hook=hooked, at=at, secret=SECRET, budget=budget)) as gateway:
            gateway.hook = hook
            yield gateway


async def told(gateway, count):
    """What came, once that many requests have."""
    async with asyncio.timeout(15):
        while len(gateway.hook.requests) < count:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    return [request.body for request in gateway.hook.requests]


async def test_a_threshold_is_told_once_with_all_its_figures(start):
    async with served(start, at="0.1%, 0.3%", budget="10/month") as gateway:
        for _ in range(3):
            await gateway.chat(headers=KEY, max_tokens=100)
            await told(gateway, 1)
        found = await told(gateway, 2)

    assert [0.001, 0.003] == [each["share"] for each in found]
    first = found[0]
    assert {"budget_threshold"} == {each["event"] for each in found}
    assert ("key/alice", 10, "month") == (first["scope"], first["limit_usd"], first["per"])
    assert first["spent_usd"] >= 0.01
    assert first["window"].startswith("month-")
    assert first["resets_at"] % 86400 == 0


async def test_a_refusal_is_told_once(start):
    async with served(start, budget="1/month") as gateway:
        answers = [await gateway.chat(headers=KEY) for _ in range(3)]
        (found,) = await told(gateway, 1)

    assert [429] * 3 == [each.status for each in answers]
    assert ("budget_refused", None, "key/alice") == (found["event"], found["share"], found["scope"])


async def test_a_budget_without_an_end_says_so(start):
    async with served(start, budget="1/total") as gateway:
        await gateway.chat(headers=KEY)
        (found,) = await told(gateway, 1)

    assert ("total", None) == (found["per"], found["resets_at"])


async def test_what_is_sent_is_signed(start):
    async with served(start, budget="1/month") as gateway:
        await gateway.chat(headers=KEY)
        await told(gateway, 1)
        request = gateway.hook.requests[0]

    time, _, given = request.headers["x-switchyard-signature"].removeprefix("t=").partition(",v1=")
    expected = hmac.new(SECRET.encode(), time.encode() + b"." + request.raw, hashlib.sha256).hexdigest()
    assert (expected, "/told?team=a") == (given, request.path)
    assert "application/json" == request.headers["content-type"]


async def test_whoever_does_not_hear_is_told_again(start):
    async with served(start, says(503, {}), says(204, {}), budget="1/month") as gateway:
        await gateway.chat(headers=KEY)
        found = await told(gateway, 2)

    assert found[0] == found[1]


async def test_a_call_waits_for_no_webhook(start):
    async with served(start, hangs(), budget="1/month") as gateway:
        await gateway.chat(headers=KEY)
        async with asyncio.timeout(2):
            answer = await gateway.chat(headers=KEY)

    assert 429 == answer.status


async def test_another_process_on_the_same_state_does_not_tell_it_again(start, tmp_path):
    async with served(start, budget="1/month") as gateway:
        await gateway.chat(headers=KEY)
        await told(gateway, 1)
        log = os.open(os.devnull, os.O_WRONLY)
        text = gateway.config.read_text()
        (tmp_path / "second").mkdir()
        async with gateway_in(text, tmp_path / "second", log) as second:
            refused = await second.chat(headers=KEY)
        os.close(log)
        found = await told(gateway, 1)

    assert (429, 1) == (refused.status, len(found))


async def test_the_log_tells_it_too(start, tmp_path):
    async with served(start, budget="1/month") as gateway:
        await gateway.chat(headers=KEY)
        await told(gateway, 1)

    lines = [orjson.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    (line,) = [line for line in lines if line["message"] == "budget refused"]
    assert ("warning", "key/alice", 1) == (line["level"], line["scope"], line["limit_usd"])
    assert not any(SECRET in str(line) for line in lines)


@pytest.mark.parametrize("change", ["alerts: {webhook: '${NOT_SET:-}'}", "alerts: {}"])
async def test_a_reload_changes_who_is_told(start, change, tmp_path):
    async with served(start, budget="1/month") as gateway:
        text = gateway.config.read_text()
        line = next(line for line in text.splitlines() if line.startswith("alerts:"))
        gateway.config.write_text(text.replace(line, change))
        admin = (tmp_path / "data" / "admin.key").read_text().strip()
        assert 200 == (await gateway.request("POST", "/admin/reload", authorization=f"Bearer {admin}")).status
        await gateway.chat(headers=KEY)
        await asyncio.sleep(0.3)

        assert gateway.hook.requests == []
