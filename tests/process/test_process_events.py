"""Every worker of a machine is heard, whichever of them serves the stream of events."""

import os
import signal
from contextlib import asynccontextmanager

from tests.process.running import ADMIN, until
from tests.whole.provider import Provider, ok
from tests.whole.test_events import Watching

HEADERS = {"authorization": f"Bearer {ADMIN}"}


@asynccontextmanager
async def watching(gateway, query):
    async with gateway.session.get(f"{gateway.url}/api/v1/events{query}", headers=HEADERS) as response:
        watch = Watching(response)
        watch.raw += await response.content.readany()
        yield watch


def sockets(gateway):
    return set((gateway.folder / "state").glob("events-*"))


async def test_all_workers_are_heard_on_one_stream(start, written):
    async with Provider(ok()) as provider, start(written(url=provider.url, workers=3)) as gateway:
        await until(lambda: len(sockets(gateway)) == 3)
        async with watching(gateway, "?kinds=call,reload") as watch:
            answers = [await gateway.chat() for _ in range(30)]
            told = await watch.until(30)
            gateway.write(written(url=provider.url, workers=3, more="log: {}\n"))
            reloads = (await watch.until(33, 10.0))[30:]

    assert {answer.headers["x-request-id"] for answer in answers} == {each["id"] for _, each in told}
    assert len({each["id"].rsplit("-", 1)[0] for _, each in told}) > 1
    assert [("reload", True)] * 3 == [(kind, each["ok"]) for kind, each in reloads]
    assert 3 == len({each["worker"] for _, each in reloads})
    assert not sockets(gateway) or {0o600} == {path.stat().st_mode & 0o777 for path in sockets(gateway)}


async def test_figures_of_the_last_hour_are_those_of_all_workers(start, written):
    async with Provider(ok()) as provider, start(written(url=provider.url, workers=3)) as gateway:
        await until(lambda: len(sockets(gateway)) == 3)
        for _ in range(24):
            await gateway.chat()
        pages = [(await gateway.get("/api/v1/models/compare?ids=a/one", **HEADERS)).body for _ in range(6)]
        routes = [(await gateway.get("/api/v1/routes", **HEADERS)).body for _ in range(3)]

    whole = [page for page in pages if page["live"]["processes"]["heard"] == 3]
    assert whole
    assert {24} == {page["data"][0]["live"]["calls"] for page in whole}
    assert {3} == {page["live"]["processes"]["known"] for page in pages}
    assert 24 == max(page["data"][0]["seen"].get("a/one", 0) for page in routes)


async def test_the_successor_of_a_worker_that_was_killed_is_heard(start, written):
    text = written(workers=2)
    async with start(text) as gateway:
        await until(lambda: len(sockets(gateway)) == 2)
        victim = min(gateway.workers)
        os.kill(victim, signal.SIGKILL)
        await until(lambda: len(gateway.workers - {victim}) == 2 and len(sockets(gateway)) == 3)
        async with watching(gateway, "?kinds=reload") as watch:
            await until(lambda: len(sockets(gateway)) == 2)
            gateway.write(text + "log: {}\n")
            told = await watch.until(2, 10.0)

        assert gateway.workers == {each["worker"] for _, each in told}


async def test_a_drain_does_not_wait_for_those_who_watch(start, written):
    async with start(written(workers=2, drain="15s")) as gateway, watching(gateway, "") as watch:
        gateway.send(signal.SIGTERM)
        code = await gateway.ended(8.0)

        assert 0 == code
        assert b"" == (await watch.response.content.read())[len(watch.raw) :]
    assert not sockets(gateway)
