"""The demo provider: what it answers, without any network."""

import base64
import math
import struct

import orjson
import pytest
from asking import asked
from hypothesis import given
from hypothesis import strategies as st

from adapters.demo import script
from adapters.demo_answer import pieces_of
from adapters.demo_schema import sample
from core.faults import Fault

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
            "required": ["city", "days"],
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "clock"}}
ODD = {"type": "function", "function": {"name": "odd", "parameters": {"type": "string"}}}


def play(text="hi there", model="echo", **facts):
    body = {"model": model, "messages": [{"role": "user", "content": text}], **facts}
    return script(orjson.dumps(body))


def body_of(played):
    return orjson.loads(b"".join(data for _, data in played.steps))


def message_of(played):
    return body_of(played)["choices"][0]["message"]


def stream_of(played):
    return b"".join(data for _, data in played.steps)


@pytest.mark.covers("demo", "text")
def test_it_says_that_it_is_the_demo_and_repeats_what_was_said():
    content = message_of(play("How are you?"))["content"]

    assert "demo" in content
    assert "How are you?" in content
    assert "x" * 200 + "”" in message_of(play("x" * 999))["content"]


def test_the_same_question_has_the_same_answer():
    assert play() == play()


@pytest.mark.parametrize(
    "content", [[{"type": "text", "text": "How?"}, {"type": "image_url", "image_url": {}}], ["How?"], "How?"]
)
def test_text_is_found_in_parts(content):
    assert "How?" in message_of(play(content))["content"]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"n": 2},
        {"tools": [WEATHER]},
        {"max_tokens": 3},
        {"response_format": {"type": "json_object"}},
        {"stop": "demo"},
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_its_answers_are_whole_for_the_adapter(adapter, call, facts, streamed):
    ask = asked(call(body=facts, stream=streamed, include_usage=True, choices=facts.get("n", 1)), "demo/echo")
    demo = adapter("demo")
    request = demo.encode(ask)
    played = script(request.body)

    if streamed:
        decoder = demo.decoder(ask, request)
        for _, data in played.steps:
            decoder.feed(data)
        decoder.close()
        assert (True, True) == (decoder.started, decoder.done)
        assert decoder.usage.output > 0
    else:
        assert demo.decode(stream_of(played), ask, request).usage.output > 0


@pytest.mark.covers("demo", "stream")
def test_streams_come_word_by_word():
    played = play(stream=True)
    chunks = [orjson.loads(data[6:]) for _, data in played.steps[:-1]]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]

    assert {"role": "assistant", "content": "", "refusal": None} == deltas[0]
    assert " is" == deltas[3]["content"]
    assert ({}, "stop") == (deltas[-1], chunks[-1]["choices"][0]["finish_reason"])
    assert b"data: [DONE]\n\n" == played.steps[-1][1]
    assert message_of(play(stream=False))["content"] == "".join(delta.get("content", "") for delta in deltas)


def test_usage_counts_words_and_is_streamed_only_when_asked_for():
    usage = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    text = "[[words 3]]"

    assert usage == body_of(play(text))["usage"]
    assert (
        usage == orjson.loads(play(text, stream=True, stream_options={"include_usage": True}).steps[-2][1][6:])["usage"]
    )
    assert b"usage" not in stream_of(play(text, stream=True))


@pytest.mark.covers("demo", "stop")
@pytest.mark.parametrize(
    ("facts", "text", "finish"),
    [
        ({"max_tokens": 2}, "Switchyard routes", "length"),
        ({"max_completion_tokens": 1, "max_tokens": 9}, "Switchyard", "length"),
        ({"max_tokens": 4}, "Switchyard routes this demo", "stop"),
        ({"stop": " this"}, "Switchyard routes", "stop"),
        ({"stop": ["x", "routes"]}, "Switchyard ", "stop"),
        ({"stop": None}, "Switchyard routes this demo", "stop"),
    ],
)
def test_limits_and_stops_are_kept(facts, text, finish):
    choice = body_of(play("[[words 4]]", **facts))["choices"][0]

    assert (text, finish) == (choice["message"]["content"], choice["finish_reason"])


