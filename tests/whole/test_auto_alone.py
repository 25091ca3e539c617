"""`auto` where nobody but a machine of one's own is configured, and that isn't there: said at once, with what to do."""

import pytest

from tests.process.running import until
from tests.store.redis_servers import free_port
from tests.whole.provider import Provider, fails, ok

CONFIG = """
providers:
  demo: {{}}
  openai: {{}}
  anthropic: {{}}
  ollama: {{base_url: "{url}"{probe}}}
{more}
defaults: {{retry: {{attempts: 1}}, strategy: order, breaker: {{failures: 3, cooldown: 60s}}}}
routes: {{big: [ollama/llama3.2, openai/gpt-4o], small: ollama/mistral}}
"""
ALONE = (
    "'auto' has nobody to choose: ollama can't be reached, and no other provider has an API key. Start ollama, or give "
    "another provider its API key (openai, anthropic)."
)


def text(url: str = "", probe: str = "", more: str = "") -> str:
    return CONFIG.format(url=url or f"http://127.0.0.1:{free_port()}", probe=probe, more=more)


@pytest.mark.parametrize("stream", [False, True])
async def test_every_target_is_named_with_what_to_do(start, stream):
    async with start(text()) as gateway:
        answers = [await gateway.chat("auto", stream=stream) for _ in range(6)]
        plain = await gateway.chat("small")

    errors = [answer.body["error"] for answer in answers]
    named = [{each["target"] for each in (*error["attempts"], *error["skipped"])} for error in errors]
    assert [503] * 6 == [answer.status for answer in answers]
    assert {("no_target_available", ALONE)} == {(error["code"], error["message"]) for error in errors}
    assert [{"ollama/llama3.2", "ollama/mistral"}] * 6 == named
    assert {"connection refused"} == {each["message"] for each in errors[0]["attempts"]}
    assert {"false"} == {answer.headers["x-should-retry"] for answer in answers}
    assert 502 == plain.status


async def test_what_probes_have_found_is_the_reason(start):
    async with start(text(probe=", probe: {every: 1s, down: 1}")) as gateway:

        async def lost() -> bool:
            return await gateway.metric('switchyard_provider_ejected{provider="ollama"}') == 1

        await until(lost)
        error = (await gateway.chat("auto")).body["error"]

    reasons = {each["reason"] for each in error["skipped"]}
    assert ("no_target_available", ALONE) == (error["code"], error["message"])
    assert {"its provider's probes fail (unreachable)"} == reasons


@pytest.mark.parametrize(("play", "status"), [(ok(), 502), (fails(503), 503)])
async def test_who_answers_anything_is_there(start, play, status):
    """An ollama that says nothing it should, or is overloaded."""
    async with Provider(play) as ollama, start(text(ollama.url.removesuffix("/v1"))) as gateway:
        answer = await gateway.chat("auto")

    assert (status, False) == (answer.status, "nobody to choose" in answer.body["error"]["message"])


async def test_beside_a_provider_with_a_key_nothing_is_said_of_keys(start):
    more = f'  lab: {{dialect: openai, api_key: k, base_url: "http://127.0.0.1:{free_port()}/v1", local: false}}'
    async with start(text(more=more).replace("small: ollama/mistral", "small: lab/x")) as gateway:
        answer = await gateway.chat("auto")

    assert (502, "upstream_unreachable") == (answer.status, answer.body["error"]["code"])


async def test_of_several_machines_one_will_do(start):
    more = "\n".join(f'  {name}: {{dialect: vllm, base_url: "http://127.0.0.1:{free_port()}/v1"}}' for name in "abc")
    config = text(more=more).replace("  openai: {}\n  anthropic: {}\n", "").replace("openai/gpt-4o", "a/x")
    async with start(config) as gateway:
        answer = await gateway.chat("auto")

    assert (
        "'auto' has nobody to choose: ollama, a, b can't be reached, and there is no other provider. "
        "Start one of them, or give another provider its API key."
    ) == answer.body["error"]["message"]
