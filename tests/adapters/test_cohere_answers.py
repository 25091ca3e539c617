"""Whole answers of Cohere, as the client gets them."""

import orjson
import pytest
from asking import SENT, asked

from core.faults import Fault, UpstreamError
from core.usage import Usage

USAGE = {
    "billed_units": {"input_tokens": 17.0, "output_tokens": 19.0},
    "tokens": {"input_tokens": 1434.0, "output_tokens": 48.0},
    "cached_tokens": 992.0,
}
ANSWER = {
    "id": "94e3907b",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "Hello."}]},
    "finish_reason": "COMPLETE",
    "usage": USAGE,
}
CALL = {"id": "w_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"a":1}'}}
CITATION = {
    "start": 0,
    "end": 5,
    "text": "Hello",
    "sources": [{"type": "document", "id": "doc:1", "document": {"id": "doc:1", "text": "Hello."}}],
    "type": "TEXT_CONTENT",
}
LOGPROBS = [{"text": "Hel", "token_ids": [1], "logprobs": [-0.5]}, {"text": "lö", "token_ids": [2, 3]}]
VECTORS = {
    "id": "e1",
    "texts": ["a"],
    "embeddings": {"float": [[0.5, -1.0]]},
    "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 4}},
    "response_type": "embeddings_by_type",
}


@pytest.fixture
def answered(adapter, call):
    def make(answer, endpoint="chat", *, notes=None, **asking):
        data = answer if isinstance(answer, bytes) else orjson.dumps(answer)
        return adapter("cohere").decode(data, asked(call(endpoint, **asking)), SENT._replace(notes=notes))

    return make


def told(**message):
    return {**ANSWER, "message": {"role": "assistant", **message}}


def message_of(completion):
    return orjson.loads(completion.body)["choices"][0]["message"]


@pytest.mark.covers("cohere", "text")
def test_an_answer_is_a_completion_with_cohere_s_own_id(answered):
    completion = answered(ANSWER)

    body = orjson.loads(completion.body)
    assert ("94e3907b", "chat.completion", 1_800_000_000, "m") == (
        body["id"],
        body["object"],
        body["created"],
        body["model"],
    )
    assert [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello.", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ] == body["choices"]
    assert "stop" == completion.finish


def test_all_tokens_are_shown_and_those_are_priced_that_are_charged(answered):
    completion = answered(ANSWER)

    usage = orjson.loads(completion.body)["usage"]
    assert (1434, 48, 1482) == (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"])
    assert Usage(17, output=19, free_input=1417, free_output=29) == completion.usage


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"tokens": {"input_tokens": 10, "output_tokens": 2}, "cached_tokens": 4}, Usage(6, 4, output=2)),
        ({"tokens": {"input_tokens": 10}, "cached_tokens": None}, Usage(10)),
        (
            {"billed_units": {"input_tokens": 10, "output_tokens": 2, "search_units": 1}},
            Usage(10, output=2, searches=1),
        ),
        (
            {"billed_units": {"output_tokens": 2}, "tokens": {"input_tokens": 3.0, "output_tokens": 4}},
            Usage(3, output=4),
        ),
        ({"billed_units": {"input_tokens": 9}, "tokens": {"input_tokens": 3}}, Usage(9)),
        ({"tokens": {"input_tokens": -1}}, None),
        ({"tokens": None}, None),
        (None, None),
        ("many", None),
    ],
)
def test_usage_that_is_not_all_there_is_taken_as_far_as_it_goes(answered, usage, expected):
    completion = answered({**ANSWER, "usage": usage})

    assert expected == completion.usage
    assert (expected is None) == (completion.produced > 0)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("ERROR_LIMIT", "length"),
        ("ERROR_TOXIC", "content_filter"),
        ("SOMETHING_NEW", "length"),
        ("CONTENT_BLOCKED", "content_filter"),
    ],
)
def test_reasons_to_finish_are_openais(answered, reason, expected):
    assert expected == answered({**ANSWER, "finish_reason": reason}).finish


