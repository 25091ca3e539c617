"""Anthropic's dialect, through the whole gateway."""

import orjson
import pytest

from tests.whole.provider import Provider, ok, says, streams

CONFIG = """
providers:
  a: {{dialect: anthropic, api_key: sk-ant-secret, base_url: "{a}", beta: "some-beta-2026-01-01"}}
  b: {{dialect: openai, api_key: sk-b, base_url: "{b}"}}
defaults:
  retry: {{attempts: 1, backoff: 10ms}}
routes:
  m: {{chain: [a/claude-sonnet-4-5, b/two]}}
  alone: a/claude-opus-5-5
  strict: {{chain: [a/claude-opus-5-5], params: strict}}
"""
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}


def message(*content, stop="end_turn"):
    usage = {"input_tokens": 9, "cache_read_input_tokens": 90, "output_tokens": 3}
    facts = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_sequence": None}
    return {**facts, "content": list(content), "stop_reason": stop, "usage": usage}


def text(words):
    return {"type": "text", "text": words, "citations": None}


def event(kind, **facts):
    return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps({"type": kind, **facts}) + b"\n\n"


def block(index, raw, *deltas):
    return [
        event("content_block_start", index=index, content_block=raw),
        *(event("content_block_delta", index=index, delta=delta) for delta in deltas),
        event("content_block_stop", index=index),
    ]


BEGIN = event("message_start", message={**message(), "stop_reason": None})
WORDS = block(0, text(""), *({"type": "text_delta", "text": one} for one in ("Hel", "lo")))


def end(stop="end_turn"):
    return [event("message_delta", delta={"stop_reason": stop}, usage={"output_tokens": 5}), event("message_stop")]


def config(a, b=None):
    home = a.url.removesuffix("/v1")
    return CONFIG.format(a=home, b=b.url if b else "http://127.0.0.1:9/v1")


@pytest.mark.covers("anthropic", "text")
async def test_a_call_and_its_answer(start):
    async with Provider(says(200, message(text("Hello")))) as a, start(config(a)) as gateway:
        answer = await gateway.chat("alone", max_tokens=50, temperature=0.2)

    sent = a.requests[0]
    assert ("/v1/messages", "sk-ant-secret", "2023-06-01", "some-beta-2026-01-01") == (
        sent.path,
        sent.headers["x-api-key"],
        sent.headers["anthropic-version"],
        sent.headers["anthropic-beta"],
    )
    assert {
        "model": "claude-opus-5-5",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    } == sent.body
    assert (200, "Hello", 99) == (
        answer.status,
        answer.body["choices"][0]["message"]["content"],
        answer.body["usage"]["prompt_tokens"],
    )
    assert "temperature" == answer.headers["x-switchyard-dropped"]


@pytest.mark.covers("anthropic", "stream")
async def test_a_stream(start):
    async with Provider(streams([BEGIN, *WORDS, *end()])) as a, start(config(a)) as gateway:
        answer = await gateway.chat("alone", stream=True, stream_options={"include_usage": True})

    assert (200, "Hello", "[DONE]") == (answer.status, answer.text, answer.events[-1])
    assert [5, 99] == [answer.events[-2]["usage"][name] for name in ("completion_tokens", "prompt_tokens")]
    assert True is a.requests[0].body["stream"]


