"""The parameters of calls, tools and the other endpoints, as Cohere is asked."""

import orjson
import pytest
from asking import asked
from sending import refuser, sender
from test_cohere_requests import CLOCK, PLAIN, THINKING, WEATHER

from core.ask import Abilities


@pytest.fixture
def sent(adapter, call):
    return sender(adapter, call, "cohere", "cohere/command")


@pytest.fixture
def refused(sent):
    return refuser(sent)


@pytest.mark.covers("cohere", "stop")
def test_parameters_have_cohere_s_names(sent):
    body = sent(
        {
            "max_tokens": 10,
            "max_completion_tokens": 20,
            "temperature": 0.5,
            "top_p": 0.5,
            "top_k": 40,
            "stop": ["a", "b"],
            "seed": 7,
            "frequency_penalty": 0.5,
            "logprobs": True,
            "top_logprobs": 0,
        }
    )

    assert {
        "max_tokens": 20,
        "temperature": 0.5,
        "p": 0.5,
        "k": 40,
        "stop_sequences": ["a", "b"],
        "seed": 7,
        "frequency_penalty": 0.5,
        "logprobs": True,
    } == {name: value for name, value in body.items() if name not in {"model", "stream", "messages"}}


@pytest.mark.parametrize(
    ("given", "name", "expected", "dropped"),
    [
        ({"temperature": 1.7}, "temperature", 1, ["temperature=1"]),
        ({"top_p": 1}, "p", 0.99, ["top_p=0.99"]),
        ({"p": 0}, "p", 0.01, ["p=0.01"]),
        ({"k": 9}, "k", 9, []),
        ({"top_k": 999}, "k", 500, ["top_k=500"]),
        ({"frequency_penalty": -1}, "frequency_penalty", None, ["frequency_penalty=0"]),
        ({"presence_penalty": 2}, "presence_penalty", 1, ["presence_penalty=1"]),
        ({"frequency_penalty": 0, "presence_penalty": 0.5}, "presence_penalty", 0.5, []),
        ({"frequency_penalty": 0.1, "presence_penalty": 0.5}, "presence_penalty", None, ["presence_penalty"]),
        ({"seed": -1}, "seed", None, ["seed"]),
        ({"stop": [""]}, "stop_sequences", None, ["stop"]),
        ({"logprobs": False}, "logprobs", None, []),
        ({"logprobs": True, "top_logprobs": 3}, "logprobs", True, ["top_logprobs"]),
    ],
)
def test_values_are_kept_within_cohere_s_bounds_and_it_is_said(sent, given, name, expected, dropped):
    assert expected == sent(given, dropped=dropped).get(name)


def test_its_own_fields_pass(sent):
    own = {
        "documents": ["a", {"id": "1", "data": {"text": "b"}}],
        "citation_options": {"mode": "FAST"},
        "safety_mode": "STRICT",
        "priority": 3,
        "thinking": {"type": "enabled", "token_budget": 9},
    }

    body = sent({**own, "reasoning_effort": "low"}, dropped=["reasoning_effort"])

    assert own == {name: body[name] for name in own}


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"documents": "a"}, "documents"),
        ({"priority": True}, "priority"),
        ({"thinking": "hard"}, "thinking"),
        ({"top_k": "40"}, "top_k"),
        ({"p": True}, "p"),
    ],
)
def test_values_of_a_wrong_type_are_refused(refused, given, param):
    assert (400, param, "invalid_type") == refused(given)


@pytest.mark.parametrize(
    ("given", "model", "expected", "dropped"),
    [
        ({"reasoning_effort": "none"}, THINKING, {"type": "disabled"}, []),
        ({"reasoning_effort": "none"}, Abilities(), {"type": "disabled"}, []),
        ({"reasoning_effort": "none"}, PLAIN, None, []),
        ({"reasoning_effort": "low"}, PLAIN, None, ["reasoning_effort"]),
        ({"reasoning_effort": "low"}, THINKING, {"type": "enabled", "token_budget": 2048}, []),
        ({"reasoning_effort": "low", "max_tokens": 100}, THINKING, {"type": "enabled", "token_budget": 50}, []),
        ({"reasoning_effort": "low", "max_tokens": 1}, THINKING, {"type": "enabled", "token_budget": 1}, []),
        ({"reasoning_effort": "high"}, THINKING, {"type": "enabled"}, []),
        ({}, THINKING, None, []),
    ],
)
@pytest.mark.covers("cohere", "reasoning")
def test_effort_becomes_a_budget_of_thoughts(sent, given, model, expected, dropped):
    assert expected == sent(given, model=model, dropped=dropped).get("thinking")


