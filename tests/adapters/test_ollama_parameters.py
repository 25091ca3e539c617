"""The parameters of calls, tools and the other endpoints, as Ollama is asked."""

import pytest
from sending import refuser, sender
from test_ollama_requests import CLOCK, PLAIN, THINKING, WEATHER

from core.ask import Abilities


@pytest.fixture
def sent(adapter, call):
    return sender(adapter, call, "ollama", "ollama/qwen3")


@pytest.fixture
def refused(sent):
    return refuser(sent)


def test_sampling_goes_into_options_under_the_names_that_ollama_knows(sent):
    body = sent(
        {
            "temperature": 0,
            "top_p": 0.5,
            "seed": 7,
            "stop": "END",
            "frequency_penalty": 0.1,
            "presence_penalty": 0.2,
            "max_tokens": 10,
            "max_completion_tokens": 20,
            "top_k": 40,
            "min_p": 0.05,
            "repeat_penalty": 1.1,
            "num_ctx": 8192.0,
            "use_mmap": True,
            "user": None,
        }
    )

    assert {
        "temperature": 0,
        "top_p": 0.5,
        "seed": 7,
        "stop": ["END"],
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "num_predict": 20,
        "top_k": 40,
        "min_p": 0.05,
        "repeat_penalty": 1.1,
        "num_ctx": 8192,
        "use_mmap": True,
    } == body["options"]


def test_ollamas_own_options_are_taken_as_they_are_and_the_unknown_are_named(sent):
    given = {"num_ctx": 4096, "stop": "a", "temperature": None, "tempo": 3}
    listed = {"options": {"stop": ["a", "b"]}, "stop": ["c"]}

    assert {"num_ctx": 4096, "stop": ["a"]} == sent({"options": given}, dropped=["options.tempo"])["options"]
    assert {"stop": ["c"]} == sent(listed)["options"]
    assert {"stop": ["a", "b"]} == sent({"options": listed["options"]})["options"]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"top_k": "40"}, "top_k"),
        ({"top_k": 40.5}, "top_k"),
        ({"top_k": True}, "top_k"),
        ({"min_p": "0.1"}, "min_p"),
        ({"use_mmap": 1}, "use_mmap"),
        ({"options": [1]}, "options"),
        ({"options": {"num_ctx": "8k"}}, "options.num_ctx"),
        ({"options": {"stop": [1]}}, "options.stop"),
        ({"keep_alive": True}, "keep_alive"),
        ({"keep_alive": []}, "keep_alive"),
        ({"truncate": "no"}, "truncate"),
    ],
)
def test_a_number_of_the_wrong_kind_is_refused_here_where_ollama_would(refused, given, param):
    assert (400, param, "invalid_type") == refused(given)


def test_no_tokens_at_all_is_refused_since_it_would_mean_no_limit(refused):
    assert (400, "max_tokens", "unsupported_value") == refused({"max_tokens": 0})


@pytest.mark.covers("ollama", "stop")
def test_an_empty_text_to_stop_at_would_end_every_answer_and_is_dropped(sent):
    assert ["x"] == sent({"stop": ["", "x"]}, dropped=["stop"])["options"]["stop"]
    assert "options" not in sent({"stop": ""}, dropped=["stop"])


@pytest.mark.parametrize(
    ("setting", "given", "expected", "dropped"),
    [
        ({}, {"num_ctx": 1, "keep_alive": "5m"}, (1, "5m"), []),
        ({"num_ctx": "8192", "keep_alive": "-1"}, {}, (8192, -1), []),
        ({"num_ctx": "8192", "keep_alive": "10m"}, {"num_ctx": 8192, "keep_alive": "10m"}, (8192, "10m"), []),
        (
            {"num_ctx": "8192", "keep_alive": "10m"},
            {"num_ctx": 1, "keep_alive": 0},
            (8192, "10m"),
            ["keep_alive=10m", "num_ctx=8192"],
        ),
    ],
)
def test_the_operator_decides_how_models_are_loaded(sent, setting, given, expected, dropped):
    body = sent(given, options=setting, dropped=dropped)

    assert expected == (body["options"]["num_ctx"], body["keep_alive"])


def test_a_setting_that_is_no_number_is_left_for_ollama_to_refuse(sent):
    assert "8k" == sent(options={"num_ctx": "8k", "keep_alive": ""})["options"]["num_ctx"]


