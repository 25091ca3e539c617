"""Tools and schemas, as Anthropic gets them."""

import pytest
from claude import CUSTOM, FUNCTION, HI, SONNET, calls, refused, result, said, sent

OLDER = "claude-opus-4-1"  # knows no answers by schema
TWO = [FUNCTION, {"type": "function", "function": {"name": "g", "description": "G.", "parameters": {}}}]


# Tools


@pytest.mark.covers("anthropic", "tools")
def test_tools_are_told_with_an_object_at_the_root():
    tools = [*TWO, {"type": "function", "function": {"name": "h", "parameters": {"properties": {"a": {}}}}}]

    _, body = sent({"tools": tools})

    assert [
        {"name": "f", "input_schema": {"type": "object", "properties": {}}},
        {"name": "g", "description": "G.", "input_schema": {"type": "object", "properties": {}}},
        {"name": "h", "input_schema": {"type": "object", "properties": {"a": {}}}},
    ] == body["tools"]
    assert "tool_choice" not in body


def test_a_tool_takes_an_object_and_nothing_else():
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}

    assert ("tools.0.function.parameters", "invalid_function_parameters") == refused({"tools": [tool]})


def test_strict_tools_are_strict_where_the_model_knows_it():
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}
    tool = {"type": "function", "function": {"name": "f", "strict": True, "parameters": schema}}

    _, body = sent({"tools": [tool]})
    request, older = sent({"tools": [tool]}, OLDER)

    number = {"type": "integer", "description": "minimum: 1"}
    fitted = {"type": "object", "properties": {"n": number}, "additionalProperties": False}
    assert [{"name": "f", "input_schema": fitted, "strict": True}] == body["tools"]
    assert ([{"name": "f", "input_schema": schema}], ("tools.strict",)) == (older["tools"], request.dropped)


def test_custom_tools_are_functions_of_one_text():
    messages = [*HI, said("assistant", tool_calls=[{"id": "t", "type": "custom", "custom": {"name": "run"}}])]
    messages[1]["tool_calls"][0]["custom"]["input"] = "1+1"

    request, body = sent({"tools": [CUSTOM], "messages": [*messages, result("t", "2")]})

    assert ["input"] == body["tools"][0]["input_schema"]["required"]
    assert {"input": "1+1"} == body["messages"][1]["content"][0]["input"]
    assert frozenset({"run"}) == request.notes.custom


def test_names_outside_the_alphabet_are_rewritten_and_noted():
    tools = [{"type": "function", "function": {"name": name}} for name in ("a.b", "a_b", "a/b", "x" * 200)]
    messages = [*HI, said("assistant", tool_calls=calls("t", name="a.b")), result("t")]

    request, body = sent({"tools": tools, "messages": messages})

    names = [tool["name"] for tool in body["tools"]]
    assert ["a_b", 4, 64] == [names[0], len(set(names)), max(map(len, names))]
    assert "a_b" == body["messages"][1]["content"][0]["name"]
    assert ["a.b", "a_b", "a/b", "x" * 200] == [request.notes.names[name] for name in names]


@pytest.mark.covers("anthropic", "tool loop")
def test_tools_of_a_history_are_told_where_the_call_offers_none():
    messages = [*HI, said("assistant", tool_calls=calls("t", "u")), result("t"), result("u")]

    _, body = sent({"messages": messages})

    assert [{"name": "f", "input_schema": {"type": "object", "properties": {}}}] == body["tools"]
    assert {"type": "none"} == body["tool_choice"]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, None, None),
        ("auto", None, None),
        ("required", None, {"type": "any"}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        ("none", None, {"type": "none"}),
        ({"type": "function", "function": {"name": "g"}}, True, {"type": "tool", "name": "g"}),
    ],
)
def test_choices_among_tools(choice, parallel, expected):
    body = {"tools": TWO, "tool_choice": choice, "parallel_tool_calls": parallel}

    assert expected == sent(body, SONNET)[1].get("tool_choice")


def test_core_10_a_choice_of_none_stands_alone():
    assert {"type": "none"} == sent({"tools": TWO, "tool_choice": "none", "parallel_tool_calls": False})[1][
        "tool_choice"
    ]


def test_core_11_one_call_at_a_time():
    _, body = sent({"tools": TWO, "parallel_tool_calls": False})

    assert {"type": "auto", "disable_parallel_tool_use": True} == body["tool_choice"]
    assert "tool_choice" not in sent({"parallel_tool_calls": False})[1]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "f"}}])
def test_core_12_what_a_model_cannot_be_forced_to_is_left_to_it_and_said(choice):
    request, body = sent({"tools": TWO, "tool_choice": choice})

    assert ({"type": "auto"}, ("tool_choice=auto",)) == (body["tool_choice"], request.dropped)
    assert ("tool_choice", "unsupported_value") == refused({"tools": TWO, "tool_choice": choice}, strict=True)


@pytest.mark.parametrize(("mode", "expected"), [("auto", None), ("required", {"type": "any"})])
def test_allowed_tools_are_the_only_ones_offered(mode, expected):
    allowed = {"mode": mode, "tools": [{"type": "function", "function": {"name": "g"}}]}

    _, body = sent({"tools": TWO, "tool_choice": {"type": "allowed_tools", "allowed_tools": allowed}}, SONNET)

    assert (["g"], expected) == ([tool["name"] for tool in body["tools"]], body.get("tool_choice"))


