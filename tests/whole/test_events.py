"""What happens is told as it happens, to operators who watch the product."""

import asyncio
import time
from contextlib import asynccontextmanager

import orjson
import pytest

from gateway.watch import events
from tests.whole.provider import Provider, fails, ok, streams, words

ADMIN = {"authorization": "Bearer the-key-of-the-operator"}
ALICE = {"authorization": "Bearer the-key-of-alice"}
CONFIG = """
admin: {{key: the-key-of-the-operator}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
routes:
  m: p/real-model
  "any/*": "p/*"
models:
  p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
defaults: {{retry: {{attempts: 1}}, breaker: {{failures: 1}}}}
keys:
  alice: {{key: the-key-of-alice, budget: {budget}}}
"""


@asynccontextmanager
async def served(start, *plays, budget="1000/month"):
    async with (
        Provider(*plays or (ok(),)) as provider,
        start(CONFIG.format(url=provider.url, budget=budget)) as gateway,
    ):
        gateway.provider = provider
        yield gateway


class Watching:
    """One who watches, and what came until now."""

    def __init__(self, response):
        self.response = response
        self.raw = b""

    @property
    def told(self):
        pieces = [piece for piece in self.raw.split(b"\n\n")[:-1] if not piece.startswith(b":")]
        parted = [piece.split(b"\n") for piece in pieces]
        return [(head.removeprefix(b"event: ").decode(), orjson.loads(data[6:])) for head, data in parted]

    async def until(self, count, seconds=5.0):
        async with asyncio.timeout(seconds):
            while len(self.told) < count:
                self.raw += await self.response.content.readany()
        return self.told


@asynccontextmanager
async def watching(gateway, query=""):
    async with gateway.session.get(f"{gateway.url}/api/v1/events{query}", headers=ADMIN) as response:
        assert 200 == response.status
        watch = Watching(response)
        while b"listening" not in watch.raw:
            watch.raw += await response.content.readany()
        yield watch


async def test_a_finished_call_is_told_with_what_it_cost(start):
    async with served(start) as gateway, watching(gateway) as watch:
        answer = await gateway.chat(headers=ALICE, max_tokens=10)
        ((kind, told),) = await watch.until(1)

    assert "call" == kind
    assert answer.headers["x-request-id"] == told["id"]
    assert ("alice", "m", "p/real-model", 200, None, False) == tuple(
        told[name] for name in ("key", "route", "target", "status", "fault", "stream")
    )
    assert (9, 12, 0.021, 1) == tuple(told[name] for name in ("tokens_in", "tokens_out", "cost_usd", "attempts"))
    assert abs(told["time"] - time.time()) < 60
    assert told["first_ms"] is None
    assert told["ms"] > 0


async def test_a_stream_tells_when_it_had_content(start):
    async with served(start, streams(words("a", "b"))) as gateway, watching(gateway) as watch:
        await gateway.chat(headers=ALICE, max_tokens=10, stream=True)
        ((_, told),) = await watch.until(1)

    assert told["stream"]
    assert 0 < told["first_ms"] <= told["ms"]


async def test_a_breaker_that_opens_is_told_with_its_end(start):
    async with served(start, fails(500)) as gateway, watching(gateway, "?kinds=breaker") as watch:
        await gateway.chat(headers=ALICE, max_tokens=10)
        ((kind, told),) = await watch.until(1)

    assert ("breaker", "p/real-model", "open", "broken", False) == (
        kind,
        *(told[name] for name in ("target", "state", "cause", "heard")),
    )
    assert time.time() < told["until"]


async def test_an_alert_is_told(start):
    async with served(start, budget="1/month") as gateway, watching(gateway, "?kinds=alert,target") as watch:
        await gateway.chat(headers=ALICE)
        ((kind, told),) = await watch.until(1)

    assert ("alert", "budget", "key/alice", "firing") == (kind, *(told[name] for name in ("kind", "scope", "state")))
    assert "$1" in told["message"]


async def test_a_reload_is_told_whether_it_went_well_or_not(start):
    async with served(start) as gateway, watching(gateway, "?kinds=reload") as watch:
        good = gateway.config.read_text()
        for text in (good + "\nlog: {}\n", "nonsense"):
            gateway.config.write_text(text)
            await gateway.request("POST", "/admin/reload", **ADMIN)
        told = await watch.until(2)

    assert [("reload", True), ("reload", False)] == [(kind, each["ok"]) for kind, each in told]
    assert told[1][1]["problems"]


