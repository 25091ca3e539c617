"""What the page of metrics says about the store, the ledger, and bounds that did not hold."""

import asyncio
import socket

import pytest

from tests.whole.provider import Provider, completion, ok, says
from tests.whole.test_money import KEY, config

ALICE = "alice: {key: the-key-of-alice, budget: {usd: 10, per: month}}"
STORE = "switchyard_store_operations_total"


@pytest.fixture
def nobody() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


async def until(gateway, line: str, value: float) -> None:
    async with asyncio.timeout(15):
        while await gateway.metric(line) != value:
            await asyncio.sleep(0.02)


async def test_trips_to_the_store_are_counted(start):
    async with Provider(ok()) as provider, start(config(provider, ALICE)) as gateway:
        before = await gateway.metric(STORE)
        await gateway.chat(headers=KEY, max_tokens=100)

        assert await gateway.metric(STORE) > before
        assert await gateway.metric("switchyard_store_up") == 1
        assert await gateway.metric("switchyard_bound_violations_total") == 0
        assert await gateway.metric("switchyard_budget_debt_usd_total") == 0


async def test_a_finished_call_is_pending_until_the_ledger_has_it(start):
    async with Provider(ok()) as provider, start(config(provider, ALICE)) as gateway:
        await gateway.chat(headers=KEY, max_tokens=100)

        assert await gateway.metric("switchyard_ledger_pending_rows") == 1
        await until(gateway, "switchyard_ledger_pending_rows", 0)
        assert await gateway.metric("switchyard_ledger_up") == 1


async def test_a_ledger_that_is_lost_is_not_up_and_its_rows_wait(start, tmp_path):
    (tmp_path / "data" / "ledger.sqlite").mkdir(parents=True)
    async with Provider(ok()) as provider, start(config(provider, ALICE)) as gateway:
        await gateway.chat(headers=KEY, max_tokens=100)

        await until(gateway, "switchyard_ledger_up", 0)
        assert await gateway.metric("switchyard_ledger_pending_rows") == 1


async def test_without_a_ledger_nothing_is_said_about_it(start):
    async with Provider(ok()) as provider, start(config(provider, ALICE, "ledger: off")) as gateway:
        page = (await gateway.get("/metrics")).raw.decode()

        assert "\nswitchyard_ledger_" not in page


async def test_a_store_that_is_out_of_reach_is_not_up(start, tmp_path, nobody):
    state = f'state: {{directory: {tmp_path / "data"}, url: "redis://127.0.0.1:{nobody}"}}'
    async with Provider(ok()) as provider, start(config(provider, ALICE, state)) as gateway:
        answer = await gateway.chat(headers=KEY, max_tokens=100)

        assert answer.status == 503
        assert await gateway.metric("switchyard_store_up") == 0


async def test_what_a_call_costs_above_its_bound_is_debt(start):
    usage = {"prompt_tokens": 0, "completion_tokens": 5000, "total_tokens": 5000}
    async with Provider(says(200, completion(usage=usage))) as provider, start(config(provider, ALICE)) as gateway:
        await gateway.chat(headers=KEY, max_tokens=100)

        assert await gateway.metric("switchyard_bound_violations_total") == 1
        debt = await gateway.metric("switchyard_budget_debt_usd_total")
        assert 2 < debt < 5
