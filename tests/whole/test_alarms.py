"""What is wrong is told to a real address: once when it begins, once when it is over, whichever process sees it."""

import asyncio
import os
import time
from contextlib import asynccontextmanager

import orjson

from gateway.watch import troubles
from tests.store.redis_servers import Server, serving
from tests.whole.conftest import gateway as gateway_in
from tests.whole.provider import Provider, completion, fails, ok, says

ADMIN = {"authorization": "Bearer the-admin-key"}
BOB = {"authorization": "Bearer the-key-of-bob"}
CONFIG = """
admin: {{key: the-admin-key}}
{redis}
ledger: off
providers:
  p: {{dialect: vllm, base_url: "{url}", probe: {{every: 1s, down: 2, up: 1}}}}
routes: {{m: p/one}}
keys: {{bob: {{key: the-key-of-bob}}}}
defaults: {{retry: {{attempts: 1}}, breaker: {{failures: 2, cooldown: 500ms}}}}
alerts:
  webhook: "{hook}"
  format: {format}
  breaker: 300ms
  settle: 500ms
  on: [{on}]
  error_rate: {{above: 50%, over: 3s, minimum: 4}}
"""
PROBED = ", probe: {every: 1s, down: 2, up: 1}"


@asynccontextmanager
async def served(start, *plays, on, form="json", redis="", hook=None):
    """A gateway, its provider and the address that is told."""
    async with Provider(*plays) as provider, Provider(*hook or [says(200, {})]) as told:
        config = CONFIG.format(url=provider.url, hook=told.url, on=on, format=form, redis=redis)
        async with start(config.replace(PROBED, "") if on != "provider" else config) as gateway:
            gateway.provider, gateway.hook = provider, told
            yield gateway


async def heard(gateway, count, seconds=8):
    """What was told, once that much was, and a moment in which nothing more should come."""
    async with asyncio.timeout(seconds):
        while len(gateway.hook.requests) < count:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    return [request.body for request in gateway.hook.requests]


async def chat(gateway, count=1):
    for _ in range(count):
        await gateway.chat(headers=BOB)


async def standing(gateway):
    return (await gateway.get("/api/v1/alerts", **ADMIN)).body["data"]


async def test_a_breaker_that_stays_open_is_told_and_that_it_closed(start):
    async with served(start, says(500, {}), says(500, {}), ok(), on="breaker") as gateway:
        await chat(gateway, 2)
        (fires,) = await heard(gateway, 1)
        (shown,) = await standing(gateway)
        await asyncio.sleep(0.5)
        metric = await gateway.metric('switchyard_alerts_firing{kind="breaker"}')
        await chat(gateway, 2)
        _, over = await heard(gateway, 2)
        after = await standing(gateway)

    assert ("breaker_open", "breaker", "target/p/one", "firing") == tuple(
        fires[name] for name in ("event", "kind", "scope", "state")
    )
    assert "The breaker of p/one has been open" in fires["message"]
    assert fires == shown
    assert 1 == metric
    assert ("breaker_open", "resolved", fires["since"]) == (over["event"], over["state"], fires["since"])
    assert [] == after


async def test_a_provider_that_is_down_is_told_and_that_it_is_back(start):
    async def play(request, writer):
        await (fails(503) if gateway.down else says(200, {"data": []}))(request, writer)

    async with served(start, play, on="provider") as gateway:
        gateway.down = True
        (fires,) = await heard(gateway, 1, seconds=12)
        gateway.down = False
        _, over = await heard(gateway, 2, seconds=12)

    assert [("provider_down", "provider/p", "firing"), ("provider_down", "provider/p", "resolved")] == [
        (each["event"], each["scope"], each["state"]) for each in (fires, over)
    ]


async def test_errors_of_a_route_are_added_up_over_processes(start, tmp_path):
    async with served(start, says(500, {}), on="error_rate") as gateway:
        (tmp_path / "second").mkdir()
        log = os.open(os.devnull, os.O_WRONLY)
        text = gateway.config.read_text().replace("minimum: 4", "minimum: 6")
        await gateway.request("POST", "/admin/reload", **ADMIN)
        gateway.config.write_text(text)
        await gateway.request("POST", "/admin/reload", **ADMIN)
        async with gateway_in(text, tmp_path / "second", log) as second:
            await asyncio.sleep(0.5)  # both have looked at their counters
            for each in (gateway, second):
                await chat(each, 4)
            (fires,) = await heard(gateway, 1)
            _, over = await heard(gateway, 2)
        os.close(log)

    assert ("route/m", 1.0) == (fires["scope"], fires["rate"])
    assert 6 <= fires["calls"] == fires["failed"] <= 8  # more than either has seen
    assert f"100.0% of the last {fires['calls']} calls of route m failed." == fires["message"]
    assert "resolved" == over["state"]


