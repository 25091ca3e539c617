"""Calls through the whole gateway to a server that plays Bedrock."""

import re
import sys
from pathlib import Path

import orjson
import pytest

from tests.whole.provider import Provider, chunked, ok, says, sends

sys.path.append(str(Path(__file__).parent.parent / "adapters"))

from converse import BEGIN, accepted, answer, delta, end, event, exception, parsed, stop

CONFIG = """
providers:
  aws: {{dialect: bedrock, api_key: "{key}", region: eu-central-1, base_url: "{aws}"}}
  other: {{dialect: openai, api_key: k, base_url: "{other}"}}
defaults: {{retry: {{attempts: 1, backoff: 10ms}}}}
routes:
  m: {{chain: ["aws/anthropic.claude-sonnet-4-5-20250929-v1:0", other/x]}}
  alone: "aws/anthropic.claude-sonnet-4-5-20250929-v1:0"
"""
ACCESS = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY:token"
PATH = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
SIGNED = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}}
USE = {"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Oslo"}}}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n"
WORDS = BEGIN + delta(text="half ") + delta(text="way")


def streams(*pieces, whole=True):
    data = HEAD + b"".join(map(chunked, pieces))
    return sends(data + b"0\r\n\r\n") if whole else sends(data, close=True)


def config(aws, other=None, key=ACCESS):
    # Bedrock's address has no version in its path.
    return CONFIG.format(
        aws=aws.url.removesuffix("/v1"), other=other.url if other else "http://127.0.0.1:9/v1", key=key
    )


class Sent:
    """A request as the played provider got it, for AWS's own validator."""

    def __init__(self, request):
        self.body = request.raw


@pytest.mark.covers("bedrock", "text")
async def test_an_answer_comes_back_and_the_request_was_signed(start):
    async with Provider(says(200, parsed(answer({"text": "hello"})))) as aws, start(config(aws)) as gateway:
        answered = await gateway.chat("alone", max_tokens=5)

    request = aws.requests[0]
    assert (200, "hello") == (answered.status, answered.body["choices"][0]["message"]["content"])
    assert 13 == answered.body["usage"]["total_tokens"]
    assert float(answered.headers["x-switchyard-cost-usd"]) > 0
    assert PATH == request.path
    assert {"maxTokens": 5} == accepted(Sent(request))["inferenceConfig"]
    assert re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/\d{8}/eu-central-1/bedrock/aws4_request, "
        r"SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}",
        request.headers["authorization"],
    )
    assert "token" == request.headers["x-amz-security-token"]


async def test_an_api_key_is_a_bearer(start):
    async with (
        Provider(says(200, parsed(answer({"text": "hello"})))) as aws,
        start(config(aws, key="ABSKQmVkcm9j")) as gateway,
    ):
        answered = await gateway.chat("alone")

    assert (200, "Bearer ABSKQmVkcm9j") == (answered.status, aws.requests[0].headers["authorization"])


@pytest.mark.covers("bedrock", "stream")
async def test_a_stream_is_told_in_openais_words(start):
    stream = WORDS + stop() + end()
    pieces = [stream[at : at + 50] for at in range(0, len(stream), 50)]
    async with Provider(streams(*pieces)) as aws, start(config(aws)) as gateway:
        answered = await gateway.chat("alone", stream=True, stream_options={"include_usage": True})

    assert ("half way", "[DONE]") == (answered.text, answered.events[-1])
    assert 13 == answered.events[-2]["usage"]["total_tokens"]
    assert "stop" == answered.events[-3]["choices"][0]["finish_reason"]
    assert f"{PATH}-stream" == aws.requests[0].path


