"""Everything at once: many streams, ten reloads and a killed worker. Whoever wasn't on that worker notices nothing."""

import asyncio
import os
import signal
from collections import Counter

from tests.process.running import Running, until
from tests.process.test_process_workers import both
from tests.whole.provider import Provider, Request, streams, words

STREAMS = 200
RELOADS = 10
TEXTS = tuple(f"word{number} " for number in range(20))
WHOLE = "".join(TEXTS)


class Patient(Provider):
    """Doesn't look every few milliseconds whether each of its clients is still there."""

    @staticmethod
    async def _notice(_reader: asyncio.StreamReader, _request: Request) -> None:
        await asyncio.Event().wait()


async def hash_served(gateway: Running) -> str:
    return (await gateway.get("/health/live")).headers["x-switchyard-config"]


async def test_only_the_streams_of_the_killed_worker_break(start, written):
    play = streams(words(*TEXTS), pace=0.12)
    async with Patient(play) as provider, start(written(url=provider.url, workers=2)) as gateway:
        killed = min(await both(gateway))
        begun = await asyncio.gather(*(gateway.stream() for _ in range(STREAMS)))
        following = [asyncio.ensure_future(stream.rest()) for stream in begun]

        hashes = []
        for number in range(RELOADS):
            gateway.write(written(url=provider.url, workers=2, more=f"  new{number}: demo/echo\n"))
            gateway.send(signal.SIGHUP)
            if number == RELOADS // 2:
                os.kill(killed, signal.SIGKILL)
            await asyncio.sleep(0.15)
        answers = await asyncio.gather(*following)
        await until(lambda: len(gateway.workers) == 2)
        last = f"new{RELOADS - 1}"
        await until(lambda: serves(gateway, last))
        hashes = {answer.headers["x-switchyard-config"] for answer in answers}

    cut = [answer for stream, answer in zip(begun, answers, strict=True) if stream.cut]
    whole = [answer for stream, answer in zip(begun, answers, strict=True) if not stream.cut]
    assert {(WHOLE, "[DONE]"): len(whole)} == Counter((answer.text, answer.events[-1]) for answer in whole)
    assert "[DONE]" not in [answer.events[-1] for answer in cut]
    assert len(cut) > STREAMS // 10
    assert len(whole) > STREAMS // 10
    assert 1 == len(hashes)  # all began before the first reload, and none noticed one
    assert [] == [line for line in gateway.log if line["level"] == "error" and "internal" in line["message"]]


async def serves(gateway: Running, route: str) -> bool:
    return (await gateway.chat(route)).status == 200
