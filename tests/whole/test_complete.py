"""The plain form, by the product as it is served: the same life of a call in other words."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.process.running import until
from tests.whole.provider import ROLE, SSE, Provider, chunked, fails, hangs, ok, piece, streams, words

ADMIN = {"authorization": "Bearer the-key-of-the-operator"}
ALICE = {"authorization": "Bearer the-key-of-alice"}
POOR = {"authorization": "Bearer the-key-of-poor"}
CONFIG = """
admin: {{key: the-key-of-the-operator}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
  q: {{dialect: openai, base_url: "{url}", api_key: k}}
routes:
  m: [p/real-model, q/real-model]
  auto: p/real-model
models:
  p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000, capabilities: [tools]}}
  q/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
teams:
  research: {{budget: 100/month}}
tags: {{nightly: {{}}}}
keys:
  alice: {{key: the-key-of-alice, team: research, tags: [nightly], budget: 10/month}}
  poor: {{key: the-key-of-poor, budget: 0.001/month}}
{more}
"""
COMPLETE, STREAM = "/api/v1/complete", "/api/v1/complete/stream"


@asynccontextmanager
async def served(start, *plays, more=""):
    async with Provider(*plays or (ok(),)) as provider, start(CONFIG.format(url=provider.url, more=more)) as gateway:
        gateway.provider = provider
        yield gateway


def told(answer):
    """Events of a plain stream, each with the name that stands above it."""
    found = []
    for block in answer.raw.decode().strip().split("\n\n"):
        name, _, data = block.partition("\n")
        event = orjson.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def calls(tmp_path):
    lines = (tmp_path / "log").read_bytes().splitlines()
    return [each for each in map(orjson.loads, lines) if each["message"] == "call"]


async def test_a_prompt_is_answered_with_content_usage_cost_and_who_answered(start):
    async with served(start) as gateway:
        answer = await gateway.request("POST", COMPLETE, {"prompt": "hi", "model": "m", "maxTokens": 50}, **ALICE)

    body = answer.body
    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert ("completion", "hello", "stop") == tuple(body[name] for name in ("object", "content", "finish_reason"))
    assert ("p/real-model", "p", "real-model", "m") == tuple(
        body[name] for name in ("target", "provider", "model", "route")
    )
    assert (9, 12, 21) == tuple(body["usage"][f"{name}_tokens"] for name in ("prompt", "completion", "total"))
    assert 0.021 == body["cost_usd"]
    assert body["latency_ms"] > 0
    assert body["id"] == answer.headers["x-request-id"]
    assert (100000, 1000) == (body["capabilities"]["context_window"], body["capabilities"]["max_output"])
    assert body["capabilities"]["capabilities"]["tools"] is True
    assert 1000 == body["capabilities"]["prices"]["input_usd_per_million"]
    assert "p/real-model" == answer.headers["x-switchyard-target"]
    sent = gateway.provider.requests[0].body
    assert ([{"role": "user", "content": "hi"}], 50) == (sent["messages"], sent["max_tokens"])


async def test_it_is_recorded_and_paid_as_any_other_call(start, tmp_path):
    async with served(start) as gateway:
        answer = await gateway.request("POST", COMPLETE, {"prompt": "hi", "model": "m"}, **ALICE)
        usage = (await gateway.get("/api/v1/usage", **ALICE)).body
        await until(lambda: calls(tmp_path))

    (line,) = calls(tmp_path)
    assert (answer.body["id"], "alice", "chat", 200, 0.021) == tuple(
        line[name] for name in ("id", "key", "endpoint", "status", "cost_usd")
    )
    assert 0.021 == usage["budgets"][0]["spent_usd"]


async def test_a_stream_tells_pieces_and_ends_with_what_it_took(start):
    async with served(start, streams(words("hel", "lo"))) as gateway:
        answer = await gateway.request("POST", STREAM, {"prompt": "hi", "model": "m"}, **ALICE)

    *pieces, done = told(answer)
    assert "text/event-stream; charset=utf-8" == answer.headers["content-type"]
    assert ["hel", "lo"] == [each["delta"]["content"] for each in pieces]
    assert ("done", "stop", "p/real-model") == (done["type"], done["finish_reason"], done["target"])
    assert done["cost_usd"] > 0
    assert done["first_content_ms"] <= done["latency_ms"]
    assert done["usage"]["completion_tokens"] > 0


async def test_a_broken_stream_ends_with_an_error_and_is_not_done(start):
    play = hangs(SSE + chunked(ROLE) + chunked(piece({"content": "word"})))
    async with served(start, play, more="defaults: {timeouts: {idle: 200ms}}") as gateway:
        answer = await gateway.request("POST", STREAM, {"prompt": "hi", "model": "m"}, **ALICE)

    word, error = told(answer)
    assert "word" == word["delta"]["content"]
    assert ("error", "upstream_timeout") == (error["type"], error["error"]["code"])


async def test_it_falls_back_as_any_other_call(start):
    async with served(start, fails(500), ok()) as gateway:
        answer = await gateway.request("POST", COMPLETE, {"prompt": "hi", "model": "m"}, **ALICE)

    assert 200 == answer.status
    assert 2 == answer.body["attempts"]


async def test_a_budget_that_is_spent_refuses_it(start):
    async with served(start) as gateway:
        answer = await gateway.request("POST", COMPLETE, {"prompt": "hi", "model": "m"}, **POOR)
        streamed = await gateway.request("POST", STREAM, {"prompt": "hi", "model": "m"}, **POOR)

    assert (429, 429) == (answer.status, streamed.status)
    assert "insufficient_quota" == answer.body["error"]["code"]
    assert [] == gateway.provider.requests


async def test_the_operator_asks_as_nobody_or_for_somebody(start, tmp_path):
    async with served(start) as gateway:
        nobody = await gateway.request("POST", COMPLETE, {"prompt": "hi"}, **ADMIN)
        somebody = await gateway.request("POST", f"{COMPLETE}?key=alice", {"prompt": "hi"}, **ADMIN)
        missing = await gateway.request("POST", f"{COMPLETE}?key=nobody", {"prompt": "hi"}, **ADMIN)
        await until(lambda: len(calls(tmp_path)) == 3)

    assert (200, 200, 404) == (nobody.status, somebody.status, missing.status)
    assert ["", "alice", ""] == [each["key"] for each in calls(tmp_path)]


@pytest.mark.parametrize(
    ("body", "headers", "status", "param"),
    [
        ({"prompt": "hi"}, {}, 401, None),
        ({"prompt": "hi"}, {"authorization": "Bearer nobody's"}, 401, None),
        (b"{", ALICE, 400, None),
        ([], ALICE, 400, None),
        ({}, ALICE, 400, "prompt"),
        ({"prompt": "hi", "model": "nothing"}, ALICE, 404, "model"),
        ({"prompt": "hi", "task_type": "gardening"}, ALICE, 400, "task_type"),
        ({"prompt": "hi", "workspace_id": "others"}, ALICE, 400, "workspace_id"),
        ({"prompt": "hi", "model": "m", "workspaceId": "research"}, ALICE, 200, None),
        ({"prompt": "hi", "model": "m", "workspace_id": "nightly"}, ALICE, 200, None),
    ],
)
@pytest.mark.parametrize("path", [COMPLETE, STREAM])
async def test_who_may_not_ask_or_asks_wrongly_is_told_so(start, path, body, headers, status, param):
    async with served(start, streams(words("ok")) if path == STREAM else ok()) as gateway:
        answer = await gateway.request("POST", path, body, **headers)

    assert status == answer.status
    if status != 200:
        assert param == answer.body["error"]["param"]


async def test_only_post_is_served(start):
    async with served(start) as gateway:
        answer = await gateway.get(COMPLETE, **ALICE)

    assert (405, "POST") == (answer.status, answer.headers["allow"])


async def test_a_client_that_leaves_stops_it(start, tmp_path):
    play = hangs(SSE + chunked(ROLE) + chunked(piece({"content": "word"})))
    body = orjson.dumps({"prompt": "hi", "model": "m"})
    head = b"POST %b HTTP/1.1\r\nhost: x\r\nauthorization: Bearer the-key-of-alice\r\ncontent-length: %d\r\n\r\n"
    async with served(start, play) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(head % (STREAM.encode(), len(body)) + body)
        await asyncio.wait_for(reader.readuntil(b"word"), 5)
        writer.close()
        await asyncio.wait_for(gateway.provider.requests[0].gone.wait(), 5)
        await until(lambda: calls(tmp_path))

    assert (499, True) == (calls(tmp_path)[0]["status"], calls(tmp_path)[0]["client_gone"])


async def test_a_client_that_waits_hears_that_we_are_there(start):
    more = "server: {keepalive: 50ms}\ndefaults: {timeouts: {first_content: 300ms}, retry: {attempts: 1}}"
    async with served(start, hangs(SSE + chunked(ROLE)), more=more) as gateway:
        answer = await gateway.request("POST", STREAM, {"prompt": "hi", "model": "auto"}, **ALICE)

    assert answer.raw.startswith(b": keepalive\n\n")
    assert b"event: error\n" in answer.raw


async def test_the_connection_goes_on_to_serve(start):
    body = orjson.dumps({"prompt": "hi", "model": "m"})
    head = b"POST %b HTTP/1.1\r\nhost: x\r\nauthorization: Bearer the-key-of-alice\r\ncontent-length: %d\r\n\r\n"
    one = head % (STREAM.encode(), len(body)) + body
    async with served(start, streams(words("a")), streams(words("b"))) as gateway:
        got = await gateway.raw(one + one, wait=0.5)

    assert 2 == got.count(b"HTTP/1.1 200 OK")
    assert 2 == got.count(b"event: done")


@pytest.mark.parametrize("path", [COMPLETE, STREAM])
async def test_an_answer_that_is_kept_is_told_as_one(start, path):
    more = "cache: {}\ndefaults: {cache: {ttl: 1h}}"
    play = streams(words("hel", "lo")) if path == STREAM else ok()
    async with served(start, play, more=more) as gateway:
        answers = [await gateway.request("POST", path, {"prompt": "hi", "model": "m"}, **ALICE) for _ in range(2)]

    first, second = [told(each)[-1] if path == STREAM else each.body for each in answers]
    assert ("miss", "hit") == (first["cache"], second["cache"])
    assert ("p/real-model", 0) == (second["target"], second["cost_usd"])
    assert 1 == len(gateway.provider.requests)
    assert first["finish_reason"] == second["finish_reason"]