@pytest.mark.covers("anthropic", "tools", "tool loop", "reasoning")
@pytest.mark.parametrize("stream", [False, True])
async def test_thoughts_come_back_for_a_client_that_drops_them(start, stream):
    thinking = block(
        0, {**THOUGHT, "thinking": "", "signature": ""}, {"type": "thinking_delta", "thinking": "Hm."},
        {"type": "signature_delta", "signature": "c2ln"},
    )  # fmt: skip
    using = block(1, {**CALL, "input": {}}, {"type": "input_json_delta", "partial_json": '{"a":1}'})
    whole = says(200, message(THOUGHT, CALL, stop="tool_use"))
    first = streams([BEGIN, *thinking, *using, *end("tool_use")]) if stream else whole
    hi = {"role": "user", "content": "hi"}
    function = {"name": "f", "arguments": '{"a":1}'}
    called = {"role": "assistant", "tool_calls": [{"id": "toolu_1", "type": "function", "function": function}]}
    result = {"role": "tool", "tool_call_id": "toolu_1", "content": "2"}

    async with Provider(first, says(200, message(text("Two.")))) as a, start(config(a)) as gateway:
        await gateway.chat("alone", tools=[TOOL], stream=stream)
        answer = await gateway.chat("alone", tools=[TOOL], messages=[hi, called, result])

    assert "Two." == answer.body["choices"][0]["message"]["content"]
    assert [
        {"role": "assistant", "content": [THOUGHT, CALL]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "2"}]},
    ] == a.requests[1].body["messages"][1:]


OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "r"}


@pytest.mark.covers("anthropic", "errors")
@pytest.mark.parametrize("stream", [False, True])
async def test_an_overload_is_answered_by_the_next_target(start, stream):
    from tests.whole.provider import words

    other = streams(words("from b")) if stream else ok("from b")
    async with Provider(says(529, OVERLOADED)) as a, Provider(other) as b, start(config(a, b)) as gateway:
        answer = await gateway.chat(stream=stream)
        alone = await gateway.chat("alone", stream=stream)

    said = answer.text if stream else answer.body["choices"][0]["message"]["content"]
    assert (200, "from b") == (answer.status, said)
    assert (503, "server_is_overloaded") == (alone.status, alone.body["error"]["code"])


async def test_an_overload_inside_a_stream_before_any_word_is_answered_by_the_next_target(start):
    from tests.whole.provider import words

    first = streams([BEGIN, event("error", **{name: OVERLOADED[name] for name in ("error",)})])
    async with Provider(first) as a, Provider(streams(words("from b"))) as b, start(config(a, b)) as gateway:
        answer = await gateway.chat(stream=True)

    assert (200, "from b") == (answer.status, answer.text)


@pytest.mark.parametrize("whole", [True, False])
async def test_a_stream_that_is_cut_ends_in_an_error_and_nothing_else(start, whole):
    async with Provider(streams([BEGIN, *WORDS[:2]], whole=whole)) as a, start(config(a)) as gateway:
        answer = await gateway.chat("alone", stream=True)

    assert (200, "Hel") == (answer.status, answer.text)
    assert "error" in answer.events[-1]
    assert not any(choice["finish_reason"] for one in answer.events[:-1] for choice in one["choices"])


async def test_what_a_model_does_not_take_is_refused_where_the_operator_is_strict(start):
    async with Provider(ok()) as a, start(config(a)) as gateway:
        answer = await gateway.chat("strict", temperature=0.2)

    assert (400, "temperature", []) == (answer.status, answer.body["error"]["param"], a.requests)


HALF = block(0, {**CALL, "input": {}}, {"type": "input_json_delta", "partial_json": '{"a"'})


async def test_half_of_a_call_is_no_call(start):
    """Also where the provider says that all is well."""
    stream = streams([BEGIN, *HALF, *end("tool_use")])
    async with Provider(stream) as a, start(config(a)) as gateway:
        answer = await gateway.chat("alone", stream=True, tools=[TOOL])

    assert "the answer calls a tool with half of its arguments" == answer.events[-1]["error"]["message"]
    assert not any(choice["finish_reason"] for one in answer.events[:-1] for choice in one["choices"])


async def test_an_answer_that_does_not_say_why_it_ended_is_tried_elsewhere(start):
    unfinished = says(200, message(text("Hel"), stop=None))
    async with Provider(unfinished) as a, Provider(ok("from b")) as b, start(config(a, b)) as gateway:
        answer = await gateway.chat()
        alone = await gateway.chat("alone")

    assert (200, "from b") == (answer.status, answer.body["choices"][0]["message"]["content"])
    assert (502, "upstream_error") == (alone.status, alone.body["error"]["code"])
