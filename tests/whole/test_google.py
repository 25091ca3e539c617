"""The whole gateway in front of a server that speaks as Gemini does."""

import orjson
import pytest

from tests.whole.provider import SSE, Provider, chunked, ok, says, streams

CONFIG = """
providers:
  a: {{dialect: google, api_key: AIza-provider-a-secret, base_url: "{a}"}}
  b: {{dialect: openai, api_key: sk-provider-b-secret, base_url: "{b}/v1"}}
defaults:
  retry: {{attempts: 1, backoff: 10ms}}
  timeouts: {{connect: 1s, first_content: 1s, idle: 1s, attempt: 1s, total: 3s}}
routes:
  m: {{chain: [a/gemini-3.8-flash, b/two]}}
  alone: a/gemini-3.8-flash
"""
FRAME = {"modelVersion": "gemini-3.8-flash", "responseId": "r1"}
CALL = {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2lnbmVk"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {}}}}}
MINUTE = "GenerateRequestsPerMinutePerProjectPerModel"
LIMITED = {
    "error": {
        "code": 429,
        "status": "RESOURCE_EXHAUSTED",
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": MINUTE}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "45.837906927s"},
        ],
    }
}


def answer(*parts, finish="STOP", **more):
    candidate = {"content": {"role": "model", "parts": list(parts)}, **({"finishReason": finish} if finish else {})}
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    return {"candidates": [candidate], "usageMetadata": usage, **FRAME, **more}


def event(*parts, finish=None):
    return b"data: " + orjson.dumps(answer(*parts, finish=finish)) + b"\r\n\r\n"


def config(a, b):
    return CONFIG.format(a=a.url.removesuffix("/v1"), b=b.url.removesuffix("/v1"))


@pytest.mark.covers("google", "text")
async def test_text(start):
    async with Provider(says(200, answer({"text": "hello"}))) as a, Provider(ok()) as b, start(config(a, b)) as gateway:
        told = await gateway.chat(max_tokens=5)

    request = a.requests[0]
    assert "/v1beta/models/gemini-3.8-flash:generateContent" == request.path
    assert "AIza-provider-a-secret" == request.headers["x-goog-api-key"]
    assert {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "generationConfig": {"maxOutputTokens": 5},
    } == request.body
    assert ("hello", 5) == (told.body["choices"][0]["message"]["content"], told.body["usage"]["total_tokens"])


@pytest.mark.covers("google", "stream")
async def test_a_stream(start):
    play = streams([event({"text": "Hel"}), event({"text": "lo"}), event({"text": "!"}, finish="STOP")])
    async with Provider(play) as a, Provider(ok()) as b, start(config(a, b)) as gateway:
        told = await gateway.chat(stream=True, stream_options={"include_usage": True})

    assert "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse" == a.requests[0].path
    assert "Hello!" == told.text
    assert "[DONE]" == told.events[-1]
    assert 5 == told.events[-2]["usage"]["total_tokens"]


