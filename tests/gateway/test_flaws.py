"""What a machine finds wrong with answers."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.call import Call
from gateway.flaws import Wanted, flaw, wanted

PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
PLAIN = Wanted(json=False, schema=None, tools={}, limited=False)
JSON = PLAIN._replace(json=True)
TYPED = JSON._replace(schema=PERSON)
TOOLS = PLAIN._replace(tools={"greet": PERSON, "wave": None})


def body(finish="stop", **message):
    return orjson.dumps({"choices": [{"index": 0, "message": message, "finish_reason": finish}]})


def called(*calls, finish="tool_calls"):
    tools = [
        {"id": str(place), "type": "function", "function": {"name": name, "arguments": arguments}}
        for place, (name, arguments) in enumerate(calls)
    ]
    return body(finish, content=None, tool_calls=tools)


CASES = [
    (PLAIN, body(content="hello"), ""),
    (PLAIN, body(content=""), "empty"),
    (PLAIN, body(content=" \n"), "empty"),
    (PLAIN, body(content=None), "empty"),
    (PLAIN, body(content=None, refusal="I won't."), "refused"),
    (PLAIN, body("content_filter", content="I"), "refused"),
    (PLAIN, body("length", content="I"), "cut_short"),
    (PLAIN._replace(limited=True), body("length", content="I"), ""),
    (JSON, body(content='{"a": 1}'), ""),
    (JSON, body(content='```json\n{"a": 1}\n```'), "invalid_json"),
    (JSON, body(content="Sure! Here it is:"), "invalid_json"),
    (TYPED, body(content='{"name": "Ann"}'), ""),
    (TYPED, body(content='{"names": ["Ann"]}'), "schema_mismatch"),
    (TYPED._replace(limited=True), body("length", content='{"name": "An'), ""),
    (TOOLS, body(content="No tool is needed."), ""),
    (TOOLS, called(("greet", '{"name": "Ann"}')), ""),
    (TOOLS, called(("wave", "")), ""),
    (TOOLS, called(("wave", '{"anything": 1}')), ""),
    (TOOLS, called(("greet", '{"name": "Ann"')), "tool_arguments"),
    (TOOLS, called(("greet", '["Ann"]')), "tool_arguments"),
    (TOOLS, called(("greet", '{"name": 5}')), "tool_arguments"),
    (TOOLS, called(("wave", "{}"), ("greet", "{}")), "tool_arguments"),
    (TOOLS, called(("made_up", "{}")), "tool_arguments"),
    (TYPED._replace(tools={"wave": None}), called(("wave", "{}")), ""),
    (PLAIN, b"no JSON", None),
    (PLAIN, b"[]", None),
    (PLAIN, b'{"choices": 5}', None),
    (PLAIN, b'{"choices": [{"text": "hello"}]}', None),
]


@pytest.mark.parametrize(("asked", "answer", "found"), CASES)
def test_the_flaw_of_a_whole_answer(asked, answer, found):
    assert found == flaw(asked, answer)


def streamed(answer):
    """The same answer as a stream, its texts cut into single characters."""
    events = []
    for choice in orjson.loads(answer)["choices"]:
        message = choice["message"]
        deltas = [{"role": "assistant", "content": ""}]
        deltas += [{"content": letter} for letter in message.get("content") or ""]
        deltas += [{"refusal": letter} for letter in message.get("refusal") or ""]
        for place, call in enumerate(message.get("tool_calls", ())):
            arguments = call["function"]["arguments"]
            deltas.append({"tool_calls": [{**call, "index": place, "function": {**call["function"], "arguments": ""}}]})
            deltas += [{"tool_calls": [{"index": place, "function": {"arguments": one}}]} for one in arguments]
        pairs = [(delta, None) for delta in deltas] + [({}, choice["finish_reason"])]
        events += [{"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} for delta, finish in pairs]
    lines = b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in [*events, {"choices": [], "usage": {}}])
    return b": keepalive\n\n" + lines + b"data: [DONE]\n\n"


@pytest.mark.parametrize(("asked", "answer", "found"), [case for case in CASES if case[2] is not None])
@pytest.mark.parametrize("size", [7, 1_000_000])
def test_a_stream_has_the_flaw_of_the_same_answer_however_it_is_cut(asked, answer, found, size):
    whole = streamed(answer)
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]

    assert found == flaw(asked, pieces)


def test_one_bad_choice_is_enough():
    choices = [orjson.loads(body(content=text))["choices"][0] for text in ("hello", "")]

    assert "empty" == flaw(PLAIN, orjson.dumps({"choices": choices}))


@pytest.mark.parametrize(
    ("fields", "limit", "expected"),
    [
        ({}, None, PLAIN),
        ({}, 5, PLAIN._replace(limited=True)),
        ({"response_format": {"type": "text"}}, None, PLAIN),
        ({"response_format": {"type": "json_object"}}, None, JSON),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "p", "schema": PERSON}}}, None, TYPED),
        ({"response_format": {"type": "json_schema"}}, None, JSON),
        (
            {
                "tools": [
                    {"type": "function", "function": {"name": "greet", "parameters": PERSON}},
                    {"type": "function", "function": {"name": "wave"}},
                    {"type": "web_search"},
                ]
            },
            None,
            TOOLS,
        ),
    ],
)
def test_what_a_call_wants_is_read_from_it(fields, limit, expected):
    assert expected == wanted(Call("chat", "m", fields, max_output=limit))


@given(st.binary())
def test_no_bytes_break_it(answer):
    flaw(TOOLS, answer)
    flaw(TYPED, [b"data: {", answer])
