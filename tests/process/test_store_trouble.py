"""A store that is slow or gone, as clients of the whole gateway meet it; and what must be known everywhere at once."""

import asyncio
import os
import signal
import time
from typing import Any

import orjson
import pytest

from tests.process.counting import NANO, PRICED, Counting, price
from tests.process.running import ADMIN, Running, run, until
from tests.store.ledger.postgres import running as postgres
from tests.store.ledger.test_ledger_outages import children
from tests.store.redis_servers import Proxy, Server, serving
from tests.whole.conftest import Answer

OPERATOR = {"authorization": f"Bearer {ADMIN}"}
TOKENS = 100
SLOWEST = 2.0  # seconds that a slow store may add to a call
CONFIG = """
server: {{port: 0, workers: {workers}}}
admin: {{key: {admin}}}
state: {{directory: state, when_down: open, url: "redis://127.0.0.1:{redis}"}}
providers:
  a: {{dialect: vllm, api_key: sk-secret, base_url: "{url}"}}
routes: {{m: a/one}}
models: {{a/one: {priced}}}
keys:
  allotment: {{key: the-key-allotment, budget: {{usd: 1000, per: total, when_down: allotment}}}}
  closed: {{key: the-key-closed, budget: {{usd: 1000, per: total, when_down: closed}}}}
  open: {{key: the-key-open, budget: {{usd: 1000, per: total, when_down: open}}, limits: {{requests: 1000/min}}}}
  free: {{key: the-key-free}}
"""


def config(provider: Counting, redis: int, workers: int = 1) -> str:
    return CONFIG.format(admin=ADMIN, redis=redis, url=provider.url, priced=PRICED, workers=workers)


class Caller:
    def __init__(self, gateway: Running, key: str) -> None:
        self.gateway = gateway
        self.headers = {"authorization": f"Bearer {key}"}
        self.slowest = 0.0
        self.served = 0

    async def call(self, number: int = 1) -> Answer:
        body = {"model": "m", "messages": [{"role": "user", "content": f"call {number}"}], "max_tokens": TOKENS}
        began = time.monotonic()
        answer = await self.gateway.request("POST", "/v1/chat/completions", body, **self.headers)
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.served += answer.status == 200
        return answer

    async def statuses(self, calls: int) -> list[int]:
        return [(await self.call()).status for _ in range(calls)]

    async def spent(self) -> int:
        """Nano-dollars, once nothing is held any more."""

        async def settled() -> Any:
            answer = await self.gateway.get("/api/v1/usage", **self.headers)
            return answer.status == 200 and answer.body["held_usd"] == 0 and answer.body["budgets"]

        (budget,) = await until(settled)
        return round(budget["spent_usd"] * NANO)


@pytest.mark.parametrize("trouble", ["slow", "gone"])
async def test_a_store_in_trouble_is_met_as_each_budget_says(start, tmp_path, trouble):
    redis = Server(tmp_path, "appendonly yes", "appendfsync always")
    with serving(redis):
        between = Proxy(redis.port)
        async with between.standing(), Counting(0.0) as provider, start(config(provider, between.port)) as gateway:
            callers = {name: Caller(gateway, f"the-key-{name}") for name in ("allotment", "closed", "open", "free")}
            for caller in callers.values():
                await until(lambda caller=caller: is_steady(caller, 10))
                caller.slowest = 0.0
            await until(lambda: is_steady(callers["allotment"], 200))  # so that it has enough in hand

            if trouble == "slow":
                between.latency = 0.5
            else:
                redis.kill()
            first = await callers["allotment"].statuses(3)
            await until(lambda: is_down(callers["closed"]))
            told = {name: await caller.call() for name, caller in callers.items() if name != "allotment"}
            others = {name: await callers[name].statuses(5) for name in ("closed", "open", "free")}
            later = await callers["allotment"].statuses(3)
            while (last := await callers["allotment"].call()).status == 200:
                pass

            between.latency = 0.0
            if trouble == "gone":
                redis.start()
            await until(lambda: is_back(callers["closed"]))
            spent = {name: await callers[name].spent() for name in ("allotment", "closed", "open")}

    assert [200] * 3 == first == later
    assert {"closed": [503] * 5, "open": [200] * 5, "free": [200] * 5} == others
    for refused in (told["closed"], last):
        assert (503, "budget_unavailable") == (refused.status, refused.body["error"]["code"])
        assert 1 <= int(refused.headers["retry-after"]) <= 5
    assert [] == [name for name, caller in callers.items() if caller.slowest > SLOWEST]
    assert {name: price(TOKENS) * callers[name].served for name in spent} == spent


