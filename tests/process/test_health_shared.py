"""What one process learns of targets and providers, the others that share its store know two seconds later."""

from collections.abc import Callable
from contextlib import asynccontextmanager

import pytest

from tests.process.running import ADMIN, Running, until
from tests.store.redis_servers import Server, serving
from tests.whole.provider import Play, Provider, fails, ok, says

CONFIG = """
server: {{port: 0}}
admin: {{key: {admin}}}
state: {state}
providers:
  lab: {{dialect: vllm, base_url: "{lab}", probe: {{every: 1s, up: 1, down: 1}}}}
  spare: {{dialect: vllm, base_url: "{spare}"}}
defaults: {{retry: {{attempts: 1}}, breaker: {{failures: 2, cooldown: 3s}}}}
routes:
  m: [lab/a, spare/b]
  spare: spare/b
"""
WITHIN = 2.0  # seconds
LISTED = says(200, {"object": "list", "data": []})
OPERATOR = {"authorization": f"Bearer {ADMIN}"}


class Lab:
    """A provider whose answers to calls and to probes can be changed at any time."""

    def __init__(self) -> None:
        self.call: Play = ok()
        self.probe: Play = LISTED
        self.calls = self.probes = 0

    async def __call__(self, request, writer):
        if request.path.endswith("/completions"):
            self.calls += 1
            await self.call(request, writer)
        else:
            self.probes += 1
            await self.probe(request, writer)


@pytest.fixture(params=["sqlite", "redis"])
def shared(request, start, tmp_path):
    """Two gateways, and the provider that they both call."""

    @asynccontextmanager
    async def begin():
        redis, lab = Server(tmp_path), Lab()
        state = f'{{directory: state, url: "redis://127.0.0.1:{redis.port}"}}'
        if request.param == "sqlite":
            state = f"{{directory: {tmp_path / 'shared'}}}"
        with serving(*([redis] if request.param == "redis" else [])):
            async with Provider(lab) as one, Provider(ok()) as other:
                text = CONFIG.format(admin=ADMIN, state=state, lab=one.url, spare=other.url)
                async with start(text, folder="one") as first, start(text, folder="two") as second:
                    yield lab, first, second

    return begin


def breaker(gateway: Running, state: str) -> Callable:
    async def is_so() -> bool:
        health = await gateway.get("/health", **OPERATOR)
        return health.body["targets"].get("lab/a", {}).get("breaker") == state

    return is_so


def ejected(gateway: Running, value: int) -> Callable:
    async def is_so() -> bool:
        return await gateway.metric('switchyard_provider_ejected{provider="lab"}') == value

    return is_so


async def test_a_breaker_that_one_opens_is_open_for_the_other_and_so_it_is_when_it_closes(shared):
    async with shared() as (lab, first, second):
        lab.call, lab.probe = fails(500), fails(404)
        for _ in range(2):
            assert 200 == (await first.chat()).status
        await until(breaker(first, "open"))
        await until(breaker(second, "open"), WITHIN)
        calls = lab.calls
        answer = await second.chat()

        assert (200, "spare/b", calls) == (answer.status, answer.headers["x-switchyard-target"], lab.calls)

        lab.call = ok()

        async def closed() -> bool:
            return (await first.chat()).headers["x-switchyard-target"] == "lab/a"

        await until(closed, 6)
        await until(breaker(second, "half_open"), WITHIN)
        answer = await second.chat()

        assert (200, "lab/a") == (answer.status, answer.headers["x-switchyard-target"])


async def test_of_all_one_asks_and_what_it_hears_counts_for_all(shared):
    async with shared() as (lab, first, second):
        await until(lambda: lab.probes >= 2, 6)
        lab.probe = fails(503)
        await until(ejected(first, 1), 2 * WITHIN)
        await until(ejected(second, 1), WITHIN)
        calls = lab.calls
        answers = [await gateway.chat() for gateway in (first, second)]
        lab.probe = LISTED
        await until(ejected(first, 0), 2 * WITHIN)
        await until(ejected(second, 0), WITHIN)

        asked = [
            await gateway.metric('switchyard_probes_total{fault="none",provider="lab"}') for gateway in (first, second)
        ]
        bad = [
            await gateway.metric('switchyard_probes_total{fault="overloaded",provider="lab"}')
            for gateway in (first, second)
        ]

    assert ["spare/b"] * 2 == [answer.headers["x-switchyard-target"] for answer in answers]
    assert calls == lab.calls
    assert lab.probes == sum(asked) + sum(bad)
