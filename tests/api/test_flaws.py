"""What is certainly wrong with answers, whole and streamed."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.flaws import LONGEST, flaw, formed
from core.call import Call

OBJECT = {"response_format": {"type": "json_object"}}
SCHEMA = {
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "s", "schema": {"type": "object", "required": ["a"]}},
    }
}
HALF = {"response_format": {"type": "json_schema", "json_schema": "odd"}}


def tool(arguments: object, **more: object) -> dict[str, object]:
    return {"id": "x", "type": "function", "function": {"name": "f", "arguments": arguments}, **more}


def call(**body: object) -> Call:
    return Call("chat", "m", {"model": "m", **body})


def whole(*messages: object) -> bytes:
    return orjson.dumps({"choices": [{"index": index, "message": each} for index, each in enumerate(messages)]})


def streamed(*deltas: object) -> bytes:
    events = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    return (
        b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in (*events, {"choices": []}))
        + b"data: [DONE]\n\n"
    )


@pytest.mark.parametrize(
    ("body", "message", "expected"),
    [
        ({}, {"content": "hello"}, ""),
        ({}, {"content": " \n"}, "empty"),
        ({}, {"content": None}, "empty"),
        ({}, {"content": None, "reasoning_content": "hm"}, "empty"),
        ({}, {"content": None, "refusal": "no"}, ""),
        ({}, {"content": [{"type": "text", "text": "x"}]}, ""),
        ({}, {"content": None, "audio": {"id": "a"}}, ""),
        (OBJECT, {"content": '{"a": 1}'}, ""),
        (OBJECT, {"content": "null"}, ""),
        (OBJECT, {"content": "Here: {}"}, "no_json"),
        (SCHEMA, {"content": '{"a": 1}'}, ""),
        (SCHEMA, {"content": '{"b": 1}'}, "off_schema"),
        (HALF, {"content": '{"b": 1}'}, ""),
        (SCHEMA, {"content": None, "tool_calls": [tool("{}")]}, ""),
        ({}, {"content": None, "tool_calls": [tool('{"a": 1}'), tool("")]}, ""),
        ({}, {"content": None, "tool_calls": [tool('{"a": ')]}, "tool_arguments"),
        ({}, {"content": None, "tool_calls": [tool(None)]}, ""),
        ({"response_format": "odd"}, {"content": "x"}, ""),
    ],
)
def test_a_whole_answer(body, message, expected):
    assert expected == flaw(call(**body), whole(message), "stop")


@pytest.mark.parametrize(
    ("body", "deltas", "expected"),
    [
        ({}, [{"role": "assistant", "content": ""}, {"content": "a"}], ""),
        ({}, [{"role": "assistant", "content": ""}, {}], "empty"),
        (OBJECT, [{"content": '{"a"'}, {"content": ": 1}"}], ""),
        (OBJECT, [{"content": '{"a"'}], "no_json"),
        (
            {},
            [{"tool_calls": [tool('{"a"', index=0)]}, {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}],
            "",
        ),
        ({}, [{"tool_calls": [tool("{}", index=0)]}, {"tool_calls": [tool("{", index=1)]}], "tool_arguments"),
        ({}, [{"tool_calls": [{"index": 0}]}], ""),
        ({}, [None, {"content": "x"}], ""),
    ],
)
def test_a_streamed_answer(body, deltas, expected):
    assert expected == flaw(call(**body)._replace(stream=True), streamed(*deltas), "stop")


def test_of_several_choices_one_that_is_flawed_is_enough():
    assert "empty" == flaw(call(), whole({"content": "x"}, {"content": ""}), "stop")


def test_an_answer_that_was_cut_is_flawed_whatever_it_says():
    assert "truncated" == flaw(call(), whole({"content": "x"}), "length")


def test_only_chats_are_looked_at():
    assert "" == flaw(call()._replace(endpoint="embeddings"), b"{}", "length")


def test_huge_answers_are_left_alone():
    assert "" == flaw(call(), b" " * (LONGEST + 1), "stop")


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"3", b'{"choices": 3}', b'{"choices": [3]}', b"{}"])
def test_what_has_no_shape_that_we_know_is_no_flaw_that_we_know(answer):
    assert "" == flaw(call(), answer, "stop")


@given(
    st.recursive(
        st.none() | st.integers(-9, 9) | st.text(),
        lambda one: (
            st.lists(one)
            | st.dictionaries(st.sampled_from(["tool_calls", "function", "arguments", "content", "index"]), one)
        ),
    )
)
def test_no_message_is_too_odd(message):
    assert isinstance(flaw(call(**OBJECT), whole(message), "stop"), str)
    assert isinstance(flaw(call(**OBJECT)._replace(stream=True), streamed(message), "stop"), str)


@pytest.mark.parametrize(
    ("body", "needs", "expected"),
    [({}, (), False), (OBJECT, (), True), (SCHEMA, (), True), ({}, ("tools",), True), ({}, ("vision",), False)],
)
def test_which_answers_have_to_be_read(body, needs, expected):
    assert expected == formed(call(**body)._replace(needs=frozenset(needs)))
