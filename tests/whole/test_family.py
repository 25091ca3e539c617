"""Relatives of OpenAI behind the whole gateway, as their answers really come."""

import asyncio

import orjson
import pytest

from tests.whole.provider import (
    DONE,
    ROLE,
    SSE,
    STOP,
    Provider,
    answer,
    chunked,
    completion,
    fails,
    ok,
    piece,
    says,
    sends,
    streams,
    usage_event,
)

CONFIG = """
providers:
  a: {{dialect: {dialect}, api_key: sk-provider-a-secret, base_url: "{a}"}}
  b: {{dialect: openai, api_key: sk-provider-b-secret, base_url: "{b}"}}
defaults:
  retry: {{attempts: 1, backoff: 10ms}}
  timeouts: {{connect: 1s, first_content: 500ms, idle: 500ms, attempt: 500ms, total: 3s}}
routes:
  m: {{chain: [a/one, b/two]}}
  strict: {{chain: [a/one, b/two], params: strict}}
  alone: {{chain: [a/{model}], params: drop}}
"""
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}
ENTITY = "chat.completion.chunk"


def config(dialect, a, b, model="one"):
    return CONFIG.format(dialect=dialect, a=a.url, b=b.url, model=model)


def called(id, **more):
    call = {"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": "", "tool_calls": [call], **more}
    return completion(choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}])


def event(**body):
    return b"data: " + orjson.dumps({"id": "x", "object": ENTITY, "created": 1, "model": "m", **body}) + b"\n\n"