@pytest.mark.parametrize(("reason", "fault"), [("ERROR", Fault.BROKEN), ("TIMEOUT", Fault.TIMEOUT)])
@pytest.mark.covers("cohere", "errors")
def test_an_answer_that_ended_by_an_error_is_one(answered, reason, fault):
    with pytest.raises(UpstreamError) as caught:
        answered({**ANSWER, "finish_reason": reason})

    assert (fault, f"the provider ended the answer with '{reason}'") == (
        caught.value.failure.fault,
        caught.value.failure.message,
    )


@pytest.mark.covers("cohere", "tools", "parallel tools")
def test_calls_have_their_names_back_and_the_plan_is_reasoning(answered):
    calls = [CALL, {"function": {"name": "clock"}}]

    completion = answered(told(tool_plan="I will look.", tool_calls=calls), notes={"get_weather": "get-weather"})

    message = message_of(completion)
    assert (None, "I will look.") == (message["content"], message["reasoning_content"])
    assert [("get-weather", '{"a":1}'), ("clock", "{}")] == [
        (one["function"]["name"], one["function"]["arguments"]) for one in message["tool_calls"]
    ]
    assert "w_1" == message["tool_calls"][0]["id"]
    assert message["tool_calls"][1]["id"].startswith("call_")
    assert "tool_calls" == completion.finish


@pytest.mark.covers("cohere", "reasoning")
def test_blocks_of_thoughts_and_text_are_told_apart(answered):
    blocks = [{"type": "thinking", "thinking": "2+2"}, {"type": "text", "text": "4"}, {"type": "text", "text": "!"}]

    message = message_of(answered(told(content=blocks)))

    assert ("4!", "2+2") == (message["content"], message["reasoning_content"])


def test_citations_stay_with_the_message(answered):
    assert [CITATION] == message_of(answered(told(content=[], citations=[CITATION])))["citations"]
    assert "citations" not in message_of(answered(told(content=[], citations=[])))


def test_log_probabilities_are_those_of_chunks(answered):
    found = orjson.loads(answered({**ANSWER, "logprobs": LOGPROBS}).body)["choices"][0]["logprobs"]

    assert {
        "content": [
            {"token": "Hel", "bytes": [72, 101, 108], "logprob": -0.5, "top_logprobs": []},
            {"token": "lö", "bytes": [108, 195, 182], "logprob": None, "top_logprobs": []},
        ]
    } == found


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b'{"id":"1","mess',
        b"[]",
        {**ANSWER, "message": None},
        {**ANSWER, "finish_reason": None},
        told(tool_calls={"a": 1}),
        told(tool_calls=["f"]),
        told(tool_calls=[{"function": {"arguments": "{}"}}]),
        {"message": "internal server error", "id": "1"},
        {"error": {"message": "internal"}},
    ],
)
@pytest.mark.covers("cohere", "errors")
def test_what_is_no_answer_is_none(answered, body):
    with pytest.raises(UpstreamError) as caught:
        answered(body)

    assert Fault.BROKEN is caught.value.failure.fault


# Embeddings and models


def test_vectors_are_a_list_of_embeddings(answered):
    completion = answered(VECTORS, "embeddings")

    assert {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}],
        "model": "m",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    } == orjson.loads(completion.body)
    assert Usage(4) == completion.usage


def test_vectors_of_another_kind_are_no_answer(answered):
    with pytest.raises(UpstreamError):
        answered({**VECTORS, "embeddings": [[1.0]]}, "embeddings")


def test_models_that_chat_or_embed_are_listed(adapter):
    listing = adapter("cohere").listing
    models = [
        {"name": "command", "endpoints": ["generate", "chat"]},
        {"name": "embed", "endpoints": ["embed"]},
        {"name": "rerank", "endpoints": ["rerank"]},
        {"name": "new"},
        {"endpoints": ["chat"]},
        "none",
    ]

    found = listing.read(orjson.dumps({"models": models}))

    assert "/v1/models?page_size=1000" == listing.path
    assert ["command", "embed", "new"] == [one["id"] for one in found]
    assert {"id": "command", "object": "model", "created": 0, "owned_by": "cohere"} == found[0]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"models":null}'])
def test_a_list_that_is_none_is_an_error(adapter, body):
    with pytest.raises(UpstreamError):
        adapter("cohere").listing.read(body)
