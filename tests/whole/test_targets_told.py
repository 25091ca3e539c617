"""Targets, routes, configuration and health, as operators read and move them, by the product as it is served."""

import asyncio
import os
import time
from contextlib import asynccontextmanager

import pytest

from tests.whole.conftest import gateway as gateway_in
from tests.whole.provider import Provider, fails, hangs, ok
from tests.whole.test_events import watching

ADMIN = {"authorization": "Bearer the-key-of-the-operator"}
ALICE = {"authorization": "Bearer the-key-of-alice"}
CONFIG = """
admin: {{key: the-key-of-the-operator}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: [secret-one, secret-two], headers: {{x-pass: secret-three}}}}
  q: {{dialect: openai, base_url: "{url}", api_key: secret-four}}
  off: {{dialect: openai, base_url: "{url}", api_key: "${{NOT_SET:-}}"}}
routes:
  m: [p/one, q/two]
  lone: q/two
  half: [q/three, off/some]
  spread:
    strategy: round_robin
    chain: [{{targets: [p/one, q/two]}}, {{target: q/three, on: [timeout]}}]
    hedge: {{after: 2s}}
  "any/*": "p/*"
models:
  q/three: {{price: {{input: 2.5, output: 10, batch: 0.5}}}}
defaults: {{retry: {{attempts: 1}}, breaker: {{failures: 1, cooldown: 60s}}}}
keys:
  alice: {{key: the-key-of-alice}}
"""


@asynccontextmanager
async def served(start, *plays, more=""):
    async with Provider(*plays or (ok(),)) as provider, start(CONFIG.format(url=provider.url) + more) as gateway:
        gateway.provider = provider
        yield gateway


async def targets(gateway):
    return {each["id"]: each for each in (await gateway.get("/api/v1/targets", **ADMIN)).body["data"]}


async def post(gateway, path, body=None):
    return await gateway.request("POST", f"/api/v1/{path}", body, **ADMIN)


async def test_every_target_is_told_with_what_was_observed_of_it(start):
    async with served(start, ok()) as gateway:
        await gateway.chat("m", headers=ALICE)
        found = await targets(gateway)

    assert ["p/one", "q/two", "q/three", "off/some"] == list(found)
    one = found["p/one"]
    assert ("p", "one", True, ["m", "spread"], "there", None, 0, 0) == tuple(
        one[name]
        for name in ("provider", "model", "configured", "routes", "presence", "benched", "in_flight", "queued")
    )
    assert {"state": "closed", "opens_until": None, "strikes": 0, "cause": None, "heard": False} == one["breaker"]
    assert [("p#1", None), ("p#2", None)] == [(each["name"], each["resting_until"]) for each in one["credentials"]]
    assert (1, 0) == (one["live"]["calls"], one["live"]["errors"])
    assert not found["off/some"]["configured"]


async def test_breakers_and_resting_keys_show(start):
    async with served(start, fails(500), fails(401), ok()) as gateway:
        await gateway.chat("m", headers=ALICE)
        found = await targets(gateway)

    breaker = found["p/one"]["breaker"]
    assert ("open", "broken", 1) == tuple(breaker[name] for name in ("state", "cause", "strikes"))
    assert time.time() + 30 < breaker["opens_until"] < time.time() + 100
    (key,) = found["q/two"]["credentials"]
    assert "bad_credential" == key["cause"]
    assert time.time() < key["resting_until"]


async def test_targets_that_clients_have_named_are_told_too(start):
    name = 'any/"><script>'
    async with served(start) as gateway:
        await gateway.chat(name, headers=ALICE)
        found = await targets(gateway)

    assert 'p/"><script>' in found


async def test_calls_under_way_show(start):
    async with served(start, hangs()) as gateway:
        call = asyncio.ensure_future(gateway.chat("lone", headers=ALICE))
        async with asyncio.timeout(15):
            while (await targets(gateway))["q/two"]["in_flight"] != 1:
                await asyncio.sleep(0.01)
        call.cancel()


