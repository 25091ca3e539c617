"""What makes a 200 in OpenAI's dialect an answer: that all of it is there."""

import orjson
import pytest
from asking import SENT, asked

from core.faults import Fault, UpstreamError

SAID = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
WRITTEN = {"index": 0, "text": "hello", "finish_reason": "stop"}


def choice(**facts):
    return {**SAID, **facts}


def decoded(adapter, call, answer, endpoint="chat", dialect="openai", **facts):
    return adapter(dialect).decode(orjson.dumps(answer), asked(call(endpoint, **facts)), SENT)


def refused(adapter, call, answer, endpoint="chat", dialect="openai", **facts):
    with pytest.raises(UpstreamError) as caught:
        decoded(adapter, call, answer, endpoint, dialect, **facts)
    assert Fault.BROKEN is caught.value.failure.fault
    return caught.value.failure.message


@pytest.mark.parametrize(
    ("dialect", "endpoint", "said"),
    [
        ("openai", "chat", choice(finish_reason=None)),
        ("openai", "chat", choice(finish_reason="")),
        ("openai", "chat", choice(finish_reason=7)),
        ("openai", "chat", choice(message={"content": None}, finish_reason=None)),
        ("openai", "chat", {"index": 0, "message": {"content": "hello"}}),
        ("openai", "chat", {"index": 0, "message": {}}),
        ("openai", "completions", {**WRITTEN, "finish_reason": None}),
        ("openai", "completions", {"index": 0, "text": "hello"}),
        ("xai", "chat", choice(finish_reason="")),
        ("mistral", "chat", choice(finish_reason=None)),
    ],
)
def test_what_does_not_say_why_it_ended_is_broken(adapter, call, dialect, endpoint, said):
    message = refused(adapter, call, {"choices": [said]}, endpoint, dialect)

    assert "the answer has a choice that did not finish" == message


@pytest.mark.parametrize("content", [5, True, {"text": "hello"}])
def test_content_that_is_no_text_is_broken(adapter, call, content):
    message = refused(adapter, call, {"choices": [choice(message={"content": content})]})

    assert "the answer has content that is no text" == message


@pytest.mark.parametrize(
    "said",
    [
        choice(message={"content": ""}),
        choice(message={"content": ""}, finish_reason="length"),
        choice(message={"content": None}, finish_reason="content_filter"),
        choice(message={"role": "assistant"}, finish_reason="length"),
        choice(message={"content": None, "refusal": "no"}),
        choice(message={"content": None, "audio": {"id": "a"}}),
        choice(message={"content": None, "reasoning_content": "hm"}, finish_reason="length"),
        choice(message={"content": None, "tool_calls": [{"id": "c"}]}, finish_reason="tool_calls"),
        choice(message={"content": [{"type": "text", "text": "hello"}]}),
        choice(finish_reason="a word of their own"),
    ],
)
def test_an_answer_may_say_nothing_if_it_says_that_it_ended(adapter, call, said):
    body = {"choices": [said]}

    assert orjson.dumps(body) == decoded(adapter, call, body).body


@pytest.mark.parametrize("index", [{}, {"index": None}, {"index": 1}])
def test_a_choice_that_is_alone_is_the_first(adapter, call, index):
    said = {"message": SAID["message"], "finish_reason": "stop", **index}

    completion = decoded(adapter, call, {"choices": [said]})

    assert {"choices": [SAID]} == orjson.loads(completion.body)


@pytest.mark.parametrize(("endpoint", "said"), [("chat", SAID), ("completions", WRITTEN)])
def test_fewer_choices_than_were_asked_for_are_broken(adapter, call, endpoint, said):
    message = refused(adapter, call, {"choices": [said]}, endpoint, choices=2)

    assert "the answer has 1 of 2 choices" == message


def test_where_n_is_not_passed_on_there_are_as_many_choices_as_prompts(adapter, call):
    one, two = {"choices": [SAID]}, {"choices": [WRITTEN, {**WRITTEN, "index": 1}]}
    asks = {"prompt": ["a", "b"], "n": 2}

    assert decoded(adapter, call, one, "chat", "deepseek", body={"n": 2}, choices=2).finish == "stop"
    assert decoded(adapter, call, two, "completions", "deepseek", body=asks, choices=4).finish == "stop"
    assert "the answer has 1 of 2 choices" == refused(
        adapter, call, {"choices": [WRITTEN]}, "completions", "deepseek", body=asks, choices=4
    )


@pytest.mark.parametrize(
    ("given", "expected"), [((0, 1), [0, 1]), ((1, 0), [1, 0]), ((None, None), [0, 1]), ((0, None), [0, 1])]
)
def test_choices_and_vectors_without_index_have_that_of_their_place(adapter, call, given, expected):
    choices = decoded(adapter, call, {"choices": [choice(index=index) for index in given]}, choices=2)
    data = [{"index": index, "embedding": [0.5]} for index in given]
    vectors = decoded(adapter, call, {"data": data}, "embeddings", body={"input": ["a", "b"]})

    assert expected == [one["index"] for one in orjson.loads(choices.body)["choices"]]
    assert expected == [one["index"] for one in orjson.loads(vectors.body)["data"]]


@pytest.mark.parametrize("given", [(0, 0), (0, 2), (-1, 0), (None, 0), (0, "1"), (0, 1.5)])
def test_choices_and_vectors_are_there_once_each(adapter, call, given):
    choices = [choice(index=index) for index in given]
    data = [{"index": index, "embedding": [0.5]} for index in given]

    assert "two entries" in refused(adapter, call, {"choices": choices}, choices=2)
    assert "two entries" in refused(adapter, call, {"data": data}, "embeddings", body={"input": ["a", "b"]})


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "x",
        {"index": 0},
        {"index": 0, "embedding": None},
        {"index": 0, "embedding": []},
        {"index": 0, "embedding": ""},
        {"index": 0, "embedding": [None, 0.5]},
        {"index": 0, "embedding": [0.5, "x"]},
        {"index": 0, "embedding": {"0": 0.5}},
    ],
)
def test_a_vector_that_is_none_is_broken(adapter, call, entry):
    message = refused(adapter, call, {"data": [entry]}, "embeddings")

    assert "the answer has an embedding that is none" == message


@pytest.mark.parametrize("vector", [[0.5, -1], [1], "zczMPc3MTD4="])
def test_vectors_are_numbers_or_base64(adapter, call, vector):
    body = {"data": [{"index": 0, "embedding": vector}]}

    assert orjson.dumps(body) == decoded(adapter, call, body, "embeddings").body
