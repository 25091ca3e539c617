"""Models that providers list are offered by their names, without a call ever waiting for a list."""

import asyncio
import logging
import time

import orjson
import pytest

from adapters import ADAPTERS
from adapters.contract import Listing
from adapters.dialect import Dialect
from adapters.family import VLLM
from adapters.openai import OpenAI
from tests.process.running import until
from tests.whole.lists import CONFIG, OPERATOR, listed, lists, names, shelf
from tests.whole.provider import Play, Provider, answer, hangs, ok, says, sends


def told(tmp_path) -> list[tuple[str, str]]:
    """Level and message of what the log says of providers."""
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    return [(line["level"], line["message"]) for line in lines if "models" in line["message"]]


# The list


async def test_listed_models_are_offered_by_their_direct_names_and_by_those_wildcards_give_them(start):
    play = shelf(lists("a", "org/b:free", created=7, owned_by="them"))
    async with Provider(play) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        at_once = await names(gateway)
        await until(lambda: listed(gateway, "lab/a"), 5)
        page = await gateway.get("/v1/models")
        one = await gateway.get("/v1/models/lab/org/b%3Afree")
        called = await gateway.chat("my-a")
        asked = provider.requests[0]

    assert ["m"] == at_once
    assert ["m", "my-a", "my-org/b:free", "lab/a", "lab/org/b:free"] == [entry["id"] for entry in page.body["data"]]
    own = {"object": "model", "created": 7, "owned_by": "them"}
    assert {"id": "lab/a", **own} == page.body["data"][3]
    assert (200, {"id": "lab/org/b:free", **own}) == (one.status, one.body)
    assert 200 == called.status
    assert ("/v1/models", b"", "Bearer sk-one", "org-7") == (
        asked.path,
        asked.raw,
        asked.headers["authorization"],
        asked.headers["openai-organization"],
    )
    assert "content-type" not in asked.headers


async def test_what_a_list_doesnt_say_is_filled_in(start):
    began = int(time.time())
    async with Provider(shelf(lists("a"))) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await until(lambda: listed(gateway, "lab/a"), 5)
        entry = (await gateway.get("/v1/models/lab/a")).body

    assert ("lab", True) == (entry["owned_by"], began - 5 <= entry["created"] <= time.time())


@pytest.mark.parametrize(
    ("allowed", "seen"),
    [
        ("[m]", ["m"]),
        ('["my-*"]', ["my-a", "my-b"]),
        ('["lab/*"]', ["lab/a", "lab/b"]),
        ('["lab/b", my-a]', ["my-a", "lab/b"]),
    ],
)
async def test_a_key_sees_what_it_may_ask_for(start, allowed, seen):
    config = (
        CONFIG + f"keys: {{{{all: {{{{key: secret-of-all}}}}, some: {{{{key: secret-of-some, models: {allowed}}}}}}}}}"
    )
    everyone, some = {"authorization": "Bearer secret-of-all"}, {"authorization": "Bearer secret-of-some"}
    async with Provider(shelf(lists("a", "b"))) as provider, start(config.format(url=provider.url)) as gateway:
        await until(lambda: names(gateway, **everyone), 5)
        while len(await names(gateway, **everyone)) < 5:
            await asyncio.sleep(0.02)
        found = await names(gateway, **some)
        ones = [(await gateway.get(f"/v1/models/{name}", **some)).status for name in ("m", "my-a", "my-b", "lab/a")]

    assert seen == found
    assert [200 if name in seen else 404 for name in ("m", "my-a", "my-b", "lab/a")] == ones


async def test_a_list_is_looked_at_again(start, tmp_path):
    play = shelf(lists("a", "b"), lists("b", "c"))
    async with Provider(play) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await until(lambda: listed(gateway, "lab/a"), 5)
        await until(lambda: listed(gateway, "lab/c"), 5)
        found = await names(gateway)
        times = len(provider.requests)

    assert ["m", "my-b", "my-c", "lab/b", "lab/c"] == found
    assert (2, 1) == (times, provider.connections)
    assert [("info", "models discovered")] == told(tmp_path)


async def test_nothing_goes_out_that_nobody_asked_for(start):
    config = CONFIG.replace("discover: 1s, ", "")
    async with Provider(ok()) as provider, start(config.format(url=provider.url)) as gateway:
        await asyncio.sleep(0.7)
        found = await names(gateway)

    assert (["m"], 0) == (found, provider.connections)


async def test_a_provider_without_its_key_is_not_asked(start):
    config = CONFIG.replace("[sk-one, sk-two]", "'${{UNSET:-}}'")
    async with Provider(ok()) as provider, start(config.format(url=provider.url)) as gateway:
        await asyncio.sleep(0.7)
        health = await gateway.get("/health", **OPERATOR)

    assert 0 == provider.connections
    assert {"configured", "dialect", "why_not"} == set(health.body["providers"]["lab"])


