"""What operators read of errors that only their status explained, and what clients read of models that can."""

import asyncio

import orjson
import pytest

from tests.whole.provider import Provider, fails, ok

CONFIG = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{url}"}}
  blind: {{dialect: cohere, api_key: k, base_url: "{url}"}}
routes: {{m: a/one, blind: blind/command, sees: a/two, empty: [blind/x]}}
models: {{a/two: {{capabilities: [vision, tools]}}}}
keys:
  all: {{key: all}}
  some: {{key: some, models: [blind, m]}}
"""
SECRET = "my grandmother's birthday is on the third of May"
HEARD = 'switchyard_unclassified_errors_total{provider="a",status="418"}'
PICTURE = [
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}
]


async def notes(folder):
    """Once the log has been written."""
    await asyncio.sleep(0.3)
    lines = [orjson.loads(line) for line in (folder / "log").read_bytes().splitlines()]
    return [line for line in lines if line["message"] == "provider's error not understood"]


@pytest.fixture
def ask():
    async def call(gateway, model="m", key="all", **fields):
        return await gateway.chat(model, headers={"authorization": f"Bearer {key}"}, **fields)

    return call


SAID = {
    "plain words": ("the kettle is on", "the kettle is on"),
    "a quotation": ("bad value 'something that was written'", "bad value '...'"),
    "a short quotation": ("bad value `MYDIARY`", "bad value `...`"),
    "what follows a colon": ("Invalid prompt: MYDIARY is private", "Invalid prompt: ..."),
    "the prompt": (f"we don't talk about {SECRET}", ""),
}


@pytest.mark.parametrize(("said", "told"), SAID.values(), ids=SAID.keys())
async def test_an_error_that_nothing_explains_is_counted_and_told_without_the_prompt(start, tmp_path, ask, said, told):
    async with Provider(fails(418, said, code="teapot")) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await ask(gateway, messages=[{"role": "user", "content": SECRET}])
        counted = await gateway.metric(HEARD)
        (note,) = await notes(tmp_path)

    assert (400, 1.0) == (answer.status, counted)
    assert ("a/one", 418, "teapot", told) == (note["target"], note["status"], note["code"], note["said"])


@pytest.mark.parametrize(("status", "more"), [(401, {}), (400, {"type": "invalid_request_error"}), (500, {})])
async def test_what_is_understood_is_no_news(start, tmp_path, ask, status, more):
    async with Provider(fails(status, "no", **more)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await ask(gateway)
        told = await notes(tmp_path)

    assert [] == told


@pytest.mark.parametrize(("key", "could"), [("all", ["sees"]), ("some", [])])
async def test_a_call_that_no_target_can_take_is_told_who_could(start, ask, key, could):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await ask(gateway, "blind", key, messages=[PICTURE[0]], n=2)

    error = answer.body["error"]
    assert (400, "unsupported_value", could) == (answer.status, error["code"], error["could"])
    assert error["param"]
    assert ("Models that can: sees." in error["message"]) is bool(could)
    assert [] == provider.requests


@pytest.mark.parametrize("content", [False, True])
async def test_a_providers_words_on_a_call_are_for_its_client(start, tmp_path, ask, content):
    said = "Invalid prompt: MYDIARY is private"
    async with Provider(fails(400, said, code="odd", type="invalid_request_error")) as provider:
        text = f"{CONFIG.format(url=provider.url)}log: {{content: {str(content).lower()}}}\n"
        async with start(text) as gateway:
            answer = await ask(gateway)
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    (error,) = [line["error"] for line in lines if line.get("status") == 400]

    assert said == answer.body["error"]["message"]
    assert (said if content else "the provider's words, 34 characters, were for the client (code odd)") == error