@pytest.mark.covers("bedrock", "tools", "tool loop", "reasoning")
@pytest.mark.parametrize("stream", [False, True])
async def test_a_tool_loop_brings_the_thoughts_back_to_where_they_came_from(start, stream):
    events = BEGIN + delta(0, reasoningContent={"text": "Hm."}) + delta(0, reasoningContent={"signature": "c2ln"})
    events += stop(0) + event("contentBlockStart", contentBlockIndex=1, start={"toolUse": _begun(USE)})
    events += delta(1, toolUse={"input": '{"city":"Oslo"}'}) + stop(1) + end("tool_use")
    first = streams(events) if stream else says(200, parsed(answer(SIGNED, USE, reason="tool_use")))
    async with Provider(first, says(200, parsed(answer({"text": "Rain."})))) as aws, start(config(aws)) as gateway:
        called = await gateway.chat("alone", tools=TOOLS, reasoning_effort="low", stream=stream)
        messages = [{"role": "user", "content": "hi"}, _message(called, stream=stream)]
        messages.append({"role": "tool", "tool_call_id": "tooluse_1", "content": "rain"})
        answered = await gateway.chat("alone", messages=messages, tools=TOOLS, reasoning_effort="low")

    told = accepted(Sent(aws.requests[1]))
    assert [SIGNED, USE] == told["messages"][1]["content"]
    assert "enabled" == told["additionalModelRequestFields"]["thinking"]["type"]
    assert "Rain." == answered.body["choices"][0]["message"]["content"]


def _begun(use):
    return {name: value for name, value in use["toolUse"].items() if name != "input"}


def _message(called, *, stream):
    """The assistant's message as a client sends it back that keeps nothing but what it knows."""
    function = {"name": "weather", "arguments": '{"city":"Oslo"}'}
    if not stream:
        assert function == called.body["choices"][0]["message"]["tool_calls"][0]["function"]
    assert not stream or "tool_calls" == called.events[-2]["choices"][0]["finish_reason"]
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "tooluse_1", "type": "function", "function": function}],
    }


@pytest.mark.covers("bedrock", "errors")
@pytest.mark.parametrize(
    "play",
    [
        says(429, {"message": "Too many tokens, please wait."}, {"x-amzn-errortype": "ThrottlingException:http://x"}),
        says(403, {"message": "The security token included in the request is invalid."}),
        says(200, {"output": None}),
        streams(BEGIN + exception("serviceUnavailableException")),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_leads_to_the_next_target(start, play, stream):
    good = ok("from the other")
    async with Provider(play) as aws, Provider(good) as other, start(config(aws, other)) as gateway:
        answered = await gateway.chat()

    assert (200, "from the other") == (answered.status, answered.body["choices"][0]["message"]["content"])


async def test_a_mistake_of_the_clients_stays_its_own(start):
    wrong = says(
        400,
        {"message": "Messages can't contain duplicate document names."},
        {"x-amzn-errortype": "ValidationException"},
    )
    async with Provider(wrong) as aws, Provider(ok()) as other, start(config(aws, other)) as gateway:
        refused = await gateway.chat()

    assert (400, 0) == (refused.status, len(other.requests))
    assert "duplicate" in refused.body["error"]["message"]


@pytest.mark.covers("bedrock", "errors")
@pytest.mark.parametrize(
    "play",
    [
        streams(WORDS, whole=False),
        streams(WORDS),
        streams(WORDS, exception("throttlingException", "Slow down")),
        streams(WORDS, b"garbage that is no event stream"),
        streams(WORDS, event("messageStop", stopReason="malformed_model_output")),
    ],
)
async def test_a_stream_that_breaks_never_looks_complete(start, play):
    async with Provider(play) as aws, Provider(ok()) as other, start(config(aws, other)) as gateway:
        answered = await gateway.chat(stream=True)

    assert (200, "half way", 0) == (answered.status, answered.text, len(other.requests))
    assert answered.events[-1]["error"]["type"]
    assert "[DONE]" not in answered.events
    assert b'"finish_reason":"' not in answered.raw


async def test_secrets_and_accounts_stay_inside(start, tmp_path):
    denied = "User: arn:aws:iam::123456789012:user/me is not authorized"
    async with (
        Provider(says(403, {"message": denied}, {"x-amzn-errortype": "AccessDeniedException"})) as aws,
        start(config(aws)) as gateway,
    ):
        refused = await gateway.chat("alone")
        pages = [await gateway.get("/health"), await gateway.get("/metrics")]

    seen = b"".join(each.raw for each in [refused, *pages]) + (tmp_path / "log").read_bytes()
    assert 502 == refused.status
    assert not [secret for secret in (b"wJalrXUtnFEMI", b"123456789012") if secret in seen]
    assert orjson.loads(refused.raw)["error"]["code"] == "upstream_authentication"