async def is_down(caller: Caller) -> bool:
    return (await caller.call()).status == 503


async def is_steady(caller: Caller, calls: int) -> bool:
    """Whether so many in a row are answered: on a busy machine even a good store may miss its deadline once."""
    return [200] * calls == await caller.statuses(calls)


async def is_back(caller: Caller) -> bool:
    return (await caller.call()).status == 200


async def test_keys_work_at_once_and_stop_within_a_second_on_every_worker(start, tmp_path):
    redis = Server(tmp_path)
    with serving(redis):
        async with Counting(0.0) as provider, start(config(provider, redis.port, workers=4)) as gateway:
            body = {"name": "made", "budget": {"usd": 5, "per": "month"}}
            made = await gateway.request("POST", "/api/v1/keys", body, **OPERATOR)
            create = ("keys", "--config", "config.yaml", "--json", "create", "typed", "--budget", "5/month")
            typed = await asyncio.to_thread(run, *create, folder=gateway.folder)
            callers = [Caller(gateway, made.body["key"]), Caller(gateway, orjson.loads(typed.stdout)["key"])]

            before = [await many(caller) for caller in callers]
            dropped = await gateway.request("DELETE", "/api/v1/keys/made", **OPERATOR)
            revoke = ("keys", "--config", "config.yaml", "revoke", "typed")
            revoked = await asyncio.to_thread(run, *revoke, folder=gateway.folder)
            await asyncio.sleep(1.0)
            after = [await many(caller) for caller in callers]

    assert (200, 0, 0) == (dropped.status, typed.returncode, revoked.returncode)
    assert [{200}, {200}] == before
    assert [{401}, {401}] == after


async def many(caller: Caller) -> set[int]:
    """From as many connections as reach every worker, but for one case in ten thousand."""

    async def answered(number: int) -> int:
        """As clients do: a store that was late on a busy machine is a 503, which asks for another try."""
        while (answer := await caller.call(number)).status == 503:
            await asyncio.sleep(0.05)
        return answer.status

    return set(await asyncio.gather(*map(answered, range(40))))


LEDGER = """
server: {{port: 0}}
admin: {{key: {admin}}}
state: {{directory: state}}
ledger: {{url: "{ledger}"}}
providers:
  a: {{dialect: vllm, api_key: sk-secret, base_url: "{url}"}}
routes: {{m: a/one}}
models: {{a/one: {priced}}}
keys:
  alice: {{key: the-key-alice, budget: {{usd: 1000, per: total}}}}
"""


async def test_postgresql_gets_all_rows_though_it_dies(start, tmp_path):
    with postgres() as server:
        async with Counting(0.0) as provider:
            text = LEDGER.format(admin=ADMIN, ledger=server.url, url=provider.url, priced=PRICED)
            (folder := tmp_path / "run").mkdir()
            (folder / "config.yaml").write_text(text)
            migrated = await asyncio.to_thread(run, "migrate", "--config", "config.yaml", folder=folder)
            async with start(text) as gateway:
                caller = Caller(gateway, "the-key-alice")
                statuses = await caller.statuses(10)
                await until(lambda: has_rows(gateway, 10))

                processes = children(server.process.pid)
                for pid in processes:
                    os.kill(pid, signal.SIGSTOP)
                statuses += await caller.statuses(10)
                await asyncio.sleep(0.6)  # the rows are on their way
                for pid in processes[1:]:
                    os.kill(pid, signal.SIGKILL)
                os.kill(processes[0], signal.SIGCONT)  # which recovers, and goes on
                statuses += await caller.statuses(10)

                await until(lambda: has_rows(gateway, 30))
                gateway.send(signal.SIGTERM)
                await gateway.ended()
            spend = ("spend", "--config", "config.yaml", "--by", "key", "--format", "json")
            told = await asyncio.to_thread(run, *spend, folder=folder)

    assert 0 == migrated.returncode, migrated.stderr
    assert [200] * 30 == statuses
    total = orjson.loads(told.stdout)["total"]
    assert (30, 30 * price(TOKENS)) == (total["requests"], round(total["cost_usd"] * NANO))
    assert caller.slowest < 1.0  # nobody has waited for it


async def has_rows(gateway: Running, number: int) -> bool:
    answer = await gateway.get("/api/v1/costs?period=all", **OPERATOR)
    return answer.status == 200 and answer.body["requests"] == number
