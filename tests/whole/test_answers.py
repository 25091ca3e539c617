"""What a call through the gateway looks like when all goes well."""

import orjson
import pytest

from tests.whole.provider import DONE, ROLE, STOP, Provider, completion, ok, piece, says, streams, usage_event, words

CONFIG = """
providers:
  openai: {{api_key: sk-provider, base_url: "{url}", organization: org-1}}
models:
  openai/real: {{price: {{input: 1000000, output: 2000000}}}}
routes:
  m: openai/real
  "fam-*": openai/family-*
"""


async def test_a_whole_answer_passes_untouched(start):
    sent = completion("héllo", something_new={"a": [1, None]}, system_fingerprint="fp")
    async with Provider(says(200, sent)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await gateway.chat(temperature=0.5, my_own={"x": 1}, user=None)

    assert (answer.status, answer.raw) == (200, orjson.dumps(sent))
    assert answer.headers["content-type"] == "application/json"
    asked = provider.requests[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {
        "model": "real",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.5,
        "my_own": {"x": 1},
        "user": None,
    }
    assert asked.headers["authorization"] == "Bearer sk-provider"
    assert asked.headers["openai-organization"] == "org-1"


async def test_an_answer_says_which_way_it_went_and_what_it_cost(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await gateway.chat(headers={"x-request-id": "mine-1"})
        another = await gateway.chat()

    assert answer.headers["x-request-id"] == "mine-1"
    assert another.headers["x-request-id"].startswith("req-")
    assert answer.headers["x-switchyard-route"] == "m"
    assert answer.headers["x-switchyard-target"] == "openai/real"
    assert answer.headers["x-switchyard-attempts"] == "1"
    assert answer.headers["x-switchyard-cost-usd"] == "33.000000000"
    assert len(answer.headers["x-switchyard-config"]) == 12


async def test_the_clients_headers_do_not_reach_the_provider(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await gateway.chat(headers={"cookie": "a=b", "x-forwarded-for": "1.2.3.4", "openai-organization": "theirs"})

    assert "cookie" not in provider.requests[0].headers
    assert "x-forwarded-for" not in provider.requests[0].headers
    assert provider.requests[0].headers["openai-organization"] == "org-1"


async def test_wildcards_keep_the_rest_of_the_name(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await gateway.chat("fam-large-2")
        direct = await gateway.chat("openai/anything/at-all")

    assert [each.body["model"] for each in provider.requests] == ["family-large-2", "anything/at-all"]
    assert answer.headers["x-switchyard-route"] == "fam-*"
    assert direct.headers["x-switchyard-target"] == "openai/anything/at-all"


async def test_a_stream_passes_untouched_but_for_the_usage_nobody_asked_for(start):
    events = words("hel", "lo ", "wörld")
    async with Provider(streams(events)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await gateway.chat(stream=True)

    assert answer.raw == b"".join(each for each in events if b"usage" not in each)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-switchyard-target"] == "openai/real"
    assert provider.requests[0].body["stream_options"] == {"include_usage": True}


async def test_usage_is_shown_to_who_asked_for_it(start):
    events = words("hello")
    async with Provider(streams(events)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await gateway.chat(stream=True, stream_options={"include_usage": True, "include_obfuscation": False})

    assert answer.raw == b"".join(events)
    assert provider.requests[0].body["stream_options"] == {"include_usage": True, "include_obfuscation": False}


async def test_usage_that_was_asked_for_and_not_reported_is_estimated(start):
    events = [ROLE, piece({"content": "x" * 40}), STOP, DONE]
    async with Provider(streams(events)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await gateway.chat(stream=True, stream_options={"include_usage": True})
        estimated = await gateway.metric('switchyard_estimated_usage_total{target="openai/real"}')

    usage = answer.events[-2]
    assert answer.events[-1] == "[DONE]"
    assert (usage["id"], usage["choices"], usage["usage"]["completion_tokens"]) == ("chatcmpl-1", [], 10)
    assert estimated == 1


async def test_a_finish_without_the_last_done_is_whole(start):
    async with (
        Provider(streams([ROLE, piece({"content": "hi"}), STOP])) as provider,
        start(CONFIG.format(url=provider.url)) as gateway,
    ):
        answer = await gateway.chat(stream=True)

    assert answer.raw.endswith(STOP + DONE)


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_a_stream_that_comes_in_small_pieces_is_the_same(start, size):
    whole = b"".join(words("hel", "lo ", "wörld"))
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    async with (
        Provider(streams(pieces, pace=0.0001 if size == 1 else 0.001)) as provider,
        start(CONFIG.format(url=provider.url)) as gateway,
    ):
        answer = await gateway.chat(stream=True)

    assert answer.text == "hello wörld"
    assert answer.raw.endswith(DONE)


async def test_tool_calls_and_reasoning_count_as_content(start):
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    events = [ROLE, piece({"tool_calls": [call]}), piece({}, "tool_calls"), DONE]
    async with Provider(streams(events)) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await gateway.chat(stream=True, tools=[{"type": "function", "function": {"name": "f"}}])

    assert answer.raw == b"".join(events)


async def test_completions_and_embeddings_go_the_same_way(start):
    text = {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "real",
        "choices": [{"index": 0, "text": "hi", "finish_reason": "stop"}],
    }
    vectors = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "model": "real",
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    }
    async with (
        Provider(says(200, text), says(200, vectors)) as provider,
        start(CONFIG.format(url=provider.url)) as gateway,
    ):
        first = await gateway.request("POST", "/completions", {"model": "m", "prompt": "hi"})
        second = await gateway.request("POST", "/v1/embeddings", {"model": "m", "input": "hi"})

    assert (first.body, second.body) == (text, vectors)
    assert [each.path for each in provider.requests] == ["/v1/completions", "/v1/embeddings"]


async def test_provider_connections_are_used_again(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        for _ in range(5):
            await gateway.chat()

    assert (len(provider.requests), provider.connections) == (5, 1)


async def test_a_stream_that_is_done_gives_its_connection_back(start):
    async with Provider(streams(words("a"))) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        for _ in range(3):
            await gateway.chat(stream=True)

    assert (len(provider.requests), provider.connections) == (3, 1)


async def test_what_was_used_is_counted(start):
    async with (
        Provider(ok(), streams([ROLE, piece({"content": "x"}), STOP, usage_event(5, 7), DONE])) as provider,
        start(CONFIG.format(url=provider.url)) as gateway,
    ):
        await gateway.chat()
        await gateway.chat(stream=True)
        counted = [
            await gateway.metric(line)
            for line in (
                'switchyard_calls_total{endpoint="chat",route="m",status="200",stream="false"}',
                'switchyard_calls_total{endpoint="chat",route="m",status="200",stream="true"}',
                'switchyard_tokens_total{kind="input",target="openai/real"}',
                'switchyard_tokens_total{kind="output",target="openai/real"}',
                'switchyard_cost_usd_total{target="openai/real"}',
            )
        ]

    assert counted == [1, 1, 14, 19, 52.0]
