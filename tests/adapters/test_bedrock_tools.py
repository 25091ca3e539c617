"""Tools and schemas on their way to Bedrock."""

import orjson
import pytest
from bedrock_calls import (
    CALLED,
    CLAUDE,
    GPT_OSS,
    LLAMA,
    MISTRAL,
    NOVA,
    OLD,
    OPUS_55,
    PROFILE,
    RESULT,
    TOOL,
    encode,
    refused,
    sent,
    text,
    user,
)

from core.ask import Abilities

DEEPSEEK, DEEPSEEK_V3 = "deepseek.v3.2", "deepseek.v3-v1:0"
SPEC = {"name": "weather", "description": "Of a city", "inputSchema": {"json": {"type": "object"}}}
OTHER = {"type": "function", "function": {"name": "time"}}
NAMED = {"type": "function", "function": {"name": "weather"}}
TALK = [user("a"), CALLED, RESULT]


def names(body):
    return [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"] if "toolSpec" in tool]


@pytest.mark.covers("bedrock", "tools")
def test_tools_are_told_with_their_schemas():
    assert {"tools": [{"toolSpec": SPEC}]} == sent(tools=[TOOL])["toolConfig"]


def test_a_tool_without_a_description_or_a_schema_has_none():
    spec = sent(tools=[OTHER])["toolConfig"]["tools"][0]["toolSpec"]

    assert {"name": "time", "inputSchema": {"json": {"type": "object", "properties": {}}}} == spec


@pytest.mark.parametrize(
    ("model", "choice", "expected"),
    [
        (CLAUDE, "auto", None),
        (CLAUDE, "required", {"any": {}}),
        (CLAUDE, NAMED, {"tool": {"name": "weather"}}),
        (NOVA, "required", {"any": {}}),
        (NOVA, NAMED, {"tool": {"name": "weather"}}),
        (PROFILE, NAMED, {"tool": {"name": "weather"}}),
        (DEEPSEEK, NAMED, {"tool": {"name": "weather"}}),
        (MISTRAL, "required", {"any": {}}),
        (LLAMA, "auto", None),
    ],
)
def test_a_choice_has_the_form_that_the_family_takes(model, choice, expected):
    assert expected == sent(model, tools=[TOOL, OTHER], tool_choice=choice)["toolConfig"].get("toolChoice")


@pytest.mark.parametrize("model", [MISTRAL, DEEPSEEK_V3])
def test_where_any_is_all_there_is_the_named_tool_is_the_only_one(model):
    body = sent(model, tools=[TOOL, OTHER], tool_choice=NAMED)

    assert (["weather"], {"any": {}}) == (names(body), body["toolConfig"]["toolChoice"])


@pytest.mark.parametrize("choice", ["required", NAMED])
@pytest.mark.parametrize("model", [OPUS_55, LLAMA, GPT_OSS, "qwen.qwen3-32b-v1:0", "cohere.command-r-plus-v1:0"])
def test_core_12_a_model_that_can_not_be_made_to_call_refuses_that(model, choice):
    refusal = refused(model, tools=[TOOL], tool_choice=choice)

    assert (400, "unsupported_value", "tool_choice") == (refusal.status, refusal.code, refusal.param)


@pytest.mark.parametrize(("model", "flag"), [(LLAMA, True), (NOVA, False), (OPUS_55, True)])
def test_what_the_operator_says_of_a_model_wins(model, flag):
    facts = Abilities(flags={"forced_tool_choice": flag})

    if flag:
        assert {"any": {}} == sent(model, tools=[TOOL], tool_choice="required", model=facts)["toolConfig"]["toolChoice"]
    else:
        assert "tool_choice" == refused(model, tools=[TOOL], tool_choice="required", model=facts).param


def test_only_allowed_tools_are_on_offer():
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}

    body = sent(tools=[TOOL, OTHER], tool_choice=allowed)

    assert (["weather"], {"any": {}}) == (names(body), body["toolConfig"]["toolChoice"])


def test_core_10_no_tools_may_be_called_so_none_is_told():
    body = sent(tools=[TOOL], tool_choice="none", parallel_tool_calls=False)

    assert not body.keys() & {"toolConfig", "system", "additionalModelRequestFields"}


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ({}, ["weather"]),
        ({"tools": [OTHER], "tool_choice": "none"}, ["time", "weather"]),
        ({"tools": [{**TOOL, "cache_control": {}}], "tool_choice": "none"}, ["weather"]),
    ],
)
def test_more_31_tools_of_the_history_are_told_even_if_none_may_be_called(tools, expected):
    body = sent(messages=TALK, **tools)

    assert expected == names(body)
    assert "toolChoice" not in body["toolConfig"]
    assert [{"text": "Answer without calling any tool."}] == body["system"]


@pytest.mark.covers("bedrock", "parallel tools")
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", {"disable_parallel_tool_use": True}),
        (NAMED, {"disable_parallel_tool_use": True}),
    ],
)
def test_core_11_one_call_at_a_time_is_claudes_own_field(choice, expected):
    body = sent(tools=[TOOL], tool_choice=choice, parallel_tool_calls=False)

    assert {"tool_choice": expected} == body["additionalModelRequestFields"]


@pytest.mark.parametrize(("model", "parallel", "dropped"), [(NOVA, False, 1), (NOVA, True, 0), (OLD, False, 1)])
def test_core_11_elsewhere_it_is_dropped_and_named(model, parallel, dropped):
    request = encode(model, tools=[TOOL], parallel_tool_calls=parallel)

    assert ("parallel_tool_calls",) * dropped == request.dropped
    assert "additionalModelRequestFields" not in orjson.loads(request.body)


