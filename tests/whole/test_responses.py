"""Chat calls that OpenAI only takes through its Responses API, with the whole gateway."""

import orjson
import pytest

from tests.whole.provider import Provider, fails, ok, says, streams, words

CONFIG = """
providers:
  openai: {{api_key: sk-a, base_url: "{a}"}}
  other: {{dialect: openai, api_key: sk-b, base_url: "{b}"}}
defaults:
  retry: {{attempts: 2, backoff: 10ms}}
  timeouts: {{connect: 1s, first_content: 300ms, idle: 300ms, attempt: 300ms, total: 2s}}
routes:
  m: openai/gpt-5.6-terra
  chained: {{chain: [openai/gpt-5.6-terra, other/real], retry: {{attempts: 1}}}}
  strict: {{chain: [openai/gpt-5.6-terra], params: strict}}
"""
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 21,
}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
SECRET = {**THOUGHT, "encrypted_content": "gAAA"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Wien"}'}
MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "It rains.", "annotations": []}],
}


def response(*output, **facts):
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "error": None,
        "model": "gpt-5.6-terra-2026-07-01",
        "output": list(output),
        "usage": USAGE,
        **facts,
    }


def event(kind, **facts):
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps({"type": kind, **facts}))


BEGIN = event("response.created", response=response(status="in_progress", usage=None))
DELTAS = [
    event("response.output_text.delta", delta=text, output_index=0, content_index=0) for text in ("It ", "rains.")
]
END = event("response.completed", response=response(MESSAGE))
STREAM = [BEGIN, *DELTAS, event("response.output_item.done", item=MESSAGE, output_index=0), END]
CALLS = [
    BEGIN,
    event("response.output_item.done", item=SECRET, output_index=0),
    event("response.output_item.added", item={**CALL, "arguments": ""}, output_index=1),
    event("response.function_call_arguments.delta", delta='{"city":', output_index=1),
    event("response.function_call_arguments.delta", delta='"Wien"}', output_index=1),
    event("response.output_item.done", item=CALL, output_index=1),
    event("response.completed", response=response(SECRET, CALL)),
]


def config(a, b):
    return CONFIG.format(a=a.url, b=b.url)


@pytest.mark.covers("openai", "text", "tools", "reasoning")
async def test_a_call_with_tools_and_effort_is_answered_like_any_other(start):
    async with Provider(says(200, response(THOUGHT, CALL))) as a, Provider(ok()) as b, start(config(a, b)) as gateway:
        answer = await gateway.chat(tools=TOOLS, reasoning_effort="low", temperature=0.5)

    choice = answer.body["choices"][0]
    assert (200, "chat.completion", "tool_calls") == (answer.status, answer.body["object"], choice["finish_reason"])
    assert ("hm", "call_1") == (choice["message"]["reasoning_content"], choice["message"]["tool_calls"][0]["id"])
    assert "temperature" == answer.headers["x-switchyard-dropped"]
    assert ("/v1/responses", "Bearer sk-a") == (a.requests[0].path, a.requests[0].headers["authorization"])
    assert {"effort": "low", "summary": "auto"} == a.requests[0].body["reasoning"]


async def test_calls_that_chat_completions_take_stay_there(start):
    async with Provider(ok()) as a, Provider(ok()) as b, start(config(a, b)) as gateway:
        await gateway.chat()
        await gateway.chat(tools=TOOLS, reasoning_effort="none")

    assert ["/v1/chat/completions"] * 2 == [each.path for each in a.requests]


@pytest.mark.covers("openai", "stream", "text")
async def test_a_stream_is_a_stream_of_chunks(start):
    options = {"include_usage": True}
    async with Provider(streams(STREAM)) as a, Provider(ok()) as b, start(config(a, b)) as gateway:
        answer = await gateway.chat(tools=TOOLS, stream=True, stream_options=options)
        quiet = await gateway.chat(tools=TOOLS, stream=True)

    assert (200, "It rains.", "[DONE]") == (answer.status, answer.text, answer.events[-1])
    assert (9, 12, 4) == (
        answer.events[-2]["usage"]["prompt_tokens"],
        answer.events[-2]["usage"]["completion_tokens"],
        answer.events[-2]["usage"]["prompt_tokens_details"]["cached_tokens"],
    )
    assert b"usage" not in quiet.raw
    assert ["stop"] == [one["choices"][0]["finish_reason"] for one in quiet.events[-2:-1]]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.covers("openai", "tools", "tool loop", "reasoning")
