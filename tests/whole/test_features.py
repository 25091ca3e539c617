"""What each relative of OpenAI can do through the whole gateway, and what is refused with a sentence.

Dialects of their own show theirs in tests/adapters and in the files beside this one. Where nobody knows whether a
provider takes something, as with PDFs at servers of one's own, nothing is promised: it goes on as it came.
"""

import orjson
import pytest

from adapters import ADAPTERS
from adapters.openai import OpenAI
from core.target import Provider as Settings
from tests.whole.provider import DONE, ROLE, Provider, completion, fails, ok, piece, says, streams, usage_event, words

CONFIG = """
providers:
  a: {{dialect: {dialect}, api_key: k, base_url: "{a}"}}
  b: {{dialect: openai, api_key: k, base_url: "{b}"}}
defaults: {{retry: {{attempts: 1}}}}
routes: {{alone: a/m, safe: [a/m, b/m]}}
"""
NOBODY = "http://127.0.0.1:9/v1"
RELATIVES = [
    name
    for name, one in ADAPTERS.items()
    if name != "demo" and isinstance(one.make(Settings(name=name, dialect=name)), OpenAI)
]
NO_PDF = ("cerebras", "cohere", "fireworks", "groq", "ollama", "perplexity")
PDF = ("azure", "mistral", "openai", "openrouter", "portkey", "xai")
BLIND = ("codestral",)
UNSCHEMED = ("codestral", "deepseek", "minimax")  # DeepSeek knows JSON, but no schema; nobody says it of MiniMax
THINKERS = ("azure", "huggingface", "llama.cpp", "lmstudio", "portkey", "sglang")  # and others, shown elsewhere

PNG = "data:image/png;base64,iVBORw0KGgo="
FILE = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
CALLS = [
    {"id": f"abcdefgh{number}", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    for number in (1, 2)
]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def showing(*features, by="covers", names=RELATIVES, without=()):
    mark = getattr(pytest.mark, by)
    chosen = [name for name in names if name in ADAPTERS and name not in without]
    return pytest.mark.parametrize("dialect", [pytest.param(name, marks=mark(name, *features)) for name in chosen])


def config(dialect, a, b=NOBODY):
    return CONFIG.format(dialect=dialect, a=a.url, b=b)


async def asked(start, dialect, play, **fields):
    """The answer, and the body that the provider got."""
    async with Provider(play) as a, start(config(dialect, a)) as gateway:
        answer = await gateway.chat("alone", **fields)
    return answer, a.requests[0].body


def user(*parts):
    return [{"role": "user", "content": list(parts)}]


@showing("text")
async def test_text(start, dialect):
    answer, sent = await asked(start, dialect, ok("Hello."))

    assert (200, "Hello.", "stop", 21) == (
        answer.status,
        answer.body["choices"][0]["message"]["content"],
        answer.body["choices"][0]["finish_reason"],
        answer.body["usage"]["total_tokens"],
    )
    assert [{"role": "user", "content": "hi"}] == sent["messages"]


@showing("stream")
async def test_a_stream(start, dialect):
    options = {"include_usage": True}
    answer, sent = await asked(start, dialect, streams(words("Hel", "lo.")), stream=True, stream_options=options)

    assert ("Hello.", "[DONE]", True) == (answer.text, answer.events[-1], sent["stream"])
    assert 11 == answer.events[-2]["usage"]["total_tokens"]


@showing("tools", "parallel tools")
@pytest.mark.parametrize("stream", [False, True])
async def test_calls_of_two_tools_at_once(start, dialect, stream):
    choice = {"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": CALLS}}
    whole = says(200, completion(choices=[{**choice, "finish_reason": "tool_calls"}]))
    begun = [piece({"tool_calls": [{"index": index, **call}]}) for index, call in enumerate(CALLS)]
    streamed = streams([ROLE, *begun, piece({}, "tool_calls"), usage_event(), DONE])

    answer, sent = await asked(start, dialect, streamed if stream else whole, tools=[TOOL], stream=stream)

    assert [TOOL] == sent["tools"]
    assert CALLS == (_streamed(answer) if stream else answer.body["choices"][0]["message"]["tool_calls"])
    assert b'"finish_reason":"tool_calls"' in answer.raw


