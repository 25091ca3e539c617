"""What operators and clients are told below /api/v1, by the product as it is served."""

import asyncio
import hashlib
import time
from contextlib import asynccontextmanager

import pytest

from tests.whole.provider import Provider, fails, ok

ADMIN = {"authorization": "Bearer the-key-of-the-operator"}
ALICE = {"authorization": "Bearer the-key-of-alice"}
BOB = {"authorization": "Bearer the-key-of-bob"}
CONFIG = """
admin: {{key: the-key-of-the-operator}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
  q: {{dialect: openai, base_url: "{url}", api_key: k}}
  off: {{dialect: openai, api_key: "${{NOT_SET:-}}"}}
routes:
  m: [p/real-model, off/some, q/unheard-of]
models:
  p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
teams:
  research: {{budget: 100/month}}
tags:
  nightly: {{}}
keys:
  alice:
    key: the-key-of-alice
    team: research
    tags: [nightly]
    budget: [10/month, 9/day]
    per_model: {{"m*": {{budget: 8/day}}}}
  bob: {{key: the-key-of-bob, models: [other]}}
{more}
"""


@asynccontextmanager
async def served(start, *plays, more=""):
    async with Provider(*plays or (ok(),)) as provider, start(CONFIG.format(url=provider.url, more=more)) as gateway:
        gateway.provider = provider
        yield gateway


async def counted(gateway, requests, path="/api/v1/usage?key=alice"):
    """What the page says once the ledger has so many rows."""
    async with asyncio.timeout(5):
        while (page := (await gateway.get(path, **ADMIN)).body)["requests"] < requests:
            await asyncio.sleep(0.02)
    return page


async def test_a_key_sees_its_own_usage_and_all_its_budgets(start):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE, max_tokens=100)
        await counted(gateway, 1)

        own = (await gateway.get("/api/v1/usage", **ALICE)).body
        named = (await gateway.get("/api/v1/usage?key=alice", **ALICE)).body

    assert own == named
    assert ("alice", 1, 9, 12, 0.021, 0) == tuple(
        own[name] for name in ("key", "requests", "prompt_tokens", "completion_tokens", "cost_usd", "held_usd")
    )
    assert [("month", 10, None), ("day", 9, None), ("day", 8, "m*")] == [
        (each["per"], each["limit_usd"], each.get("model")) for each in own["budgets"]
    ]
    assert {0.021} == {each["spent_usd"] for each in own["budgets"]}
    assert all(each["resets_at"] % 86400 == 0 for each in own["budgets"])


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("usage?key=alice", BOB, 403, "not_your_key"),
        ("usage", {}, 401, None),
        ("usage", {"authorization": "Bearer nobody's"}, 401, "invalid_api_key"),
        ("usage", ADMIN, 400, "invalid_value"),
        ("usage?key=nobody", ADMIN, 404, "key_not_found"),
        ("costs", ALICE, 401, "invalid_api_key"),
        ("costs?period=fortnight", ADMIN, 400, "invalid_value"),
        ("costs?zone=Mars", ADMIN, 400, "invalid_value"),
        ("costs/daily?days=0", ADMIN, 400, "invalid_value"),
        ("forecast", ADMIN, 400, "invalid_value"),
        ("forecast?key=alice&team=research", ADMIN, 400, "invalid_value"),
        ("forecast?key=nobody", ADMIN, 404, "key_not_found"),
        ("forecast?team=nobody", ADMIN, 404, "team_not_found"),
        ("keys", ALICE, 401, "invalid_api_key"),
        ("nothing", ADMIN, 404, "unknown_url"),
    ],
)
async def test_who_may_not_see_it_or_asks_wrongly_is_told_so(start, path, headers, status, code):
    async with served(start) as gateway:
        answer = await gateway.get(f"/api/v1/{path}", **headers)

    assert (status, code) == (answer.status, answer.body["error"]["code"])


