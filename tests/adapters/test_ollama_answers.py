"""Whole answers of Ollama, as the client gets them."""

import base64
import struct

import orjson
import pytest
from asking import SENT, asked

from core.faults import Fault, UpstreamError
from core.usage import Usage

ANSWER = {
    "model": "qwen3:8b",
    "created_at": "2026-11-20T10:00:00.5Z",
    "message": {"role": "assistant", "content": "Hello."},
    "done": True,
    "done_reason": "stop",
    "total_duration": 5,
    "prompt_eval_count": 10,
    "eval_count": 3,
}
VECTORS = {"model": "nomic", "embeddings": [[0.5, -1.0], [2.0, 0.25]], "prompt_eval_count": 4}
TOKEN = {"token": "hé", "logprob": -0.5, "bytes": [104, 195, 169], "top_logprobs": [{"token": "a", "logprob": -1.5}]}


@pytest.fixture
def answered(adapter, call):
    def make(answer, endpoint="chat", **asking):
        data = answer if isinstance(answer, bytes) else orjson.dumps(answer)
        return adapter("ollama").decode(data, asked(call(endpoint, **asking)), SENT)

    return make


def told(**message):
    return {**ANSWER, "message": {"role": "assistant", "content": "", **message}}


@pytest.mark.covers("ollama", "text")
def test_an_answer_is_a_completion(answered):
    completion = answered(ANSWER)

    assert {
        "id": "chatcmpl-req-1",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "qwen3:8b",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 3,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
    } == orjson.loads(completion.body)
    assert (Usage(10, output=3), "stop", 0) == (completion.usage, completion.finish, completion.produced)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("stop", "stop"), ("length", "length"), ("load", "stop"), ("unload", "stop"), ("new", "length"), (None, "stop")],
)
def test_more_2_the_reason_to_finish_is_ollamas_own(answered, reason, expected):
    assert expected == answered({**ANSWER, "done_reason": reason}).finish


@pytest.mark.covers("ollama", "tools", "parallel tools")
def test_more_3_calls_have_text_for_arguments_ids_and_their_own_finish(answered):
    calls = [
        {"id": "call_x", "function": {"index": 0, "name": "f", "arguments": {"b": 1, "a": "é"}}},
        {"function": {"index": 0, "name": "g", "arguments": {}}},
        {"function": {"name": "h", "arguments": '{"c":2}'}},
        {"function": {"name": "i"}},
    ]

    completion = answered(told(content="Let me see.", tool_calls=calls))

    choice = orjson.loads(completion.body)["choices"][0]
    made = choice["message"]["tool_calls"]
    assert ("tool_calls", "Let me see.") == (choice["finish_reason"], choice["message"]["content"])
    assert [("f", '{"b":1,"a":"é"}'), ("g", "{}"), ("h", '{"c":2}'), ("i", "{}")] == [
        (one["function"]["name"], one["function"]["arguments"]) for one in made
    ]
    assert "call_x" == made[0]["id"]
    assert 4 == len({one["id"] for one in made})
    assert all(one["id"].startswith("call_") and len(one["id"]) <= 40 for one in made)


def test_generated_ids_differ_from_turn_to_turn_even_if_the_client_names_all_its_calls_alike(answered):
    body = told(tool_calls=[{"function": {"name": "f", "arguments": {}}}])
    later = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}

    first, second = (orjson.loads(answered(body, body=more).body) for more in ({}, later))

    assert 2 == len({one["choices"][0]["message"]["tool_calls"][0]["id"] for one in (first, second)})


def test_nothing_but_calls_has_no_content_and_an_empty_answer_has_an_empty_one(answered):
    call = {"function": {"name": "f", "arguments": {}}}

    assert orjson.loads(answered(told(tool_calls=[call])).body)["choices"][0]["message"]["content"] is None
    assert "" == orjson.loads(answered(told(content=None)).body)["choices"][0]["message"]["content"]


def test_a_call_in_an_answer_that_was_cut_off_does_not_make_it_whole(answered):
    call = {"function": {"name": "f", "arguments": {}}}

    assert "length" == answered({**told(tool_calls=[call]), "done_reason": "length"}).finish


@pytest.mark.covers("ollama", "reasoning")
def test_thoughts_come_back_as_reasoning_content(answered):
    message = orjson.loads(answered(told(content="4", thinking="2+2")).body)["choices"][0]["message"]

    assert ("4", "2+2") == (message["content"], message["reasoning_content"])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"prompt_eval_count": 10, "eval_count": 3}, Usage(10, output=3)),
        ({"eval_count": 3}, Usage(0, output=3)),
        ({"prompt_eval_count": 10}, Usage(10)),
        ({"prompt_eval_count": 10, "prompt_eval_cached_count": 4, "eval_count": 1}, Usage(6, 4, output=1)),
        ({"prompt_eval_count": 10, "prompt_eval_cached_count": 40, "eval_count": 1}, Usage(0, 10, output=1)),
        ({"prompt_eval_count": None, "eval_count": None}, None),
        ({}, None),
        ({"prompt_eval_count": -1, "eval_count": 3}, None),
        ({"prompt_eval_count": 1, "eval_count": "3"}, None),
    ],
)
def test_more_7_counts_that_are_zero_are_left_out(answered, counts, expected):
    body = {name: value for name, value in ANSWER.items() if not name.endswith("eval_count")}

    completion = answered({**body, **counts})

    assert expected == completion.usage
    assert (expected is None) == (completion.produced > 0)


