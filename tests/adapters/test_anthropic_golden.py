"""A whole conversation with Anthropic, as the client sees it and as Anthropic does."""

from pathlib import Path

import orjson
import pytest
from anthropic.types import Message
from claude import ask, speaker
from test_official_client import written

GOLDEN = Path(__file__).parent / "golden" / "anthropic"


def text(name):
    return (GOLDEN / name).read_bytes()


def told(name):
    return orjson.loads(text(name))


@pytest.mark.covers("anthropic", "text", "image", "pdf", "tools", "json_schema", "reasoning", "stop")
def test_the_request_is_the_golden_one():
    request = speaker().encode(ask(told("client.json")))

    sent = {"path": request.path, "headers": dict(request.headers), "dropped": list(request.dropped)}
    assert told("sent.json") == {**sent, "body": orjson.loads(request.body)}


def test_the_answer_is_the_golden_one():
    adapter, question = speaker(), ask(told("client.json"))

    completion = adapter.decode(text("provider_answer.json"), question, adapter.encode(question))

    assert told("answer.json") == orjson.loads(completion.body)
    assert ["toolu_01"] == list(completion.remember)
    assert "tool_use" == Message.model_validate(told("provider_answer.json")).stop_reason


@pytest.mark.covers("anthropic", "stream", "tools", "reasoning")
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_the_stream_is_the_golden_one(size):
    adapter, question = speaker(), ask({**told("client.json"), "stream": True}, include_usage=True)
    decoder, stream = adapter.decoder(question, adapter.encode(question)), text("provider_stream.sse")

    events = [one for at in range(0, len(stream), size) for one in decoder.feed(stream[at : at + size])]

    assert text("stream.sse") == b"".join(written(events + decoder.close()))


def test_the_golden_answer_goes_back_as_it_came():
    client, answer = told("client.json"), told("answer.json")["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": "toolu_01", "content": "rain"}

    request = speaker().encode(ask({**client, "messages": [*client["messages"], answer, result]}))

    # OpenAI's message has no order of thoughts and words; that of the golden answer is the usual one.
    names = ("type", "id", "name", "input", "text", "thinking", "signature", "data")
    blocks = told("provider_answer.json")["content"]
    expected = [{name: block[name] for name in names if name in block} for block in blocks]
    assert expected == orjson.loads(request.body)["messages"][-2]["content"]
