"""Tools, searches and schemas as Gemini takes them."""

import pytest
from gemini_calls import USER, config, encoded, sent, tool
from pydantic import BaseModel

from core.errors import Refusal

OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}}


def declarations(model="gemini-3.8-flash", **body):
    return sent(model, **body)["tools"][0]["functionDeclarations"]


def calling(**body):
    made = sent(**body).get("toolConfig")
    return made and made.get("functionCallingConfig")


def schema_format(schema, **more):
    return {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema, **more}}


def parameters(schema, model="gemini-3.8-flash"):
    made = declarations(model, tools=[tool(parameters=schema)])[0]
    return made.get("parametersJsonSchema", made.get("parameters"))


@pytest.mark.covers("google", "tools")
def test_functions_are_declared_in_one_tool():
    tools = [tool("f", description="does", parameters=OBJECT), tool("g")]

    assert [
        {"name": "f", "description": "does", "parametersJsonSchema": OBJECT},
        {"name": "g"},
    ] == declarations(tools=tools)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ("auto", None),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "f"}}, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [tool("g")]}},
            {"mode": "VALIDATED", "allowedFunctionNames": ["g"]},
        ),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [tool("f"), tool("g")]}},
            {"mode": "ANY", "allowedFunctionNames": ["f", "g"]},
        ),
    ],
)
def test_core_46_how_freely_the_model_may_choose(choice, expected):
    assert expected == calling(tools=[tool("f"), tool("g")], tool_choice=choice)


def test_without_tools_there_is_no_choice():
    assert not {"tools", "toolConfig"} & sent(tool_choice="none").keys()


def test_names_that_google_refuses_are_changed_and_known_again():
    made = encoded(tools=[tool("2 fast"), tool("get.it-now_1")], tool_choice={"type": "function", "name": "2 fast"})

    names = [one["name"] for one in declarations(tools=[tool("2 fast"), tool("get.it-now_1")])]
    assert "get.it-now_1" == names[1]
    assert {names[0]: "2 fast"} == dict(made.notes.names)


def test_custom_tools_are_functions_of_one_text():
    custom = {"type": "custom", "custom": {"name": "sh", "description": "runs"}}

    made = encoded(tools=[custom])

    assert ["input"] == declarations(tools=[custom])[0]["parametersJsonSchema"]["required"]
    assert {"sh"} == made.notes.custom


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"type": "object", "properties": {}, "required": []}, None])
def test_core_44_no_parameters_are_no_schema(schema):
    assert [{"name": "f"}] == declarations(tools=[tool(parameters=schema)])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {**OBJECT, "$schema": "http://json-schema.org/x", "additionalProperties": False},
            {**OBJECT, "additionalProperties": False},
        ),
        (
            {"type": "object", "properties": {"a": {"const": "x"}}},
            {"type": "object", "properties": {"a": {"enum": ["x"]}}},
        ),
        (
            {"type": "object", "properties": {"a": {"const": None}}},
            {"type": "object", "properties": {"a": {"type": "null"}}},
        ),
        ({"type": "object", "additionalProperties": True}, {"type": "object", "additionalProperties": True}),
        (
            {"type": "object", "properties": {"a": {"type": ["string", "null"], "enum": ["x", None]}}},
            {"type": "object", "properties": {"a": {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]}}},
        ),
        (
            {"type": "object", "properties": {"a": {"enum": ["x", None]}}},
            {"type": "object", "properties": {"a": {"anyOf": [{"enum": ["x"]}, {"type": "null"}]}}},
        ),
        (
            {"type": "object", "properties": {"a": {"enum": [True], "description": "d"}, "b": {"enum": [[]]}}},
            {
                "type": "object",
                "properties": {"a": {"description": "d (enum: [true])"}, "b": {"description": "enum: [[]]"}},
            },
        ),
        (
            {**OBJECT, "properties": {"a": {"type": "string", "maxLength": 5}}},
            {**OBJECT, "properties": {"a": {"type": "string", "description": "maxLength: 5"}}},
        ),
    ],
)
def test_core_44_parameters_hold_no_word_that_google_refuses(given, expected):
    assert expected == parameters(given)


def test_references_stand_alone_and_follow_their_definitions():
    given = {
        "type": "object",
        "properties": {
            "a": {"$ref": "#/definitions/A", "description": "an A"},
            "b": {"$ref": "#/definitions/A", "description": "B", "anyOf": [{"type": "string"}]},
            "c": {"type": "array", "items": {"$ref": "#/definitions/A"}},
        },
        "definitions": {"A": {"type": "string"}},
    }

    reference = {"$ref": "#/$defs/A"}
    assert {
        "type": "object",
        "properties": {
            "a": {"description": "an A", "anyOf": [reference]},
            "b": reference,
            "c": {"type": "array", "items": reference},
        },
        "$defs": {"A": {"type": "string"}},
    } == parameters(given)


