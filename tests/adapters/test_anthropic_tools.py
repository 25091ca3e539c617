"""Tools, schemas and thinking, as Anthropic gets them."""

import pytest
from claude import CUSTOM, FUNCTION, HI, OLD, OPUS, SONNET, calls, result, said, sent

from core.errors import Refusal

OLDER = "claude-opus-4-1"  # knows no answers by schema
TWO = [FUNCTION, {"type": "function", "function": {"name": "g", "description": "G.", "parameters": {}}}]


def refused(body, model=OPUS, **facts):
    with pytest.raises(Refusal) as caught:
        sent(body, model, **facts)
    assert 400 == caught.value.status
    return caught.value.param, caught.value.code


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


# Thinking


@pytest.mark.covers("anthropic", "reasoning")
@pytest.mark.parametrize(
    ("model", "thinking", "output", "dropped"),
    [
        ("claude-opus-5", {"type": "disabled"}, None, ()),
        ("claude-sonnet-5-5", {"type": "between_tools"}, None, ()),
        ("claude-haiku-5-5", {"type": "disabled"}, None, ()),
        (OPUS, None, {"effort": "low"}, ("reasoning_effort=low",)),
        ("claude-opus-4-8", None, None, ()),
        (OLD, None, None, ()),
        ("claude-3-5-haiku-20241022", None, None, ()),
        ("house-model", {"type": "disabled"}, None, ()),
    ],
)
def test_core_16_no_effort_is_no_thinking_where_it_can_be_told(model, thinking, output, dropped):
    request, body = sent({"reasoning_effort": "none"}, model)

    assert (thinking, output, dropped) == (body.get("thinking"), body.get("output_config"), request.dropped)


ADAPTIVE = {"type": "adaptive", "display": "summarized"}


@pytest.mark.parametrize(
    ("model", "effort", "expected", "dropped"),
    [
        (OPUS, "minimal", "low", ()),
        (OPUS, "medium", "medium", ()),
        (OPUS, "xhigh", "xhigh", ()),
        (OPUS, "max", "max", ()),
        (SONNET, "xhigh", "max", ("reasoning_effort=max",)),
        ("house-model", "max", "max", ()),
        ("claude-opus-6", "xhigh", "xhigh", ()),
    ],
)
def test_effort_is_told_to_models_that_adapt(model, effort, expected, dropped):
    request, body = sent({"reasoning_effort": effort}, model, known="opus-6" not in model)

    assert (ADAPTIVE, {"effort": expected}, dropped) == (body["thinking"], body["output_config"], request.dropped)


def test_nothing_is_said_of_thinking_where_the_client_says_nothing():
    assert not {"thinking", "output_config"} & set(sent()[1])


@pytest.mark.parametrize(
    ("effort", "max_tokens", "budget"), [("low", 9000, 1024), ("high", 9000, 4096), ("max", 9000, 4500)]
)
def test_older_models_think_by_a_budget(effort, max_tokens, budget):
    _, body = sent({"reasoning_effort": effort, "max_tokens": max_tokens}, OLD)

    assert {"type": "enabled", "budget_tokens": budget} == body["thinking"]


def test_core_17_a_budget_leaves_room_for_the_answer():
    request, body = sent({"reasoning_effort": "high", "max_tokens": 2000, "temperature": 0.5}, OLD)

    assert 1024 <= body["thinking"]["budget_tokens"] < 2000
    assert (False, ("temperature",)) == ("temperature" in body, request.dropped)


FORCED = {"tools": TWO, "tool_choice": "required"}
LOOP = {"messages": [*HI, said("assistant", tool_calls=calls("t")), result("t")]}


@pytest.mark.parametrize(
    ("model", "more"),
    [
        (OLD, {"max_tokens": 1024}),  # no room
        ("claude-3-5-haiku-20241022", {}),
        (OLD, FORCED),
        (SONNET, FORCED),
        (OLD, LOOP),
        (OLD, {"messages": [*HI, said("assistant", "Once")]}),
    ],
)
def test_thinking_gives_way_where_it_cannot_be(model, more):
    body = {"reasoning_effort": "high", **more}

    request, made = sent(body, model)

    assert (False, True) == ("thinking" in made, "reasoning_effort" in request.dropped)
    assert "reasoning_effort" == refused(body, model, strict=True)[0]


@pytest.mark.parametrize(("model", "more"), [("claude-opus-5", FORCED), (SONNET, LOOP), (OLD, {})])
def test_thinking_stays_where_it_can(model, more):
    assert "thinking" in sent({"reasoning_effort": "high", **more}, model)[1]


def test_effort_is_one_of_the_known_ones():
    assert "reasoning_effort" == refused({"reasoning_effort": "ultra"})[0]