async def test_what_was_thought_goes_back_though_the_client_does_not_know_of_it(start, stream):
    first = streams(CALLS) if stream else says(200, response(SECRET, CALL))
    async with Provider(first, says(200, response(MESSAGE))) as a, Provider(ok()) as b, start(config(a, b)) as gateway:
        await gateway.chat(tools=TOOLS, stream=stream)
        function = {"name": "weather", "arguments": '{"city":"Wien"}'}
        messages = [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "wet"},
        ]
        answer = await gateway.chat(tools=TOOLS, messages=messages)

    assert "It rains." == answer.body["choices"][0]["message"]["content"]
    told = a.requests[1].body["input"]
    assert ["message", "reasoning", "function_call", "function_call_output"] == [one["type"] for one in told]
    assert ("rs_1", "gAAA") == (told[1]["id"], told[1]["encrypted_content"])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.covers("openai", "errors")
async def test_a_failure_is_followed_by_the_next_target(start, stream):
    failed = response(status="failed", error={"code": "server_error", "message": "oops"})
    play = streams([BEGIN, event("response.failed", response=failed)]) if stream else fails(500)
    good = streams(words("from b")) if stream else ok("from b")
    async with Provider(play) as a, Provider(good) as b, start(config(a, b)) as gateway:
        answer = await gateway.chat("chained", tools=TOOLS, stream=stream)

    text = answer.text if stream else answer.body["choices"][0]["message"]["content"]
    assert (200, "from b", "other/real") == (answer.status, text, answer.headers["x-switchyard-target"])
    assert ("/v1/responses", "/v1/chat/completions") == (a.requests[0].path, b.requests[0].path)
    assert TOOLS == b.requests[0].body["tools"]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.covers("openai", "stream", "errors")
async def test_a_stream_that_is_cut_ends_in_an_error(start, whole):
    async with (
        Provider(streams([BEGIN, *DELTAS], whole=whole)) as a,
        Provider(ok()) as b,
        start(config(a, b)) as gateway,
    ):
        answer = await gateway.chat(tools=TOOLS, stream=True)

    assert "It rains." == "".join(one["choices"][0]["delta"].get("content", "") for one in answer.events[:-1])
    assert answer.events[-1]["error"]["type"]
    assert b"[DONE]" not in answer.raw
    assert b'"finish_reason":"' not in answer.raw


@pytest.mark.covers("openai", "stream", "errors")
async def test_an_error_half_way_is_told_in_its_own_words(start):
    error = event("error", code="server_is_overloaded", message="Too busy", param=None, sequence_number=9)
    async with Provider(streams([BEGIN, *DELTAS, error])) as a, Provider(ok()) as b, start(config(a, b)) as gateway:
        answer = await gateway.chat(tools=TOOLS, stream=True)

    told = answer.events[-1]["error"]
    assert ("server_is_overloaded", True) == (told["code"], "Too busy" in told["message"])
    assert b"[DONE]" not in answer.raw


async def test_an_organisation_without_summaries_is_served_without(start):
    refused = fails(
        400,
        "Your organization must be verified to generate reasoning summaries.",
        param="reasoning.summary",
        code="unsupported_value",
    )
    async with (
        Provider(refused, says(200, response(MESSAGE))) as a,
        Provider(ok()) as b,
        start(config(a, b)) as gateway,
    ):
        answer = await gateway.chat(tools=TOOLS)
        await gateway.chat(tools=TOOLS)

    assert (200, "2") == (answer.status, answer.headers["x-switchyard-attempts"])
    assert [{"summary": "auto"}, {}, {}] == [each.body["reasoning"] for each in a.requests]


@pytest.mark.covers("openai", "errors")
async def test_what_only_another_target_can_do_is_done_there(start):
    async with (
        Provider(says(200, response(MESSAGE))) as a,
        Provider(ok("from b", choices=2)) as b,
        start(config(a, b)) as gateway,
    ):
        elsewhere = await gateway.chat("chained", tools=TOOLS, n=2)
        alone = await gateway.chat(tools=TOOLS, n=2)
        strict = await gateway.chat("strict", tools=TOOLS, stop="x")

    assert (200, "other/real") == (elsewhere.status, elsewhere.headers["x-switchyard-target"])
    assert (400, "n") == (alone.status, alone.body["error"]["param"])
    assert (400, "stop") == (strict.status, strict.body["error"]["param"])
    assert [] == a.requests
