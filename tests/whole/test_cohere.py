"""Calls through the gateway to a server that speaks version 2 of Cohere's API."""

import orjson
import pytest

from tests.whole.provider import SSE, Provider, chunked, ok, says, sends

CONFIG = """
providers:
  cohere: {{api_key: co-provider, base_url: "{url}", input_type: search_query}}
  openai: {{api_key: sk-provider, base_url: "{other}"}}
models:
  cohere/command: {{price: {{input: 1000000, output: 2000000}}}}
defaults:
  retry: {{attempts: 1, backoff: 10ms}}
  timeouts: {{connect: 1s, first_content: 500ms, idle: 500ms, attempt: 1s, total: 3s}}
routes:
  m: {{chain: [cohere/command, openai/real]}}
  alone: cohere/command
"""
USAGE = {"billed_units": {"input_tokens": 3, "output_tokens": 2}, "tokens": {"input_tokens": 70, "output_tokens": 5}}
TOOL = {"type": "function", "function": {"name": "get-weather", "parameters": {"type": "object", "properties": {}}}}
NOTHING = "http://127.0.0.1:9"


def told(finish="COMPLETE", **message):
    return {"id": "c-1", "message": {"role": "assistant", **message}, "finish_reason": finish, "usage": USAGE}


def said(text):
    return told(content=[{"type": "text", "text": text}])


def event(kind, **facts):
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps({"type": kind, **facts}))


def text(words):
    return event("content-delta", index=0, delta={"message": {"content": {"text": words}}})


START = event("message-start", id="c-1", delta={"message": {"role": "assistant"}})
END = event("message-end", delta={"finish_reason": "COMPLETE", "usage": USAGE})
ERROR = event("message-end", delta={"finish_reason": "ERROR", "error": "it broke"})


def events(*pieces, whole=True):
    return sends(SSE + b"".join(map(chunked, pieces)) + (b"0\r\n\r\n" if whole else b""), close=not whole)


def config(cohere, other=NOTHING):
    return CONFIG.format(url=cohere.url.removesuffix("/v1"), other=other)


@pytest.mark.covers("cohere", "text")
async def test_a_text_costs_what_cohere_charges(start):
    async with Provider(says(200, said("Hello."))) as cohere, start(config(cohere)) as gateway:
        answer = await gateway.chat(top_p=1)

    assert (200, "c-1", "Hello.") == (
        answer.status,
        answer.body["id"],
        answer.body["choices"][0]["message"]["content"],
    )
    assert (70, 5) == (answer.body["usage"]["prompt_tokens"], answer.body["usage"]["completion_tokens"])
    assert "7.000000000" == answer.headers["x-switchyard-cost-usd"]
    assert "top_p=0.99" == answer.headers["x-switchyard-dropped"]
    asked = cohere.requests[0]
    assert ("/v2/chat", "Bearer co-provider") == (asked.path, asked.headers["authorization"])
    assert {
        "model": "command",
        "stream": False,
        "messages": [{"role": "user", "content": "hi"}],
        "p": 0.99,
    } == asked.body


@pytest.mark.covers("cohere", "stream")
async def test_a_stream(start):
    play = events(START, text("Hel"), text("lo."), END)
    async with Provider(play) as cohere, start(config(cohere)) as gateway:
        answer = await gateway.chat(stream=True, stream_options={"include_usage": True})

    assert ("Hello.", "[DONE]") == (answer.text, answer.events[-1])
    assert 75 == answer.events[-2]["usage"]["total_tokens"]
    assert "stop" == answer.events[-3]["choices"][0]["finish_reason"]
    assert {"c-1"} == {one["id"] for one in answer.events[:-1]}


@pytest.mark.covers("cohere", "tools", "tool loop")
async def test_a_call_of_a_tool_and_its_result(start):
    call = {"id": "w_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    plays = says(200, told("TOOL_CALL", tool_plan="I will look.", tool_calls=[call])), says(200, said("Rain."))
    async with Provider(*plays) as cohere, start(config(cohere)) as gateway:
        first = await gateway.chat(tools=[TOOL], tool_choice="required")
        message = first.body["choices"][0]["message"]
        result = {"role": "tool", "tool_call_id": "w_1", "content": "rain"}
        second = await gateway.chat(tools=[TOOL], messages=[{"role": "user", "content": "hi"}, message, result])

    assert "get-weather" == message["tool_calls"][0]["function"]["name"]
    assert "Rain." == second.body["choices"][0]["message"]["content"]
    assert "REQUIRED" == cohere.requests[0].body["tool_choice"]
    assert [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": [call], "tool_plan": "I will look."},
        {"role": "tool", "tool_call_id": "w_1", "content": "rain"},
    ] == cohere.requests[1].body["messages"]


@pytest.mark.parametrize(
    "play",
    [
        says(429, {"message": "trial token rate limit exceeded"}),
        says(400, {"message": "too many tokens: 200000"}),
        says(401, {"message": "invalid api token"}),
        says(404, {"message": "model 'command' not found"}),
        says(503, {"message": "unavailable"}),
        says(200, told("ERROR")),
    ],
)
@pytest.mark.covers("cohere", "errors")
async def test_another_target_answers_where_cohere_does_not(start, play):
    async with (
        Provider(play) as cohere,
        Provider(ok("from openai")) as other,
        start(config(cohere, other.url)) as gateway,
    ):
        answer = await gateway.chat()

    assert (200, "from openai") == (answer.status, answer.body["choices"][0]["message"]["content"])


@pytest.mark.parametrize(
    "play",
    [events(START, text("Hel"), whole=False), events(START, text("Hel")), events(START, text("Hel"), ERROR)],
)
@pytest.mark.covers("cohere", "errors", "stream")
async def test_a_stream_that_breaks_ends_in_an_error_and_in_nothing_else(start, play):
    async with Provider(play) as cohere, start(config(cohere)) as gateway:
        answer = await gateway.chat("alone", stream=True)

    assert ("Hel", 200) == (answer.text, answer.status)
    assert answer.events[-1]["error"]["type"]
    assert "[DONE]" not in answer.events
    assert all(not choice["finish_reason"] for one in answer.events for choice in one.get("choices", []))


async def test_embeddings(start):
    vectors = {"id": "e", "embeddings": {"float": [[0.5]]}, "meta": {"billed_units": {"input_tokens": 2}}}
    async with Provider(says(200, vectors)) as cohere, start(config(cohere)) as gateway:
        found = await gateway.request("POST", "/v1/embeddings", {"model": "alone", "input": "a"})

    assert ([0.5], 2) == (found.body["data"][0]["embedding"], found.body["usage"]["total_tokens"])
    assert ("/v2/embed", "search_query") == (cohere.requests[0].path, cohere.requests[0].body["input_type"])