# Taken out by hand


async def test_a_benched_target_gets_no_calls_until_it_is_brought_back(start):
    async with served(start) as gateway:
        benched = await post(gateway, "targets/p%2Fone/bench", {"seconds": 60, "reason": "they are moving house"})
        away = await gateway.chat("m", headers=ALICE)
        shown = (await targets(gateway))["p/one"]["benched"]
        back = await post(gateway, "targets/p%2Fone/unbench")
        again = await gateway.chat("m", headers=ALICE)

    assert (200, "they are moving house") == (benched.status, benched.body["benched"]["reason"])
    assert ("q/two", "p/one") == tuple(each.headers["x-switchyard-target"] for each in (away, again))
    assert time.time() + 50 < shown["until"] < time.time() + 61
    assert (200, None) == (back.status, back.body["benched"])


async def test_a_bench_ends_by_itself(start):
    async with served(start) as gateway:
        await post(gateway, "targets/p%2Fone/bench", {"seconds": 1})
        await asyncio.sleep(1.05)
        answer = await gateway.chat("m", headers=ALICE)

        assert "p/one" == answer.headers["x-switchyard-target"]
        assert (await targets(gateway))["p/one"]["benched"] is None


async def test_who_watches_is_told_of_it(start):
    async with served(start) as gateway, watching(gateway, "?kinds=target") as watch:
        await post(gateway, "targets/p%2Fone/bench", {"seconds": 60, "reason": "x"})
        await post(gateway, "targets/p%2Fone/unbench")
        told = await watch.until(2)

    assert [("p/one", "x"), ("p/one", None)] == [
        (each["target"], each["benched"] and each["benched"]["reason"]) for _, each in told
    ]


async def test_what_is_out_already_or_is_not_out_is_a_conflict(start):
    async with served(start) as gateway:
        answers = [
            await post(gateway, "targets/p%2Fone/unbench"),
            await post(gateway, "targets/p%2Fone/bench"),
            await post(gateway, "targets/p%2Fone/bench"),
        ]

    assert [409, 200, 409] == [each.status for each in answers]
    assert ["not_benched", "already_benched"] == [answers[place].body["error"]["code"] for place in (0, 2)]


@pytest.mark.parametrize(
    ("first", "then", "route"),
    [(None, "q/two", "lone"), (None, "q/three", "half"), ("p/one", "q/two", "lone")],
)
async def test_the_last_target_of_a_route_stays(start, first, then, route):
    async with served(start) as gateway:
        if first:
            await post(gateway, f"targets/{first.replace('/', '%2F')}/bench")
        answer = await post(gateway, f"targets/{then.replace('/', '%2F')}/bench")
        served_still = await gateway.chat(route, headers=ALICE)

    assert (409, "last_target", 200) == (answer.status, answer.body["error"]["code"], served_still.status)
    assert "Route " in answer.body["error"]["message"]


async def test_where_only_benched_targets_are_left_they_are_tried_all_the_same(start):
    async with served(start) as gateway:
        await post(gateway, "targets/p%2Fone/bench")
        text = gateway.config.read_text().replace("lone: q/two", "lone: p/one")
        gateway.config.write_text(text)
        reload = await post(gateway, "config/reload")
        answer = await gateway.chat("lone", headers=ALICE)

    assert (200, True) == (reload.status, reload.body["changed"])
    assert (200, "p/one") == (answer.status, answer.headers["x-switchyard-target"])


