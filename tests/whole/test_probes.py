"""Providers that nobody calls are asked whether they are there, by a question that costs nothing."""

import asyncio
import logging

import orjson
import pytest

from tests.process.running import until
from tests.whole.lists import OPERATOR, reload
from tests.whole.provider import Play, Provider, fails, hangs, ok, says

CONFIG = """
admin: {{key: secret-of-operator}}
providers:
  lab: {{dialect: vllm, base_url: "{url}", probe: 1s}}
  quiet: {{dialect: vllm, base_url: "{url}"}}
routes:
  m: {{chain: lab/a, retry: {{attempts: 1}}, breaker: {{failures: 1, cooldown: 1h}}}}
"""
UP = 'switchyard_provider_up{provider="lab"}'
LISTED = says(200, {"object": "list", "data": []})


def split(*probes: Play, calls: Play | None = None) -> Play:
    """*probes* are used up by questions for the list, the last one stays; calls get the other."""
    left = list(probes)

    async def play(request, writer):
        if request.path.endswith("/completions"):
            await (calls or ok())(request, writer)
        else:
            await (left.pop(0) if len(left) > 1 else left[0])(request, writer)

    return play


def probes(provider: Provider) -> list[str]:
    return [request.path for request in provider.requests if not request.path.endswith("/completions")]


async def counted(gateway, fault: str) -> float:
    return await gateway.metric(f'switchyard_probes_total{{fault="{fault}",provider="lab"}}')


async def shown(gateway) -> dict[str, object]:
    health = await gateway.get("/health", **OPERATOR)
    return health.body["providers"]["lab"].get("probe", {})


async def breaker(gateway) -> str:
    health = await gateway.get("/health", **OPERATOR)
    return health.body["targets"]["lab/a"]["breaker"]


def said(tmp_path) -> list[tuple[str, str, str]]:
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    return [(it["level"], it["message"], it["provider"]) for it in lines if it["message"].startswith("provider ")]