async def test_a_configuration_that_is_refused_is_told_and_that_it_was_mended(start):
    async with served(start, ok(), on="config") as gateway:
        good = gateway.config.read_text()
        gateway.config.write_text(good + "\nnonsense: 1")
        await gateway.request("POST", "/admin/reload", **ADMIN)
        (fires,) = await heard(gateway, 1)
        gateway.config.write_text(good)
        await gateway.request("POST", "/admin/reload", **ADMIN)
        _, over = await heard(gateway, 2)

    assert ("config_refused", "firing", "resolved") == (fires["event"], fires["state"], over["state"])
    assert "unknown key nonsense" in fires["message"]


async def test_a_store_that_is_down_is_told_by_one_of_two_processes(start, tmp_path, monkeypatch):
    monkeypatch.setattr(troubles, "START", 0.0)
    redis = Server(tmp_path)
    with serving(redis):
        address = f"state: {{url: redis://127.0.0.1:{redis.port}}}"
        async with served(start, ok(), on="store", redis=address) as gateway:
            (tmp_path / "second").mkdir()
            log = os.open(os.devnull, os.O_WRONLY)
            async with gateway_in(gateway.config.read_text(), tmp_path / "second", log):
                await asyncio.sleep(1.5)
                redis.kill()
                (fires,) = await heard(gateway, 1, seconds=15)
                redis.start()
                _, over = await heard(gateway, 2, seconds=15)
            os.close(log)

    assert [("store_down", "firing"), ("store_down", "resolved")] == [
        (each["event"], each["state"]) for each in (fires, over)
    ]


async def test_two_processes_tell_once_and_a_restart_tells_nothing_again(start, tmp_path):
    async with served(start, says(500, {}), on="breaker") as gateway:
        (tmp_path / "second").mkdir()
        log = os.open(os.devnull, os.O_WRONLY)
        text = gateway.config.read_text()
        for _ in range(2):
            async with gateway_in(text, tmp_path / "second", log) as second:
                for each in (gateway, second):
                    await chat(each, 3)
                found = await heard(gateway, 1)
        os.close(log)

    assert ["firing"] == [each["state"] for each in found]


async def test_slack_gets_its_own_form_in_which_names_are_only_names(start):
    async with served(start, ok(), on="config", form="slack") as gateway:
        gateway.config.write_text(gateway.config.read_text() + "\n'<!channel> & co': 1")
        await gateway.request("POST", "/admin/reload", **ADMIN)
        (fires,) = await heard(gateway, 1)

    assert ["text"] == list(fires)
    assert fires["text"].startswith(":red_circle: *config refused* config\n")
    assert "&lt;!channel&gt; &amp; co" in fires["text"]


async def test_what_the_operator_does_not_want_to_hear_is_not_told(start):
    async with served(start, says(500, {}), on="store") as gateway:
        await chat(gateway, 5)
        gateway.config.write_text("nonsense: 1")
        await gateway.request("POST", "/admin/reload", **ADMIN)
        found = await heard(gateway, 0)
        await asyncio.sleep(1)

    assert [] == found == [request.body for request in gateway.hook.requests]


async def test_the_way_out_can_be_tried(start):
    plays = [says(200, {}), says(404, {})]
    async with served(start, ok(), on="store", hook=plays) as gateway:
        good = await gateway.request("POST", "/api/v1/alerts/test", **ADMIN)
        bad = await gateway.request("POST", "/api/v1/alerts/test", **ADMIN)
        strangers = [await gateway.request(*what, **BOB) for what in WAYS]
        (first, _) = [request.body for request in gateway.hook.requests]

    assert (200, {"delivered": True}) == (good.status, good.body)
    assert (502, "The webhook did not take the test: it answered 404.") == (bad.status, bad.body["error"]["message"])
    assert ("alert_test", "test") == (first["event"], first["state"])
    assert [401, 401] == [each.status for each in strangers]


