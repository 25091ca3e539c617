"""Calls through the gateway to a server that speaks Ollama's own API."""

import orjson
import pytest

from tests.whole.provider import Provider, answer, chunked, ok, says, sends

CONFIG = """
providers:
  ollama: {{base_url: "{url}", num_ctx: 8192, keep_alive: 10m}}
  openai: {{api_key: sk-provider, base_url: "{other}"}}
defaults:
  retry: {{attempts: 1, backoff: 10ms}}
  timeouts: {{connect: 1s, first_content: 500ms, idle: 500ms, attempt: 1s, total: 3s}}
routes:
  m: {{chain: [ollama/qwen3, openai/real]}}
  alone: ollama/qwen3
"""
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
NOTHING = "http://127.0.0.1:9"


def told(content="", *, done=False, **more):
    end = {"done_reason": "stop", "prompt_eval_count": 9, "eval_count": 3} if done else {}
    message = {"role": "assistant", "content": content, **more}
    return {"model": "qwen3", "created_at": "2026-11-20T10:00:00Z", "message": message, "done": done, **end}


def line(*args, **facts):
    return orjson.dumps(told(*args, **facts)) + b"\n"


def lines(*pieces, whole=True):
    return sends(HEAD + b"".join(map(chunked, pieces)) + (b"0\r\n\r\n" if whole else b""), close=not whole)


def config(ollama, other=NOTHING):
    return CONFIG.format(url=ollama.url.removesuffix("/v1"), other=other)


@pytest.mark.covers("ollama", "text")
async def test_a_text(start):
    async with Provider(says(200, told("Hello.", done=True))) as ollama, start(config(ollama)) as gateway:
        answer = await gateway.chat(temperature=0.5, user="ann")

    assert (200, "Hello.", "stop") == (
        answer.status,
        answer.body["choices"][0]["message"]["content"],
        answer.body["choices"][0]["finish_reason"],
    )
    assert 12 == answer.body["usage"]["total_tokens"]
    assert "user" == answer.headers["x-switchyard-dropped"]
    asked = ollama.requests[0]
    assert "/api/chat" == asked.path
    assert "authorization" not in asked.headers
    assert {
        "model": "qwen3",
        "stream": False,
        "truncate": False,
        "shift": False,
        "messages": [{"role": "user", "content": "hi"}],
        "options": {"temperature": 0.5, "num_ctx": 8192},
        "keep_alive": "10m",
    } == asked.body


@pytest.mark.covers("ollama", "stream")
async def test_a_stream(start):
    play = lines(line("Hel"), line("lo."), line(done=True))
    async with Provider(play) as ollama, start(config(ollama)) as gateway:
        answer = await gateway.chat(stream=True, stream_options={"include_usage": True})

    assert ("Hello.", "[DONE]") == (answer.text, answer.events[-1])
    assert 12 == answer.events[-2]["usage"]["total_tokens"]
    assert ["stop"] == [one["choices"][0]["finish_reason"] for one in answer.events[-3:-2]]
    assert ollama.requests[0].body["stream"] is True


@pytest.mark.covers("ollama", "tools", "tool loop")
async def test_a_call_of_a_tool_and_its_result(start):
    call = {"function": {"name": "weather", "arguments": {"city": "Oslo"}}}
    plays = says(200, told(tool_calls=[call], done=True)), says(200, told("Rain.", done=True))
    async with Provider(*plays) as ollama, start(config(ollama)) as gateway:
        first = await gateway.chat(tools=[TOOL])
        message = first.body["choices"][0]["message"]
        result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "rain"}
        second = await gateway.chat(tools=[TOOL], messages=[{"role": "user", "content": "hi"}, message, result])

    assert "tool_calls" == first.body["choices"][0]["finish_reason"]
    assert "Rain." == second.body["choices"][0]["message"]["content"]
    made, answered = ollama.requests[1].body["messages"][1:]
    assert {"city": "Oslo"} == made["tool_calls"][0]["function"]["arguments"]
    assert ("weather", "rain", made["tool_calls"][0]["id"]) == (
        answered["tool_name"],
        answered["content"],
        answered["tool_call_id"],
    )


@pytest.mark.parametrize(
    "play",
    [
        says(503, {"error": "server busy, please try again.  maximum pending requests exceeded"}),
        says(400, {"error": "the prompt is longer than the context length currently available"}),
        says(400, {"error": '"qwen3" does not support tools'}),
        says(404, {"error": "model 'qwen3' not found"}),
        says(500, {"error": "model runner has unexpectedly stopped"}),
        sends(answer(403, b"")),
        says(200, told("Hel")),
    ],
)
@pytest.mark.covers("ollama", "errors")
async def test_another_target_answers_where_ollama_does_not(start, play):
    async with (
        Provider(play) as ollama,
        Provider(ok("from openai")) as other,
        start(config(ollama, other.url)) as gateway,
    ):
        answer = await gateway.chat()

    assert (200, "from openai") == (answer.status, answer.body["choices"][0]["message"]["content"])


async def test_another_target_takes_what_ollama_can_not_do(start):
    async with (
        Provider(ok()) as ollama,
        Provider(ok("from openai")) as other,
        start(config(ollama, other.url)) as gateway,
    ):
        chosen = await gateway.chat(tools=[TOOL], tool_choice="required")
        refused = await gateway.chat("alone", tools=[TOOL], tool_choice="required")

    assert "from openai" == chosen.body["choices"][0]["message"]["content"]
    assert (400, "tool_choice") == (refused.status, refused.body["error"]["param"])
    assert [] == ollama.requests


@pytest.mark.parametrize(
    "play",
    [
        lines(line("Hel"), whole=False),
        lines(line("Hel")),
        lines(line("Hel"), b'{"error":"model runner has unexpectedly stopped"}\n'),
    ],
)
@pytest.mark.covers("ollama", "errors", "stream")
async def test_a_stream_that_breaks_ends_in_an_error_and_in_nothing_else(start, play):
    async with Provider(play) as ollama, start(config(ollama)) as gateway:
        answer = await gateway.chat("alone", stream=True)

    assert ("Hel", 200) == (answer.text, answer.status)
    assert answer.events[-1]["error"]["type"]
    assert "[DONE]" not in answer.events
    assert all(not choice["finish_reason"] for one in answer.events for choice in one.get("choices", []))


async def test_completions_and_embeddings(start):
    generated = {"model": "qwen3", "response": "return 1", "done": True, "done_reason": "stop", "eval_count": 3}
    vectors = {"model": "qwen3", "embeddings": [[0.5]], "prompt_eval_count": 2}
    async with Provider(says(200, generated), says(200, vectors)) as ollama, start(config(ollama)) as gateway:
        text = await gateway.request("POST", "/v1/completions", {"model": "alone", "prompt": "def f(", "suffix": "}"})
        found = await gateway.request("POST", "/v1/embeddings", {"model": "alone", "input": "a"})

    assert ("text_completion", "return 1") == (text.body["object"], text.body["choices"][0]["text"])
    assert [0.5] == found.body["data"][0]["embedding"]
    assert ["/api/generate", "/api/embed"] == [one.path for one in ollama.requests]