async def test_a_provider_that_nobody_calls_is_asked_for_its_list(start, tmp_path):
    async with Provider(split(LISTED)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        before = (await shown(gateway), UP.encode() in (await gateway.get("/metrics")).raw)
        await until(lambda: len(probes(provider)) == 3, 6)
        await until(lambda: shown(gateway), 5)
        after, up, good = await shown(gateway), await gateway.metric(UP), await counted(gateway, "none")
        metrics = (await gateway.get("/metrics")).raw

    assert ({}, False) == before
    assert {"ok": True, "fault": None, "at": after["at"], "seconds": after["seconds"]} == after
    assert (1, True) == (up, good >= 2)
    assert {"/v1/models"} == set(probes(provider))
    assert b'provider="quiet"' not in metrics
    assert [] == said(tmp_path)


async def test_a_call_that_succeeds_makes_a_probe_needless(start):
    async with Provider(split(LISTED)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await gateway.chat()
        for _ in range(16):
            await gateway.chat()
            await asyncio.sleep(0.1)
        busy, seen, up = len(probes(provider)), await shown(gateway), await gateway.metric(UP)
        await until(lambda: probes(provider), 4)

    assert 0 == busy
    assert {"ok": True, "fault": None, "at": seen["at"], "seconds": None} == seen
    assert 1 == up


BAD = {
    "overloaded": fails(503),
    "bad_credential": fails(401),
    "broken": says(200, b"<html>please log in</html>", {"content-type": "text/html"}),
    "timeout": hangs(),
}


@pytest.mark.parametrize("fault", BAD)
async def test_a_probe_that_fails_is_shown_and_changes_nothing_else(start, tmp_path, monkeypatch, fault):
    monkeypatch.setattr("gateway.watch.lookout.PROBE_SECONDS", 0.3)
    async with Provider(split(BAD[fault], LISTED)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await until(lambda: shown(gateway), 5)
        seen, up, times = await shown(gateway), await gateway.metric(UP), await counted(gateway, fault)
        called = await gateway.chat()
        state = await breaker(gateway)

        async def well() -> bool:
            return (await shown(gateway))["ok"]

        await until(well, 5)
        again = await gateway.metric(UP)

    assert (False, fault, 0, 1) == (seen["ok"], seen["fault"], up, times)
    assert (200, "closed", 1) == (called.status, state, again)
    assert [("warning", "provider is down", "lab"), ("info", "provider is up again", "lab")] == said(tmp_path)


async def test_nobody_there_is_told_once(start, tmp_path):
    async with start(CONFIG.format(url="http://127.0.0.1:9/v1")) as gateway:

        async def twice() -> bool:
            return await counted(gateway, "unreachable") >= 2

        await until(twice, 5)
        seen, up = await shown(gateway), await gateway.metric(UP)

    assert (False, "unreachable", 0) == (seen["ok"], seen["fault"], up)
    assert [("warning", "provider is down", "lab")] == said(tmp_path)


# Breakers

PAIR = """
admin: {{key: secret-of-operator}}
defaults: {{timeouts: {{attempt: 300ms}}, retry: {{attempts: 1}}, breaker: {{failures: 1, cooldown: 1h}}}}
providers:
  lab: {{dialect: vllm, base_url: "{url}", probe: 1s}}
  spare: {{dialect: vllm, base_url: "{url}"}}
routes:
  m: [lab/a, spare/b]
"""


def pair(probe: Play, *calls: Play) -> Play:
    """*calls* are used up by model a, the last one stays; model b is fine."""
    left = list(calls)

    async def play(request, writer):
        if not request.path.endswith("/completions"):
            await probe(request, writer)
        elif request.body["model"] == "b":
            await ok()(request, writer)
        else:
            await (left.pop(0) if len(left) > 1 else left[0])(request, writer)

    return play


async def target(gateway) -> str:
    answer = await gateway.chat()
    assert 200 == answer.status
    return answer.headers["x-switchyard-target"]


async def half_open(gateway) -> bool:
    return await breaker(gateway) == "half_open"


@pytest.mark.parametrize("call", [fails(503), hangs()], ids=["overloaded", "timeout"])
async def test_a_good_probe_ends_the_cooldown_early(start, call):
    seen = asyncio.Event()

    async def listed(request, writer):
        await seen.wait()  # one between the two calls would let the second of them close the breaker
        await LISTED(request, writer)

    async with Provider(pair(listed, call, ok())) as provider, start(PAIR.format(url=provider.url)) as gateway:
        first, meanwhile, state = await target(gateway), await target(gateway), await breaker(gateway)
        seen.set()
        await until(lambda: half_open(gateway), 15)
        later, after = await target(gateway), await breaker(gateway)

    assert ("spare/b", "spare/b", "open") == (first, meanwhile, state)
    assert ("lab/a", "closed") == (later, after)


async def test_a_probe_that_calls_contradict_is_not_believed_again(start):
    async with Provider(pair(LISTED, fails(503))) as provider, start(PAIR.format(url=provider.url)) as gateway:
        await target(gateway)
        await until(lambda: half_open(gateway), 15)
        await target(gateway)
        times = len(probes(provider))
        await until(lambda: len(probes(provider)) >= times + 2, 5)
        state, who = await breaker(gateway), await target(gateway)

    assert ("open", "spare/b") == (state, who)


@pytest.mark.parametrize(
    ("probe", "call"),
    [(fails(503), fails(503)), (LISTED, fails(500)), (LISTED, fails(503, headers={"retry-after": "60"}))],
    ids=["a bad probe", "a fault that doesn't pass", "a time that was asked for"],
)
async def test_the_cooldown_runs_on_where_a_probe_says_nothing(start, probe, call):
    async with Provider(pair(probe, call, ok())) as provider, start(PAIR.format(url=provider.url)) as gateway:
        await target(gateway)
        times = len(probes(provider))
        await until(lambda: len(probes(provider)) >= times + 2, 5)
        state = await breaker(gateway)

    assert "open" == state


# Another question, reloads, the end


@pytest.mark.parametrize(("status", "good"), [(200, True), (404, False)])
async def test_a_dialect_may_have_a_cheaper_question(start, status, good):
    config = CONFIG.replace("dialect: vllm", "dialect: ollama")
    async with (
        Provider(says(status, b"0.17.3", {"content-type": "text/plain"})) as provider,
        start(config.format(url=provider.url.removesuffix("/v1"))) as gateway,
    ):
        await until(lambda: shown(gateway), 5)
        seen = await shown(gateway)

    assert ("/api/version", good) == (provider.requests[0].path, seen["ok"])


async def test_a_reload_begins_and_ends_to_probe(start):
    off = CONFIG.replace(", probe: 1s", "")
    async with Provider(split(LISTED)) as provider, start(off.format(url=provider.url)) as gateway:
        await asyncio.sleep(0.7)
        quiet = len(provider.requests)
        await reload(gateway, CONFIG.format(url=provider.url))
        await until(lambda: shown(gateway), 5)
        up = await gateway.metric(UP)

        await reload(gateway, off.format(url=provider.url))
        seen, metrics = await shown(gateway), (await gateway.get("/metrics")).raw
        times = len(provider.requests)
        await asyncio.sleep(1.5)

    assert (0, 1, {}) == (quiet, up, seen)
    assert UP.encode() not in metrics
    assert times == len(provider.requests)


async def test_a_reload_that_changes_nothing_here_keeps_what_was_seen(start):
    text = CONFIG.replace("probe: 1s", "probe: 1h")
    async with Provider(split(LISTED)) as provider, start(text.format(url=provider.url)) as gateway:
        await until(lambda: shown(gateway), 5)
        before = await shown(gateway)

        await reload(gateway, text.format(url=provider.url) + "  n: lab/b\n")
        after = await shown(gateway)
        await asyncio.sleep(0.7)

    assert (before, 1) == (after, len(provider.requests))


async def test_discovery_and_probes_go_side_by_side(start):
    text = CONFIG.replace("probe: 1s", "probe: 1s, discover: 1h")
    listed = says(200, {"data": [{"id": "a"}]})
    async with Provider(split(listed)) as provider, start(text.format(url=provider.url)) as gateway:
        await until(lambda: len(provider.requests) >= 3, 5)
        models = (await gateway.get("/v1/models")).body["data"]
        health = await gateway.get("/health", **OPERATOR)

    assert ["m", "auto", "lab/a"] == [entry["id"] for entry in models]
    assert {"probe", "discovery"} <= set(health.body["providers"]["lab"])


async def test_ending_while_a_probe_is_under_way_leaves_nothing_behind(start, caplog):
    with caplog.at_level(logging.DEBUG, logger="asyncio"):
        async with Provider(split(hangs())) as provider:
            async with start(CONFIG.format(url=provider.url)):
                await until(lambda: provider.requests, 5)
            await until(provider.requests[0].gone.is_set, 5)

    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    assert not [task for task in asyncio.all_tasks() if "Lookout" in repr(task)]