@pytest.mark.covers("google", "tools", "tool loop")
@pytest.mark.parametrize("stream", [False, True])
async def test_tools_and_back_with_the_signature_even_if_the_client_forgets_it(start, stream):
    calls = streams([event(CALL, finish="STOP")]) if stream else says(200, answer(CALL))
    async with (
        Provider(calls, says(200, answer({"text": "done"}))) as a,
        Provider(ok()) as b,
        start(config(a, b)) as gateway,
    ):
        first = await gateway.chat(tools=[TOOL], stream=stream)
        choice = first.events[1]["choices"][0]["delta"] if stream else first.body["choices"][0]["message"]
        call = choice["tool_calls"][0]
        bare = {"id": call["id"], "type": "function", "function": call["function"]}
        messages = [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": None, "tool_calls": [bare]},
            {"role": "tool", "tool_call_id": call["id"], "content": "17"},
        ]
        second = await gateway.chat(tools=[TOOL], messages=messages)

    parts = [part for content in a.requests[1].body["contents"] for part in content["parts"]]
    assert {"functionCall": {"id": call["id"], "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2lnbmVk"} == parts[
        1
    ]
    assert {"id": call["id"], "name": "f", "response": {"output": "17"}} == parts[2]["functionResponse"]
    assert "done" == second.body["choices"][0]["message"]["content"]


KEY = {
    "error": {
        "code": 400,
        "status": "INVALID_ARGUMENT",
        "message": "API key not valid.",
        "details": [{"reason": "API_KEY_INVALID"}],
    }
}


@pytest.mark.covers("google", "errors")
@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [(LIMITED, 429, "rate_limit_exceeded", "46"), (KEY, 502, "upstream_authentication", None)],
)
async def test_an_error_leads_to_another_target_or_to_the_client(start, error, status, code, wait):
    play = says(error["error"]["code"], error)
    async with Provider(play) as a, Provider(ok("from b")) as b, start(config(a, b)) as gateway:
        chained = await gateway.chat()
    async with Provider(play) as a, Provider(ok("from b")) as b, start(config(a, b)) as gateway:
        alone = await gateway.chat("alone")

    assert "from b" == chained.body["choices"][0]["message"]["content"]
    assert "2" == chained.headers["x-switchyard-attempts"]
    assert (status, code) == (alone.status, alone.body["error"]["code"])
    assert wait in {None, alone.headers.get("retry-after")}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_blocked_prompt_is_an_answer(start, stream):
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, **FRAME}
    play = streams([b"data: " + orjson.dumps(blocked) + b"\n\n"]) if stream else says(200, blocked)
    async with Provider(play) as a, Provider(ok("from b")) as b, start(config(a, b)) as gateway:
        told = await gateway.chat(stream=stream)

    choice = told.events[-2]["choices"][0] if stream else told.body["choices"][0]
    assert (200, "content_filter") == (told.status, choice["finish_reason"])


@pytest.mark.covers("google", "errors", "stream")
async def test_a_stream_that_is_cut_ends_in_an_error_and_nothing_else(start):
    play = streams([event({"text": "Hel"}), event({"text": "lo"}, finish="STOP")], whole=False, pace=0.02)
    async with Provider(play) as a, Provider(ok("from b")) as b, start(config(a, b)) as gateway:
        told = await gateway.chat(stream=True)

    assert "Hello" == told.text
    assert told.events[-1]["error"]["type"]
    assert "[DONE]" not in told.events
    assert not any(one["finish_reason"] for part in told.events[:-1] for one in part["choices"])


async def test_a_stream_that_ends_without_a_reason_is_broken(start):
    async with Provider(streams([event({"text": "Hel"})])) as a, Provider(ok()) as b, start(config(a, b)) as gateway:
        told = await gateway.chat(stream=True)

    assert told.events[-1]["error"]["code"] == "upstream_error"
    assert "[DONE]" not in told.events


async def test_an_error_inside_a_stream_before_content_leads_elsewhere(start):
    error = b"data: " + orjson.dumps({"error": {"code": 503, "status": "UNAVAILABLE", "message": "no"}}) + b"\n\n"

    async def play(_request, writer):
        writer.write(SSE + chunked(error) + b"0\r\n\r\n")

    async with Provider(play) as a, Provider(ok("from b")) as b, start(config(a, b)) as gateway:
        alone = await gateway.chat("alone", stream=True)

    assert (503, "server_is_overloaded") == (alone.status, alone.body["error"]["code"])


async def test_embeddings(start):
    embedded = {"embeddings": [{"values": [0.5]}, {"values": [1]}], "usageMetadata": {"promptTokenCount": 4}}
    async with Provider(says(200, embedded)) as a, Provider(ok()) as b, start(config(a, b)) as gateway:
        told = await gateway.request("POST", "/v1/embeddings", {"model": "alone", "input": ["a", "b"]})

    assert a.requests[0].path.endswith(":batchEmbedContents")
    assert [[0.5], [1]] == [one["embedding"] for one in told.body["data"]]