async def test_a_client_is_not_told_the_operators_reason(start):
    async with served(start, fails(500)) as gateway:
        await post(gateway, "targets/p%2Fone/bench", {"reason": "they sold our data"})
        answer = await gateway.chat("m", headers=ALICE)

    assert b"the operator has taken it out" in answer.raw
    assert b"sold" not in answer.raw


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("targets/p%2Fone/bench", {"seconds": 0}, 400, "seconds"),
        ("targets/p%2Fone/bench", {"seconds": "10"}, 400, "seconds"),
        ("targets/p%2Fone/bench", {"seconds": True}, 400, "seconds"),
        ("targets/p%2Fone/bench", {"seconds": 1e9}, 400, "seconds"),
        ("targets/p%2Fone/bench", {"reason": 5}, 400, "reason"),
        ("targets/p%2Fone/bench", {"reason": "x" * 201}, 400, "reason"),
        ("targets/p%2Fone/bench", {"reason": "a\nb"}, 400, "reason"),
        ("targets/p%2Fone/bench", {"until": 5}, 400, "until"),
        ("targets/p%2Fone/bench", b"[]", 400, None),
        ("targets/nobody%2Fnothing/bench", {}, 404, "id"),
        ("targets/nobody%2Fnothing/unbench", {}, 404, "id"),
    ],
)
async def test_an_order_that_makes_no_sense_changes_nothing(start, path, body, status, param):
    async with served(start) as gateway:
        answer = await post(gateway, path, body)
        found = await targets(gateway)

    assert (status, param) == (answer.status, answer.body["error"]["param"])
    assert not any(each["benched"] for each in found.values())


@pytest.mark.parametrize("path", ["targets", "routes", "config", "monitoring/health"])
@pytest.mark.parametrize("headers", [ALICE, {}])
async def test_a_client_sees_none_of_it(start, path, headers):
    async with served(start) as gateway:
        answer = await gateway.get(f"/api/v1/{path}", **headers)

    assert 401 == answer.status


async def test_processes_that_share_a_store_go_by_the_same_benches(start, tmp_path):
    async with served(start) as gateway:
        await post(gateway, "targets/p%2Fone/bench", {"seconds": 100, "reason": "told once"})
        log = os.open(os.devnull, os.O_WRONLY)
        (tmp_path / "second").mkdir()
        async with gateway_in(gateway.config.read_text(), tmp_path / "second", log) as second, asyncio.timeout(8):
            while not (shown := (await targets(second))["p/one"]["benched"]):
                await asyncio.sleep(0.05)
            await post(second, "targets/p%2Fone/unbench")
            while (await targets(gateway))["p/one"]["benched"]:
                await asyncio.sleep(0.05)
        os.close(log)

    assert "told once" == shown["reason"]
    assert 50 < shown["seconds"] <= 100


# Routes


async def test_routes_are_told_as_they_are_unfolded_with_where_calls_went(start):
    async with served(start, fails(500), ok()) as gateway:
        await gateway.chat("m", headers=ALICE)
        await gateway.chat("lone", headers=ALICE)
        page = (await gateway.get("/api/v1/routes", **ADMIN)).body
        found = {each["name"]: each for each in page["data"]}

    assert ["m", "lone", "half", "spread", "any/*"] == list(found)
    assert ({"p/one": 1, "q/two": 1}, {"q/two": 1}, {}) == tuple(found[name]["seen"] for name in ("m", "lone", "half"))
    spread = found["spread"]
    assert [(["p/one", "q/two"], []), (["q/three"], ["timeout"])] == [
        (stage["targets"], stage["on"]) for stage in spread["stages"]
    ]
    assert ("round_robin", {"seconds": 2.0, "quantile": 0.95, "at_most": 0.05}) == (
        spread["stages"][0]["strategy"],
        spread["hedge"],
    )
    assert (None, None) == (spread["canary"], spread["shadow"])


async def test_canaries_and_shadows_of_routes_are_told(start):
    async with served(start) as gateway:
        text = gateway.config.read_text().replace(
            "  lone: q/two",
            "  lone:\n    chain: q/two\n    canary: {target: q/three, stages: [5%]}\n"
            "    shadow: {target: q/three, share: 10%, budget: 10/day}",
        )
        gateway.config.write_text(text)
        answer = await post(gateway, "config/reload")
        page = (await gateway.get("/api/v1/routes", **ADMIN)).body
        lone = next(each for each in page["data"] if each["name"] == "lone")

    assert answer.body["ok"], answer.body["problems"]
    assert (["q/three"], [0.05]) == (lone["canary"]["targets"], lone["canary"]["shares"])
    assert ("q/three", 0.1) == (lone["shadow"]["target"], lone["shadow"]["share"])


