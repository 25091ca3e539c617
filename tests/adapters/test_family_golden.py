"""One whole conversation with each of those who differ most, as files that one can read.

`asked.json` is the client's request and `sent.json` ours, `answer.json` is the provider's answer and `told.json` ours,
`stream.txt` is the provider's stream and `streamed.txt` ours.
"""

from pathlib import Path

import orjson
import pytest
from api_stream import ended
from worded import Kept, adapter_of

from core.ask import Ask
from core.call import Call
from core.target import Target

HOME = Path(__file__).parent / "golden"
MODELS = {
    "mistral": "mistral-medium-latest",
    "deepseek": "deepseek-v4-pro",
    "openrouter": "anthropic/claude-sonnet-4.5",
    "azure": "gpt-4o-deployed",
}
KEPT = {
    "deepseek": {"call_weather_1": {"reasoning_content": "I need the weather first."}},
    "openrouter": {
        "call_weather_1": {
            "reasoning_details": [
                {
                    "type": "reasoning.text",
                    "text": "Ask for it.",
                    "signature": "c2ln",
                    "format": "anthropic-claude-v1",
                    "index": 0,
                }
            ]
        }
    },
}


def file(dialect, name):
    return (HOME / dialect / name).read_bytes()


def ask_of(dialect, *, stream=False):
    body = orjson.loads(file(dialect, "asked.json"))
    if stream:
        body["stream"] = True
    call = Call("chat", body["model"], body, stream=stream, include_usage=stream)
    return Ask(call, Target(dialect, MODELS[dialect]), id="req-1", memory=Kept(**KEPT.get(dialect, {})))


@pytest.mark.parametrize("dialect", MODELS)
def test_the_request_is_as_it_should_be(dialect):
    request = adapter_of(dialect).encode(ask_of(dialect))

    expected = orjson.loads(file(dialect, "sent.json"))
    assert expected == {"path": request.path, "dropped": list(request.dropped), "body": orjson.loads(request.body)}


@pytest.mark.parametrize("dialect", MODELS)
def test_the_answer_is_as_it_should_be(dialect):
    adapter, ask = adapter_of(dialect), ask_of(dialect)

    completion = adapter.decode(file(dialect, "answer.json"), ask, adapter.encode(ask))

    expected = orjson.loads(file(dialect, "told.json"))
    assert expected == {"remember": dict(completion.remember), "body": orjson.loads(completion.body)}


@pytest.mark.parametrize("dialect", MODELS)
@pytest.mark.parametrize("size", [1, 100_000])
def test_the_stream_is_as_it_should_be(dialect, size):
    adapter, ask = adapter_of(dialect), ask_of(dialect, stream=True)
    decoder = adapter.decoder(ask, adapter.encode(ask))
    stream = file(dialect, "stream.txt")

    events = [event for at in range(0, len(stream), size) for event in decoder.feed(stream[at : at + size])]

    assert file(dialect, "streamed.txt") == ended(events + decoder.close(), decoder.usage)
