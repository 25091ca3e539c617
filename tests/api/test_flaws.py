"""What a machine finds wrong with answers."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.flaws import FLAWS, SHORT, flaw, formed, sight
from core.call import Call

PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def asks(max_output=None, **fields):
    return Call("chat", "m", {"model": "m", **fields}, max_output=max_output)


def form(kind, **more):
    return {"response_format": {"type": kind, **more}}


def tool(name, **more):
    return {"type": "function", "function": {"name": name, **more}}


PLAIN = asks()
JSON = asks(**form("json_object"))
TYPED = asks(**form("json_schema", json_schema={"name": "p", "schema": PERSON}))
OFFERED = [tool("greet", parameters=PERSON), tool("wave"), {"type": "custom", "custom": {"name": "run"}}]
TOOLS = asks(tools=OFFERED)
CUSTOM = {"id": "1", "type": "custom", "custom": {"name": "run", "input": "ls"}}


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
    (asks(5), body("length", content="I"), ""),
    (JSON, body(content='{"a": 1}'), ""),
    (JSON, body(content='```json\n{"a": 1}\n```'), "invalid_json"),
    (JSON, body(content="Sure! Here it is:"), "invalid_json"),
    (TYPED, body(content='{"name": "Ann"}'), ""),
    (TYPED, body(content='{"names": ["Ann"]}'), "schema_mismatch"),
    (TYPED._replace(max_output=5), body("length", content='{"name": "An'), ""),
    (TOOLS, body(content="No tool is needed."), ""),
    (TOOLS, called(("greet", '{"name": "Ann"}')), ""),
    (TOOLS, called(("wave", "")), ""),
    (TOOLS, called(("wave", '{"anything": 1}')), ""),
    (TOOLS, called(("greet", '{"name": "Ann"')), "tool_arguments"),
    (TOOLS, called(("greet", '["Ann"]')), "tool_arguments"),
    (TOOLS, called(("greet", '{"name": 5}')), "tool_arguments"),
    (TOOLS, called(("wave", "{}"), ("greet", "{}")), "tool_arguments"),
    (TOOLS, called(("made_up", "{}")), "tool_arguments"),
    (asks(response_format=TYPED.body["response_format"], tools=[tool("wave")]), called(("wave", "{}")), ""),
    (asks(**form("text")), body(content="hello"), ""),
    (asks(**form("text")), body(content=""), "empty"),
    (asks(response_format=None), body(content="hello"), ""),
    (asks(**form("json_schema", json_schema="odd")), body(content="5"), ""),
    (JSON, body(content="null"), ""),
    (asks(tools=None), called(("made_up", "{}")), ""),
    (TOOLS, body(content=None, tool_calls=[CUSTOM]), ""),
    (PLAIN, body(content=None, reasoning_content="hm"), "empty"),
    (PLAIN, body(content=None, audio={"id": "a"}), ""),
    (PLAIN, body(content=None, function_call={"name": "f", "arguments": "{"}), ""),
    (PLAIN, body(content=[{"type": "text", "text": "x"}]), ""),
    (PLAIN, b"no JSON", None),
    (PLAIN, b'{"choices": [3]}', None),
    (PLAIN, b'{"choices": [{"message": 3}]}', None),
    (TOOLS, body(content=None, tool_calls=[tool("greet", arguments={"name": "Ann"})]), None),
    (PLAIN, b"[]", None),
    (PLAIN, b'{"choices": 5}', None),
    (PLAIN, b'{"choices": [{"text": "hello"}]}', None),
]


@pytest.mark.parametrize(("asked", "answer", "found"), CASES)
def test_the_flaw_of_a_whole_answer(asked, answer, found):
    assert found == flaw(asked, answer)


OTHERWISE = ("audio", "function_call", "reasoning_content")


def streamed(answer):
    """The same answer as a stream, its texts cut into single characters."""
    events = []
    for choice in orjson.loads(answer)["choices"]:
        message = choice["message"]
        deltas = [{"role": "assistant", "content": ""}]
        deltas += [{"content": part} for part in said] if isinstance(said := message.get("content"), str) else []
        deltas += [
            {name: more}
            for name, more in message.items()
            if name in OTHERWISE or (name, type(more)) == ("content", list)
        ]
        deltas += [{"refusal": letter} for letter in message.get("refusal") or ""]
        for place, call in enumerate(message.get("tool_calls", ())):
            if "function" not in call:
                deltas.append({"tool_calls": [{**call, "index": place}]})
                continue
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


@pytest.mark.parametrize(("asked", "expected"), [(PLAIN, False), (JSON, True), (TYPED, True), (TOOLS, True)])
def test_which_answers_have_to_be_read(asked, expected):
    assert expected == formed(asked)


LONG = body(content="", padding="x" * SHORT)


@pytest.mark.parametrize(
    ("asked", "finish", "answer", "produced", "found"),
    [
        (PLAIN, "stop", body(content="hello"), 0, ""),
        (PLAIN, "stop", body(content=""), 0, None),
        (PLAIN, "stop", orjson.dumps({"content": None}), 0, None),
        (PLAIN, "stop", LONG, 0, ""),
        (PLAIN, "stop", b'{"text": ""}', 0, ""),
        (PLAIN, "stop", None, 3, ""),
        (PLAIN, "stop", None, 0, "empty"),
        (PLAIN, None, None, 3, ""),
        (PLAIN, "content_filter", body(content="hello"), 0, "refused"),
        (PLAIN, "length", None, 3, "cut_short"),
        (asks(5), "length", None, 0, ""),
    ],
)
def test_what_is_seen_at_first_sight(asked, finish, answer, produced, found):
    assert found == sight(asked, finish, answer, produced)


@given(st.binary())
def test_no_bytes_break_it(answer):
    flaw(TOOLS, answer)
    flaw(TYPED, [b"data: {", answer])


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
    whole = orjson.dumps({"choices": [{"message": message}]})
    event = orjson.dumps({"choices": [{"delta": message}]})

    assert {flaw(TOOLS, whole), flaw(JSON, [b"data: ", event, b"\n\n"])} <= {None, "", *FLAWS}


def test_of_a_stream_without_messages_nothing_is_said():
    assert flaw(PLAIN, [b'data: {"choices": [{"text": "hello"}]}\n\n']) is None