# Configuration


async def test_the_configuration_is_shown_without_its_secrets(start):
    more = """
  bob: {key: the-key-of-bob, budget: 7/day, max_cost: 0.5}
service: {budget: 50/month}
alerts: {webhook: "http://127.0.0.1:9/secret-five", secret: secret-six}
"""
    async with served(start, more=more) as gateway:
        answer = await gateway.get("/api/v1/config", **ADMIN)
        page = answer.body

    config = page["config"]
    assert b"secret-" not in answer.raw
    assert b"the-key-of" not in answer.raw
    assert (["***", "***"], {"x-pass": "***"}) == (
        config["providers"]["p"]["keys"],
        config["providers"]["p"]["headers"],
    )
    assert (50, 7, 0.5) == (
        config["allowances"]["service"]["budgets"][0]["limit"],
        config["keys"]["bob"]["allowance"]["budgets"][0]["limit"],
        config["keys"]["bob"]["max_cost"],
    )
    assert {"input": 2.5, "output": 10, "batch": 0.5} == config["models"]["q/three"]["price"]
    assert ("***", "***") == (config["alerts"]["webhook"], config["alerts"]["secret"])
    assert page["file"].endswith("config.yaml")
    assert page["generation"] == answer.headers["x-switchyard-config"]
    assert (True, None) == (page["last_reload"]["ok"], page["last_reload"]["error"])


async def test_a_reload_that_is_refused_says_why_and_leaves_everything_as_it_is(start):
    async with served(start) as gateway:
        before = (await gateway.get("/api/v1/config", **ADMIN)).body
        gateway.config.write_text("routes: 5")
        answer = await post(gateway, "config/reload")
        after = (await gateway.get("/api/v1/config", **ADMIN)).body

    assert (422, False) == (answer.status, answer.body["ok"])
    assert before["generation"] == after["generation"]
    assert before["loaded_at"] == after["loaded_at"]
    assert (False, True) == (after["last_reload"]["ok"], "routes" in after["last_reload"]["error"])


# Health


async def test_health_has_the_very_shape_that_was_asked_for(start):
    async with served(start) as gateway:
        before = await gateway.get("/api/v1/monitoring/health", **ADMIN)
        await gateway.chat("m", headers=ALICE)
        page = (await gateway.get("/api/v1/monitoring/health", **ADMIN)).body

    assert 200 == before.status
    assert {"status", "info"} == set(page)
    assert {"redis", "providers"} == set(page["info"])
    redis, providers = page["info"]["redis"], page["info"]["providers"]
    assert {"status", "details"} == set(redis) == set(providers)
    assert {"connection", "latency"} == set(redis["details"])
    assert ("ok", "up", True) == (page["status"], redis["status"], redis["details"]["connection"])
    assert redis["details"]["latency"] > 0
    assert {"p", "q", "off"} == set(providers["details"])
    assert ("up", "up", "down") == tuple(providers["details"][name]["status"] for name in ("p", "q", "off"))
    assert {"status": "up", "latency": 0} == providers["details"]["q"]
    assert providers["details"]["p"]["latency"] > 0


async def test_health_is_an_error_when_no_provider_is_left(start):
    async with served(start, fails(500)) as gateway:
        await gateway.chat("m", headers=ALICE)
        answer = await gateway.get("/api/v1/monitoring/health", **ADMIN)

    assert (503, "error", "down") == (answer.status, answer.body["status"], answer.body["info"]["providers"]["status"])
    assert "down" == answer.body["info"]["providers"]["details"]["p"]["status"]
