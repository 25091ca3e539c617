"""Everything that isn't a call: models, health, metrics, and what the operator says."""

import re

import orjson
import pytest

from tests.process.running import until
from tests.whole.provider import Provider, ok

SECRETS = ("sk-secret-of-a", "secret-of-operator", "secret-of-metrics", "secret-of-alice", "secret-of-bob")
CONFIG = """
admin: {{key: secret-of-operator}}
server: {{metrics_key: secret-of-metrics}}
providers:
  a: {{dialect: openai, api_key: sk-secret-of-a, base_url: "{url}"}}
  off: {{dialect: openai, api_key: "${{OFF_KEY:-}}", base_url: "{url}"}}
routes:
  m: a/one
  n: off/two
  "fam-*": a/family-*
keys:
  alice: {{key: secret-of-alice}}
  bob: {{key: secret-of-bob, models: [n, "fam-*", "a/*"]}}
"""
OPEN = """
providers:
  a: {{dialect: openai, api_key: sk-secret-of-a, base_url: "{url}"}}
routes:
  m: a/one
"""
ALICE, BOB = {"authorization": "Bearer secret-of-alice"}, {"authorization": "Bearer secret-of-bob"}
OPERATOR = {"authorization": "Bearer secret-of-operator"}
METRICS = {"authorization": "Bearer secret-of-metrics"}
BRIEF = {"status", "generation", "reload_ok"}


# Health


@pytest.mark.parametrize("who", [{}, ALICE, METRICS, {"authorization": "Bearer wrong"}])
async def test_anybody_may_know_how_it_goes_and_no_more(start, who):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        page = await gateway.get("/health", **who)

    assert (200, BRIEF, "ok", True) == (page.status, set(page.body), page.body["status"], page.body["reload_ok"])