# Lists that don't come

NONSENSE = {
    "html": (says(200, b"<html>please log in</html>", {"content-type": "text/html"}), "broken"),
    "garbage": (says(200, b"[[[["), "broken"),
    "no-list": (says(200, {"models": "all"}), "broken"),
    "too-large": (says(200, b" " * (8 * 1024 * 1024 + 1)), "broken"),
    "overloaded": (says(503, {"error": {"message": "later"}}), "overloaded"),
    "refused": (says(401, b"no"), "bad_credential"),
    "elsewhere": (says(302, b"", {"location": "http://127.0.0.1:9/"}), "broken"),
    "cut": (sends(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n[", close=True), "broken"),
    "no-http": (sends(b"nonsense\r\n\r\n", close=True), "broken"),
}
EVERY_KIND = "admin: {{key: secret-of-operator}}\nroutes: {{m: html/a}}\nproviders:\n" + "".join(
    f'  {kind}: {{{{dialect: vllm, base_url: "{{url}}/{kind}", discover: 1s}}}}\n' for kind in NONSENSE
)


def each(shelves: dict[str, Play]) -> Play:
    """Each provider by its own path."""

    async def play(request, writer):
        name, _, path = request.path.removeprefix("/v1/").partition("/")
        request.path = f"/v1/{path}"
        await shelves[name](request, writer)

    return play


async def discoveries(gateway) -> dict[str, tuple[str | None, int]]:
    """By provider, what is wrong with its list, and how many models it has all the same."""
    providers = (await gateway.get("/health", **OPERATOR)).body["providers"]
    seen = {name: shown["discovery"] for name, shown in providers.items() if "discovery" in shown}
    return {name: (look["fault"], look["models"]) for name, look in seen.items()}


async def test_a_list_that_doesnt_come_leaves_the_last_good_one(start):
    play = each({kind: shelf(lists("a"), bad) for kind, (bad, _) in NONSENSE.items()})
    async with Provider(play) as provider, start(EVERY_KIND.format(url=provider.url)) as gateway:

        async def all_failed() -> bool:
            seen = await discoveries(gateway)
            return len(seen) == len(NONSENSE) and all(fault for fault, _ in seen.values())

        await until(all_failed, 8)
        found, seen = await names(gateway), await discoveries(gateway)

    assert ["m", "auto", *(f"{kind}/a" for kind in NONSENSE)] == found
    assert {kind: (fault, 1) for kind, (_, fault) in NONSENSE.items()} == seen


async def test_the_log_tells_of_changes_and_not_of_tries(start, tmp_path):
    bad = says(503, b"")
    async with (
        Provider(shelf(bad, bad, lists("a"), bad, lists("b"))) as provider,
        start(CONFIG.format(url=provider.url)) as gateway,
    ):
        await until(lambda: listed(gateway, "lab/b"), 12)
        health = await gateway.get("/health", **OPERATOR)

    shown = health.body["providers"]["lab"]["discovery"]
    assert {"ok": True, "fault": None, "models": 1, "at": shown["at"], "seconds": shown["seconds"]} == shown
    assert abs(time.time() - shown["at"]) < 30
    assert 0 <= shown["seconds"] < 5
    assert [
        ("warning", "models not discovered"),
        ("info", "models discovered"),
        ("warning", "models not discovered"),
        ("info", "models discovered"),
    ] == told(tmp_path)


async def test_failures_are_followed_by_longer_and_longer_pauses(start):
    moments: list[float] = []

    async def play(_request, writer):
        moments.append(time.monotonic())
        writer.write(answer(503, b"{}"))

    async with Provider(play) as provider, start(CONFIG.format(url=provider.url)):
        await until(lambda: len(moments) == 3, 8)

    assert 0.99 <= moments[1] - moments[0] <= 1.5
    assert 1.99 <= moments[2] - moments[1] <= 2.7


async def test_a_list_that_hangs_disturbs_nobody(start):
    play = shelf(hangs(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n["))
    async with Provider(play) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await until(lambda: provider.requests, 5)
        called, found = await gateway.chat(), await names(gateway)

    assert (200, ["m"]) == (called.status, found)


async def test_a_list_that_takes_too_long_is_given_up(start, monkeypatch):
    monkeypatch.setattr("gateway.watch.lookout.LIST_SECONDS", 0.1)
    play = shelf(hangs(), lists("a"))
    async with Provider(play) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await until(lambda: provider.requests and provider.requests[0].gone.is_set(), 5)
        seen = (await gateway.get("/health", **OPERATOR)).body["providers"]["lab"]["discovery"]
        await until(lambda: listed(gateway, "lab/a"), 5)

    assert (False, "timeout", 0) == (seen["ok"], seen["fault"], seen["models"])


@pytest.mark.parametrize("hang", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n["])
async def test_ending_while_a_list_is_under_way_leaves_nothing_behind(start, caplog, hang):
    with caplog.at_level(logging.DEBUG, logger="asyncio"):
        async with Provider(shelf(hangs(hang))) as provider:
            async with start(CONFIG.format(url=provider.url)):
                await until(lambda: provider.requests, 5)
                began = time.monotonic()
            took = time.monotonic() - began
            await until(provider.requests[0].gone.is_set, 5)

    left = [task for task in asyncio.all_tasks() if "Lookout" in repr(task)]
    assert ([], [], True) == (left, [record for record in caplog.records if record.levelno > logging.INFO], took < 2)


async def test_ending_before_anything_was_asked_leaves_nothing_behind(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)):
        pass

    assert not [task for task in asyncio.all_tasks() if "Lookout" in repr(task)]


# Other dialects

OTHERS = """
providers:
  anthropic: {{api_key: sk-a, base_url: "{url}/anthropic", discover: true}}
  gemini: {{api_key: sk-g, base_url: "{url}/gemini", discover: true}}
  cohere: {{api_key: sk-c, base_url: "{url}/cohere", discover: true}}
  ollama: {{base_url: "{url}/ollama", discover: true}}
routes:
  "claude-*": anthropic/claude-*
"""
METHODS = {"supportedGenerationMethods": ["generateContent"]}
THEIRS = {
    "/v1/anthropic/v1/models?limit=1000": {"data": [{"id": "claude-7", "created_at": "2026-01-01T00:00:00Z"}]},
    "/v1/gemini/v1beta/models?pageSize=1000": {"models": [{"name": "models/gemini-9", **METHODS}]},
    "/v1/cohere/v1/models?page_size=1000": {"models": [{"name": "command-z", "endpoints": ["chat"]}]},
    "/v1/ollama/api/tags": {"models": [{"name": "gemma:2b", "modified_at": "2026-01-01T00:00:00Z"}]},
}


async def test_who_speaks_otherwise_is_asked_in_its_own_way(start):
    async def play(request, writer):
        await says(200, THEIRS[request.path])(request, writer)

    async with Provider(play) as provider, start(OTHERS.format(url=provider.url)) as gateway:

        async def all_there() -> bool:
            return len(await names(gateway)) == 5

        await until(all_there, 5)
        found = await names(gateway)
        keys = {request.path.split("/")[2]: request.headers for request in provider.requests}

    assert ["claude-7", "anthropic/claude-7", "gemini/gemini-9", "cohere/command-z", "ollama/gemma:2b"] == found
    assert ("sk-a", "sk-g", "Bearer sk-c", None) == (
        keys["anthropic"]["x-api-key"],
        keys["gemini"]["x-goog-api-key"],
        keys["cohere"]["authorization"],
        keys["ollama"].get("authorization"),
    )


# Odd ones


async def test_names_that_nobody_could_ask_for_are_not_offered(start):
    ids = ["good", "two words", "line\nbreak", "st*r", "", "x" * 300, "\u202eevil"]
    async with Provider(shelf(lists(*ids))) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await until(lambda: listed(gateway, "lab/good"), 5)
        found = await names(gateway)

    assert ["m", "my-good", "lab/good"] == found


class Odd(OpenAI):
    """Its reader of lists makes a mistake, until it has made two."""

    left = [1, 1]

    @property
    def listing(self) -> Listing:
        def read(body: bytes) -> list[dict[str, object]]:
            if self.left:
                raise KeyError(f"secret {self.left.pop()}")
            return orjson.loads(body)["data"]

        return Listing("/models", read)


@pytest.mark.plain
async def test_a_mistake_of_ours_is_logged_and_not_the_end_of_looking(start, tmp_path, monkeypatch):
    monkeypatch.setitem(ADAPTERS, "vllm", Dialect(make=lambda provider: Odd(VLLM, provider), needs_key=False))
    config = 'providers: {{lab: {{dialect: vllm, base_url: "{url}", discover: 1s}}}}\nroutes: {{m: lab/a}}'
    async with Provider(shelf(lists("a"))) as provider, start(config.format(url=provider.url)) as gateway:
        await until(lambda: listed(gateway, "lab/a"), 8)

    log = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    mistakes = [line for line in log if line["message"] == "internal error"]
    assert [("error", "KeyError", "lab")] * 2 == [(it["level"], it["kind"], it["provider"]) for it in mistakes]
    assert "secret" not in (tmp_path / "log").read_text()