async def test_the_operator_sees_costs_by_everything(start):
    async with served(start, ok(), fails(400)) as gateway:
        await gateway.chat(headers=ALICE, max_tokens=100)
        await gateway.chat(headers=ALICE, max_tokens=100)
        whole = await counted(gateway, 2, "/api/v1/costs?period=day")
        team = (await gateway.get("/api/v1/costs?workspace=research", **ADMIN)).body
        tag = (await gateway.get("/api/v1/costs?workspace=tag/nightly&period=all", **ADMIN)).body
        other = (await gateway.get("/api/v1/costs?workspace=team/nightly", **ADMIN)).body
        daily = (await gateway.get("/api/v1/costs/daily?days=3&zone=Europe/Berlin", **ADMIN)).body

    assert (0.021, 2, 1) == (whole["total_cost"], whole["requests"], whole["failed"])
    figures = {"requests": 1, "prompt_tokens": 9, "completion_tokens": 12, "cost_usd": 0.021, "saved_usd": 0}
    assert {"model": "real-model", **figures} == whole["by_model"][0]
    assert ["alice"] == [each["key"] for each in whole["by_key"]]
    assert (2, 2, 0) == (team["requests"], tag["requests"], other["requests"])
    assert (3, 0.021, "Europe/Berlin") == (len(daily["days"]), daily["total_cost"], daily["zone"])
    assert [0, 0, 0.021] == [each["cost_usd"] for each in daily["days"]]


@pytest.mark.parametrize("who", ["key=alice", "team=research"])
async def test_a_forecast_tells_of_the_month_and_of_each_budget(start, who):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE, max_tokens=100)
        await counted(gateway, 1)
        told = (await gateway.get(f"/api/v1/forecast?{who}", **ADMIN)).body

    assert who == f"{next(iter(told))}={next(iter(told.values()))}"
    assert 0.021 == told["month"]["spent_usd"]
    assert told["month"]["low_usd"] <= told["month"]["expected_usd"] <= told["month"]["high_usd"]
    assert ["month", "day"][: len(told["budgets"])] == [each["per"] for each in told["budgets"]]
    assert all(set(each["runs_out"]) == {"expected", "earliest", "latest"} for each in told["budgets"])


async def test_without_a_ledger_there_is_nothing_to_tell(start):
    async with served(start, more="ledger: off") as gateway:
        paths = ("usage?key=alice", "costs", "costs/daily")
        answers = [await gateway.get(f"/api/v1/{path}", **ADMIN) for path in paths]

    assert [(404, "no_ledger")] * 3 == [(each.status, each.body["error"]["code"]) for each in answers]


BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def estimated(gateway, headers=ALICE, query="", **fields):
    return await gateway.request("POST", f"/api/v1/estimate{query}", {**BODY, **fields}, **headers)


async def test_an_estimate_tells_of_every_target_and_asks_none(start):
    async with served(start) as gateway:
        answer = (await estimated(gateway)).body

        assert ("estimate", "m", "m") == (answer["object"], answer["model"], answer["route"])
        first, off, second = answer["targets"]
        assert ["p/real-model", "off/some", "q/unheard-of"] == [each["target"] for each in answer["targets"]]
        assert [True, False, True] == [each["configured"] for each in (first, off, second)]
        assert (True, False) == (first["priced"], second["priced"])
        assert first["cost_usd"]["p50"] <= first["cost_usd"]["p90"] <= first["cost_usd"]["bound"]
        assert first["cost_usd"]["bound"] == first["bound"]["cost_usd"]
        assert "no price is known" in second["bound"]["unbounded"]
        assert (None, None, "low") == tuple(second["cost_usd"][name] for name in ("p50", "bound", "confidence"))
        assert gateway.provider.requests == []


async def test_how_long_an_answer_gets_is_said_with_its_source(start):
    async with served(start) as gateway:
        guessed = (await estimated(gateway)).body["targets"][0]["output"]
        limited = (await estimated(gateway, max_tokens=50)).body["targets"][0]["output"]
        for _ in range(20):
            await gateway.chat(headers=ALICE, max_tokens=20)
        await counted(gateway, 20)
        own = (await estimated(gateway)).body["targets"][0]["output"]
        others = (await estimated(gateway, ADMIN)).body["targets"][0]["output"]
        named = (await estimated(gateway, ADMIN, "?key=alice")).body["targets"][0]["output"]

    assert (300, 1000, "limit") == (guessed["p50"], guessed["p90"], guessed["from"])
    assert (50, "limit") == (limited["p90"], limited["from"])
    assert {"p50": 12, "p90": 12, "from": "key and route", "calls": 20} == own == named
    assert {"p50": 12, "p90": 12, "from": "route", "calls": 20} == others