async def test_the_operator_sees_everything_but_secrets(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await gateway.chat(headers=ALICE)
        page = await gateway.get("/health", **OPERATOR)
        url = provider.url

    text = page.raw.decode()
    assert set(page.body) > BRIEF
    assert {"configured": True, "dialect": "openai"} == page.body["providers"]["a"]
    assert (False, "OFF_KEY") == (page.body["providers"]["off"]["configured"], text[text.index("OFF_KEY") :][:7])
    assert {"breaker": "closed", "in_flight": 0, "limit": None, "queued": 0} == page.body["targets"]["a/one"]
    assert ["fam-*", "m", "n"] == page.body["routes"]
    assert page.headers["x-switchyard-config"] == page.body["generation"]
    assert not [secret for secret in (*SECRETS, url) if secret in text]


@pytest.mark.parametrize(
    ("more", "whole"),
    [
        ("", True),
        ("admin: {key: secret-of-operator}", False),
        ("keys: {alice: {key: secret-of-alice}}", False),
        ("server: {open: true}", False),
    ],
)
async def test_details_without_the_operators_key_are_for_this_machine_alone(start, more, whole):
    async with Provider(ok()) as provider, start(OPEN.format(url=provider.url) + more) as gateway:
        page = await gateway.get("/health")

    assert whole == (set(page.body) > BRIEF)


async def test_one_that_drains_is_alive_but_not_ready(start):
    async with Provider(ok()) as provider, start(OPEN.format(url=provider.url)) as gateway:
        paths = ("/health/live", "/health/ready", "/health")
        before = [await gateway.get(path) for path in paths]
        gateway.house.stop_taking()

        after = [await gateway.get(path) for path in paths]

    assert [(200, "ok")] * 3 == [(page.status, page.body["status"]) for page in before]
    assert [(200, "ok"), (503, "draining"), (503, "draining")] == [(page.status, page.body["status"]) for page in after]


# Models


@pytest.mark.parametrize(("who", "names"), [(ALICE, ["m", "n", "auto"]), (BOB, ["n"])], ids=["all", "some"])
@pytest.mark.parametrize("path", ["/v1/models", "/models"])
async def test_the_list_has_what_a_key_may_ask_for(start, path, who, names):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        page = await gateway.get(path, **who)

    assert (200, "list") == (page.status, page.body["object"])
    assert names == [entry["id"] for entry in page.body["data"]]
    for entry in page.body["data"]:
        assert {"id", "object", "created", "owned_by"} == set(entry)
        assert ("model", int) == (entry["object"], type(entry["created"]))


@pytest.mark.parametrize(
    ("who", "path", "name"),
    [
        (ALICE, "m", "m"),
        (ALICE, "a/one", "a/one"),
        (ALICE, "a%2Fone", "a/one"),
        (ALICE, "a/one/two%3Athree", "a/one/two:three"),
        (ALICE, "%6D", "m"),
        (BOB, "fam-1", "fam-1"),
        (BOB, "a/anything", "a/anything"),
        (BOB, "m", None),
        (BOB, "off/two", None),
        (ALICE, "nope", None),
        (ALICE, "fam-", None),
        (ALICE, "a/", None),
        (ALICE, "%00", None),
        (ALICE, "%E2%80%AE", None),
        (ALICE, "", None),
    ],
)
async def test_one_model_is_there_or_not(start, who, path, name):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        seen = await gateway.raw(
            f"GET /v1/models/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
            f"authorization: {who['authorization']}\r\n\r\n".encode()
        )

    head, _, body = seen.partition(b"\r\n\r\n")
    answer = orjson.loads(body)
    if name is None:
        assert head.startswith(b"HTTP/1.1 404 ")
        assert "model_not_found" == answer["error"]["code"]
        assert answer["error"]["message"].isprintable()
    else:
        assert head.startswith(b"HTTP/1.1 200 ")
        assert (name, "model") == (answer["id"], answer["object"])


# Metrics, and HEAD


async def test_metrics_are_for_who_has_their_key_and_for_the_operator(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        refused = [await gateway.get("/metrics", **who) for who in ({}, ALICE)]
        page, operators = [await gateway.get("/metrics", **who) for who in (METRICS, OPERATOR)]

    assert [(401, "Bearer")] * 2 == [(each.status, each.headers["www-authenticate"]) for each in refused]
    assert 200 == operators.status
    assert (200, "text/plain; version=0.0.4; charset=utf-8") == (page.status, page.headers["content-type"])
    assert not [secret for secret in SECRETS if secret in page.raw.decode()]


async def test_metrics_without_a_key_are_for_everybody(start):
    async with Provider(ok()) as provider, start(OPEN.format(url=provider.url)) as gateway:
        page = await gateway.get("/metrics")

    assert 200 == page.status
    assert b"\nswitchyard_config_reloads_total" in page.raw


async def test_who_asks_for_openmetrics_gets_it(start):
    asked = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4"
    text = OPEN + "telemetry: {{exemplars: true}}"
    async with Provider(ok()) as provider, start(text.format(url=provider.url)) as gateway:
        await gateway.chat(headers={"x-request-id": "call-of-mine"})
        page = await gateway.get("/metrics", accept=asked)

    assert page.headers["content-type"].startswith("application/openmetrics-text; version=")
    assert b' # {call_id="call-of-mine"} ' in page.raw
    assert page.raw.endswith(b"# EOF\n")


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/v1/models", "/v1/models/m", "/metrics"])
async def test_head_is_all_but_the_body(start, path):
    """Two on one connection: if a body had come, the second answer would not be at its place."""
    head = f"HEAD {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
    async with Provider(ok()) as provider, start(OPEN.format(url=provider.url)) as gateway:
        whole = await gateway.get(path)
        seen = await gateway.raw(head + head[:-2] + b"connection: close\r\n\r\n")

    first, second, rest = seen.split(b"\r\n\r\n")
    assert b"" == rest
    assert re.search(rb"content-length: [1-9]\d+", first)
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 200 ")
    assert f"content-type: {whole.headers['content-type']}".encode() in first


@pytest.mark.parametrize(("path", "status"), [("/v1/nope", 404), ("/v1/chat/completions", 405), ("/api/v1/nope", 404)])
async def test_head_is_all_but_the_body_of_a_refusal_too(start, path, status):
    head = f"HEAD {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
    async with Provider(ok()) as provider, start(OPEN.format(url=provider.url)) as gateway:
        seen = await gateway.raw(head + b"HEAD /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")

    first, second, rest = seen.split(b"\r\n\r\n")
    assert b"" == rest
    assert first.startswith(b"HTTP/1.1 %d " % status)
    assert second.startswith(b"HTTP/1.1 200 ")


# The operator

RELOADS = 'switchyard_config_reloads_total{result="ok"}'
RUN = "admin: {{key: secret-of-operator}}\n" + OPEN


@pytest.mark.parametrize(("who", "status"), [({}, 401), (METRICS, 401), (OPERATOR, 200)])
async def test_only_the_operator_reloads(start, who, status):
    async with Provider(ok()) as provider, start(RUN.format(url=provider.url)) as gateway:
        answer = await gateway.request("POST", "/admin/reload", **who)
        wrong = await gateway.get("/admin/reload", **who)

    assert status == answer.status
    assert (405, "POST") == (wrong.status, wrong.headers["allow"])


async def test_a_reload_that_changes_nothing_says_so_and_is_not_counted(start, tmp_path):
    async with Provider(ok()) as provider, start(RUN.format(url=provider.url)) as gateway:
        before = await gateway.metric(RELOADS)
        answers = [await gateway.request("POST", "/admin/reload", **OPERATOR) for _ in range(3)]
        after = await gateway.metric(RELOADS)

    assert [(200, True, False)] * 3 == [(each.status, each.body["ok"], each.body["changed"]) for each in answers]
    assert before == after
    assert b"configuration reloaded" not in (tmp_path / "log").read_bytes()


async def test_a_reload_that_changes_something_is_counted_once(start, tmp_path):
    async with Provider(ok()) as provider, start(RUN.format(url=provider.url)) as gateway:
        before = await gateway.metric(RELOADS)
        assert 0 == before
        gateway.config.write_text(RUN.format(url=provider.url) + "  new: a/new\n")
        answers = [await gateway.request("POST", "/admin/reload", **OPERATOR) for _ in range(3)]
        after = await gateway.metric(RELOADS)
        called = await gateway.chat("new")

    assert [True, False, False] == [answer.body["changed"] for answer in answers]
    assert (200, 1) == (called.status, after - before)
    assert 1 == (tmp_path / "log").read_bytes().count(b"configuration reloaded")


async def test_a_text_that_is_as_it_was_before_a_bad_one_is_good_news(start):
    text = RUN.format(url="http://127.0.0.1:9/v1")
    async with start(text) as gateway:
        gateway.config.write_text(text + "nonsense: 1\n")
        bad = await gateway.request("POST", "/admin/reload", **OPERATOR)
        state = [await gateway.metric("switchyard_config_last_reload_ok")]
        gateway.config.write_text(text)

        good = await gateway.request("POST", "/admin/reload", **OPERATOR)
        state.append(await gateway.metric("switchyard_config_last_reload_ok"))
        health = await gateway.get("/health", **OPERATOR)

    assert (422, 200, False) == (bad.status, good.status, good.body["changed"])
    assert ([0, 1], True) == (state, health.body["reload_ok"])


async def test_connections_that_nobody_will_use_any_more_are_closed(start):
    async with Provider(ok()) as old, Provider(ok()) as new, start(RUN.format(url=old.url)) as gateway:
        await gateway.chat()
        kept = len(old._tasks)
        gateway.config.write_text(RUN.format(url=new.url))

        await gateway.request("POST", "/admin/reload", **OPERATOR)
        await until(lambda: not old._tasks, 5)
        answer = await gateway.chat()

    assert (1, 200, 1, 1) == (kept, answer.status, len(old.requests), len(new.requests))


async def test_connections_that_are_still_used_outlive_a_reload(start):
    async with Provider(ok()) as provider, start(RUN.format(url=provider.url)) as gateway:
        await gateway.chat()
        gateway.config.write_text(RUN.format(url=provider.url) + "  new: a/new\n")

        await gateway.request("POST", "/admin/reload", **OPERATOR)
        await gateway.chat("new")

    assert (2, 1) == (len(provider.requests), provider.connections)