# Search


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"max_uses": 5}),
        ({"search_context_size": "low"}, {"max_uses": 1}),
        (
            {"search_context_size": "high", "user_location": {"type": "approximate", "approximate": {"city": "Ulm"}}},
            {"max_uses": 10, "user_location": {"type": "approximate", "city": "Ulm"}},
        ),
        ({"user_location": "Ulm"}, {"max_uses": 5}),
        ({"user_location": {"approximate": "Ulm"}}, {"max_uses": 5}),
    ],
)
def test_searching_the_web_is_a_tool_of_anthropics(options, expected):
    _, body = sent({"web_search_options": options})

    assert [{"type": "web_search_20250305", "name": "web_search", **expected}] == body["tools"]
    assert "tool_choice" not in body


def test_a_tool_of_the_clients_does_not_take_the_name_of_the_search():
    tools = [{"type": "function", "function": {"name": "web_search"}}]

    request, body = sent({"web_search_options": {}, "tools": tools})

    own, search = [tool["name"] for tool in body["tools"]]
    assert ("web_search", "web_search") == (search, request.notes.names[own])
    assert own != search


def test_how_much_is_searched_is_one_of_three():
    body = {"web_search_options": {"search_context_size": "all"}}

    assert "web_search_options.search_context_size" == refused(body)[0]


# Schemas


def shaped(schema, **more):
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, **more}}}


@pytest.mark.covers("anthropic", "json_schema")
def test_core_18_a_schema_is_told_with_what_anthropic_knows():
    number = {"type": "integer", "minimum": 1, "maximum": 5}
    either = {"oneOf": [{"type": "string"}, {"type": "null"}]}
    schema = {"type": "object", "properties": {"n": number, "s": either}, "required": ["n"]}

    _, body = sent(shaped(schema))

    assert {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {
                "n": {"type": "integer", "description": "maximum: 5, minimum: 1"},
                "s": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "required": ["n"],
            "additionalProperties": False,
        },
    } == body["output_config"]["format"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "string", "pattern": "^a+$"}, {"type": "string", "pattern": "^a+$"}),
        ({"type": "string", "pattern": "(?=a)"}, {"type": "string", "description": 'pattern: "(?=a)"'}),
        ({"type": "string", "pattern": 7}, {"type": "string", "description": "pattern: 7"}),
        ({"type": "string", "format": "uuid"}, {"type": "string", "format": "uuid"}),
        ({"type": "string", "format": "iban"}, {"type": "string", "description": 'format: "iban"'}),
        ({"type": "array", "minItems": 1, "maxItems": 3}, {"type": "array", "minItems": 1, "description": None}),
        ({"$ref": "#/definitions/a"}, {"$ref": "#/$defs/a"}),
        ({"$ref": "#/x"}, {"$ref": "#/x"}),
    ],
)
def test_constraints_that_anthropic_does_not_know_are_said_in_words(given, expected):
    schema = {"type": "object", "properties": {"p": given}, "definitions": {"a": {"type": "string"}}}

    _, body = sent(shaped(schema))

    made = body["output_config"]["format"]["schema"]
    if expected.get("description", "") is None:
        expected = {**expected, "description": "maxItems: 3"}
    assert expected == made["properties"]["p"]
    assert {"a": {"type": "string"}} == made["$defs"]


@pytest.mark.parametrize("form", [{"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "x"}}])
def test_any_object_is_asked_for_in_words(form):
    _, body = sent({"response_format": form, "messages": [said("system", "S"), *HI]})

    assert ["S", True] == [body["system"][0]["text"], "JSON object" in body["system"][1]["text"]]
    assert "output_config" not in body


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"type": "xml"}, "response_format.type"),
        ({"type": "json_schema", "json_schema": {"schema": 1}}, "response_format.json_schema.schema"),
        ({"type": "json_schema"}, "response_format.json_schema.schema"),
    ],
)
def test_shapes_that_are_none_are_refused(form, param):
    assert param == refused({"response_format": form})[0]


ROOT = {"type": "object", "properties": {"a": {"type": "string"}}}
ONCE = {"type": "tool", "name": "answer", "disable_parallel_tool_use": True}


@pytest.mark.parametrize(
    ("more", "tools", "choice", "output"),
    [
        ({}, ["answer"], ONCE, "answer"),
        ({"tools": TWO}, ["f", "g", "answer"], {"type": "any"}, "answer"),
        ({"tools": TWO, "tool_choice": "none"}, ["f", "g", "answer"], ONCE, "answer"),
        ({"tools": TWO, "tool_choice": "required"}, ["f", "g"], {"type": "any"}, ""),
        (
            {"tools": [{"type": "function", "function": {"name": "answer"}}]},
            ["answer", "answer_"],
            {"type": "any"},
            "answer_",
        ),
    ],
)
def test_older_models_answer_to_a_schema_by_a_tool(more, tools, choice, output):
    request, body = sent({**shaped(ROOT), **more}, OLDER)

    assert (tools, choice) == ([tool["name"] for tool in body["tools"]], body["tool_choice"])
    assert output == request.notes.output
    assert "output_config" not in body
