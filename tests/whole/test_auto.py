"""The model `auto`: among which targets it chooses, for whom, and what it says where there are none."""

import pytest

from tests.process.running import until
from tests.whole.lists import lists, shelf
from tests.whole.provider import Provider, fails, ok

CONFIG = """
providers:
  one: {{dialect: openai, api_key: k, base_url: "{one}"}}
  two: {{dialect: ollama, base_url: "{two}"}}
  away: {{dialect: openai}}
  demo: {{}}
defaults: {{retry: {{attempts: 1}}, strategy: order}}
{more}
routes:
  blind: one/gpt-3.5
  sees: one/eagle
  gone: one/gpt-4
  off: away/gpt-4o
  mute: one/text-embedding-3-small
  strange: one/whatever
  "llama*": two/llama*
  echo: demo/echo
keys:
  root: {{key: sk-root}}
  alice: {{key: sk-alice, models: [auto]}}
  bob: {{key: sk-bob, models: [auto, sees]}}
  carol: {{key: sk-carol, models: [sees]}}
models:
  one/gpt-3.5: {{price: {{input: 1, output: 1}}, context: 4000, max_output: 1000, capabilities: [tools]}}
  one/eagle: {{price: {{input: 9, output: 9}}, max_output: 8000, capabilities: [tools, vision]}}
"""
ORDER = "auto: {strategy: order}"
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
SEE = [{"role": "user", "content": [{"type": "text", "text": "?"}, IMAGE]}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]