MISTRAL = [
    ROLE,
    piece({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}),
    piece({"content": "hel"}),
    piece({"content": "lo"}),
    event(choices=[{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}], usage=USAGE),
    DONE,
]
DEEPSEEK = [
    b": keep-alive\n\n",
    ROLE,
    piece({"reasoning_content": "hm"}),
    piece({"content": "hel"}),
    piece({"content": "lo"}),
    STOP,
    usage_event(9, 12),
    DONE,
]
OPENROUTER = [
    b": OPENROUTER PROCESSING\n\n",
    ROLE,
    piece({"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm", "index": 0}]}),
    piece({"content": "hel"}),
    piece({"content": "lo"}),
    STOP,
    event(choices=[], usage={**USAGE, "cost": 0.5}),
    DONE,
]
PERPLEXITY = [
    event(
        choices=[
            {"index": 0, "delta": {"role": "assistant", "content": words}, "message": {}, "finish_reason": finish}
        ],
        citations=["https://a.example"],
        usage=USAGE,
    )
    for words, finish in (("<think>hm</think>", None), ("hel", None), ("lo", None), ("", "stop"))
]
GROQ = [
    ROLE,
    piece({"reasoning": "hm"}),
    piece({"content": "hel"}),
    piece({"content": "lo"}),
    event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}], x_groq={"usage": USAGE}),
    DONE,
]
MINIMAX = [
    ROLE,
    piece({"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}),
    piece({"content": "hel"}),
    piece({"content": "lo"}),
    event(choices=[{"index": 0, "message": {"content": "hello"}, "finish_reason": "stop"}], usage=USAGE),
]
AZURE = [
    event(id="", model="", choices=[], prompt_filter_results=[{"prompt_index": 0}]),
    ROLE,
    piece({"reasoning_content": "hm"}),
    piece({"content": "hel"}),
    piece({"content": "lo"}),
    STOP,
    usage_event(9, 12),
    DONE,
]
STREAMS = {
    "mistral": MISTRAL,
    "deepseek": DEEPSEEK,
    "openrouter": OPENROUTER,
    "perplexity": PERPLEXITY,
    "groq": GROQ,
    "minimax": MINIMAX,
    "azure": AZURE,
}


@pytest.mark.parametrize("dialect", STREAMS)
async def test_a_stream_is_openais(start, dialect):
    async with Provider(streams(STREAMS[dialect])) as a, Provider(ok()) as b, start(config(dialect, a, b)) as gateway:
        told = await gateway.chat(stream=True, stream_options={"include_usage": True})

    assert (200, "hello", "[DONE]") == (told.status, told.text, told.events[-1])
    events = told.events[:-1]
    choices = [choice for each in events for choice in each["choices"]]
    assert "hm" == "".join(choice["delta"].get("reasoning_content") or "" for choice in choices)
    assert ["stop"] == [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    assert 21 == events[-1]["usage"]["total_tokens"]
    assert [] == events[-1]["choices"]


@pytest.mark.parametrize("dialect", STREAMS)
async def test_a_stream_that_is_cut_ends_in_an_error(start, dialect):
    cut = streams(STREAMS[dialect][:3], whole=False)
    async with Provider(cut) as a, Provider(ok()) as b, start(config(dialect, a, b)) as gateway:
        told = await gateway.chat("alone", stream=True)

    assert "error" in told.events[-1]
    assert "[DONE]" not in told.events
    finishes = [choice["finish_reason"] for each in told.events[:-1] for choice in each["choices"]]
    assert not any(finishes)


@pytest.mark.parametrize(
    ("dialect", "play"),
    [
        ("mistral", fails(429, "Service tier capacity exceeded for this model")),
        ("deepseek", fails(402, "Insufficient Balance")),
        ("openrouter", says(200, {"choices": None, "error": {"code": 502, "message": "Provider returned error"}})),
        ("groq", fails(400, "Failed to call a function.", code="tool_use_failed", failed_generation="<f")),
        ("xai", says(400, {"code": "x", "error": "Incorrect API key provided: xx***yy"})),
        ("minimax", says(200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}})),
        ("portkey", says(412, {"status": "failure", "message": "Budget exhausted"})),
        ("portkey", says(429, {"status": "failure", "message": "slow"}, {"retry-after": "1"})),
        ("huggingface", says(503, {"error": "Model x is currently loading", "estimated_time": 20})),
        ("perplexity", sends(answer(401, b"<html>no</html>", {"content-type": "text/html"}))),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_another_target_answers_where_a_relative_fails(start, dialect, play, stream):
    backup = streams([ROLE, piece({"content": "from b"}), STOP, DONE]) if stream else ok("from b")
    async with Provider(play) as a, Provider(backup) as b, start(config(dialect, a, b)) as gateway:
        told = await gateway.chat(stream=stream)

    text = told.text if stream else told.body["choices"][0]["message"]["content"]
    assert (200, "from b") == (told.status, text)
    assert 1 == len(a.requests) == len(b.requests)


async def test_more_24_a_target_without_credit_answers_as_such(start):
    broke = fails(402, "Insufficient credits", code=402)
    async with Provider(broke) as a, Provider(ok()) as b, start(config("openrouter", a, b)) as gateway:
        told = await gateway.chat("alone")

    assert (502, "upstream_out_of_credit") == (told.status, told.body["error"]["code"])


async def test_more_28_a_prompt_that_azures_filter_stops_goes_nowhere_else(start):
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}
    filtered = fails(400, "The response was filtered", code="content_filter", innererror=inner)
    async with Provider(filtered) as a, Provider(ok()) as b, start(config("azure", a, b)) as gateway:
        told = await gateway.chat()

    assert (400, "content_filter", []) == (told.status, told.body["error"]["code"], b.requests)


async def test_more_30_a_redirect_is_not_followed_and_no_key_goes_elsewhere(start):
    async with Provider(ok()) as elsewhere:
        moved = sends(answer(307, b"", {"location": elsewhere.url}))
        async with Provider(moved) as a, Provider(ok("from b")) as b, start(config("azure", a, b)) as gateway:
            told = await gateway.chat("alone")

    assert 502 == told.status
    assert "sk-provider-a-secret" == a.requests[0].headers["api-key"]
    assert [] == elsewhere.requests


async def test_more_16_thoughts_come_back_with_the_results_of_a_tool(start):
    first = says(200, called("call_1", reasoning_content="because"))
    async with Provider(first, ok("warm")) as a, Provider(ok()) as b, start(config("deepseek", a, b)) as gateway:
        told = await gateway.chat("alone", tools=TOOLS)
        message = {**told.body["choices"][0]["message"]}
        del message["reasoning_content"]
        result = {"role": "tool", "tool_call_id": "call_1", "content": "7"}
        loop = [{"role": "user", "content": "hi"}, message, result]
        again = await gateway.chat("alone", tools=TOOLS, messages=loop)

    assert (200, "warm") == (again.status, again.body["choices"][0]["message"]["content"])
    assert "because" == a.requests[1].body["messages"][1]["reasoning_content"]
    assert "x-switchyard-dropped" not in again.headers


async def test_thoughts_of_a_stream_come_back_too(start):
    detail = {"type": "reasoning.text", "text": "because", "signature": "s", "index": 0}
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    first = [ROLE, piece({"reasoning_details": [detail]}), piece({"tool_calls": [call]}), piece({}, "tool_calls"), DONE]
    async with Provider(streams(first), ok()) as a, Provider(ok()) as b, start(config("openrouter", a, b)) as gateway:
        await gateway.chat("alone", tools=TOOLS, stream=True)
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        result = {"role": "tool", "tool_call_id": "call_1", "content": "7"}
        await gateway.chat("alone", tools=TOOLS, messages=[{"role": "user", "content": "hi"}, message, result])

    assert [detail] == a.requests[1].body["messages"][1]["reasoning_details"]


async def test_a_round_of_tools_with_mistral_keeps_the_clients_ids(start):
    async with Provider(ok("warm")) as a, Provider(ok()) as b, start(config("mistral", a, b)) as gateway:
        call = {"id": "call_0fypS1hVXabc", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        loop = [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": "7"},
        ]
        told = await gateway.chat("alone", messages=loop, tools=TOOLS, user="me")

    sent = a.requests[0].body["messages"]
    assert 9 == len(sent[2]["tool_call_id"])
    assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"]
    assert (200, "user") == (told.status, told.headers["x-switchyard-dropped"])


async def test_what_one_may_not_drop_goes_to_who_takes_it(start):
    async with Provider(ok("from a")) as a, Provider(ok("from b")) as b, start(config("mistral", a, b)) as gateway:
        told = await gateway.chat("strict", logit_bias={"1": 1})
        loose = await gateway.chat(logit_bias={"1": 1})

    assert "from b" == told.body["choices"][0]["message"]["content"]
    assert ("from a", "logit_bias") == (
        loose.body["choices"][0]["message"]["content"],
        loose.headers["x-switchyard-dropped"],
    )


async def test_a_gap_is_filled(start):
    async with Provider(ok("pass")) as a, Provider(ok()) as b, start(config("codestral", a, b)) as gateway:
        body = {"model": "alone", "prompt": "def f():", "suffix": "\n"}
        told = await gateway.request("POST", "/v1/completions", body)

    assert "/v1/fim/completions" == a.requests[0].path
    assert ("text_completion", "pass") == (told.body["object"], told.body["choices"][0]["text"])


async def test_a_gap_is_filled_piece_by_piece(start):
    pieces = [ROLE, piece({"content": "pa"}), piece({"content": "ss"}, "stop"), usage_event(), DONE]
    async with Provider(streams(pieces)) as a, Provider(ok()) as b, start(config("codestral", a, b)) as gateway:
        body = {"model": "alone", "prompt": "def f():", "suffix": "\n", "stream": True}
        told = await gateway.request("POST", "/v1/completions", body)

    texts = [choice["text"] for each in told.events[:-1] for choice in each["choices"]]
    assert ("pass", "[DONE]") == ("".join(texts), told.events[-1])


async def test_more_17_blank_lines_are_no_answer_yet(start):
    whole = orjson.dumps(completion("late"))

    async def play(_request, writer):
        writer.write(SSE.replace(b"text/event-stream", b"application/json"))
        for _ in range(3):
            writer.write(chunked(b"\n"))
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.write(chunked(whole) + b"0\r\n\r\n")

    async def never(_request, writer):
        writer.write(SSE.replace(b"text/event-stream", b"application/json"))
        while True:
            writer.write(chunked(b"\n"))
            await writer.drain()
            await asyncio.sleep(0.05)

    async with Provider(play, never) as a, Provider(ok()) as b, start(config("deepseek", a, b)) as gateway:
        told = await gateway.chat("alone")
        late = await gateway.chat("alone")

    assert "late" == told.body["choices"][0]["message"]["content"]
    assert (504, "upstream_timeout") == (late.status, late.body["error"]["code"])


async def test_more_18_comments_do_not_count_as_an_answer(start):
    async def play(_request, writer):
        writer.write(SSE)
        while True:
            writer.write(chunked(b": keep-alive\n\n"))
            await writer.drain()
            await asyncio.sleep(0.05)

    backup = streams([ROLE, piece({"content": "from b"}), STOP, DONE])
    async with Provider(play) as a, Provider(backup) as b, start(config("deepseek", a, b)) as gateway:
        told = await gateway.chat(stream=True)

    assert "from b" == told.text


async def test_portkey_is_asked_not_to_try_again(start):
    async with Provider(ok()) as a, Provider(ok()) as b, start(config("portkey", a, b)) as gateway:
        await gateway.chat("alone")

    headers = a.requests[0].headers
    assert ("0", "sk-provider-a-secret") == (headers["x-portkey-retry-count"], headers["x-portkey-api-key"])
    assert "authorization" not in headers


async def test_more_19_a_name_that_is_gone_is_still_answered(start):
    async with (
        Provider(says(200, completion("hi", model="deepseek-flash"))) as a,
        Provider(ok()) as b,
        start(config("deepseek", a, b, model="deepseek-reasoner")) as gateway,
    ):
        told = await gateway.chat("alone")

    assert ("deepseek-flash", {"type": "enabled"}) == (a.requests[0].body["model"], a.requests[0].body["thinking"])
    assert "deepseek-reasoner" == told.body["model"]
