"""Embeddings of Gemini, one by one and in batches."""

import base64
import struct

import orjson
import pytest
from gemini_calls import ask_of, gemini

from core.errors import Refusal
from core.faults import Fault, UpstreamError

MODEL = "gemini-embedding-001"


def asked_for(given, **body):
    return ask_of(MODEL, endpoint="embeddings", input=given, **body)


def decoded(given, answer, **body):
    ask = asked_for(given, **body)
    return gemini().decode(orjson.dumps(answer), ask, gemini().encode(ask))


@pytest.mark.parametrize("given", ["hi", ["hi"]])
def test_one_text_is_embedded_alone(given):
    request = gemini().encode(asked_for(given, dimensions=8))

    assert f"/v1beta/models/{MODEL}:embedContent" == request.path
    assert {
        "model": f"models/{MODEL}",
        "content": {"parts": [{"text": "hi"}]},
        "outputDimensionality": 8,
    } == orjson.loads(request.body)


def test_several_texts_are_a_batch():
    request = gemini().encode(asked_for(["a", "b"], encoding_format="float", user="u"))

    assert f"/v1beta/models/{MODEL}:batchEmbedContents" == request.path
    assert ["a", "b"] == [one["content"]["parts"][0]["text"] for one in orjson.loads(request.body)["requests"]]
    assert ("user",) == request.dropped


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"given": [1, 2]}, "input"),
        ({"given": [[1], [2]]}, "input"),
        ({"given": ["x"] * 101}, "input"),
        ({"given": "x", "encoding_format": "hex"}, "encoding_format"),
    ],
)
def test_what_it_cannot_embed_is_refused(body, param):
    with pytest.raises(Refusal) as refused:
        gemini().encode(asked_for(**body))

    assert (400, param) == (refused.value.status, refused.value.param)


def test_answers_are_openais():
    made = decoded(
        ["a", "b"], {"embeddings": [{"values": [1.5, 2]}, {"values": [3]}], "usageMetadata": {"promptTokenCount": 4}}
    )

    assert {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [1.5, 2]},
            {"object": "embedding", "index": 1, "embedding": [3]},
        ],
        "model": MODEL,
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    } == orjson.loads(made.body)
    assert 4 == made.usage.input


def test_one_embedding_comes_by_another_name():
    made = decoded("a", {"embedding": {"values": [1]}})

    assert [1] == orjson.loads(made.body)["data"][0]["embedding"]
    assert made.usage is None


def test_core_70_numbers_are_packed_where_that_is_wanted():
    made = decoded("a", {"embedding": {"values": [0.5, -2]}}, encoding_format="base64")

    packed = orjson.loads(made.body)["data"][0]["embedding"]
    assert (0.5, -2.0) == struct.unpack("<2f", base64.b64decode(packed))


@pytest.mark.parametrize(
    ("answer", "encoding"),
    [
        ({}, None),
        ({"embeddings": [{"values": [1]}, {"values": [1]}]}, None),
        ({"embedding": {"values": []}}, None),
        ({"embedding": "x"}, None),
        ({"embedding": {"values": ["x"]}}, "base64"),
        ({"embedding": {"values": [1e300]}}, "base64"),
    ],
)
def test_what_is_no_embedding_is_a_failure(answer, encoding):
    with pytest.raises(UpstreamError) as error:
        decoded("a", answer, encoding_format=encoding)

    assert Fault.BROKEN is error.value.failure.fault