async def test_hostile_names_stay_inside_their_event(start):
    name = 'any/"}\n\nevent: alert\ndata: {"x": "</script>'
    async with served(start) as gateway, watching(gateway) as watch:
        await gateway.chat(name, headers=ALICE, max_tokens=10)
        await gateway.chat("any/" + "x" * 5000, headers=ALICE, max_tokens=10)
        told = await watch.until(2)

    assert ["call", "call"] == [kind for kind, _ in told]
    assert len(told[1][1]["route"]) <= 300


@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        ("?kinds=call,gossip", ADMIN, 400, "invalid_value"),
        ("", ALICE, 401, "invalid_api_key"),
        ("", {}, 401, "invalid_api_key"),
    ],
)
async def test_who_may_not_watch_or_asks_wrongly_is_told_so(start, query, headers, status, code):
    async with served(start) as gateway:
        answer = await gateway.get(f"/api/v1/events{query}", **headers)

    assert (status, code) == (answer.status, answer.body["error"]["code"])


async def test_who_asks_for_the_head_gets_no_more(start):
    async with served(start) as gateway:
        line = "authorization: Bearer the-key-of-the-operator"
        raw = await gateway.raw(f"HEAD /api/v1/events HTTP/1.1\r\nhost: x\r\n{line}\r\n\r\n".encode(), wait=0.3)

    assert raw.startswith(b"HTTP/1.1 200 OK")
    assert b"text/event-stream" in raw
    assert raw.endswith(b"\r\n\r\n")


async def test_who_says_nothing_for_long_says_so(start, monkeypatch):
    monkeypatch.setattr(events, "QUIET", 0.05)
    async with served(start) as gateway, watching(gateway) as watch, asyncio.timeout(5):
        while watch.raw.count(b": still here\n\n") < 2:
            watch.raw += await watch.response.content.readany()


async def test_a_slow_reader_loses_the_oldest_and_is_told_how_many(start, monkeypatch):
    monkeypatch.setattr(events, "MOST_WAITING", 5)
    async with served(start) as gateway, watching(gateway) as watch:
        newsroom = gateway.house._newsroom
        for number in range(20):
            newsroom.put("target", {"number": number})
        told = await watch.until(6)

    assert [("gap", {"lost": 15})] == told[:1]
    assert [15, 16, 17, 18, 19] == [each["number"] for _, each in told[1:]]


async def test_news_that_nobody_can_write_in_time_are_counted(start, monkeypatch):
    monkeypatch.setattr(events, "MOST", 100)
    async with served(start) as gateway, watching(gateway) as watch:
        newsroom = gateway.house._newsroom
        for number in range(250):
            newsroom.put("target", {"number": number})
        told = await watch.until(101)

    assert [("gap", {"lost": 150})] == [each for each in told if each[0] == "gap"]
    assert list(range(150, 250)) == [each["number"] for kind, each in told if kind == "target"]


async def test_there_are_not_more_listeners_than_there_is_room_for(start, monkeypatch):
    monkeypatch.setattr(events, "MOST_LISTENERS", 1)
    async with served(start) as gateway, watching(gateway):
        answer = await gateway.get("/api/v1/events", **ADMIN)

    assert (503, "too_many_listeners") == (answer.status, answer.body["error"]["code"])


async def test_nobody_is_left_when_the_last_one_leaves(start):
    async with served(start) as gateway:
        async with watching(gateway):
            during = gateway.house._newsroom.listeners
        async with asyncio.timeout(15):
            while gateway.house._newsroom.listeners:
                await asyncio.sleep(0.01)

    assert 1 == during


async def test_a_process_that_stops_ends_its_streams(start):
    async with served(start) as gateway, watching(gateway) as watch:
        gateway.house.stop_taking()
        async with asyncio.timeout(2):
            while await watch.response.content.readany():
                pass
        late = await gateway.get("/api/v1/events", **ADMIN)

    assert (503, "shutting_down") == (late.status, late.body["error"]["code"])