@pytest.mark.parametrize(
    ("given", "target", "model", "expected", "dropped"),
    [
        ({"reasoning_effort": "none"}, "o/qwen3", THINKING, False, []),
        ({"reasoning_effort": "minimal"}, "o/qwen3", THINKING, "low", []),
        ({"reasoning_effort": "high"}, "o/unheard-of", Abilities(), "high", []),
        ({"reasoning_effort": "xhigh"}, "o/qwen3", THINKING, "max", []),
        ({"think": True}, "o/qwen3", THINKING, True, []),
        ({"think": "low", "reasoning_effort": "high"}, "o/qwen3", THINKING, "low", ["reasoning_effort"]),
        ({"reasoning_effort": "none"}, "o/gpt-oss:20b", THINKING, "low", ["reasoning_effort=low"]),
        ({"reasoning_effort": "xhigh"}, "o/hf.co/x/GPT-OSS", Abilities(), "high", ["reasoning_effort=high"]),
        ({"reasoning_effort": "medium"}, "o/gpt-oss", Abilities(), "medium", []),
        ({"think": True}, "o/gpt-oss", Abilities(), "medium", []),
        ({}, "o/qwen3", THINKING, None, []),
    ],
)
@pytest.mark.covers("ollama", "reasoning")
def test_effort_becomes_think(sent, given, target, model, expected, dropped):
    assert expected == sent(given, target=target, model=model, dropped=dropped).get("think")


@pytest.mark.parametrize(
    ("given", "dropped"),
    [
        ({"reasoning_effort": "low"}, ["reasoning_effort"]),
        ({"think": True}, ["think"]),
        ({"reasoning_effort": "none"}, []),
    ],
)
def test_more_10_a_model_that_is_known_not_to_think_is_not_asked_to(sent, given, dropped):
    assert "think" not in sent(given, model=PLAIN, dropped=dropped)


def test_more_10_when_strict_it_is_refused_instead(refused):
    found = refused({"reasoning_effort": "low"}, model=PLAIN, strict=True)

    assert (400, "reasoning_effort", "unsupported_value") == found


@pytest.mark.parametrize("given", [{"reasoning_effort": "fierce"}, {"think": "fierce"}, {"think": 3}])
def test_unknown_efforts_are_refused(refused, given):
    assert (400, next(iter(given)), "invalid_value") == refused(given)


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, "json"),
        ({"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": SCHEMA}}, SCHEMA),
        ({"type": "json_schema", "json_schema": {"name": "n"}}, "json"),
        ({"type": "json_schema"}, "json"),
    ],
)
@pytest.mark.covers("ollama", "json_schema")
def test_a_format_is_the_word_json_or_the_bare_schema(sent, given, expected):
    assert expected == sent({"response_format": given}).get("format")


def test_formats_that_can_not_be_kept_are_refused(refused):
    schema = {"type": "json_schema", "json_schema": {"schema": SCHEMA}}
    none = {"type": "json_schema", "json_schema": {"schema": "no"}}

    assert "unsupported_value" == refused({"response_format": schema}, target="o/gpt-oss:120b-cloud")[2]
    assert "invalid_value" == refused({"response_format": {"type": "xml"}})[2]
    assert (400, "response_format.json_schema.schema", "invalid_type") == refused({"response_format": none})


def test_log_probabilities_are_asked_for_at_the_top(sent):
    body = sent({"logprobs": True, "top_logprobs": 3})

    assert (True, 3) == (body["logprobs"], body["top_logprobs"])
    assert "logprobs" not in sent({"logprobs": False})


# Tools


@pytest.mark.covers("ollama", "tools")
def test_tools_keep_their_shape_and_what_ollama_would_forget_is_said_in_words(sent):
    parameters = {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 1, "description": "How many."},
            "day": {"$ref": "#/$defs/day"},
            "kind": {"oneOf": [{"const": "a"}, {"type": "null"}]},
        },
        "required": ["n"],
        "anyOf": [{"required": ["n"]}],
        "$defs": {"day": {"type": "string", "format": "date"}},
        "additionalProperties": False,
    }
    tool = {
        "type": "function",
        "function": {"name": "f", "description": "Does.", "strict": True, "parameters": parameters},
    }

    (made,) = sent({"tools": [tool]}, dropped=["tools.0.function.strict"])["tools"]

    assert {
        "type": "function",
        "function": {
            "name": "f",
            "description": 'Does.\nanyOf: [{"required":["n"]}]',
            "parameters": {
                "type": "object",
                "required": ["n"],
                "properties": {
                    "n": {"type": "integer", "description": "How many. (minimum: 1)"},
                    "day": {"type": "string", "description": 'format: "date"'},
                    "kind": {"anyOf": [{"enum": ["a"]}, {"type": "null"}]},
                },
            },
        },
    } == made


