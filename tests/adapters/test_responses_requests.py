"""Chat calls that go to OpenAI's Responses API: when, and what they look like there."""

import orjson
import pytest
from responding import MODEL, TOOL, openai, put, sent

from core.ask import Abilities
from core.errors import Refusal

SH = {"type": "custom", "custom": {"name": "sh", "description": "a shell"}}


def dropped(body, model=MODEL, **facts):
    return openai().encode(put(body, model, **facts)).dropped


@pytest.mark.parametrize(
    ("model", "body", "bridged"),
    [
        ("gpt-5.6-terra", {"reasoning_effort": "low"}, True),
        ("gpt-5.6-terra", {}, True),
        ("gpt-5.6-terra", {"reasoning_effort": "none"}, False),
        ("gpt-5.6-terra", {"tools": []}, False),
        ("gpt-5.6-terra", {"tools": None, "reasoning_effort": "high"}, False),
        ("gpt-5.6-terra", {"tools": None, "reasoning_effort": "max"}, True),
        ("gpt-5.6-terra", {"tools": None, "functions": [{"name": "f"}]}, True),
        ("gpt-5.6-terra", {"tools": None, "web_search_options": {}}, True),
        ("gpt-6-astra", {"reasoning_effort": "none"}, True),  # it has no none
        ("gpt-6.1-sol", {}, True),
        ("gpt-5.5", {}, False),
        ("gpt-5.5", {"reasoning_effort": "low"}, True),
        ("gpt-5.5", {"reasoning_effort": "none"}, False),
        ("gpt-5.4", {}, False),
        ("gpt-5.4", {"reasoning_effort": "low"}, True),
        ("gpt-5.2", {"reasoning_effort": "low"}, False),
        ("gpt-4o", {"reasoning_effort": "low"}, False),
        ("gpt-4.1", {"web_search_options": {}}, True),
        ("o3", {"reasoning_effort": "low"}, False),
        ("o3-pro", {"tools": None}, True),
        ("gpt-5.5-pro", {"tools": None}, True),
        ("gpt-5.3-codex", {"tools": None}, True),
        ("codex-mini-latest", {"tools": None}, True),
        ("o4-mini-deep-research", {"tools": None}, True),
        ("computer-use-preview", {"tools": None}, True),
        ("gpt-7-sol", {}, True),  # unknown: the newest generation's ways
        ("gpt-5.6-terra-2026-10-01", {}, True),
        ("ft:gpt-5.6-luna:org::id", {}, True),
        ("gpt-4o-search-preview", {"web_search_options": {}}, False),
        ("mine", {"reasoning_effort": "low"}, False),
    ],
)
def test_core_60_only_calls_that_chat_completions_refuse_go_to_responses(model, body, bridged):
    request = openai().encode(put(body, model))

    assert ("/responses" if bridged else "/chat/completions") == request.path


def test_core_60_tools_and_effort_go_to_responses():
    request = openai().encode(put({"reasoning_effort": "low"}, "gpt-5.6-terra"))

    body = orjson.loads(request.body)
    assert "/responses" == request.path
    assert {"effort": "low", "summary": "auto"} == body["reasoning"]
    assert () == request.dropped


def test_core_60_no_effort_is_not_turned_into_none():
    assert {"summary": "auto"} == sent({}, "gpt-5.6-terra")["reasoning"]


def test_core_60_a_model_that_cannot_think_gets_no_effort():
    request = openai().encode(put({"reasoning_effort": "low"}, "gpt-4o"))

    assert ("/chat/completions", ("reasoning_effort",)) == (request.path, request.dropped)
    with pytest.raises(Refusal) as refused:
        openai().encode(put({"reasoning_effort": "low"}, "gpt-4o", strict=True))
    assert "reasoning_effort" == refused.value.param


@pytest.mark.parametrize(
    ("flags", "bridged"),
    [
        ({"endpoints": ("responses",)}, True),
        ({"endpoints": ("chat/completions",)}, False),
        ({"endpoints": ("chat/completions", "responses"), "effort_none": False}, True),
        ({"endpoints": ("chat/completions", "responses"), "default_effort": "none"}, False),
        ({"sampling_params": False}, False),
    ],
)
def test_flags_speak_for_deployments_with_names_of_their_own(flags, bridged):
    request = openai("azure", base_url="https://x").encode(put({}, "my-deployment", known=Abilities(flags=flags)))

    assert bridged == (request.path == "/openai/v1/responses")


