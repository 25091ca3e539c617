"""A canary that several workers fly: one assignment, one count, one step, also after a restart."""

import asyncio

from tests.process.running import ADMIN, until
from tests.whole.provider import Provider, fails, ok

OPERATOR = {"authorization": f"Bearer {ADMIN}"}
USERS = [f"user-{number}" for number in range(30)]
CANARY = """
  tried:
    chain: a/one
    canary: {{target: a/two, stages: [{share}], every: 1h, minimum: 5, guard: {{first_content: off}}}}
"""


async def targets(gateway):
    """Who answers whom; each on a connection of its own, so that both workers are asked."""
    answers = await asyncio.gather(*(gateway.chat("tried", user=user, max_tokens=5) for user in USERS))
    return [answer.headers["x-switchyard-target"] for answer in answers]


async def standing(gateway):
    (one,) = (await gateway.request("GET", "/api/v1/canaries", **OPERATOR)).body["canaries"]
    return one


async def counted(gateway, calls):
    async def complete():
        one = await standing(gateway)
        return one["canary"]["calls"] + one["rest"]["calls"] == calls and one

    async with asyncio.timeout(15):
        while not (one := await complete()):
            await asyncio.sleep(0.1)
    return one


async def test_all_workers_send_the_same_sessions_there_and_count_together(written, start):
    async with Provider(ok()) as provider:
        config = written(url=provider.url, workers=2, more=CANARY.format(share="40%"))
        async with start(config) as gateway:
            await until(lambda: len(gateway.workers) == 2)
            first, second = await targets(gateway), await targets(gateway)
            one = await counted(gateway, 60)
        async with start(config) as again:
            third = await targets(again)

    assert first == second == third
    assert 60 == one["canary"]["calls"] + one["rest"]["calls"]
    assert 2 * first.count("a/two") == one["canary"]["calls"]


async def test_what_one_worker_learns_rolls_it_back_for_all_and_for_good(written, start):
    async with Provider(fails(500)) as provider:
        config = written(url=provider.url, workers=2, more=CANARY.format(share="100%").replace("a/one", "demo/echo"))
        async with start(config) as gateway:
            await targets(gateway)
            async with asyncio.timeout(15):
                while (one := await standing(gateway))["status"] != "rolled_back":
                    await asyncio.sleep(0.1)
            await asyncio.sleep(1.2)  # by then the other worker has heard of it
            asked = len(provider.requests)
            after = await targets(gateway)
        async with start(config) as again:
            kept = await standing(again)
            later = await targets(again)

    assert {"demo/echo"} == {*after, *later}
    assert asked == len(provider.requests)
    assert ("rolled_back", one["reason"]) == (kept["status"], kept["reason"])