async def test_an_estimate_is_for_those_who_may_ask(start):
    async with served(start) as gateway:
        nobody = await estimated(gateway, {})
        other = await estimated(gateway, BOB)
        unknown = await estimated(gateway, ADMIN, "?key=nobody")
        broken = await gateway.request("POST", "/api/v1/estimate", b"{", **ALICE)

    assert [401, 404, 404, 400] == [each.status for each in (nobody, other, unknown, broken)]
    assert ["model_not_found", "key_not_found"] == [each.body["error"]["code"] for each in (other, unknown)]


async def test_a_key_made_at_run_time_is_a_key_like_others(start):
    async with served(start) as gateway:
        wish = {"name": "carol", "team": "research", "budget": {"usd": 3, "per": "month"}}
        made = (await gateway.request("POST", "/api/v1/keys", wish, **ADMIN)).body
        carol = {"authorization": f"Bearer {made['key']}"}
        small = await gateway.chat(headers=carol, max_tokens=100)
        large = await gateway.chat(headers=carol)
        await gateway.request("PATCH", "/api/v1/keys/carol", {"budget": {"usd": 50, "per": "month"}}, **ADMIN)
        usage = await counted(gateway, 2, "/api/v1/usage?key=carol")
        async with asyncio.timeout(3):
            while (again := await gateway.chat(headers=carol)).status != 200:
                await asyncio.sleep(0.05)
        await gateway.request("DELETE", "/api/v1/keys/carol", **ADMIN)
        async with asyncio.timeout(3):
            while (gone := await gateway.chat(headers=carol)).status != 401:
                await asyncio.sleep(0.05)

    assert (429, "key/carol") == (large.status, large.body["error"]["quota"]["scope"])
    assert (200, 200, "invalid_api_key") == (small.status, again.status, gone.body["error"]["code"])
    assert "carol" == usage["key"]


async def test_a_hash_is_no_key(start):
    async with served(start) as gateway:
        digest = hashlib.sha256(b"a-key-from-elsewhere").hexdigest()
        await gateway.request("POST", "/api/v1/keys", {"name": "dora", "sha256": digest}, **ADMIN)
        by_key = await gateway.chat(headers={"authorization": "Bearer a-key-from-elsewhere"}, max_tokens=10)
        by_hash = await gateway.chat(headers={"authorization": f"Bearer {digest}"}, max_tokens=10)

    assert (200, 401) == (by_key.status, by_hash.status)


async def test_a_reload_that_takes_a_name_of_the_stores_is_refused(start):
    async with served(start) as gateway:
        await gateway.request("POST", "/api/v1/keys", {"name": "carol"}, **ADMIN)
        text = gateway.config.read_text()
        gateway.config.write_text(text.replace("  bob:", "  carol: {key: another}\n  bob:"))
        answer = await gateway.request("POST", "/admin/reload", **ADMIN)
        still = await gateway.chat(headers=ALICE, max_tokens=10)

    assert 422 == answer.status
    assert [True] == ["keys.carol: a key of this name was made at run time" in each for each in answer.body["problems"]]
    assert 200 == still.status


async def test_the_operator_sees_how_store_and_ledger_do(start):
    async with served(start) as gateway:
        page = (await gateway.get("/health", **ADMIN)).body
        anyone = (await gateway.get("/health")).body

    assert {"kind": "sqlite", "up": True} == page["money"]["store"]
    assert {"up": True, "rows_waiting": 0} == page["money"]["ledger"]
    assert ({"full": False}, 0) == (page["money"]["journal"], page["money"]["debt_usd"])
    assert "money" not in anyone
    assert any("q/unheard-of, so that it refuses the calls of alice" in each for each in page["warnings"])


async def test_a_store_answers_though_the_clock_was_set(start, monkeypatch):
    async with served(start) as gateway:
        unix = time.time()
        monkeypatch.setattr(time, "time", lambda: unix + 3600)
        up = gateway.house._treasury.up

    assert up
