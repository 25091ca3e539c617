"""Cohere, or a client, that keeps to nothing: what comes of it is an answer or an error, and never a bug of ours."""

import contextlib

import orjson
import pytest
from asking import SENT, asked
from junk import spoilt
from test_cohere_answers import CALL, CITATION, LOGPROBS, VECTORS, told
from test_cohere_sdk import IMAGE, TALK
from test_cohere_streams import STREAM

from api import chat, embeddings
from core.errors import Refusal
from core.faults import UpstreamError

BLOCKS = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Hello."}]
EVENTS = [orjson.loads(event.partition(b"data: ")[2]) for event in STREAM.split(b"\n\n") if event]


@pytest.mark.parametrize(
    ("endpoint", "answer"),
    [
        (
            "chat",
            {**told(content=BLOCKS, tool_plan="p", tool_calls=[CALL], citations=[CITATION]), "logprobs": LOGPROBS},
        ),
        ("embeddings", VECTORS),
    ],
)
def test_answers_of_any_kind_are_survived(adapter, call, endpoint, answer):
    for body in spoilt(answer):
        with contextlib.suppress(UpstreamError):
            adapter("cohere").decode(orjson.dumps(body), asked(call(endpoint)), SENT)


@pytest.mark.parametrize("at", range(len(EVENTS)))
def test_streams_of_any_kind_are_survived(adapter, call, at):
    for event in spoilt(EVENTS[at]):
        events = [*EVENTS[:at], event, *EVENTS[at + 1 :]]
        with contextlib.suppress(UpstreamError):
            decoder = adapter("cohere").decoder(asked(call(stream=True)), SENT)
            decoder.feed(b"".join(b"data: " + orjson.dumps(one) + b"\n\n" for one in events))
            decoder.close()


@pytest.mark.parametrize(
    ("parse", "body"),
    [
        (chat.parse, {"model": "m", **TALK}),
        (chat.parse, {"model": "m", **IMAGE}),
        (embeddings.parse, {"model": "m", "input": ["a"], "dimensions": 1, "input_type": "x"}),
    ],
)
def test_requests_of_any_kind_are_survived(adapter, parse, body):
    for spoilt_body in spoilt(body):
        with contextlib.suppress(Refusal):
            adapter("cohere").encode(asked(parse(orjson.dumps(spoilt_body))))