def by(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer sk-{name}"}


def running(start, one: Provider, two: Provider | None = None, more: str = ORDER):
    return start(CONFIG.format(one=one.url, two=two.url if two else "http://127.0.0.1:9", more=more))


async def asked(start, *, who="root", more=ORDER, plays=None, **fields):
    async with Provider(plays or ok()) as one, running(start, one, more=more) as gateway:
        answer = await gateway.chat("auto", headers=by(who), **fields)
        return answer, [request.body["model"] for request in one.requests]


@pytest.mark.parametrize(
    ("fields", "models"),
    [
        ({}, ["gpt-3.5", "eagle", "whatever"]),
        ({"tools": TOOLS}, ["gpt-3.5", "eagle"]),
        ({"messages": SEE}, ["eagle"]),
        ({"max_tokens": 5000}, ["eagle"]),
        ({"max_tokens": 50_000}, ["gpt-3.5", "eagle", "whatever"]),
        ({"routing": {"capability": "vision"}}, ["eagle"]),
        ({"routing": {"avoid": "*/gpt-3.5", "fallback": False}}, ["eagle"]),
        ({"routing": {"prefer": "one/whatever"}}, ["whatever", "gpt-3.5", "eagle"]),
        ({"who": "alice"}, ["gpt-3.5", "eagle", "whatever"]),
        ({"who": "bob"}, ["eagle"]),
        ({"more": "auto: {strategy: order, targets: [one/gpt*]}"}, ["gpt-3.5"]),
        ({"more": "auto: {strategy: order, targets: ['*/eagle', one/mine]}"}, ["mine", "eagle"]),
    ],
)
async def test_it_tries_who_can_do_what_the_call_needs(start, fields, models):
    answer, tried = await asked(start, plays=fails(503), **fields)

    assert (503, models) == (answer.status, tried)


async def test_the_answer_says_who_it_was(start):
    answer, _ = await asked(start)

    assert (200, "auto", "one/gpt-3.5") == (
        answer.status,
        answer.headers["x-switchyard-route"],
        answer.headers["x-switchyard-target"],
    )


async def test_what_nobody_can_do_is_refused_with_every_reason(start):
    answer, tried = await asked(start, routing={"capability": "audio"})

    error = answer.body["error"]
    assert (400, "unsupported_by_model", []) == (answer.status, error["code"], tried)
    assert {"target": "one/gpt-3.5", "reason": "the model lacks audio"} in error["skipped"]
    assert {"target": "one/text-embedding-3-small", "reason": "the model isn't made for chat"} in error["skipped"]


async def test_vectors_are_not_its_business(start):
    async with Provider(ok()) as one, running(start, one) as gateway:
        answer = await gateway.request("POST", "/v1/embeddings", {"model": "auto", "input": "hi"}, **by("root"))

    assert (400, "unsupported_by_model") == (answer.status, answer.body["error"]["code"])


async def test_it_tries_five_targets_at_most(start):
    more = "auto: {strategy: order, targets: [one/a, one/b, one/c, one/d, one/e, one/f, one/g]}"

    answer, tried = await asked(start, more=more, plays=fails(503))

    assert (503, list("abcde")) == (answer.status, tried)


@pytest.mark.parametrize(
    ("who", "more", "listed", "status"),
    [
        ("root", "", True, 200),
        ("alice", "", True, 200),
        ("carol", "", False, 404),
        ("root", "auto: off", False, 404),
        ("root", "auto: {strategy: order, targets: [away/x]}", False, 503),
    ],
)
async def test_it_is_listed_for_those_who_may_use_it(start, who, more, listed, status):
    async with Provider(ok()) as one, running(start, one, more=more) as gateway:
        page = await gateway.get("/v1/models", **by(who))
        answer = await gateway.chat("auto", headers=by(who))

    assert (listed, status) == ("auto" in [entry["id"] for entry in page.body["data"]], answer.status)


async def test_a_route_of_that_name_wins(start):
    async with Provider(ok()) as one:
        text = CONFIG.format(one=one.url, two="http://127.0.0.1:9", more=ORDER).replace(
            "  sees:", "  auto: one/mine\n  sees:"
        )
        async with start(text) as gateway:
            answer = await gateway.chat("auto", headers=by("root"))
            page = await gateway.get("/v1/models", **by("root"))

    assert "one/mine" == answer.headers["x-switchyard-target"]
    assert 1 == [entry["id"] for entry in page.body["data"]].count("auto")


async def test_listed_models_that_the_catalog_knows_join(start):
    play = shelf(lists("gpt-6-luna", "gpt-4", "unheard-of"), calls=fails(503))
    async with Provider(play) as one:
        text = CONFIG.replace("api_key: k,", "api_key: k, discover: 1h,")
        async with start(text.format(one=one.url, two="http://127.0.0.1:9", more=ORDER)) as gateway:

            async def known() -> bool:
                return "one/gpt-6-luna" in [
                    each["id"] for each in (await gateway.get("/v1/models", **by("root"))).body["data"]
                ]

            await until(known, 5)
            await gateway.chat("auto", headers=by("root"))

    tried = [request.body["model"] for request in one.requests if request.raw]
    assert ["gpt-3.5", "eagle", "whatever", "gpt-6-luna"] == tried


async def test_where_nothing_else_is_configured_the_demo_answers(start):
    async with start("providers: {demo: {}, openai: {}}\nroutes: {m: openai/gpt-4o}") as gateway:
        answer = await gateway.chat("auto")

    assert (200, "demo/echo") == (answer.status, answer.headers["x-switchyard-target"])


async def test_it_may_stand_in_a_chain_of_the_clients_own(start):
    answer, tried = await asked(start, plays=fails(503), models=["strange"])
    async with Provider(fails(503)) as one, running(start, one) as gateway:
        other = await gateway.chat("strange", headers=by("root"), models=["auto"])

    assert (503, ["gpt-3.5", "eagle", "whatever"]) == (answer.status, tried)
    assert (503, ["whatever", "gpt-3.5", "eagle"]) == (other.status, [each.body["model"] for each in one.requests])


async def test_its_calls_are_counted_by_its_own_name(start):
    async with (
        Provider(ok()) as one,
        running(start, one, more="auto: {strategy: order, targets: [one/unheard]}") as gateway,
    ):
        await gateway.chat("auto", headers=by("root"))
        page = (await gateway.get("/metrics")).raw.decode()

    (line,) = [each for each in page.splitlines() if each.startswith("switchyard_calls_total{")]
    assert 'route="auto"' in line
    assert "one/unheard" not in page


async def test_what_it_would_choose_can_be_explained(start):
    body = {"model": "auto", "messages": SEE, "routing": {"avoid": "nobody"}}
    async with Provider(ok()) as one, running(start, one) as gateway:
        page = await gateway.request("POST", "/api/v1/explain", body, **by("root"))

    assert (200, "auto") == (page.status, page.body["route"])
    assert ["one/eagle"] == [each["target"] for each in page.body["stages"][0]["candidates"]]