WAYS = (("GET", "/api/v1/alerts"), ("POST", "/api/v1/alerts/test"))


async def test_nobody_to_tell_is_said(start):
    async with start("admin: {key: the-admin-key}\nproviders: {d: {dialect: demo}}\nroutes: {m: d/echo}") as gateway:
        answer = await gateway.request("POST", "/api/v1/alerts/test", **ADMIN)
        shown = await gateway.get("/api/v1/alerts", **ADMIN)

    assert (409, "no_webhook") == (answer.status, answer.body["error"]["code"])
    assert {"object": "list", "data": []} == shown.body


async def test_a_budgets_alert_stands_until_its_window_ends(start):
    async with served(start, ok(), on="budget") as gateway:
        text = gateway.config.read_text().replace("{key: the-key-of-bob}", "{key: the-key-of-bob, budget: 1/3s}")
        priced = "models: {p/one: {price: {input: 100000, output: 100}, context: 1000, max_output: 1}}\n"
        gateway.config.write_text(text + priced)
        await gateway.request("POST", "/admin/reload", **ADMIN)
        await asyncio.sleep(3 - time.time() % 3)  # a window begins, and what is asked has all of it
        await chat(gateway)
        (fires,) = await heard(gateway, 1)
        (shown,) = await standing(gateway)
        _, over = await heard(gateway, 2, seconds=12)
        after = await standing(gateway)

    assert ("budget_refused", "key/bob", "firing") == (fires["event"], fires["scope"], fires["state"])
    assert "refuses calls" in fires["message"]
    assert shown == fires
    assert ("budget_renewed", "key/bob", "resolved") == (over["event"], over["scope"], over["state"])
    assert [] == after


async def watched(gateway):
    """The first alert that those who watch are told of."""
    async with gateway.session.get(f"{gateway.url}/api/v1/events?kinds=alert", headers=ADMIN) as stream:
        line = b""
        while not line.startswith(b"data: "):
            line = await stream.content.readline()
    return orjson.loads(line.removeprefix(b"data: "))


async def test_a_call_that_cost_more_than_it_could_is_told_once(start):
    usage = {"prompt_tokens": 0, "completion_tokens": 5000, "total_tokens": 5000}
    async with served(start, says(200, completion(usage=usage)), on="debt") as gateway:
        text = gateway.config.read_text().replace("{key: the-key-of-bob}", "{key: the-key-of-bob, budget: 100/month}")
        priced = "models: {p/one: {price: {input: 1000, output: 1000}, context: 100000, max_output: 1000}}\n"
        gateway.config.write_text(text + priced)
        await gateway.request("POST", "/admin/reload", **ADMIN)
        for _ in range(3):
            await gateway.chat(headers=BOB, max_tokens=100)
        (fires,) = await heard(gateway, 1)

    assert ("budget_debt", "debt", "service") == (fires["event"], fires["kind"], fires["scope"])
    assert fires["debt_usd"] > 4


async def test_another_collector_waits_for_a_restart(start):
    async with served(start, ok(), on="config") as gateway:
        text = gateway.config.read_text() + "\ntelemetry: {trace: true, otel: {endpoint: http://127.0.0.1:9}}"
        gateway.config.write_text(text)
        answer = await gateway.request("POST", "/admin/reload", **ADMIN)
        called = await gateway.chat(headers=BOB)

    assert ["telemetry.otel"] == answer.body["waiting_for_restart"]
    assert 200 == called.status


async def test_what_is_told_is_in_the_log_and_known_to_events(start, tmp_path):
    async with served(start, ok(), on="config") as gateway:
        watching = asyncio.create_task(watched(gateway))
        await asyncio.sleep(0.2)
        gateway.config.write_text("nonsense: 1")
        await gateway.request("POST", "/admin/reload", **ADMIN)
        (fires,) = await heard(gateway, 1)
        news = await watching
    log = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]

    assert fires == {name: value for name, value in news.items() if name != "time"}
    (line,) = [line for line in log if line["message"] == "config refused"]
    assert (fires["message"], "warning", "firing") == (line["said"], line["level"], line["state"])
