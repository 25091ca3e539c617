"""What was said in a chat completion, without the frame around it."""

import itertools
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.plain_answer import Pieces, event, whole

CALLS = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]


def answered(message: object, **more: object) -> bytes:
    return orjson.dumps({"choices": [{"message": message, "finish_reason": "stop"}], **more})


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": "hello"}, {"content": "hello"}),
        ({"content": None, "tool_calls": CALLS}, {"content": "", "tool_calls": CALLS}),
        ({"content": None, "refusal": "no"}, {"content": "", "refusal": "no"}),
        ({"content": "x", "reasoning_content": "since"}, {"content": "x", "reasoning": "since"}),
        ({"content": [{"type": "text", "text": "a"}, {"type": "image"}, "b"]}, {"content": "a"}),
        ("odd", {"content": ""}),
    ],
)
def test_what_a_message_says(message: object, expected: dict[str, Any]) -> None:
    assert {**expected, "finish_reason": "stop"} == whole(answered(message))


def test_usage_is_told_as_it_stands_in_the_body() -> None:
    told = whole(answered({"content": "a"}, usage={"total_tokens": 3}))

    assert {"total_tokens": 3} == told["usage"]


@pytest.mark.parametrize("body", [b"{}", b'{"choices": []}', b'{"choices": 5}', b'{"choices": [1]}'])
def test_an_answer_without_a_choice_says_nothing(body: bytes) -> None:
    assert {"content": "", "finish_reason": None} == whole(body)


def chunk(delta: object, finish: str | None = None, **more: object) -> bytes:
    body = {"choices": [{"delta": delta, "finish_reason": finish}], **more}
    return b"data: " + orjson.dumps(body) + b"\n\n"


STREAM = b"".join(
    [
        b": keepalive\n\n",
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning": "since"}),
        chunk({"content": "a\n\nb"}).replace(b"\n\n", b"\r\n\r\n"),
        chunk({"tool_calls": CALLS}),
        chunk({"refusal": "no"}),
        b"data: \n\n",
        chunk({}, "length", note="no more"),
        b'data: {"choices": [], "usage": {}}\n\n',
        b"data: [DONE]\n\n",
    ]
)
SAID = [
    {"type": "reasoning", "delta": {"reasoning": "since"}},
    {"type": "content", "delta": {"content": "a\n\nb"}},
    {"type": "tool_calls", "delta": {"tool_calls": CALLS}},
    {"type": "refusal", "delta": {"refusal": "no"}},
]


@given(some.sets(some.integers(0, len(STREAM)), max_size=6))
def test_a_stream_says_the_same_wherever_it_is_cut(cuts: set[int]) -> None:
    pieces, said = Pieces(), []
    places = [0, *sorted(cuts), len(STREAM)]

    for start, end in itertools.pairwise(places):
        said += pieces.feed(STREAM[start:end])

    assert said == SAID
    assert pieces.whole
    assert {"finish_reason": "length", "note": "no more"} == pieces.end()


def test_an_error_is_told_and_nothing_is_whole() -> None:
    pieces = Pieces()

    said = list(pieces.feed(chunk({"content": "a"}) + b'data: {"error": {"code": "c"}}\n\n'))

    assert {"type": "error", "error": {"code": "c"}} == said[-1]
    assert not pieces.whole
    assert {"finish_reason": None} == pieces.end()


def test_an_event_is_named_by_its_type() -> None:
    assert b'event: content\ndata: {"type":"content"}\n\n' == event({"type": "content"})