@pytest.mark.parametrize(
    ("effort", "expected", "dropped"),
    [(None, None, ()), ("high", {"effort": "high"}, ()), ("none", None, ("reasoning_effort",))],
)
def test_thinking_in_anthropics_own_words_goes_as_it_is(effort, expected, dropped):
    own = {"type": "adaptive", "display": "omitted"}

    request, body = sent({"thinking": own, "reasoning_effort": effort})

    assert (own, expected, dropped) == (body["thinking"], body.get("output_config"), request.dropped)
    assert "thinking" == refused({"thinking": "hard"})[0]


def test_effort_beside_a_budget_of_ones_own_cannot_be_told():
    own = {"type": "enabled", "budget_tokens": 2000}

    request, body = sent({"thinking": own, "reasoning_effort": "high"}, OLD)

    assert (own, ("reasoning_effort",)) == (body["thinking"], request.dropped)


def test_a_model_that_cannot_stop_thinking_nor_think_less_is_left_alone():
    from asking import asked  # the operator's own flags
    from claude import ask, speaker

    from core.ask import Abilities

    flags = {"thinking_always_on": True, "effort_param": False}
    question = asked(ask({"reasoning_effort": "none"}).call, "p/house-model", model=Abilities(flags=flags))

    request = speaker().encode(question)

    assert ("reasoning_effort=default",) == request.dropped


# Thoughts between turns


SIGNED = {"type": "thinking", "thinking": "", "signature": "c2ln"}
HIDDEN = {"type": "redacted_thinking", "data": "ZGF0"}


class Remembers:
    def __init__(self, **states):
        self.states = states

    def recall(self, call_id):
        return self.states.get(call_id)


def turn(**more):
    return [*HI, said("assistant", "ok", tool_calls=calls("t"), **more), result("t")]


def content(messages, model=OPUS, **facts):
    return sent({"messages": messages}, model, **facts)[1]["messages"][1]["content"]


PLAIN = [{"type": "text", "text": "ok"}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}]


def test_core_22_plain_reasoning_is_never_a_thinking_block():
    assert PLAIN == content(turn(reasoning_content="Hm.", thinking_blocks=[{"type": "thinking", "thinking": "Hm."}]))


@pytest.mark.parametrize(
    "unsigned",
    ["Hm.", [7], [{"type": "thinking", "thinking": "x", "signature": ""}], [{"type": "text", "text": "x"}], [{}]],
)
def test_what_is_no_signed_block_is_left_out(unsigned):
    assert PLAIN == content(turn(thinking_blocks=unsigned))


def test_core_22_signed_blocks_come_first_and_unchanged():
    echoed = [{"index": 0, **SIGNED}, {"index": 1, **HIDDEN}]

    assert [SIGNED, HIDDEN, *PLAIN] == content(turn(thinking_blocks=echoed))


def test_core_22_what_was_remembered_comes_back_in_its_order():
    kept = [PLAIN[0], SIGNED, {"type": "text", "text": " \n", "citations": None}, PLAIN[1]]
    memory = Remembers(t={"model": OPUS, "content": kept})

    assert [PLAIN[0], SIGNED, PLAIN[1]] == content(turn(), memory=memory)


@pytest.mark.parametrize(
    "messages",
    [
        [*HI, said("assistant", "other", tool_calls=calls("t")), result("t")],
        [*HI, said("assistant", "ok", tool_calls=calls("t", arguments='{"a":1}')), result("t")],
    ],
)
def test_what_the_client_changed_keeps_the_thoughts_in_front(messages):
    memory = Remembers(t={"model": OPUS, "content": [PLAIN[0], SIGNED, PLAIN[1]]})

    assert [SIGNED, "text", "tool_use"] == [
        block if block == SIGNED else block["type"] for block in content(messages, memory=memory)
    ]


def test_thoughts_of_another_model_are_left_out():
    memory = Remembers(t={"model": "claude-opus-5", "content": [SIGNED, *PLAIN]})

    assert PLAIN == content(turn(thinking_blocks=[SIGNED]), memory=memory)


def test_a_cache_mark_stands_on_the_call_not_on_a_thought():
    memory = Remembers(t={"model": OPUS, "content": [SIGNED, *PLAIN]})

    blocks = content(turn(cache_control={"type": "ephemeral"}), memory=memory)

    assert [SIGNED, PLAIN[0], {**PLAIN[1], "cache_control": {"type": "ephemeral"}}] == blocks


def test_thoughts_that_are_there_keep_a_budget_going():
    body = {"messages": turn(thinking_blocks=[SIGNED]), "reasoning_effort": "high"}

    assert "enabled" == sent(body, OLD)[1]["thinking"]["type"]