def test_azure_by_deployments_has_no_responses():
    adapter = openai("azure", base_url="https://x", options={"api_version": "2024-10-21"})

    assert adapter.encode(put({})).path.startswith("/openai/deployments/gpt-6-sol/chat/completions")


def test_nothing_is_stored_and_thoughts_come_along():
    body = sent({"store": False})

    assert (False, ["reasoning.encrypted_content"]) == (body["store"], body["include"])
    assert "stream" not in body


def test_a_model_that_does_not_think_is_not_asked_for_thoughts():
    body = sent({"web_search_options": {}}, "gpt-4.1")

    assert body.keys().isdisjoint({"reasoning", "include"})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"reasoning_effort": "max"}, {"effort": "max", "summary": "auto"}),
        ({"reasoning_effort": "minimal"}, {"effort": "low", "summary": "auto"}),
        ({"reasoning_effort": "none", "web_search_options": {}}, {"effort": "none"}),
    ],
)
def test_effort_goes_out_as_the_model_takes_it(body, expected):
    assert expected == sent(body)["reasoning"]


# Tools


@pytest.mark.parametrize("strict", [True, False, None])
def test_strict_is_always_said(strict):
    tool = {"type": "function", "function": {"name": "f", "strict": strict}}

    assert (strict is True) is sent({"tools": [tool]})["tools"][0]["strict"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        (None, "auto"),
        ({"type": "function", "function": {"name": "weather"}}, {"type": "function", "name": "weather"}),
        ({"type": "custom", "custom": {"name": "sh"}}, {"type": "custom", "name": "sh"}),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [
                        {"type": "function", "function": {"name": "weather"}},
                        {"type": "custom", "custom": {"name": "sh"}},
                    ],
                },
            },
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "weather"}, {"type": "custom", "name": "sh"}],
            },
        ),
    ],
)
def test_every_choice_of_tools_is_told(choice, expected):
    assert expected == sent({"tools": [TOOL, SH], "tool_choice": choice})["tool_choice"]


@pytest.mark.parametrize(("given", "expected"), [(False, False), (True, True), (None, None)])
def test_parallel_calls_are_as_the_client_wants_them(given, expected):
    assert expected == sent({"parallel_tool_calls": given}).get("parallel_tool_calls")


@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        ("gpt-6-sol", {}, {"type": "web_search"}),
        ("o3-deep-research", None, {"type": "web_search"}),
        (
            "gpt-6-sol",
            {
                "search_context_size": "low",
                "user_location": {"type": "approximate", "approximate": {"city": "Wien", "country": "AT"}},
            },
            {
                "type": "web_search",
                "search_context_size": "low",
                "user_location": {"type": "approximate", "city": "Wien", "country": "AT"},
            },
        ),
        (
            "gpt-6-sol",
            {"user_location": {"approximate": None}},
            {"type": "web_search", "user_location": {"type": "approximate"}},
        ),
    ],
)
def test_searching_the_web_is_a_tool(model, options, expected):
    body = sent({"tools": None, "web_search_options": options}, model)

    assert [expected] == body["tools"]
    assert "tool_choice" not in body


# Fields


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"type": "text"}, None),
        (None, None),
        ({"type": "json_object"}, {"type": "json_object"}),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}},
            {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True},
        ),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "description": "d"}},
            {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "description": "d", "strict": False},
        ),
    ],
)
@pytest.mark.covers("openai", "json_schema")
def test_formats_are_told_as_formats_of_text(wanted, expected):
    assert expected == sent({"response_format": wanted}).get("text", {}).get("format")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"n": 2}, "n"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"moderation": {"model": "omni"}}, "moderation"),
        ({"tools": [{"type": "web_search"}]}, "tools.0.type"),
        ({"tool_choice": {"type": "function", "function": {"name": "other"}}}, "tool_choice"),
    ],
)
def test_what_would_be_another_answer_is_refused(body, param):
    with pytest.raises(Refusal) as refused:
        sent(body)

    assert (400, param) == (refused.value.status, refused.value.param)


