"""Workers and machines that keep answers in one Redis ask the provider once, whoever of them dies meanwhile."""

import asyncio
import contextlib
import os
import signal
import time

import aiohttp

from tests.process.running import ADMIN, until
from tests.store.redis_servers import Server, serving
from tests.whole.provider import Provider, hangs, ok

CONFIG = """
server: {{port: 0, workers: {workers}}}
admin: {{key: {admin}}}
state: {{url: "redis://127.0.0.1:{redis}", directory: state}}
providers:
  a: {{dialect: vllm, base_url: "{url}"}}
routes: {{m: {{chain: a/one, cache: 1h}}}}
"""


async def slow(request, writer):
    await asyncio.sleep(0.5)
    await ok("told")(request, writer)


async def test_workers_ask_once_and_a_process_that_is_killed_is_waited_for_two_seconds_at_most(start, tmp_path):
    server = Server(tmp_path / "redis")
    with serving(server):
        async with Provider(slow, hangs(), ok("second")) as provider:
            text = CONFIG.format(admin=ADMIN, url=provider.url, workers=2, redis=server.port)
            async with start(text) as workers, start(text.replace("workers: 2", "workers: 1"), folder="other") as other:
                answers = await asyncio.gather(*(workers.chat() for _ in range(10)), other.chat())
                once = len(provider.requests)

                doomed = asyncio.ensure_future(workers.chat(seed=1))
                await until(lambda: len(provider.requests) == once + 1)
                waits = asyncio.ensure_future(other.chat(seed=1))
                await asyncio.sleep(0.2)
                began = time.monotonic()
                os.killpg(workers.pid, signal.SIGKILL)
                survivor = await waits
                took = time.monotonic() - began
                with contextlib.suppress(aiohttp.ClientError):
                    await doomed

    assert (1, ["hit"] * 10 + ["miss"]) == (once, sorted(each.headers["x-switchyard-cache"] for each in answers))
    assert (200, "second", 3) == (
        survivor.status,
        survivor.body["choices"][0]["message"]["content"],
        len(provider.requests),
    )
    assert took < 4.0
