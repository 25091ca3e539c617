"""Two hundred calls at once against a budget that affords fifty, while workers are killed and the store goes away."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.process.counting import NANO, PRICED, Counting, entries, price
from tests.process.running import ADMIN, Running, until
from tests.store.redis_servers import Server, serving

CALLS = 200
LEAST = 1000  # tokens; call N declares and gets N more, so that each has a price of its own
LIMIT = sum(price(LEAST + number) for number in range(CALLS)) // 4
KEY = {"authorization": "Bearer the-key-of-alice"}
CONFIG = """
server: {{port: 0, workers: 4}}
admin: {{key: {admin}}}
state: {{directory: state{redis}}}
providers:
  a: {{dialect: vllm, api_key: sk-secret, base_url: "{url}"}}
routes: {{m: a/one}}
models: {{a/one: {priced}}}
keys: {{alice: {{key: the-key-of-alice, budget: {{usd: {usd}, per: total}}}}}}
"""


def config(provider: Counting, redis: int | None = None) -> str:
    where = "" if redis is None else f', url: "redis://127.0.0.1:{redis}"'
    return CONFIG.format(admin=ADMIN, redis=where, url=provider.url, priced=PRICED, usd=f"{LIMIT / NANO:.9f}")


class Storm:
    """The callers, and what became of their calls."""

    def __init__(self, gateway: Running) -> None:
        self.gateway = gateway
        self.answered: set[int] = set()
        self.refused: set[int] = set()
        self.broken: set[int] = set()
        self.wrong: list[str] = []

    async def call(self, number: int) -> None:
        """Asks until there is an answer, but not again where its connection broke."""
        body = {
            "model": "m",
            "messages": [{"role": "user", "content": f"call {number}"}],
            "max_tokens": LEAST + number,
            "stream": number % 2 == 0,
        }
        while True:
            try:
                answer = await self.gateway.request("POST", "/v1/chat/completions", body, **KEY)
            except aiohttp.ClientError:
                self.broken.add(number)
                return
            if answer.status == 503 and answer.body["error"]["code"] == "budget_unavailable":
                await asyncio.sleep(0.1)
                continue
            break
        if answer.status == 200 and (not body["stream"] or answer.raw.endswith(b"data: [DONE]\n\n")):
            self.answered.add(number)
        elif answer.status == 429 and answer.body["error"]["code"] == "insufficient_quota":
            self.refused.add(number)
        else:
            self.wrong.append(f"{number}: {answer.status} {answer.raw[:300]!r}")

    async def budget(self) -> dict[str, Any]:
        answer = await self.gateway.get("/api/v1/usage", **KEY)
        return answer.body["budgets"][0] if answer.status == 200 else {"held_usd": -1}


async def four(gateway: Running) -> set[int]:
    """The workers, once all of them listen."""

    def complete() -> set[int]:
        listening = Path("/proc/net/tcp").read_text().count(f":{gateway.port:04X} 00000000:0000 0A")
        return gateway.workers if len(gateway.workers) == 4 == listening else set()

    return await until(complete)


async def raging(gateway: Running, provider: Counting, trouble: Callable[[], Any], back: Callable[[], Any]) -> Storm:
    """All calls at once; a worker is killed when a few have reached the provider, then there is *trouble*."""
    storm = Storm(gateway)
    workers = await four(gateway)
    calls = [asyncio.ensure_future(storm.call(number)) for number in range(CALLS)]
    await until(lambda: len(provider.served) >= 12)
    os.kill(min(workers), signal.SIGKILL)
    await until(lambda: len(provider.served) >= 20)
    await asyncio.to_thread(trouble)
    await asyncio.sleep(0.7)
    await asyncio.to_thread(back)
    await asyncio.gather(*calls)
    return storm


async def settled(storm: Storm, paid: int = 0) -> dict[str, Any]:
    """How the budget stands once nothing is held any more: within a second.

    *paid*: what has been spent at least. A store that has forgotten is told that by and by.
    """
    await four(storm.gateway)

    async def free() -> dict[str, Any] | None:
        budget = await storm.budget()
        return budget if budget["held_usd"] == 0 else None

    await until(free, 1.0)

    async def whole() -> dict[str, Any] | None:
        budget = await free()
        return budget if budget and round(budget["spent_usd"] * NANO) >= paid else None

    return await until(whole)


async def agree(storm: Storm, provider: Counting, folder: Path, spent: float) -> None:
    """The ledger, the provider, the clients and the budget tell the same story."""
    rows = await entries(folder)
    exact = sorted(row.cost for row in rows if row.cost and not row.estimated)
    guessed = [row.cost for row in rows if row.estimated]
    whole = sorted(one.cost for one in provider.whole)
    most = 1.1 * price(LEAST + 2 * CALLS)  # for one call
    heard = {price(LEAST + number) for number in storm.answered}
    assert len(set(exact)) == len(exact)
    assert heard <= set(exact) <= set(whole)
    assert len(exact) + len(guessed) >= len(provider.served)  # some were paid for, and killed before they were sent
    assert round(spent * NANO) == sum(exact) + sum(guessed)
    assert sum(whole) <= sum(exact) + sum(guessed) <= LIMIT
    assert LIMIT - most <= sum(exact) + sum(guessed)  # nobody was refused what there was


async def another_life(storm: Storm, provider: Counting, folder: Path) -> dict[str, Any]:
    """Nothing is forgotten in it, and what is left can be spent to the end."""
    budget = await settled(storm, provider.cost)
    for number in range(CALLS, 2 * CALLS):
        await storm.call(number)
        if number in storm.refused:
            break
    spent = (await settled(storm))["spent_usd"]
    storm.gateway.send(signal.SIGTERM)
    await storm.gateway.ended()
    await agree(storm, provider, folder, spent)
    assert [] == storm.wrong
    return budget


def paused(server: Server) -> tuple[Callable[[], Any], Callable[[], Any]]:
    pause = ExitStack()
    return lambda: pause.enter_context(server.paused()), pause.close


def restarted(server: Server) -> tuple[Callable[[], Any], Callable[[], Any]]:
    return server.kill, server.start


def emptied(server: Server) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """It comes back, and remembers nothing."""

    def start() -> None:
        shutil.rmtree(server.directory)
        server.start()

    return server.kill, start


@pytest.mark.parametrize("how", [paused, restarted, emptied])
async def test_nothing_is_overspent_while_redis_goes_away(start, tmp_path, how):
    redis = Server(tmp_path, "appendonly yes", "appendfsync always")
    with serving(redis):
        async with Counting() as provider:
            async with start(config(provider, redis.port)) as gateway:
                storm = await raging(gateway, provider, *how(redis))
                budget = await settled(storm, provider.cost)
                gateway.send(signal.SIGTERM)
                await gateway.ended()
            async with start(config(provider, redis.port)) as storm.gateway:
                again = await another_life(storm, provider, tmp_path / "run")

    assert budget == again


async def test_nothing_is_overspent_by_workers_that_share_a_file(start, tmp_path):
    async with Counting() as provider:
        async with start(config(provider)) as gateway:
            storm = await raging(gateway, provider, lambda: None, lambda: None)
            budget = await settled(storm)
            os.killpg(gateway.pid, signal.SIGKILL)
            await gateway.ended()
        async with start(config(provider)) as storm.gateway:
            again = await another_life(storm, provider, tmp_path / "run")

    assert budget == again
