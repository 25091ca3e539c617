"""What models there are, what they can do and cost, and how they have done: told by the product as it is served."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from core.tasks import TASKS
from tests.whole.provider import Provider, fails, ok, says, streams, words

ADMIN = {"authorization": "Bearer the-key-of-the-operator"}
ALICE = {"authorization": "Bearer the-key-of-alice"}
BOB = {"authorization": "Bearer the-key-of-bob"}
CONFIG = """
admin: {{key: the-key-of-the-operator}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
  q: {{dialect: openai, base_url: "{url}", api_key: k}}
  off: {{dialect: openai, base_url: "{url}", api_key: "${{NOT_SET:-}}"}}
routes:
  m: [p/dear, q/cheap]
  secret: p/hidden
  "any/*": "q/*"
  gone: off/some
models:
  p/dear:
    price: {{input: 10, output: 50, cache_read: 1}}
    context: 200000
    max_output: 1000
    capabilities: [tools, vision, files, reasoning]
    quality: {{chat: 0.95, code_generation: 0.9}}
  q/cheap: {{price: {{input: 0.1, output: 0.5}}, context: 8000, capabilities: [tools], quality: {{chat: 0.4}}}}
  p/hidden: {{price: {{input: 1, output: 1}}, quality: {{chat: 0.7}}}}
defaults: {{retry: {{attempts: 1}}}}
keys:
  alice: {{key: the-key-of-alice}}
  bob: {{key: the-key-of-bob, models: [m]}}
"""


@asynccontextmanager
async def served(start, *plays):
    async with Provider(*plays or (ok(),)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        yield gateway


async def ids(gateway, query="", headers=ADMIN):
    answer = await gateway.get(f"/api/v1/models{query}", **headers)
    assert 200 == answer.status, answer.body
    return [each["id"] for each in answer.body["data"]]


async def test_a_model_is_told_with_all_that_is_known_of_it(start):
    async with served(start) as gateway:
        page = (await gateway.get("/api/v1/models/p%2Fdear", **ADMIN)).body

    assert ("p/dear", "p", "dear", True, ["m"]) == tuple(
        page[name] for name in ("id", "provider", "model", "configured", "routes")
    )
    assert (200000, 1000) == (page["context_window"], page["max_output"])
    assert {"tools", "vision", "pdf", "reasoning"} == {name for name, has in page["capabilities"].items() if has}
    assert {"input": ["text", "image", "pdf"], "output": ["text"]} == page["modalities"]
    assert {
        "input_usd_per_million": 10,
        "output_usd_per_million": 50,
        "cached_input_usd_per_million": 1,
        "blended_usd_per_million": 20,
    } == page["prices"]
    assert set(TASKS) == set(page["quality"])
    assert 0.95 == page["quality"]["chat"]
    assert {"chat", "code_generation"} == set(page["strengths"])
    assert "writing, changing and reviewing code" in page["use_cases"]
    assert (0, None, None) == tuple(page["live"][name] for name in ("calls", "error_rate", "usd_per_call"))


async def test_what_nobody_knows_is_null(start):
    async with served(start) as gateway:
        page = (await gateway.get("/api/v1/models/off%2Fsome", **ADMIN)).body

    assert (None, None, None, False) == tuple(
        page[name] for name in ("prices", "context_window", "max_output", "configured")
    )
    assert {"p50": None, "p95": None} == page["live"]["first_content_ms"]


async def test_calls_show_in_what_is_live(start):
    plays = (
        fails(500),
        ok(),
        *(streams(words(*"abcdefghijklmnopqrstuvwxyz"), pace=0.002, first=0.05) for _ in range(3)),
    )
    async with served(start, *plays, ok()) as gateway:
        await gateway.chat("p/dear", headers=ALICE)
        await gateway.chat("p/dear", headers=ALICE)
        for _ in range(3):
            await gateway.chat("p/dear", headers=ALICE, stream=True)
        page = (await gateway.get("/api/v1/models", **ADMIN)).body

    live = next(each for each in page["data"] if each["id"] == "p/dear")["live"]
    assert (5, 1, 0.2) == (live["calls"], live["errors"], live["error_rate"])
    assert 50 <= live["first_content_ms"]["p50"] <= live["first_content_ms"]["p95"] < 2000
    assert 0 < live["tokens_per_second"]["p50"] <= live["tokens_per_second"]["p95"] < 20_000
    assert (9 * 10 + 12 * 50) / 1e6 <= live["usd_per_call"] <= (9 * 10 + 26 * 50) / 1e6
    assert {"heard": 1, "known": 1} == page["live"]["processes"]


async def test_what_was_seen_outlives_a_reload(start):
    async with served(start) as gateway:
        await gateway.chat("p/dear", headers=ALICE)
        gateway.config.write_text(gateway.config.read_text() + "\nlog: {}\n")
        await gateway.request("POST", "/admin/reload", **ADMIN)
        page = (await gateway.get("/api/v1/models/p%2Fdear", **ADMIN)).body

    assert 1 == page["live"]["calls"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["p/dear", "q/cheap", "p/hidden", "off/some"]),
        ("?provider=p", ["p/dear", "p/hidden"]),
        ("?provider=q,off", ["q/cheap", "off/some"]),
        ("?provider=nobody", []),
        ("?capability=tools", ["p/dear", "q/cheap"]),
        ("?capability=tools,pdf", ["p/dear"]),
        ("?max_cost=5", ["q/cheap", "p/hidden"]),
        ("?max_cost=0.2", ["q/cheap"]),
        ("?cheapest=true", ["q/cheap", "p/hidden", "p/dear", "off/some"]),
        ("?best=true", ["p/dear", "p/hidden", "off/some", "q/cheap"]),
        ("?best", ["p/dear", "p/hidden", "off/some", "q/cheap"]),
        ("?task=vision", ["p/dear", "p/hidden", "off/some"]),
        ("?task=coding&limit=1", ["p/dear"]),
        ("?task=chat&max_cost=5&cheapest=1&best=1", ["q/cheap", "p/hidden"]),
        ("?capability=tools&best=true&max_cost=100&provider=q", ["q/cheap"]),
    ],
)
async def test_models_are_asked_for_by_what_they_are(start, query, expected):
    async with served(start) as gateway:
        assert expected == await ids(gateway, query)


async def test_the_fastest_comes_first_and_who_was_never_called_last(start):
    async with served(start, streams(words("a", "b"), first=0.25), ok()) as gateway:
        await gateway.chat("p/dear", headers=ALICE, stream=True)
        await gateway.chat("q/cheap", headers=ALICE)
        fastest = await ids(gateway, "?fastest=true")
        both = await ids(gateway, "?fastest=true&cheapest=true")

    assert ["q/cheap", "p/dear"] == fastest[:2]
    assert "q/cheap" == both[0]


async def test_an_answer_says_what_it_goes_by(start):
    async with served(start) as gateway:
        plain = (await gateway.get("/api/v1/models", **ADMIN)).body
        asked = (await gateway.get("/api/v1/models?task=coding&max_cost=3&cheapest=true&best=true", **ADMIN)).body

    assert {} == plain["goes_by"]
    assert {"max_cost", "task", "order"} == set(asked["goes_by"])
    assert "three of input to one of output" in asked["goes_by"]["order"]
    assert "code_generation" in asked["goes_by"]["order"]


@pytest.mark.parametrize(
    ("path", "headers", "status", "param"),
    [
        ("models?task=knitting", ADMIN, 400, "task"),
        ("models?capability=flying", ADMIN, 400, "capability"),
        ("models?max_cost=cheap", ADMIN, 400, "max_cost"),
        ("models?max_cost=nan", ADMIN, 400, "max_cost"),
        ("models?max_cost=-1", ADMIN, 400, "max_cost"),
        ("models?cheapest=perhaps", ADMIN, 400, "cheapest"),
        ("models?limit=0", ADMIN, 400, "limit"),
        ("models/nobody%2Fnothing", ADMIN, 404, "id"),
        ("models/p%2Fhidden", BOB, 404, "id"),
        ("models/compare", ADMIN, 400, "ids"),
        ("models/compare?ids=p/dear,p/hidden", BOB, 404, "ids"),
        ("models/compare?ids=p/dear,p/none", ADMIN, 404, "ids"),
        ("models", {}, 401, None),
    ],
)
async def test_who_may_not_see_it_or_asks_wrongly_is_told_so(start, path, headers, status, param):
    async with served(start) as gateway:
        answer = await gateway.get(f"/api/v1/{path}", **headers)

    assert (status, param) == (answer.status, answer.body["error"]["param"])


async def test_a_key_sees_its_own_models_and_nobody_elses_business(start):
    async with served(start) as gateway:
        await gateway.chat("m", headers=ALICE)
        page = (await gateway.get("/api/v1/models", **BOB)).body
        everything = await ids(gateway, headers=ALICE)

    assert [("p/dear", ["m"]), ("q/cheap", ["m"])] == [(each["id"], each["routes"]) for each in page["data"]]
    live = page["data"][0]["live"]
    assert (None, None, None, 0) == tuple(live[name] for name in ("calls", "errors", "usd_per_call", "error_rate"))
    assert live["answer_ms"]["p50"] > 0
    assert ["p/dear", "q/cheap", "p/hidden", "off/some"] == everything


async def test_a_key_for_auto_alone_sees_all_that_auto_chooses_among(start):
    async with served(start) as gateway:
        text = gateway.config.read_text().replace("models: [m]}", "models: [auto]}")
        gateway.config.write_text(text)
        await gateway.request("POST", "/admin/reload", **ADMIN)
        page = (await gateway.get("/api/v1/models", **BOB)).body

    assert {"p/dear", "q/cheap", "p/hidden"} <= {each["id"] for each in page["data"]}
    assert [] == page["data"][0]["routes"]


async def test_a_comparison_says_who_leads_and_along_which_axes(start):
    async with served(start) as gateway:
        before = (await gateway.get("/api/v1/models/compare?ids=p/dear,q/cheap", **ADMIN)).body
        await gateway.chat("p/dear", headers=ALICE)
        after = (await gateway.get("/api/v1/models/compare?ids=p%2Fdear,q%2Fcheap,p/dear&task=coding", **ADMIN)).body

    assert {"cheapest": "q/cheap", "fastest": None, "best": "p/dear"} == before["leads"]
    assert ["p/dear", "q/cheap"] == [each["id"] for each in after["data"]]
    assert ("p/dear", "code_generation") == (after["leads"]["fastest"], after["task"])
    fields = [axis["field"] for axis in after["axes"]]
    assert "quality.code_generation" in fields
    assert all(
        _at(after["data"][0], field) is not None for field in fields if "first" not in field and "tok" not in field
    )


def _at(entry, path):
    for name in path.split("."):
        entry = entry[name]
    return entry


async def test_discovered_models_are_told_by_the_names_that_they_can_be_asked_for(start):
    listed = says(200, {"object": "list", "data": [{"id": "listed-embed-1", "object": "model"}]})
    async with Provider(listed) as provider:
        text = CONFIG.format(url=provider.url).replace("q: {dialect: openai,", "q: {dialect: openai, discover: true,")
        async with start(text) as gateway, asyncio.timeout(5):
            while "q/listed-embed-1" not in (names := await ids(gateway, "?provider=q")):
                await asyncio.sleep(0.02)
            page = (await gateway.get("/api/v1/models/q%2Flisted-embed-1", **ALICE)).body
            hidden = await gateway.get("/api/v1/models/q%2Flisted-embed-1", **BOB)

    assert ["q/cheap", "q/listed-embed-1"] == names
    assert ([], ["embedding"]) == (page["routes"], page["modalities"]["output"])
    assert 404 == hidden.status


async def test_all_reads_of_models_are_quick_with_hundreds_of_targets(start):
    stages = [", ".join(f"p/model-{number}" for number in range(first, first + 100)) for first in (0, 100, 200)]
    more = "".join(f"\n  many-{number}: {{chain: [{{targets: [{names}]}}]}}" for number, names in enumerate(stages))
    async with Provider(ok()) as provider:
        text = CONFIG.format(url=provider.url).replace("\nmodels:", f"{more}\nmodels:")
        async with start(text) as gateway:
            vitals = gateway.house._shared.vitals
            for number in range(300):
                for _ in range(60):
                    live = vitals.target(f"p/model-{number}").live
                    live.look(1.0 + number, 0.5, 100, 1000, route="m", weight=live.answered(0.0))
            await gateway.get("/api/v1/models", **ADMIN)
            began = time.perf_counter()
            page = (await gateway.get("/api/v1/models?fastest=true&cheapest=true&best=true", **ADMIN)).body
            took = time.perf_counter() - began

    assert len(page["data"]) > 300
    assert took < 0.5  # as a bound that a busy machine keeps; 50 ms is measured elsewhere
