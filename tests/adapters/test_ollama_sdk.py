"""Both sides of the wire held against Ollama's official client: what we send, and what our tests let Ollama say."""

from contextlib import contextmanager

import httpx
import ollama
import orjson
import pytest
from asking import asked
from ollama import _types as types
from test_ollama_answers import ANSWER, GENERATED, TOKEN, VECTORS
from test_ollama_parameters import SCHEMA
from test_ollama_requests import CALLS, CLOCK, PICTURE, WEATHER
from test_ollama_streams import STREAM, text

TALK = {
    "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Look."}, PICTURE]},
        {"role": "assistant", "content": None, "tool_calls": CALLS, "reasoning_content": "Hm."},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "tool", "tool_call_id": "c2", "content": "noon"},
    ],
    "tools": [WEATHER, CLOCK],
    "temperature": 0.5,
    "top_k": 40,
    "max_tokens": 9,
    "stop": ["END"],
    "seed": 7,
    "keep_alive": "10m",
    "reasoning_effort": "high",
    "logprobs": True,
    "top_logprobs": 2,
}
NOT_YET_TYPED = {"truncate", "shift"}  # the server's own, which the client of this version can't say


@contextmanager
def client_of(*pieces, status=200):
    """The official client, and the bodies that it sent."""
    sent = []

    def answer(request):
        sent.append((request.url.path, orjson.loads(request.content or b"{}")))
        return httpx.Response(status, content=b"".join(pieces))

    client = ollama.Client(host="http://127.0.0.1:11434", transport=httpx.MockTransport(answer))
    try:
        yield client, sent
    finally:
        client._client.close()


@pytest.fixture
def request_of(adapter, call):
    def make(endpoint="chat", **body):
        request = adapter("ollama").encode(asked(call(endpoint, body=body), "ollama/qwen3"))
        return request.path, orjson.loads(request.body)

    return make


def within(small, large):
    """Whether all that *small* says is said by *large*; the client's types know less than the server."""
    if isinstance(small, dict):
        return isinstance(large, dict) and all(within(value, large.get(name)) for name, value in small.items())
    if isinstance(small, list):
        return isinstance(large, list) and len(small) == len(large) and all(map(within, small, large))
    return small == large


@pytest.mark.parametrize("more", [{}, {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}}])
@pytest.mark.covers("ollama", "text", "tools", "image", "json_schema", "reasoning")
def test_a_chat_is_what_the_official_client_would_send(request_of, more):
    path, body = request_of(**TALK, **more)
    said = {name: value for name, value in body.items() if name not in NOT_YET_TYPED}

    with client_of(orjson.dumps(ANSWER)) as (client, sent):
        client.chat(**said)

    (theirs,) = sent
    assert path == theirs[0]
    assert within(theirs[1], body)
    assert set(said) == set(theirs[1])
    assert said["options"] == types.Options(**said["options"]).model_dump(exclude_none=True)


def test_a_completion_is_what_the_official_client_would_send(request_of):
    path, body = request_of("completions", prompt="def f(", suffix="return", max_tokens=9, logprobs=1, think=False)
    said = {name: value for name, value in body.items() if name not in NOT_YET_TYPED}

    with client_of(orjson.dumps(GENERATED)) as (client, sent):
        client.generate(**said)

    assert (path, said) == sent[0]


def test_embeddings_are_what_the_official_client_would_send(request_of):
    path, body = request_of("embeddings", input=["a", "b"], dimensions=8)

    with client_of(orjson.dumps(VECTORS)) as (client, sent):
        response = client.embed(**body)

    assert (path, body) == sent[0]
    assert [[0.5, -1.0], [2.0, 0.25]] == response.embeddings


def test_what_our_tests_let_ollama_answer_is_what_the_official_client_reads():
    with client_of(orjson.dumps({**ANSWER, "logprobs": [TOKEN]})) as (client, _):
        answer = client.chat("m", [])
    with client_of(orjson.dumps(GENERATED)) as (client, _):
        generated = client.generate("m", "x")
    with client_of(orjson.dumps({"models": [{"model": "a", "modified_at": "2026-05-04T17:37:44-07:00"}]})) as (
        client,
        _,
    ):
        listed = client.list()

    assert ("Hello.", "stop", 10, "hé") == (
        answer.message.content,
        answer.done_reason,
        answer.prompt_eval_count,
        answer.logprobs[0].token,
    )
    assert ("return 1", "a") == (generated.response, listed.models[0].model)


@pytest.mark.covers("ollama", "stream", "parallel tools")
def test_what_our_tests_let_ollama_stream_is_what_the_official_client_reads():
    # A server in Go writes this character as an escape; the client would take it for the end of a line.
    stream = STREAM.replace("\u2028".encode(), rb"\u2028")
    with client_of(stream) as (client, _):
        pieces = list(client.chat("m", [], stream=True))
    with client_of(text("re"), text("turn", done=True)) as (client, _):
        texts = list(client.generate("m", "x", stream=True))

    assert 'Hello "there" ä€😀 \u2028' == "".join(piece.message.content for piece in pieces)
    assert "Hm." == pieces[0].message.thinking
    assert ["f", "g", "h"] == [call.function.name for piece in pieces for call in piece.message.tool_calls or ()]
    assert (True, 3) == (pieces[-1].done, pieces[-1].eval_count)
    assert ["re", "turn"] == [piece.response for piece in texts]


@pytest.mark.covers("ollama", "errors")
def test_what_our_tests_call_an_error_is_one_to_the_official_client():
    broken = STREAM.partition(b"\n")[0] + b'\n{"error":"out of memory"}\n'
    with client_of(broken) as (client, _), pytest.raises(ollama.ResponseError, match="out of memory"):
        list(client.chat("m", [], stream=True))
    missing = client_of(b'{"error":"model \'m\' not found"}', status=404)
    with missing as (client, _), pytest.raises(ollama.ResponseError, match="not found"):
        client.chat("m", [])