def test_there_are_as_many_choices_as_asked_for():
    assert [0, 1, 2] == [choice["index"] for choice in body_of(play(n=3))["choices"]]
    assert 400 == play(n=1000).status


@pytest.mark.covers("demo", "tools")
@pytest.mark.parametrize(
    ("text", "facts", "name"),
    [
        ("hi", {}, "weather"),
        ("use the clock", {}, "clock"),
        ("hi", {"tool_choice": {"type": "function", "function": {"name": "clock"}}}, "clock"),
        ("hi", {"tool_choice": "required"}, "weather"),
    ],
)
def test_offered_tools_are_called(text, facts, name):
    choice = body_of(play(text, tools=[{"type": "custom"}, WEATHER, CLOCK], **facts))["choices"][0]
    function = choice["message"]["tool_calls"][0]["function"]

    assert ("tool_calls", None, name) == (choice["finish_reason"], choice["message"]["content"], function["name"])
    expected = {"weather": {"city": "city", "days": 2}, "clock": {}}
    assert expected[name] == orjson.loads(function["arguments"])


def test_tools_are_not_called_when_they_must_not_be():
    assert "tool_calls" not in message_of(play(tools=[WEATHER], tool_choice="none"))


def test_arguments_are_always_an_object():
    assert "{}" == message_of(play(tools=[ODD]))["tool_calls"][0]["function"]["arguments"]


@pytest.mark.covers("demo", "tool loop")
def test_a_tools_result_is_answered_in_words():
    messages = [{"role": "user", "content": "hi"}, {"role": "tool", "content": "17 degrees", "tool_call_id": "x"}]

    message = message_of(play(messages=messages, tools=[WEATHER]))

    assert "17 degrees" in message["content"]


def test_tool_calls_stream_as_openai_streams_them():
    chunks = [orjson.loads(data[6:]) for _, data in play(tools=[WEATHER], stream=True).steps[1:-2]]
    calls = [chunk["choices"][0]["delta"]["tool_calls"][0] for chunk in chunks]

    assert ("weather", "") == (calls[0]["function"]["name"], calls[0]["function"]["arguments"])
    assert [{"arguments"}, {"arguments"}] == [call["function"].keys() for call in calls[1:]]
    assert {"city": "city", "days": 2} == orjson.loads("".join(call["function"]["arguments"] for call in calls))


def test_a_tool_without_arguments_streams_too():
    stream = stream_of(play("hi", tools=[CLOCK], stream=True))

    assert b'"arguments":"{}"' in stream


@pytest.mark.covers("demo", "json_schema")
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"type": "json_object"}, {"demo": True, "you_said": "hi there"}),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": WEATHER["function"]["parameters"]}},
            {"city": "city", "days": 2},
        ),
        ({"type": "json_schema", "json_schema": {"name": "x"}}, {}),
    ],
)
def test_json_is_given_where_json_is_wanted(wanted, expected):
    assert expected == orjson.loads(message_of(play(response_format=wanted))["content"])


@pytest.mark.covers("demo", "errors")
@pytest.mark.parametrize(
    ("model", "facts", "status", "fault"),
    [
        ("fails", {}, 503, Fault.OVERLOADED),
        ("limited", {}, 429, Fault.RATE_LIMITED),
        ("refuses", {}, 400, Fault.CONTENT_POLICY),
        ("gpt-4o", {}, 404, Fault.MODEL_NOT_FOUND),
        ("echo", {"text": "[[fail 500]]"}, 500, Fault.BROKEN),
        ("echo", {"text": "[[fail 200]]"}, 503, Fault.OVERLOADED),
        ("echo", {"text": "[[fail]]"}, 503, Fault.OVERLOADED),
        ("echo", {"text": "[[fail 4.0.4]]"}, 503, Fault.OVERLOADED),
    ],
)
def test_failures_look_like_a_providers(adapter, model, facts, status, fault):
    played = play(model=model, **facts)

    failure = adapter("demo").failure(played.status, played.headers, stream_of(played))

    assert (status, fault) == (played.status, failure.fault)
    assert (2.0 if status == 429 else None) == failure.retry_after


@pytest.mark.parametrize("body", [b"", b"{", b"[]"])
def test_what_is_no_request_is_a_bad_one(body):
    assert 400 == script(body).status


