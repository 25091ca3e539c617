"""A canary of two gateways that share nothing but a Redis: they move together, and not because it forgot."""

import asyncio

import pytest

from tests.process.running import ADMIN
from tests.store.redis_servers import Server, serving
from tests.whole.flown import CONFIG, Pair
from tests.whole.provider import Provider, fails, ok, says


@pytest.fixture
def pair(start, tmp_path):
    """Two processes before a canary that plays what is said."""

    async def fly(scene, new, **words):
        redis = Server(tmp_path)
        with serving(redis):
            async with Provider(ok("old")) as p, Provider(new) as c, Provider(says(204, b"")) as hook:
                names = {"admin": ADMIN, "redis": redis.port, "old": p.url, "new": c.url, "hook": hook.url, **words}
                text = CONFIG.format(**names)
                async with start(text, folder="one") as one, start(text, folder="two") as two:
                    await scene(Pair(redis, hook, one, two))

    return fly


async def test_they_advance_together_and_not_because_redis_forgot(pair):
    async def scene(both):
        targets = await both.calls(40)
        await both.stand(("running", 2))
        both.forget()
        seen = await both.seen(1.6)
        await both.stand(("running", 3))
        await both.stand(("passed", 3))
        await asyncio.sleep(0.4)

        assert targets[::2] == targets[1::2]
        assert {"p/old", "c/new"} == set(targets)
        assert {("running", 2)} == seen
        assert ["canary_advanced", "canary_advanced", "canary_passed"] == both.told

    await pair(scene, ok("new"), every="2s", stages="[20%, 60%, 100%]")


async def test_what_both_have_seen_rolls_it_back_once_and_for_good(pair):
    """Neither has seen enough by itself: it takes three failures."""

    async def scene(both):
        answers = await both.calls(2)
        before = await both.seen(1.0)
        both.redis.ask("SAVE")  # so that later it will know this, and nothing newer
        answers += await both.calls(2)
        await both.stand(("rolled_back", 0), calls=0)
        both.forget()
        after = await both.seen(1.2)
        answers += await both.calls(20)

        assert ({("running", 1)}, {("rolled_back", 0)}) == (before, after)
        assert {"p/old"} == set(answers)
        assert ["canary_rolled_back"] == both.told

    await pair(scene, fails(500), every="1h", stages="[100%]")
