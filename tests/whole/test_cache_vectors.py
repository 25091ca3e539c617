"""Vectors in Redis's vector sets: several processes know what one has learned, and nobody waits where it is away."""

import asyncio
import time

import pytest

from tests.store.redis_servers import WITH_VECTORS, Server, serving, settle
from tests.whole.kept import ALICE, BOB, told
from tests.whole.test_cache_semantic import CONFIG, RESET, ask, learned, play_embedding, said


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"), program=WITH_VECTORS)
    with serving(server):
        settle(server)
        yield server


def settings(url, server, mode="serve"):
    state = f"state: {{url: 'redis://127.0.0.1:{server.port}', directory: data}}"
    return CONFIG.format(url=url, mode=mode, scope="team", alice="", budget="10/day", more="", state=state)


async def test_what_one_process_has_learned_another_serves_to_those_who_share_it(start, server):
    async with play_embedding() as provider:
        text = settings(provider.url, server)
        async with start(text) as one, start(text) as other:
            await ask(one, RESET[0])
            answers = [await ask(other, RESET[1], headers=who) for who in (ALICE, BOB)]
            first = await ask(one, RESET[0])
            here = [len(each.house._shared.larder.likeness) for each in (one, other)]

    assert (["hit", "miss"], [0, 0]) == ([told(one) for one in answers], here)
    assert said(first) == said(answers[0])


async def test_a_redis_that_is_away_is_a_miss_and_delays_nobody(start, server):
    async with play_embedding() as provider, start(settings(provider.url, server)) as gateway:
        await ask(gateway, RESET[0])
        with server.paused():
            began = time.monotonic()
            away = [await gateway.chat(headers=ALICE, messages=[{"role": "user", "content": RESET[1]}]) for _ in "12"]
            took = time.monotonic() - began
        await learned(gateway)
        async with asyncio.timeout(10):
            while told(back := await ask(gateway, RESET[1])) != "hit":
                await asyncio.sleep(0.1)

    assert [(200, "miss")] * 2 == [(one.status, told(one)) for one in away]
    assert took < 5.0
    assert 200 == back.status