def test_a_model_may_be_named_in_full():
    assert 200 == play(model="demo/echo").status


def test_slow_is_slow_until_the_first_word_and_between_words():
    waits = [wait for wait, _ in play("[[words 3]]", model="slow", stream=True).steps]

    assert [0.0, 2.0, 0.1, 0.1, 0.0, 0.0] == waits
    assert [2.0] == [wait for wait, _ in play(model="slow").steps]


def test_directives_set_the_pace():
    waits = [wait for wait, _ in play("[[words 2]] [[slow 2s]] [[pace 50ms]]", stream=True).steps]

    assert [0.0, 2.0, 0.05, 0.0, 0.0] == waits


@pytest.mark.parametrize("facts", [{"model": "broken"}, {"text": "[[break]]"}])
def test_broken_answers_end_in_the_middle(facts):
    stream, whole = play(**facts, stream=True), play(**facts)

    assert stream.broken
    assert b"[DONE]" not in stream_of(stream)
    with pytest.raises(orjson.JSONDecodeError):
        body_of(whole)


def test_hanging_takes_a_day():
    assert ((86_400.0, b""),) == play(model="hangs").steps


def test_completions_answer_each_prompt():
    body = {"model": "echo", "prompt": ["a", "b"]}
    whole = body_of(script(orjson.dumps(body)))
    stream = stream_of(script(orjson.dumps({**body, "prompt": "a", "stream": True})))

    assert ["text_completion", 2, "stop"] == [
        whole["object"],
        len(whole["choices"]),
        whole["choices"][1]["finish_reason"],
    ]
    assert "“a b”" in whole["choices"][0]["text"]
    assert b'"text":" is"' in stream
    assert b"delta" not in stream


@pytest.mark.parametrize(("given", "many"), [("a", 1), (["a", "b"], 2), ([1, 2], 1), ([[1], [2]], 2)])
def test_embeddings_have_length_one_and_depend_on_the_text(given, many):
    found = body_of(script(orjson.dumps({"model": "echo", "input": given})))["data"]

    assert list(range(many)) == [vector["index"] for vector in found]
    assert pytest.approx(1.0) == math.sqrt(sum(number**2 for number in found[0]["embedding"]))
    assert many == len({tuple(vector["embedding"]) for vector in found})


def test_embeddings_come_in_base64_and_in_any_size():
    body = {"model": "echo", "input": "a", "dimensions": 8}
    floats = body_of(script(orjson.dumps(body)))["data"][0]["embedding"]
    packed = body_of(script(orjson.dumps({**body, "encoding_format": "base64"})))["data"][0]["embedding"]

    assert pytest.approx(floats, rel=1e-6) == struct.unpack("<8f", base64.b64decode(packed))


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "demo"),
        ({"type": "string", "format": "date"}, "2025-01-31"),
        ({"type": "string", "minLength": 6}, "demo.."),
        ({"type": "string", "maxLength": 2}, "de"),
        ({"type": "integer"}, 1),
        ({"type": "number", "minimum": 5}, 5),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "exclusiveMinimum": 7}, 8),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["null", "string"]}, "demo"),
        ({"type": ["null"]}, None),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 10**9}, [1] * 10),
        ({"enum": ["a", "b"]}, "a"),
        ({"const": 7}, 7),
        ({"default": 8, "type": "integer"}, 8),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1),
        ({"properties": {"a": {"type": "integer"}}, "required": ["a", "b"]}, {"a": 1, "b": {}}),
        ({"type": "object", "properties": {"a": {}}}, {}),
        ({"$defs": {"x": {"type": "integer"}}, "$ref": "#/$defs/x"}, 1),
        ({"$ref": "#/$defs/none"}, {}),
        ({"type": "string", "minLength": "x"}, {}),
        ([], {}),
    ],
)
def test_samples_fit_their_schema(schema, expected):
    assert expected == sample(schema)


def test_schemas_that_refer_to_themselves_come_to_an_end():
    names = [f"p{number}" for number in range(20)]
    schema = {"properties": {name: {"$ref": "#"} for name in names}, "required": names}

    assert names == list(sample(schema))


@given(st.text())
def test_words_together_are_the_text_again(text):
    assert text == "".join(pieces_of(text))