def test_a_tool_without_parameters_takes_an_empty_object(sent):
    body = sent({"functions": [{"name": "f"}]})

    assert {"type": "object", "properties": {}} == body["tools"][0]["function"]["parameters"]


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (None, ["weather", "clock"]),
        ("auto", ["weather", "clock"]),
        ("none", None),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [CLOCK]}}, ["clock"]),
    ],
)
def test_the_only_choices_are_any_tool_and_none(sent, choice, names):
    body = sent({"tools": [WEATHER, CLOCK], "tool_choice": choice, "parallel_tool_calls": True})

    assert names == ([tool["function"]["name"] for tool in body["tools"]] if "tools" in body else None)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
def test_a_call_that_must_be_made_is_refused(refused, choice):
    found = refused({"tools": [WEATHER], "tool_choice": choice})

    assert (400, "tool_choice", "unsupported_value") == found


def test_custom_tools_are_refused(refused):
    assert (400, "tools.0", "unsupported_value") == refused({"tools": [{"type": "custom", "custom": {"name": "f"}}]})


def test_one_call_at_a_time_can_not_be_had_and_is_named(sent):
    sent({"tools": [WEATHER], "parallel_tool_calls": False}, dropped=["parallel_tool_calls"])


# What nobody has


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"n": 2}, "n"),
        ({"modalities": ["text", "audio"]}, "modalities"),
    ],
)
def test_more_than_one_answer_of_text_is_refused(refused, given, param):
    assert (400, param, "unsupported_value") == refused(given)


def test_what_happens_anyway_goes_without_a_word_and_the_rest_is_named(sent):
    sent({"n": 1, "store": False, "logit_bias": {}, "modalities": ["text"], "service_tier": "auto", "metadata": {}})
    sent(
        {"store": True, "logit_bias": {"1": 2}, "user": "u", "service_tier": "flex", "my_own": 1, "prediction": {}},
        dropped=["logit_bias", "my_own", "prediction", "service_tier", "store", "user"],
    )


def test_when_strict_nothing_is_dropped(refused):
    assert (400, "user", "unsupported_value") == refused({"user": "u"}, strict=True)


def test_a_request_too_deep_to_be_written_is_the_clients_mistake(refused):
    deep = {}
    for _ in range(400):
        deep = {"a": deep}

    found = refused({"response_format": {"type": "json_schema", "json_schema": {"schema": deep}}})

    assert (400, None, "invalid_value") == found


# Completions


def test_a_completion_is_generated_with_the_text_behind_the_gap(sent):
    body = sent(
        {"prompt": "def f(", "suffix": "return 1", "max_tokens": 9, "logprobs": 2, "raw": True, "best_of": 1},
        "completions",
    )

    assert {
        "model": "qwen3",
        "stream": False,
        "truncate": False,
        "shift": False,
        "prompt": "def f(",
        "suffix": "return 1",
        "raw": True,
        "options": {"num_predict": 9},
        "logprobs": True,
        "top_logprobs": 2,
    } == body


def test_one_prompt_may_come_in_a_list(sent):
    assert "a" == sent({"prompt": ["a"]}, "completions")["prompt"]


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"prompt": ["a", "b"]}, "prompt", "unsupported_value"),
        ({"prompt": [1, 2]}, "prompt", "unsupported_value"),
        ({"prompt": [[1, 2]]}, "prompt", "unsupported_value"),
        ({"prompt": ""}, "prompt", "invalid_value"),
        ({"echo": True}, "echo", "unsupported_value"),
        ({"best_of": 2}, "best_of", "unsupported_value"),
        ({"raw": "yes"}, "raw", "invalid_type"),
    ],
)
def test_completions_that_ollama_can_not_give_are_refused(refused, given, param, code):
    assert (400, param, code) == refused(given, "completions")


# Embeddings


def test_embeddings_are_never_made_of_half_a_text(sent):
    body = sent(
        {"input": ["a", "b"], "dimensions": 3, "encoding_format": "base64"}, "embeddings", options={"num_ctx": "512"}
    )

    assert {
        "model": "qwen3",
        "input": ["a", "b"],
        "truncate": False,
        "dimensions": 3,
        "options": {"num_ctx": 512},
    } == body


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"input": [1, 2]}, "input", "unsupported_value"),
        ({"input": [[1], [2]]}, "input", "unsupported_value"),
        ({"input": ["a", ""]}, "input", "invalid_value"),
        ({"encoding_format": "int8"}, "encoding_format", "invalid_value"),
    ],
)
def test_inputs_that_are_no_texts_are_refused(refused, given, param, code):
    assert (400, param, code) == refused(given, "embeddings")