def test_fields_that_both_know_are_the_same():
    same = {
        "metadata": {"a": "b"},
        "prompt_cache_key": "k",
        "prompt_cache_options": {"mode": "explicit"},
        "prompt_cache_retention": "24h",
        "safety_identifier": "s",
        "service_tier": "flex",
        "user": "u",
    }

    request = openai().encode(put({**same, "verbosity": "low", "modalities": ["text"], "n": 1}))

    body = orjson.loads(request.body)
    assert same.items() <= body.items()
    assert {"verbosity": "low"} == body["text"]
    assert () == request.dropped


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"stop": ["x"], "logit_bias": {"1": 1}, "frequency_penalty": 1, "presence_penalty": 1, "seed": 0},
            ("frequency_penalty", "logit_bias", "presence_penalty", "seed", "stop"),
        ),
        (
            {"stop": [], "logit_bias": {}, "frequency_penalty": 0, "presence_penalty": 0, "top_p": 1, "seed": None},
            (),
        ),
        ({"temperature": 0.5, "top_p": 0.5, "logprobs": True}, ("logprobs", "temperature", "top_p")),
        ({"temperature": 1, "logprobs": False, "store": False}, ()),
        ({"store": True, "audio": {"voice": "ash"}}, ("audio", "store")),
        ({"prediction": {"type": "content", "content": "x"}, "my_own": 1}, ("my_own", "prediction")),
        ({"reasoning_effort": "minimal"}, ("reasoning_effort=low",)),
        ({"max_tokens": 5}, ("max_completion_tokens=16",)),
        ({"prompt_cache_retention": "in_memory"}, ("prompt_cache_retention",)),
    ],
)
@pytest.mark.covers("openai", "stop")
def test_what_has_no_place_is_dropped_and_named_or_refused(body, expected):
    assert expected == dropped(body)

    if expected:
        with pytest.raises(Refusal) as refused:
            dropped(body, strict=True)
        assert refused.value.param in {name.partition("=")[0] for name in expected}
    else:
        assert () == dropped(body, strict=True)


def test_without_thinking_there_are_samples_and_probabilities():
    body = sent(
        {
            "reasoning_effort": "none",
            "web_search_options": {},
            "temperature": 0.5,
            "top_p": 0.9,
            "logprobs": True,
            "top_logprobs": 3,
        }
    )

    assert (0.5, 0.9, 3) == (body["temperature"], body["top_p"], body["top_logprobs"])
    assert ["reasoning.encrypted_content", "message.output_text.logprobs"] == body["include"]


def test_a_model_that_does_not_think_keeps_what_both_know():
    request = openai().encode(put({"web_search_options": {}, "temperature": 0.5, "stop": "x"}, "gpt-4.1"))

    assert 0.5 == orjson.loads(request.body)["temperature"]
    assert ("stop",) == request.dropped


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"max_tokens": 100}, 100),
        ({"max_completion_tokens": 200}, 200),
        ({"max_tokens": 100, "max_completion_tokens": 200}, 200),
        ({}, None),
    ],
)
@pytest.mark.parametrize("model", [MODEL, "gpt-4.1"])
def test_core_15_both_names_of_the_limit_are_one(model, body, expected):
    assert expected == sent({"web_search_options": {}, **body}, model).get("max_output_tokens")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, None),
        ({"include_usage": True}, None),
        ({"include_obfuscation": False}, {"include_obfuscation": False}),
    ],
)
@pytest.mark.covers("openai", "stream")
def test_a_stream_is_asked_for(options, expected):
    body = sent({"stream": True, "stream_options": options})

    assert (True, expected) == (body["stream"], body.get("stream_options"))


def test_a_call_that_is_nested_too_deeply_is_refused():
    deep = {}
    for _ in range(300):
        deep = {"properties": deep}
    tool = {"type": "function", "function": {"name": "f", "parameters": deep}}

    with pytest.raises(Refusal, match="nested too deeply"):
        sent({"tools": [tool]})