def test_log_probabilities_are_openais(answered):
    logprobs = orjson.loads(answered({**ANSWER, "logprobs": [TOKEN]}).body)["choices"][0]["logprobs"]

    top = {"token": "a", "bytes": [97], "logprob": -1.5}
    assert {"content": [{"token": "hé", "bytes": [104, 195, 169], "logprob": -0.5, "top_logprobs": [top]}]} == logprobs


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b'{"model":"m","mess',
        b"[]",
        {**ANSWER, "done": False},
        {**ANSWER, "message": None},
        told(tool_calls={"a": 1}),
        told(tool_calls=[{"function": {"arguments": {}}}]),
        told(tool_calls=["f"]),
        {"error": "model runner has unexpectedly stopped"},
    ],
)
@pytest.mark.covers("ollama", "errors")
def test_what_is_no_answer_is_none(answered, body):
    with pytest.raises(UpstreamError) as caught:
        answered(body)

    assert Fault.BROKEN is caught.value.failure.fault


def test_a_whole_answer_that_is_an_error_is_told_by_its_words(answered):
    with pytest.raises(UpstreamError) as caught:
        answered({"error": '{"error":{"code":400,"type":"exceed_context_size_error","message":"too long"}}'})

    failure = caught.value.failure
    assert (Fault.CONTEXT_LENGTH, 400, "too long") == (failure.fault, failure.status, failure.message)


# Completions

GENERATED = {**{name: value for name, value in ANSWER.items() if name != "message"}, "response": "return 1"}


def test_a_generated_text_is_a_text_completion(answered):
    completion = answered({**GENERATED, "done_reason": "length", "thinking": "Hm."}, "completions")

    body = orjson.loads(completion.body)
    assert ("cmpl-req-1", "text_completion", "qwen3:8b") == (body["id"], body["object"], body["model"])
    assert [
        {"index": 0, "text": "return 1", "logprobs": None, "finish_reason": "length", "reasoning_content": "Hm."}
    ] == body["choices"]
    assert (13, "length") == (body["usage"]["total_tokens"], completion.finish)


def test_a_generated_text_that_nobody_counted_is_measured(answered):
    completion = answered({"response": "return 1", "done": True}, "completions")

    assert (None, len('"return 1"')) == (completion.usage, completion.produced)


def test_log_probabilities_of_texts_have_offsets(answered):
    second = {"token": "b", "logprob": -1}

    completion = answered({**GENERATED, "logprobs": [TOKEN, second, None]}, "completions")

    assert {
        "tokens": ["hé", "b"],
        "token_logprobs": [-0.5, -1],
        "top_logprobs": [{"a": -1.5}, {}],
        "text_offset": [0, 2],
    } == orjson.loads(completion.body)["choices"][0]["logprobs"]


def test_a_text_that_is_missing_is_no_answer(answered):
    with pytest.raises(UpstreamError, match="no text"):
        answered(ANSWER, "completions")


# Embeddings


def test_vectors_are_a_list_of_embeddings(answered):
    completion = answered(VECTORS, "embeddings", body={"input": ["a", "b"]})

    assert {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
            {"object": "embedding", "index": 1, "embedding": [2.0, 0.25]},
        ],
        "model": "nomic",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    } == orjson.loads(completion.body)
    assert Usage(4) == completion.usage


def test_core_70_vectors_that_were_asked_for_in_base64_are_packed(answered):
    one = {"embeddings": [[0.5, -1.0]]}

    body = orjson.loads(answered(one, "embeddings", body={"encoding_format": "base64"}).body)

    assert (0.5, -1.0) == struct.unpack("<2f", base64.b64decode(body["data"][0]["embedding"]))
    assert "usage" not in body


@pytest.mark.parametrize(
    ("vectors", "packed"),
    [
        (None, False),
        ([[1.0], [2.0]], False),
        ([[]], False),
        (["no"], False),
        ([["a"]], True),
        ([[1e300]], True),
    ],
)
def test_vectors_that_are_none_are_no_answer(answered, vectors, packed):
    body = {"encoding_format": "base64"} if packed else {}

    with pytest.raises(UpstreamError) as caught:
        answered({"embeddings": vectors}, "embeddings", body=body)

    assert Fault.BROKEN is caught.value.failure.fault


# What is installed


def test_what_is_installed_is_listed(adapter):
    listing = adapter("ollama").listing
    tags = [
        {"name": "qwen3:8b", "modified_at": "2026-05-04T17:37:44.706015396-07:00"},
        {"name": "old", "modified_at": "2026-05-04T17:37:44"},
        {"name": "odd", "modified_at": "yesterday"},
        {"name": "older"},
        {"model": "nameless"},
        "nothing",
    ]

    models = listing.read(orjson.dumps({"models": tags}))

    assert ("/api/tags", "/api/version") == (listing.path, listing.probe)
    assert [("qwen3:8b", 1_777_941_464), ("old", 1_777_916_264), ("odd", 0), ("older", 0)] == [
        (one["id"], one["created"]) for one in models
    ]
    assert {"id": "older", "object": "model", "created": 0, "owned_by": "ollama"} == models[3]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"models":null}'])
def test_a_list_that_is_none_is_an_error(adapter, body):
    with pytest.raises(UpstreamError):
        adapter("ollama").listing.read(body)


@pytest.mark.parametrize("message", [{"content": 7}, {"content": ["a"]}, {"thinking": {}}])
def test_content_that_is_no_text_is_a_failure(answered, message):
    with pytest.raises(UpstreamError, match="no text"):
        answered(told(**message))
