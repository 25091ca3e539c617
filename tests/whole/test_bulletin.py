"""What is done with others' notices, and without a store; the rest is in tests/process/test_health_shared.py."""

import asyncio
import time

import orjson

from core.faults import Failure, Fault
from gateway.watch.notices import BREAKER, PROBE, ROUND, Change, changed, mark, probed
from gateway.watch.sightings import Look
from tests.process.running import until
from tests.whole.lists import OPERATOR
from tests.whole.provider import Provider, fails, says
from tests.whole.test_probes import split

CONFIG = """
admin: {{key: secret-of-operator}}
providers:
  lab: {{dialect: vllm, base_url: "{url}", probe: {{every: {every}, up: 1, down: 1}}}}
routes:
  m: {{chain: lab/a, retry: {{attempts: 1}}, breaker: {{failures: 1, cooldown: 1h}}}}
"""
LISTED = says(200, {"object": "list", "data": []})
HEARD = 1.3  # seconds after which a notice has been read


class Others:
    """Whatever else shares the store of a gateway."""

    def __init__(self, gateway) -> None:
        self._gateway = gateway
        self.board = gateway.house._treasury.store
        self.mark = mark(gateway.house._current.generation.lanes["lab"].provider)

    async def open(self, *, ago: float = 0.0, under: str = "") -> None:
        notice = changed(Change("other", time.time() - ago, 60.0, Fault.OVERLOADED, 2))
        await self.board.post(f"{BREAKER}{under or self.mark}/lab/a", notice, 60.0)

    async def probe(self, *, ago: float = 0.0) -> None:
        look = Look(time.time() - ago, 0.1, Fault.UNREACHABLE.code)
        notice = probed("other", look, Failure(Fault.UNREACHABLE, "nobody there"))
        await self.board.post(f"{PROBE}{self.mark}/lab", notice, 60.0)

    async def shown(self) -> dict[str, object]:
        health = await self._gateway.get("/health", **OPERATOR)
        return health.body["targets"].get("lab/a", {})


def mistakes(tmp_path) -> list[str]:
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    return [line["message"] for line in lines if line["level"] == "error"]


def written(provider: Provider, every: str = "1h") -> str:
    return CONFIG.format(url=provider.url, every=every)


async def test_a_breaker_that_others_opened_is_open_here_and_says_so(start):
    async with Provider(split(LISTED)) as provider, start(written(provider)) as gateway:
        others = Others(gateway)
        await others.open(ago=20.0)
        await until(others.shown, 3)
        shown = await others.shown()

    assert ("open", "overloaded", 2, True) == tuple(shown[name] for name in ("breaker", "cause", "strikes", "heard"))
    assert 38 < shown["seconds"] <= 46


async def test_what_it_has_seen_itself_since_counts_for_more(start):
    async with Provider(split(LISTED)) as provider, start(written(provider)) as gateway:
        others = Others(gateway)
        await gateway.chat()
        await others.open(ago=5.0)
        await others.probe(ago=5.0)
        await asyncio.sleep(HEARD)
        older = await others.shown()
        await others.probe(ago=-1.0)
        await asyncio.sleep(HEARD)
        newer = await others.shown()

    assert {"breaker": "closed", "in_flight": 0, "limit": None, "queued": 0} == older
    assert {**older, "lost": "unreachable"} == newer


async def test_what_is_not_meant_for_it_changes_nothing(start, tmp_path):
    async with Provider(split(LISTED)) as provider, start(written(provider)) as gateway:
        others = Others(gateway)
        await others.open(under="0123456789abcdef")
        for name in (
            f"{BREAKER}{others.mark}/lab/a",
            f"{BREAKER}x",
            f"{PROBE}{others.mark}/lab",
            "health/",
            "health/new/x",
        ):
            await others.board.post(name, b"\xff what?", 60.0)
        await asyncio.sleep(HEARD)
        before = await others.shown()
        await gateway.chat()
        shown = await others.shown()

    assert ({}, {"breaker": "closed", "in_flight": 0, "limit": None, "queued": 0}) == (before, shown)
    assert [] == mistakes(tmp_path)


async def test_where_another_one_asks_it_does_not(start):
    async with Provider(split(LISTED)) as provider, start(written(provider)) as gateway:
        await until(lambda: provider.requests, 3)
        again = await Others(gateway).board.post(f"{ROUND}{Others(gateway).mark}/lab", b"", 60.0, only_new=True)

    assert not again


async def test_without_its_store_it_looks_after_itself(start, tmp_path):
    async with Provider(split(LISTED, fails(503))) as provider, start(written(provider, "1s")) as gateway:
        await until(lambda: provider.requests, 3)
        for file in (tmp_path / "data").glob("state.db*"):
            file.unlink()
        times = len(provider.requests)
        await until(lambda: len(provider.requests) > times + 1, 5)
        ejected = await gateway.metric('switchyard_provider_ejected{provider="lab"}')
        answer = await gateway.chat()

    assert (1, 200) == (ejected, answer.status)
    assert not [message for message in mistakes(tmp_path) if message == "internal error"]


async def test_an_opening_is_told_even_if_the_process_hears_nothing_itself(start):
    async with Provider(split(LISTED, calls=fails(500))) as provider, start(written(provider)) as gateway:
        others = Others(gateway)
        await gateway.chat()

        async def told():
            return await others.board.posted(BREAKER)

        [(name, notice)] = (await until(told, 2)).items()
        await asyncio.sleep(HEARD)
        shown = await others.shown()

    assert f"{BREAKER}{others.mark}/lab/a" == name
    assert b"broken" in notice
    assert ("open", False) == (shown["breaker"], shown["heard"])