def test_a_root_that_refers_to_its_own_definition_has_nothing_beside_that():
    given = {"$ref": "#/$defs/A", "title": "T", "$defs": {"A": OBJECT}}

    assert {"$ref": "#/$defs/A", "$defs": {"A": OBJECT}} == parameters(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({**OBJECT, "additionalProperties": False}, {"a": {"type": "STRING"}}),
        ({"properties": {"a": {"type": ["string", "null"]}}}, {"a": {"type": "STRING", "nullable": True}}),
        ({"properties": {"a": {"const": "x"}}}, {"a": {"type": "STRING", "enum": ["x"]}}),
        ({"properties": {"a": {"enum": ["x", ""], "type": "string"}}}, {"a": {"type": "STRING", "enum": ["x"]}}),
        (
            {"properties": {"a": {"enum": [1, 2], "type": "integer"}}},
            {"a": {"type": "INTEGER", "description": "enum: [1,2]"}},
        ),
        (
            {"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "integer"}], "description": "d"}}},
            {"a": {"anyOf": [{"description": "d", "type": "STRING"}, {"description": "d", "type": "INTEGER"}]}},
        ),
        ({"properties": {"a": {"type": "object", "properties": {}}}}, {"a": {"type": "OBJECT"}}),
        (
            {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string", "format": "uuid"}}},
            {"a": {"type": "STRING", "description": 'format: "uuid"'}},
        ),
    ],
)
def test_core_44_older_models_get_openapis_schema(given, expected):
    made = parameters({"type": "object", **given}, "gemini-2.0-flash")

    assert {"type": "OBJECT", "properties": expected, "propertyOrdering": ["a"]} == made


class Inner(BaseModel):
    n: int | None


class Outer(BaseModel, extra="forbid"):
    """As the official client makes schemas of classes."""

    inner: Inner
    words: list[str]


@pytest.mark.covers("google", "json_schema")
def test_core_43_schemas_of_answers_go_out_unchanged():
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}, "b": {"type": ["string", "null"]}},
        "required": ["a", "b"],
        "additionalProperties": False,
        "$defs": {"A": {"type": "integer", "minimum": 1}},
    }

    made = config(response_format=schema_format(schema))

    assert {"responseMimeType": "application/json", "responseJsonSchema": schema} == made


def test_core_43_schemas_of_pydantic_go_out_unchanged():
    schema = Outer.model_json_schema()

    assert schema == {**schema, **config(response_format=schema_format(schema))["responseJsonSchema"]}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"type": "text"}, {}),
        ({"type": "json_object"}, {"responseMimeType": "application/json"}),
        ({"type": "json_schema", "json_schema": {"name": "x"}}, {"responseMimeType": "application/json"}),
        ({"type": "json_schema"}, {"responseMimeType": "application/json"}),
    ],
)
def test_formats_without_a_schema(wanted, expected):
    assert expected == config(response_format=wanted)


def test_older_models_get_openapis_schema_for_answers_too():
    made = config("gemini-1.5-pro", response_format=schema_format(OBJECT))

    assert {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "propertyOrdering": ["a"]} == made[
        "responseSchema"
    ]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"response_format": {"type": "grammar"}}, "response_format.type"),
        ({"response_format": schema_format("x")}, "response_format.json_schema.schema"),
    ],
)
def test_formats_that_are_none_are_refused(body, param):
    with pytest.raises(Refusal) as refused:
        encoded(**body)

    assert (400, param) == (refused.value.status, refused.value.param)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"web_search_options": {}}, "web_search_options"),
    ],
)
def test_before_gemini_3_tools_stand_alone(body, param):
    with pytest.raises(Refusal) as refused:
        encoded("gemini-2.5-flash", tools=[tool()], **body)

    assert (param, "unsupported_value") == (refused.value.param, refused.value.code)
    assert sent("gemini-3.8-flash", tools=[tool()], **body)["tools"]


def test_before_gemini_3_tools_that_may_not_be_called_make_way_for_json():
    json = {"type": "json_object"}

    assert "tools" not in sent("gemini-2.5-flash", tools=[tool()], tool_choice="none", response_format=json)
    assert sent("gemini-2.5-flash", tools=[tool()], response_format={"type": "text"})["tools"]


def test_the_web_is_searched_alone_or_beside_functions():
    alone = sent("gemini-2.5-flash", web_search_options={})
    beside = sent(web_search_options={}, tools=[tool()], tool_choice="required")

    assert [{"googleSearch": {}}] == alone["tools"]
    assert {"googleSearch": {}} == beside["tools"][1]
    assert {
        "includeServerSideToolInvocations": True,
        "functionCallingConfig": {"mode": "ANY"},
    } == beside["toolConfig"]


def test_options_of_the_search_are_dropped_by_name():
    made = encoded(web_search_options={"search_context_size": "low", "user_location": None}, messages=[USER])

    assert ("web_search_options.search_context_size",) == made.dropped
