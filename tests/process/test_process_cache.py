"""Workers that keep answers by themselves, and forget them together."""

import asyncio

from tests.process.running import ADMIN, until
from tests.whole.provider import Provider, ok

OPERATOR = {"authorization": f"Bearer {ADMIN}"}
KEEPING = "defaults: {timeouts: {connect: 5s, first_content: 20s, idle: 20s, attempt: 20s, total: 60s}, cache: 1h}"
HITS = 'switchyard_cache_calls_total{outcome="hit",route="m"}'


async def entries(gateway):
    return (await gateway.get("/api/v1/cache", **OPERATOR)).body["entries"]


async def told(gateway):
    """What calls on connections of their own, which reach both workers, hear of the cache."""
    answers = await asyncio.gather(*(gateway.chat() for _ in range(20)))
    return {answer.headers["x-switchyard-cache"] for answer in answers}


async def test_all_workers_forget_what_one_is_told_to(start, written):
    async with Provider(ok()) as provider:
        text = written(url=provider.url, workers=2)
        defaults = next(line for line in text.splitlines() if line.startswith("defaults:"))
        async with start(text.replace(defaults, KEEPING)) as gateway:
            await until(lambda: kept(gateway, 2))
            asked = len(provider.requests)
            assert {"hit"} == await told(gateway)
            assert asked == len(provider.requests)

            answer = await gateway.request("DELETE", "/api/v1/cache?route=m", **OPERATOR)
            await until(lambda: kept(gateway, 0, ask=False))

            assert {"removed": 1} == answer.body
            assert "miss" in await told(gateway)
            assert await gateway.metric(HITS) >= 20


async def kept(gateway, count, *, ask=True):
    if ask:
        await told(gateway)
    return await entries(gateway) == count