def test_core_11_without_tools_it_says_nothing():
    assert "additionalModelRequestFields" not in sent(parallel_tool_calls=False)


@pytest.mark.parametrize("name", ["get weather", "größe", "x" * 65, "a.b"])
def test_names_outside_the_alphabet_are_changed_alike_wherever_they_stand(name):
    tool = {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    called = {
        "role": "assistant",
        "tool_calls": [{"id": "t1", "type": "function", "function": {"name": name, "arguments": "{}"}}],
    }
    choice = {"type": "function", "function": {"name": name}}
    fields = {"messages": [user("a"), called, RESULT], "tools": [tool], "tool_choice": choice}

    body = sent(**fields)

    theirs = names(body)[0]
    assert theirs == body["messages"][1]["content"][0]["toolUse"]["name"]
    assert theirs == body["toolConfig"]["toolChoice"]["tool"]["name"]
    assert {theirs: name} == encode(**fields).notes.names


def test_a_custom_tool_is_a_function_of_one_text():
    custom = {"type": "custom", "custom": {"name": "python", "description": "Runs it"}}
    called = {"role": "assistant", "tool_calls": [{"id": "t1", "type": "custom", "custom": {**custom["custom"]}}]}
    called["tool_calls"][0]["custom"] = {"name": "python", "input": "1+1"}
    fields = {"messages": [user("a"), called, RESULT], "tools": [custom]}

    body = sent(**fields)

    schema = body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"]
    assert ["input"] == schema["required"]
    assert {"input": "1+1"} == body["messages"][1]["content"][0]["toolUse"]["input"]
    assert {"python"} == encode(**fields).notes.custom


STRICT = {"name": "f", "strict": True, "parameters": {"type": "object", "properties": {"n": {"minimum": 1}}}}


def test_a_strict_tool_is_strict_where_the_model_can_be():
    spec = sent(tools=[{"type": "function", "function": STRICT}])["toolConfig"]["tools"][0]["toolSpec"]

    assert spec["strict"] is True
    assert {"type": "object", "properties": {"n": {"description": "minimum: 1"}}, "additionalProperties": False} == (
        spec["inputSchema"]["json"]
    )


def test_elsewhere_strictness_is_dropped_and_named():
    request = encode(NOVA, tools=[{"type": "function", "function": STRICT}])

    assert ("tools.0.function.strict",) == request.dropped
    assert "strict" not in orjson.loads(request.body)["toolConfig"]["tools"][0]["toolSpec"]


def test_nova_reads_plain_schemas_only():
    parameters = {
        "$schema": "x",
        "$defs": {"day": {"type": "string", "enum": ["mon"]}},
        "type": "object",
        "title": "T",
        "properties": {"day": {"$ref": "#/$defs/day"}, "n": {"type": "integer", "minimum": 1}},
        "required": ["day"],
        "additionalProperties": False,
    }

    body = sent(NOVA, tools=[{"type": "function", "function": {"name": "f", "parameters": parameters}}])

    assert {
        "type": "object",
        "properties": {
            "day": {"type": "string", "enum": ["mon"]},
            "n": {"type": "integer", "description": "minimum: 1"},
        },
        "required": ["day"],
    } == body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"]


# Marks of what shall be cached

MARK = {"cache_control": {"type": "ephemeral"}}
LONG = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
POINT = {"cachePoint": {"type": "default"}}
MARKED = [{"role": "system", "content": [text("S", **LONG)]}, {**user("hi"), **MARK}]


def test_marks_are_points_behind_what_they_mark():
    body = sent(messages=MARKED, tools=[{**TOOL, **MARK}])

    assert [{"text": "S"}, {"cachePoint": {"type": "default", "ttl": "1h"}}] == body["system"]
    assert [{"text": "hi"}, POINT] == body["messages"][0]["content"]
    assert POINT == body["toolConfig"]["tools"][1]


def test_marks_stand_behind_results_and_calls_too():
    messages = [user("a"), {**CALLED, **MARK}, {**RESULT, **MARK}]

    told = sent(messages=messages, tools=[TOOL])["messages"]

    assert [["toolUse", "cachePoint"], ["toolResult", "cachePoint"]] == [
        [next(iter(block)) for block in one["content"]] for one in told[1:]
    ]


def test_nova_takes_them_everywhere_but_among_tools():
    request = encode(NOVA, messages=MARKED, tools=[{**TOOL, **MARK}])

    body = orjson.loads(request.body)
    assert ("cache_control",) == request.dropped
    assert (1, 2) == (len(body["toolConfig"]["tools"]), len(body["system"]))


@pytest.mark.parametrize("model", [LLAMA, GPT_OSS, MISTRAL])
def test_elsewhere_marks_are_dropped_and_named(model):
    request = encode(model, messages=MARKED, tools=[{**TOOL, **MARK}])

    assert ("cache_control",) == request.dropped
    assert b"cachePoint" not in request.body


def test_of_too_many_marks_the_first_in_the_messages_go():
    turns = [user(text(str(number), **MARK)) for number in range(5)]
    messages = [
        MARKED[0],
        *(one for turn in turns for one in (turn, {"role": "assistant", "content": "ok"})),
        user("x"),
    ]

    request = encode(messages=messages, tools=[{**TOOL, **MARK}])

    body = orjson.loads(request.body)
    assert [False, False, False, True, True] == [POINT in one["content"] for one in body["messages"][:-1:2]]
    assert (2, 2, ("cache_control",)) == (len(body["system"]), len(body["toolConfig"]["tools"]), request.dropped)
