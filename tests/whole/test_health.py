"""Targets and API keys that fail under load: clients notice nothing, and hardly any attempt is wasted on them."""

import asyncio
import re
from collections import Counter
from itertools import cycle

import pytest

from tests.whole.lists import OPERATOR
from tests.whole.provider import Play, Provider, fails, ok, says

RATE = 200  # calls a second
THREE = """
admin: {{key: secret-of-operator}}
providers:
  bad: {{dialect: vllm, base_url: "{bad}"}}
  one: {{dialect: vllm, base_url: "{good}"}}
  two: {{dialect: vllm, base_url: "{good}"}}
defaults: {{retry: {{backoff: 10ms}}}}
routes:
  m: {{chain: {{targets: [bad/m, one/m, two/m]}}, strategy: round_robin}}
"""
KEYS = """
admin: {{key: secret-of-operator}}
providers:
  lab: {{dialect: openai, api_key: [sk-broken, sk-sound], base_url: "{url}"}}
  spare: {{dialect: vllm, base_url: "{url}"}}
defaults: {{retry: {{backoff: 10ms}}}}
routes: {{m: [lab/a, spare/b]}}
"""
PAGE = {"content-type": "text/html", "retry-after": "20"}


def every_other(*plays: Play) -> Play:
    turns = cycle(plays)

    async def play(request, writer):
        await next(turns)(request, writer)

    return play


def by_key(**plays: Play) -> Play:
    """Each API key gets its own; who sends none is fine."""

    async def play(request, writer):
        key = request.headers.get("authorization", "").removeprefix("Bearer sk-")
        await plays.get(key, ok())(request, writer)

    return play


async def attempts(gateway) -> Counter[str]:
    page = (await gateway.get("/metrics")).raw.decode()
    found = re.findall(r'^switchyard_attempts_total\{fault="\w+",target="([^"]+)"\} (\S+)', page, re.MULTILINE)
    counted: Counter[str] = Counter()
    for target, times in found:
        counted[target] += int(float(times))
    return counted


async def load(gateway, seconds: float) -> Counter[int]:
    """RATE calls in each of these seconds, whatever becomes of them; the statuses they got."""
    calls = []
    for _ in range(int(seconds * RATE)):
        calls.append(asyncio.ensure_future(gateway.chat()))
        await asyncio.sleep(1 / RATE)
    return Counter(answer.status for answer in await asyncio.gather(*calls))


@pytest.mark.parametrize("kind", ["dead", "failing", "failing half its calls"])
async def test_one_of_three_that_is_bad_gets_hardly_any_attempts_and_no_client_an_error(start, kind):
    plays = {"failing": fails(500), "failing half its calls": every_other(ok(), fails(500))}
    async with Provider(plays.get(kind, ok())) as bad, Provider(ok()) as good:
        url = "http://127.0.0.1:9/v1" if kind == "dead" else bad.url
        async with start(THREE.format(bad=url, good=good.url)) as gateway:
            first = await load(gateway, 1.0)
            before = await attempts(gateway)
            later = await load(gateway, 1.0)
            after = (await attempts(gateway)) - before

    assert {200} == {*first} == {*later}
    assert after["bad/m"] < 0.02 * after.total()
    assert before["bad/m"] < 0.2 * before.total()


async def test_a_key_that_fails_where_another_works_rests_and_the_target_stays(start):
    async with Provider(by_key(broken=fails(500))) as provider, start(KEYS.format(url=provider.url)) as gateway:
        for _ in range(12):
            await gateway.chat()
        tried = Counter(request.headers.get("authorization") for request in provider.requests)
        times = len(provider.requests)
        targets = {(await gateway.chat()).headers["x-switchyard-target"] for _ in range(6)}
        health = (await gateway.get("/health", **OPERATOR)).body
        resting = await gateway.metric('switchyard_credential_resting{credential="lab#1"}')

    assert 3 == tried["Bearer sk-broken"]
    assert ({"lab/a"}, times + 6) == (targets, len(provider.requests))
    assert "closed" == health["targets"]["lab/a"]["breaker"]
    assert {"lab#1": {"lab/a": "broken"}} == {
        name: {target: rest["fault"] for target, rest in rests.items()} for name, rests in health["resting"].items()
    }
    assert 1 == resting


@pytest.mark.parametrize(
    ("limited", "resting"),
    [
        (says(429, b"<html>slow down</html>", PAGE), {"lab#1": ["*"], "lab#2": ["*"]}),
        (fails(429, "Too many requests for this API key", {"retry-after": "20"}), {"lab#1": ["*"]}),
        (fails(429, "Rate limit reached for a", {"retry-after": "20"}), {"lab#1": ["lab/a"]}),
    ],
    ids=["of addresses", "of a key", "of a model"],
)
async def test_a_rate_limit_rests_what_it_concerns_for_as_long_as_it_says(start, limited, resting):
    async with Provider(by_key(broken=limited)) as provider, start(KEYS.format(url=provider.url)) as gateway:
        answer = await gateway.chat()
        health = (await gateway.get("/health", **OPERATOR)).body

    assert 200 == answer.status
    assert resting == {name: list(rests) for name, rests in health["resting"].items()}
    assert all(19 <= rest["seconds"] <= 20 for rests in health["resting"].values() for rest in rests.values())


async def test_the_health_page_says_why_a_breaker_is_open(start):
    async with (
        Provider(fails(500)) as bad,
        Provider(ok()) as good,
        start(THREE.format(bad=bad.url, good=good.url)) as gateway,
    ):
        for _ in range(15):
            await gateway.chat()
        targets = (await gateway.get("/health", **OPERATOR)).body["targets"]

    shown = targets["bad/m"]
    idle = {"in_flight": 0, "limit": None, "queued": 0}
    assert {"breaker": "open", **idle, "cause": "broken", "strikes": 1, "heard": False} == {
        name: value for name, value in shown.items() if name != "seconds"
    }
    assert 20 < shown["seconds"] <= 33
    assert {"breaker": "closed", **idle} == targets["one/m"]