def test_an_unknown_effort_is_refused(refused):
    assert (400, "reasoning_effort", "invalid_value") == refused({"reasoning_effort": "fierce"})


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
FITTED = {
    "type": "object",
    "properties": {"n": {"type": "integer", "description": "minimum: 1"}},
    "required": ["n"],
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "json_object"}),
        ({"type": "json_schema", "json_schema": {"name": "n"}}, {"type": "json_object"}),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": SCHEMA}},
            {"type": "json_object", "json_schema": FITTED},
        ),
    ],
)
@pytest.mark.covers("cohere", "json_schema")
def test_a_schema_is_one_of_json_objects(sent, given, expected):
    assert expected == sent({"response_format": given}).get("response_format")


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"response_format": {"type": "xml"}}, "response_format", "invalid_value"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "invalid_type"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": "no"}}},
            "response_format.json_schema.schema",
            "invalid_type",
        ),
        ({"response_format": {"type": "json_object"}, "tools": [WEATHER]}, "response_format", "unsupported_value"),
        ({"response_format": {"type": "json_object"}, "documents": ["a"]}, "response_format", "unsupported_value"),
        ({"n": 2}, "n", "unsupported_value"),
        ({"stop": list("abcdef")}, "stop", "unsupported_value"),
    ],
)
def test_what_cohere_can_not_do_is_refused(refused, given, param, code):
    assert (400, param, code) == refused(given)


def test_tools_that_must_not_be_called_make_room_for_a_format(sent):
    body = sent({"response_format": {"type": "json_object"}, "tools": [WEATHER], "tool_choice": "none"})

    assert "tools" not in body
    assert {"type": "json_object"} == body["response_format"]


def test_unknown_fields_are_dropped_by_name_and_refused_when_strict(sent, refused):
    given = {"user": "u", "logit_bias": {"1": 2}, "metadata": {"a": "b"}, "my_own": 1, "n": 1, "store": False}

    sent(given, dropped=["logit_bias", "metadata", "my_own", "user"])

    assert (400, "user", "unsupported_value") == refused({"user": "u"}, strict=True)


def test_a_request_too_deep_to_be_written_is_the_clients_mistake(refused):
    deep = {}
    for _ in range(400):
        deep = {"a": deep}

    assert (400, None, "invalid_value") == refused({"thinking": deep})


# Tools


@pytest.mark.parametrize(
    ("choice", "expected", "names"),
    [
        (None, None, ["weather", "clock"]),
        ("auto", None, ["weather", "clock"]),
        ("none", "NONE", ["weather", "clock"]),
        ("required", "REQUIRED", ["weather", "clock"]),
        ({"type": "function", "function": {"name": "clock"}}, "REQUIRED", ["clock"]),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [CLOCK]}}, None, ["clock"]),
    ],
)
@pytest.mark.covers("cohere", "tools")
def test_a_choice_is_required_none_or_left_away(sent, choice, expected, names):
    body = sent({"tools": [WEATHER, CLOCK], "tool_choice": choice})

    assert expected == body.get("tool_choice")
    assert names == [tool["function"]["name"] for tool in body["tools"]]
    assert "strict_tools" not in body


def test_without_tools_there_is_no_choice(sent):
    assert "tool_choice" not in sent({"tool_choice": "none"})


def test_strict_tools_are_strict_together_and_have_cohere_s_schemas(sent):
    strict = {"type": "function", "function": {"name": "f", "strict": True, "parameters": SCHEMA}}

    body = sent({"tools": [WEATHER, strict]})
    own = sent({"tools": [strict], "strict_tools": False})

    assert (True, False) == (body["strict_tools"], own["strict_tools"])
    assert FITTED == body["tools"][1]["function"]["parameters"]


def test_names_that_cohere_refuses_have_others_that_mean_the_same(adapter, call):
    names = ["get-weather", "get_weather", "1st", "get.weather"]
    calls = [{"id": "c", "type": "function", "function": {"name": "get.weather", "arguments": "{}"}}]
    body = {
        "tools": [{"type": "function", "function": {"name": name}} for name in names],
        "messages": [{"role": "assistant", "tool_calls": calls}],
    }

    request = adapter("cohere").encode(asked(call(body=body)))

    told = orjson.loads(request.body)
    theirs = [tool["function"]["name"] for tool in told["tools"]]
    assert "get_weather" == theirs[0]
    assert 4 == len(set(theirs))
    assert names == [request.notes[one] for one in theirs]
    assert theirs[3] == told["messages"][0]["tool_calls"][0]["function"]["name"]


def test_custom_tools_are_refused_and_one_call_at_a_time_is_named(sent, refused):
    assert (400, "tools.0", "unsupported_value") == refused({"tools": [{"type": "custom", "custom": {"name": "f"}}]})
    sent({"tools": [WEATHER], "parallel_tool_calls": False}, dropped=["parallel_tool_calls"])


# Embeddings


def test_embeddings_are_floats_of_whole_texts(sent):
    body = sent({"input": "a", "dimensions": 256, "encoding_format": "base64"}, "embeddings")

    assert {
        "model": "command",
        "texts": ["a"],
        "embedding_types": ["float"],
        "truncate": "NONE",
        "input_type": "search_document",
        "output_dimension": 256,
    } == body


def test_what_embeddings_are_for_is_the_clients_wish_or_the_operators(sent):
    setting = {"input_type": "clustering"}

    assert "clustering" == sent({}, "embeddings", options=setting)["input_type"]
    asked_for = sent({"input_type": "search_query", "truncate": "END"}, "embeddings", options=setting)
    assert ("search_query", "END") == (asked_for["input_type"], asked_for["truncate"])


@pytest.mark.parametrize(
    ("given", "code"),
    [({"input": ["a"] * 97}, "unsupported_value"), ({"input": [1, 2]}, "unsupported_value")],
)
def test_inputs_that_cohere_does_not_take_are_refused(refused, given, code):
    assert (400, "input", code) == refused(given, "embeddings")
