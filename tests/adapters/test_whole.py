"""Whole answers, written as OpenAI writes them."""

import orjson
import pytest
from asking import asked
from openai.types.chat import ChatCompletion

from adapters.whole import Made, choice, completion, read, written
from core.call import Call
from core.faults import Fault, UpstreamError
from core.usage import Usage, shown


@pytest.fixture
def ask():
    return asked(Call("chat", "smart", {}))


def deep(levels=300):
    body = {}
    for _ in range(levels):
        body = {"a": body}
    return body


def test_a_choice_is_a_message_and_why_it_ended():
    made = choice("stop", text="hi")

    assert made == {
        "index": 0,
        "message": {"role": "assistant", "content": "hi", "refusal": None},
        "logprobs": None,
        "finish_reason": "stop",
    }


def test_a_choice_says_whatever_there_is():
    made = choice(
        "tool_calls",
        text=None,
        index=2,
        reasoning="hm",
        calls=[Made("c1", "f", "{}"), Made("c2", "g", '{"a":1}', {"extra_content": {"x": 1}})],
        refusal="no",
        logprobs={"content": []},
        extra={"annotations": [1]},
    )

    assert made["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": "no",
        "reasoning_content": "hm",
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {
                "id": "c2",
                "type": "function",
                "function": {"name": "g", "arguments": '{"a":1}'},
                "extra_content": {"x": 1},
            },
        ],
        "annotations": [1],
    }
    assert (made["index"], made["logprobs"], made["finish_reason"]) == (2, {"content": []}, "tool_calls")


def test_a_completion_is_what_the_official_client_reads(ask):
    usage = Usage(input=3, cache_read=2, output=4)

    made = completion(
        ask,
        [choice("length", text="hi"), choice("stop", text="ho", index=1)],
        usage,
        id="a1",
        model="real",
        remember={"c1": {"s": 1}},
        service_tier="flex",
    )

    body = orjson.loads(made.body)
    assert (body["id"], body["model"], body["created"], body["service_tier"]) == ("a1", "real", 1_800_000_000, "flex")
    assert body["usage"] == shown(usage)
    assert (made.usage, made.finish, made.produced, made.remember) == (usage, "length", 0, {"c1": {"s": 1}})
    assert ChatCompletion.model_validate(body).choices[1].message.content == "ho"


def test_an_answer_without_id_model_and_usage_gets_ours_and_its_size(ask):
    made = completion(ask, [choice("stop", text="hi")], None)

    body = orjson.loads(made.body)
    assert (body["id"], body["model"]) == ("chatcmpl-req-1", "m")
    assert "usage" not in body
    assert (made.usage, made.produced, made.remember) == (None, len(orjson.dumps(body["choices"][0]["message"])), {})


def test_an_answer_without_choices_is_none(ask):
    with pytest.raises(UpstreamError) as error:
        completion(ask, [], Usage())

    assert error.value.failure.fault is Fault.BROKEN


@pytest.mark.parametrize("usage", [Usage(), None])
def test_an_answer_nested_too_deeply_is_broken(ask, usage):
    with pytest.raises(UpstreamError) as error:
        completion(ask, [choice("stop", text="hi", extra={"annotations": [deep()]})], usage)

    assert error.value.failure.fault is Fault.BROKEN


def test_a_body_is_read_as_an_object():
    assert read(b' {"a": 1}') == {"a": 1}
    assert written({"a": 1}) == b'{"a":1}'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the answer is empty"),
        (b" \n ", "the answer is empty"),
        (b" <html></html>", "the answer is a page of HTML"),
        (b'{"a": ', "the answer is not JSON, or only half of it"),
        (b"data: {}", "the answer is not JSON, or only half of it"),
        (b'{"a":"\xff"}', "the answer is not JSON, or only half of it"),
        (b"[1]", "the answer is not a JSON object"),
        (b"null", "the answer is not a JSON object"),
    ],
)
def test_what_is_no_answer_says_what_it_is(body, message):
    with pytest.raises(UpstreamError) as error:
        read(body)

    assert (error.value.failure.fault, error.value.failure.message) == (Fault.BROKEN, message)
