"""Canonical chunks as bytes."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from adapters.chunks import Chunks
from core.usage import Usage, shown

FRAME = {"id": "c1", "object": "chat.completion.chunk", "created": 1_800_000_000, "model": 'm"é%d'}
both = pytest.mark.parametrize("usage", [True, False])


def chunks(*, usage=False):
    return Chunks(FRAME["id"], FRAME["created"], FRAME["model"], usage=usage)


def read(data):
    assert data.startswith(b"data: ")
    assert data.endswith(b"\n\n")
    assert data.count(b"\n") == 2
    return orjson.loads(data[6:])


def expected(delta, *, usage, index=0, finish=None, logprobs=None):
    choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
    return {**FRAME, "choices": [choice], **({"usage": None} if usage else {})}


@both
@pytest.mark.parametrize("index", [0, 3])
@pytest.mark.parametrize(
    ("write", "delta"),
    [
        (lambda to, index: to.role(index), {"role": "assistant", "content": ""}),
        (lambda to, index: to.text('a"\n\u2028é%', index), {"content": 'a"\n\u2028é%'}),
        (lambda to, index: to.reasoning("hm", index), {"reasoning_content": "hm"}),
        (
            lambda to, index: to.call(1, "id", "f", index=index),
            {"tool_calls": [{"index": 1, "id": "id", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        ),
        (
            lambda to, index: to.call(0, "id", "f", "{}", index),
            {
                "tool_calls": [
                    {"index": 0, "id": "id", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ]
            },
        ),
        (
            lambda to, index: to.arguments(2, '{"a":', index),
            {"tool_calls": [{"index": 2, "function": {"arguments": '{"a":'}}]},
        ),
        (lambda to, index: to.delta({"refusal": "no", "x": [1]}, index), {"refusal": "no", "x": [1]}),
        (lambda to, index: to.delta({}, index), {}),
    ],
)
def test_a_chunk_is_one_event_in_openais_words(usage, index, write, delta):
    body = read(write(chunks(usage=usage), index))

    assert expected(delta, usage=usage, index=index) == body
    ChatCompletionChunk.model_validate(body)


@both
@pytest.mark.parametrize("logprobs", [None, {"content": []}])
def test_the_finish_is_a_chunk_of_its_own(usage, logprobs):
    body = read(chunks(usage=usage).finish("stop", 1, logprobs))

    assert expected({}, usage=usage, index=1, finish="stop", logprobs=logprobs) == body
    ChatCompletionChunk.model_validate(body)


@both
def test_a_chunk_may_say_more_beside_its_delta(usage):
    logprobs = {"content": [{"token": "a", "logprob": -0.1, "top_logprobs": []}]}

    body = read(chunks(usage=usage).chunk({"content": "a"}, 1, logprobs=logprobs))

    assert expected({"content": "a"}, usage=usage, index=1, logprobs=logprobs) == body


def test_the_usage_chunk_has_no_choices():
    usage = Usage(input=3, cache_read=4, output=5)

    report = chunks(usage=True).report(usage, service_tier="default")

    assert report.usage == usage
    assert report.body == {**FRAME, "service_tier": "default", "choices": [], "usage": shown(usage)}
    assert report.raw is None


@given(st.text(), st.integers(0, 200))
def test_any_text_comes_out_as_it_went_in(text, index):
    to = chunks()

    read_back = [read(to.text(text, index)), read(to.reasoning(text, index)), read(to.arguments(0, text, index))]

    deltas = [body["choices"][0]["delta"] for body in read_back]
    assert deltas[0] == {"content": text}
    assert deltas[1] == {"reasoning_content": text}
    assert deltas[2]["tool_calls"][0]["function"]["arguments"] == text
    assert [body["choices"][0]["index"] for body in read_back] == [index] * 3
