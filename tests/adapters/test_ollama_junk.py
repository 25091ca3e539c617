"""Ollama, or a client, that keeps to nothing: what comes of it is an answer or an error, and never a bug of ours."""

import contextlib

import orjson
import pytest
from asking import SENT, asked
from junk import spoilt
from test_ollama_answers import ANSWER, GENERATED, TOKEN, VECTORS
from test_ollama_parameters import SCHEMA
from test_ollama_requests import CALLS, PICTURE, WEATHER

from api import chat, completions, embeddings
from core.errors import Refusal
from core.faults import UpstreamError

CALL = {"id": "1", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}
MESSAGE = {"role": "assistant", "content": "c", "thinking": "t", "tool_calls": [CALL]}
TALK = {
    "model": "m",
    "messages": [
        {"role": "user", "name": "a", "content": [{"type": "text", "text": "Look."}, PICTURE]},
        {"role": "assistant", "tool_calls": CALLS, "reasoning_content": "Hm."},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    ],
    "tools": [WEATHER],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
    "options": {"num_ctx": 1, "stop": ["a"]},
    "keep_alive": "1m",
    "stop": ["a"],
}


@pytest.mark.parametrize(
    ("endpoint", "answer"),
    [
        ("chat", {**ANSWER, "message": MESSAGE, "logprobs": [TOKEN]}),
        ("completions", {**GENERATED, "thinking": "t", "logprobs": [TOKEN]}),
        ("embeddings", {**VECTORS, "embeddings": [[0.5]]}),
    ],
)
def test_answers_of_any_kind_are_survived(adapter, call, endpoint, answer):
    ollama, ask = adapter("ollama"), asked(call(endpoint))

    for body in spoilt(answer):
        with contextlib.suppress(UpstreamError):
            ollama.decode(orjson.dumps(body), ask, SENT)
        if endpoint != "embeddings":
            with contextlib.suppress(UpstreamError):
                decoder = ollama.decoder(ask, SENT)
                decoder.feed(orjson.dumps(body) + b"\n")
                decoder.close()


@pytest.mark.parametrize(
    ("parse", "body"),
    [
        (chat.parse, TALK),
        (completions.parse, {"model": "m", "prompt": "x", "suffix": "y", "logprobs": 1, "raw": True, "think": "low"}),
        (embeddings.parse, {"model": "m", "input": ["a"], "dimensions": 1, "encoding_format": "float"}),
    ],
)
def test_requests_of_any_kind_are_survived(adapter, parse, body):
    ollama = adapter("ollama")

    for spoilt_body in spoilt(body):
        with contextlib.suppress(Refusal):
            ask = asked(parse(orjson.dumps(spoilt_body)))
            ollama.fetches(ask)
            ollama.encode(ask)
