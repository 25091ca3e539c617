"""What comes out of a decoder, read by the official client."""

import httpx
import openai
import orjson
import pytest
from asking import SENT, asked

from core.wire import Chunk, Report, Verbatim

HEAD = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m",'
USAGE = b'"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}'


def event(delta, finish=None):
    return HEAD + orjson.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})[1:]


WORDS = [
    event({"role": "assistant", "content": "", "refusal": None}),
    event({"content": "Hel"}),
    event({"content": "lo"}),
    event({}, "stop"),
    HEAD + USAGE,
    b"data: [DONE]",
    b"",
]
CALLS = [
    event({"role": "assistant", "content": None}),
    event(
        {
            "tool_calls": [
                {"index": 0, "id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            ]
        }
    ),
    event(
        {
            "tool_calls": [
                {"index": 0, "id": "bcdefghij", "type": "function", "function": {"name": "g", "arguments": "{}"}}
            ]
        }
    ),
    event({}, "tool_calls"),
    b"data: [DONE]",
    b"",
]


def written(events):
    """As a client that asked for usage gets it."""
    for one in events:
        match one:
            case Verbatim(data):
                yield data
            case Chunk(body) | Report(body=body):
                yield b"data: " + orjson.dumps(body) + b"\n\n"
    yield b"data: [DONE]\n\n"


def client_of(stream):
    def answer(request):
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=stream)

    return openai.OpenAI(
        api_key="x",
        base_url="http://127.0.0.1/v1",
        max_retries=0,
        http_client=httpx.Client(transport=httpx.MockTransport(answer)),
    )


def completion_of(adapter, call, lines, blank):
    decoder = adapter.decoder(asked(call(stream=True, include_usage=True)), SENT)
    stream = blank.join([b": waiting", *lines])
    events = [event for at in range(0, len(stream), 60) for event in decoder.feed(stream[at : at + 60])]
    body = b"".join(written(events + decoder.close()))
    with (
        client_of(body) as client,
        client.chat.completions.stream(
            model="m", messages=[{"role": "user", "content": "hi"}], stream_options={"include_usage": True}
        ) as stream,
    ):
        return stream.get_final_completion()


@pytest.mark.parametrize("blank", [b"\n\n", b"\r\n\r\n", b"\r\r"])
@pytest.mark.parametrize("dialect", ["openai", "together", "vllm"])
def test_it_reads_words_and_usage(adapter, call, dialect, blank):
    completion = completion_of(adapter(dialect), call, WORDS, blank)

    choice = completion.choices[0]
    assert ("Hello", "stop", 3) == (choice.message.content, choice.finish_reason, completion.usage.total_tokens)
    assert "assistant" == choice.message.role


def test_it_reads_tool_calls_that_were_all_numbered_zero(adapter, call):
    completion = completion_of(adapter("mistral"), call, CALLS, b"\n\n")

    assert ["f", "g"] == [one.function.name for one in completion.choices[0].message.tool_calls]
