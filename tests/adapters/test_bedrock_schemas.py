"""Answers of a given shape: by Converse's own field, by a tool, or in words."""

import orjson
import pytest
from bedrock_calls import (
    CALLED,
    CLAUDE,
    GPT_OSS,
    LLAMA,
    MISTRAL,
    NOVA,
    NOVA_2,
    OLD,
    OPUS_46,
    OPUS_55,
    PROFILE,
    RESULT,
    TOOL,
    encode,
    refused,
    sent,
    user,
)

from core.ask import Abilities

DEEPSEEK = "deepseek.v3.2"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
TALK = [user("a"), CALLED, RESULT]


def form(schema=SCHEMA, **more):
    return {"type": "json_schema", "json_schema": {"name": "number", "schema": schema, **more}}


def names(body):
    return [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"] if "toolSpec" in tool]


@pytest.mark.covers("bedrock", "json_schema")
@pytest.mark.parametrize("model", [CLAUDE, OPUS_55, PROFILE, GPT_OSS, DEEPSEEK, "google.gemma-3-27b-it"])
def test_core_18_a_schema_goes_where_converse_has_a_place_for_it(model):
    given = {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 1, "maximum": 5},
            "s": {"oneOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["n"],
    }

    output = sent(model, response_format=form(given, strict=True, description="D"))["outputConfig"]["textFormat"]

    assert ("json_schema", "number", "D") == (
        output["type"],
        output["structure"]["jsonSchema"]["name"],
        output["structure"]["jsonSchema"]["description"],
    )
    assert {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "description": "maximum: 5, minimum: 1"},
            "s": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["n"],
        "additionalProperties": False,
    } == orjson.loads(output["structure"]["jsonSchema"]["schema"])


@pytest.mark.parametrize(
    ("model", "choice"),
    [(NOVA, {"tool": {"name": "answer"}}), (OLD, {"tool": {"name": "answer"}}), (NOVA_2, {"tool": {"name": "answer"}})],
)
def test_elsewhere_the_answer_is_a_tool_that_must_be_called(model, choice):
    request = encode(model, response_format=form())

    body = sent(model, response_format=form())

    assert ("answer", "answer", choice) == (
        request.notes.answer,
        names(body)[-1],
        body["toolConfig"]["toolChoice"],
    )
    assert SCHEMA == body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"]
    assert "outputConfig" not in body


def test_a_model_that_only_knows_any_has_nothing_else_to_call():
    facts = Abilities(flags={"native_structured_output": False})

    assert {"any": {}} == sent(MISTRAL, response_format=form(), model=facts)["toolConfig"]["toolChoice"]


def test_beside_the_clients_tools_the_answer_has_a_name_of_its_own():
    taken = [{"type": "function", "function": {"name": name}} for name in ("answer", "answer_")]

    body = sent(NOVA, response_format=form(description="D"), tools=taken)

    assert (["answer", "answer_", "answer__"], {"any": {}}) == (names(body), body["toolConfig"]["toolChoice"])
    assert "D" == body["toolConfig"]["tools"][-1]["toolSpec"]["description"]


def test_who_may_call_no_tool_gives_only_the_answer():
    body = sent(NOVA, response_format=form(), tools=[TOOL], tool_choice="none", messages=TALK)

    assert (["answer"], {"tool": {"name": "answer"}}) == (names(body), body["toolConfig"]["toolChoice"])


def test_who_must_call_a_tool_gives_no_answer_yet():
    assert ["weather"] == names(sent(NOVA, response_format=form(), tools=[TOOL], tool_choice="required"))


@pytest.mark.parametrize(
    ("model", "fields", "param"),
    [
        (LLAMA, {"response_format": form()}, "response_format"),
        (NOVA, {"response_format": form({"type": "array"})}, "response_format.json_schema.schema"),
        (CLAUDE, {"response_format": form([])}, "response_format.json_schema.schema"),
        (CLAUDE, {"response_format": {"type": "json_schema"}}, "response_format"),
        (CLAUDE, {"response_format": {"type": "xml"}}, "response_format"),
    ],
)
def test_a_shape_that_can_not_be_promised_is_refused(model, fields, param):
    assert (400, param) == (refused(model, **fields).status, refused(model, **fields).param)


@pytest.mark.parametrize("given", [{"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "x"}}])
def test_any_json_at_all_is_asked_for_in_words(given):
    body = sent(response_format=given, messages=[{"role": "system", "content": "S"}, user("hi")])

    assert [{"text": "S"}, {"text": "Answer with one JSON object and nothing else."}] == body["system"]


def test_plain_text_is_what_comes_anyway():
    assert "system" not in sent(response_format={"type": "text"})


def test_opus_46_has_a_place_for_schemas_beside_its_effort():
    body = sent(OPUS_46, response_format=form(), reasoning_effort="high")

    assert "high" == body["outputConfig"]["effort"]
    assert {"thinking": {"type": "adaptive"}} == body["additionalModelRequestFields"]
