"""A budget that will be used up too soon is told of, by what the days before have cost."""

import asyncio
import time

import pytest

from store.books import books
from tests.store.ledger.entries import entry
from tests.whole.provider import Provider, ok, says

DAY = 86_400.0
ADMIN = {"authorization": "Bearer the-admin-key"}
CONFIG = """
admin: {{key: the-admin-key}}
providers: {{p: {{dialect: vllm, base_url: "{url}"}}}}
routes: {{m: p/one}}
models: {{p/one: {{price: {{input: 1, output: 1}}}}}}
teams: {{research: {{budget: {budget}}}}}
keys: {{alice: {{key: the-key-of-alice, team: research, budget: 1000000/total}}, bob: {{key: the-key-of-bob}}}}
alerts: {{webhook: "{hook}", on: [{on}], settle: 400ms}}
"""


async def told(start, tmp_path, budget, *, days=5, on="run_out"):
    """What arrives within a moment, where the team has spent four dollars on each of the last *days*."""
    (tmp_path / "data").mkdir()
    ledger = books(None, tmp_path / "data")
    await ledger.open()
    spent = [entry(n, time=time.time() - n * DAY, cost=4_000_000_000, charges={}) for n in range(1, days + 1)]
    await ledger.add("somebody", 1, spent)
    await ledger.close()
    async with Provider(ok()) as provider, Provider(says(200, {})) as hook:
        async with start(CONFIG.format(url=provider.url, hook=hook.url, budget=budget, on=on)) as gateway:
            await asyncio.sleep(0.8)
            shown = (await gateway.get("/api/v1/alerts", **ADMIN)).body["data"]
        return [request.body for request in hook.requests], shown


async def test_the_day_on_which_it_runs_out_is_named(start, tmp_path):
    (found,), (shown,) = await told(start, tmp_path, "100/total")

    assert ("budget_runs_out", "run_out", "team/research", "firing") == tuple(
        found[name] for name in ("event", "kind", "scope", "state")
    )
    assert found["runs_out"]["earliest"] <= found["runs_out"]["expected"] <= found["runs_out"]["latest"]
    assert (
        f"The budget of team research ($100.00) will be used up on {found['runs_out']['expected']}:" in found["message"]
    )
    assert found == shown


@pytest.mark.parametrize(
    ("budget", "facts"),
    [("1000000/total", {}), ("100/day", {}), ("100/total", {"days": 1}), ("100/total", {"on": "store"})],
    ids=["far off", "over tomorrow anyway", "too little seen", "not wanted"],
)
async def test_what_is_not_worth_a_word_is_not_told(start, tmp_path, budget, facts):
    assert ([], []) == await told(start, tmp_path, budget, **facts)