def _streamed(answer):
    deltas = [choice["delta"] for one in answer.events[:-1] for choice in one["choices"]]
    found = [call for delta in deltas for call in delta.get("tool_calls") or ()]
    assert [0, 1] == [call.pop("index") for call in found]
    return found


@showing("tool loop")
async def test_results_of_tools_go_back(start, dialect):
    hi, called = {"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": CALLS}
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "1"} for call in CALLS]

    answer, sent = await asked(start, dialect, ok("Both are 1."), tools=[TOOL], messages=[hi, called, *results])

    assert "Both are 1." == answer.body["choices"][0]["message"]["content"]
    back = sent["messages"]
    assert CALLS == back[1]["tool_calls"]
    assert [call["id"] for call in CALLS] == [one["tool_call_id"] for one in back if one["role"] == "tool"]


@showing("image", without=BLIND)
async def test_an_image(start, dialect):
    answer, sent = await asked(
        start,
        dialect,
        ok(),
        messages=user({"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": PNG}}),
    )

    assert 200 == answer.status
    assert PNG in orjson.dumps(sent["messages"]).decode()


@showing("pdf", names=PDF)
async def test_a_pdf(start, dialect):
    answer, sent = await asked(start, dialect, ok(), messages=user(FILE))

    assert 200 == answer.status
    assert FILE["file"]["file_data"] in orjson.dumps(sent["messages"]).decode()


@showing("pdf", by="refuses", names=NO_PDF)
async def test_a_pdf_is_refused_with_a_sentence_or_goes_to_who_can_read_it(start, dialect):
    async with Provider(ok()) as a, Provider(ok("from b")) as b, start(config(dialect, a, b.url)) as gateway:
        refused = await gateway.chat("alone", messages=user(FILE))
        told = await gateway.chat("safe", messages=user(FILE))

    error = refused.body["error"]
    assert (400, "unsupported_value") == (refused.status, error["code"])
    assert error["param"].startswith("messages.0.content.0")
    assert error["message"].endswith(".")
    assert (200, "from b") == (told.status, told.body["choices"][0]["message"]["content"])
    assert [] == a.requests


@showing("json_schema", without=UNSCHEMED)
async def test_a_schema(start, dialect):
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}}

    answer, sent = await asked(start, dialect, ok('{"a":"b"}'), response_format=wanted)

    assert '{"a":"b"}' == answer.body["choices"][0]["message"]["content"]
    assert orjson.dumps(SCHEMA).decode() in orjson.dumps(sent["response_format"]).decode()


@showing("reasoning", names=THINKERS)
async def test_thoughts(start, dialect):
    theirs = "reasoning" if dialect == "huggingface" else "reasoning_content"
    choice = {"index": 0, "message": {"role": "assistant", "content": "4", theirs: "2 + 2"}, "finish_reason": "stop"}

    answer, sent = await asked(start, dialect, says(200, completion(choices=[choice])), reasoning_effort="high")

    assert ("2 + 2", "high") == (
        answer.body["choices"][0]["message"]["reasoning_content"],
        sent["reasoning_effort"],
    )


@showing("stop")
async def test_where_to_stop(start, dialect):
    answer, sent = await asked(start, dialect, ok(), stop=["END"])

    assert (200, ["END"]) == (answer.status, sent["stop"])


@showing("errors")
@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_leads_on_and_half_a_stream_never_looks_whole(start, dialect, stream):
    good = streams(words("from b")) if stream else ok("from b")
    async with (
        Provider(fails(503), streams([ROLE, piece({"content": "half"})], whole=False)) as a,
        Provider(good) as b,
        start(config(dialect, a, b.url)) as gateway,
    ):
        told = await gateway.chat("safe", stream=stream)
        half = await gateway.chat("alone", stream=True)

    assert (200, "b/m") == (told.status, told.headers["x-switchyard-target"])
    assert b"from b" in told.raw
    assert ("half", "upstream_error") == (half.text, half.events[-1]["error"]["code"])
    assert b'"finish_reason":"' not in half.raw
