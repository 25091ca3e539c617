"""How every budget stands, on one page."""

import asyncio

import pytest

from tests.whole.test_desk import ADMIN, ALICE, counted, served


async def budgets(gateway, query=""):
    page = (await gateway.get(f"/api/v1/budgets{query}", **ADMIN)).body["data"]
    return {(one["scope"], one["per"]): one for one in page}


async def test_every_budget_is_told_with_what_is_coming(start):
    async with served(start, more="service: {budget: 20/day}") as gateway:
        await gateway.chat(headers=ALICE, max_tokens=100)
        used = await counted(gateway, 1)
        told = await budgets(gateway)

    assert [
        ("service", "day"),
        ("team/research", "month"),
        ("key/alice", "month"),
        ("key/alice", "day"),
        ("key/alice/model/m*", "day"),
    ] == list(told)
    assert {used["cost_usd"]} == {one["spent_usd"] for one in told.values()}
    assert all(one["expected_usd"] >= one["spent_usd"] for one in told.values() if one["model"] is None)
    assert ("m*", False) == (
        told["key/alice/model/m*", "day"]["model"],
        "runs_out" in told["key/alice/model/m*", "day"],
    )


async def test_budgets_of_all_kinds_are_among_them(start):
    shaded = "{chain: p/real-model, shadow: {target: q/other, share: 100%, budget: 7/day}}"
    more = f"""  shaded: {shaded}
models:
  q/other: {{price: {{input: 1, output: 1}}}}
"""
    async with served(start) as gateway:
        text = (
            gateway.config.read_text().replace("models:\n", more, 1).replace("nightly: {}", "nightly: {budget: 6/day}")
        )
        gateway.config.write_text(text.replace("api_key: k}", "api_key: k, budget: 5/day}", 1))
        assert 200 == (await gateway.request("POST", "/admin/reload", **ADMIN)).status
        told = await budgets(gateway)

    scopes = ("provider/p", "tag/nightly", "shadow/shaded")
    assert [5.0, 6.0, 7.0] == [told[scope, "day"]["limit_usd"] for scope in scopes]
    assert all("expected_usd" in told[scope, "day"] for scope in scopes)


async def test_keys_made_at_run_time_are_among_them_and_only_so_many(start):
    async with served(start) as gateway:
        for number in range(3):
            wish = {"name": f"made-{number}", "budget": {"usd": 5, "per": "week"}}
            assert 200 == (await gateway.request("POST", "/api/v1/keys", wish, **ADMIN)).status
        all_told = await budgets(gateway)
        few = await budgets(gateway, "?most=1")

    assert {("key/made-0", "week"), ("key/made-1", "week"), ("key/made-2", "week")} < set(all_told)
    assert {"team/research", "key/alice", "key/alice/model/m*"} == {scope for scope, _ in few}


async def test_without_a_ledger_budgets_stand_all_the_same(start):
    async with served(start, more="ledger: off") as gateway:
        await gateway.chat(headers=ALICE, max_tokens=100)
        await asyncio.sleep(0.05)
        told = await budgets(gateway)

    assert told["key/alice", "day"]["spent_usd"] > 0
    assert "expected_usd" not in told["key/alice", "day"]


@pytest.mark.parametrize(("headers", "status"), [({}, 401), (ALICE, 401), (ADMIN, 200)])
async def test_budgets_are_for_the_operator(start, headers, status):
    async with served(start) as gateway:
        assert status == (await gateway.get("/api/v1/budgets", **headers)).status
