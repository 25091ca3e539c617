"""Chat calls that go to OpenAI's Responses API: when, and what they look like there."""

import orjson
import pytest
from responding import HI, MODEL, TOOL, function, message, openai, put, searched, sent, thought

from adapters.responses.kept import kept
from core.ask import Abilities
from core.errors import Refusal

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0="
SH = {"type": "custom", "custom": {"name": "sh", "description": "a shell"}}
GRAMMAR = {
    "type": "custom",
    "custom": {"name": "g", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}}},
}
CALLED = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Wien"}'}}


def said(message, model=MODEL, **facts):
    """The input that one message gives."""
    return sent({"messages": [message]}, model, **facts)["input"]


def dropped(body, model=MODEL, **facts):
    return openai().encode(put(body, model, **facts)).dropped


class Remembering:
    def __init__(self, **states):
        self.states = states

    def recall(self, call_id):
        return self.states.get(call_id)


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


# Messages


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "system", "content": "s"}, {"type": "message", "role": "system", "content": "s"}),
        ({"role": "developer", "content": "d"}, {"type": "message", "role": "developer", "content": "d"}),
        ({"role": "user", "content": ""}, {"type": "message", "role": "user", "content": ""}),
        ({"role": "assistant", "content": "a"}, {"type": "message", "role": "assistant", "content": "a"}),
        (
            {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"type": "message", "role": "assistant", "content": "ab"},
        ),
        (
            {"role": "assistant", "content": None, "refusal": "no"},
            {"type": "message", "role": "assistant", "content": "no"},
        ),
        (
            {"role": "system", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {
                "type": "message",
                "role": "system",
                "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}],
            },
        ),
    ],
)
@pytest.mark.covers("openai", "text")
def test_messages_become_items(message, expected):
    assert [expected] == said(message)


def test_an_assistant_that_said_nothing_is_left_out():
    assert [] == said({"role": "assistant", "content": ""})


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {"type": "image_url", "image_url": {"url": "https://a.example/b.png", "detail": "high"}},
            {"type": "input_image", "image_url": "https://a.example/b.png", "detail": "high"},
        ),
        ({"type": "image_url", "image_url": PNG}, {"type": "input_image", "image_url": PNG, "detail": "auto"}),
        (
            {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,/9j/"}},
            {"type": "input_image", "image_url": "data:image/jpeg;base64,/9j/", "detail": "auto"},
        ),
        (
            {"type": "image_url", "image_url": {"url": PDF}},
            {"type": "input_file", "filename": "file.pdf", "file_data": PDF},
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
            {"type": "input_file", "filename": "a.pdf", "file_data": PDF},
        ),
        ({"type": "file", "file": {"file_id": "file-1"}}, {"type": "input_file", "file_id": "file-1"}),
        (
            {"type": "file", "file": {"file_url": "https://a.example/b.pdf"}},
            {"type": "input_file", "file_url": "https://a.example/b.pdf"},
        ),
    ],
)
@pytest.mark.covers("openai", "image", "pdf")
def test_images_and_files_become_parts(part, expected):
    told = said({"role": "user", "content": [part, {"type": "text", "text": "?"}]})

    assert [expected, {"type": "input_text", "text": "?"}] == told[0]["content"]


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}]},
            "messages.0.content.0",
        ),
        (
            {"role": "assistant", "content": [{"type": "image_url", "image_url": PNG}]},
            "messages.0.content.0",
        ),
        (
            {"role": "system", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": PNG}]},
            "messages.0.content.1",
        ),
        ({"role": "user", "content": [{"type": "video"}]}, "messages.0.content.0"),
    ],
)
def test_what_cannot_be_said_there_is_refused(message, param):
    with pytest.raises(Refusal) as refused:
        said(message)

    assert (400, param) == (refused.value.status, refused.value.param)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ({"cache_control": {"type": "ephemeral"}}, {"mode": "explicit"}),
        ({"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}, {"mode": "explicit", "ttl": "12h"}),
    ],
)
def test_marks_of_the_cache_are_kept_where_the_model_takes_them(mark, expected):
    message = {"role": "user", "content": [{"type": "text", "text": "long", **mark}]}

    marked = said(message)
    unmarked = openai().encode(put({"messages": [message], "reasoning_effort": "low"}, "gpt-5.5"))

    assert expected == marked[0]["content"][0]["prompt_cache_breakpoint"]
    assert [{"type": "input_text", "text": "long"}] == orjson.loads(unmarked.body)["input"][0]["content"]
    assert ("prompt_cache_breakpoint",) == unmarked.dropped


def test_a_message_that_is_marked_as_a_whole_marks_its_last_part():
    told = said({"role": "user", "content": "long", "cache_control": {"type": "ephemeral"}})

    part = {"type": "input_text", "text": "long", "prompt_cache_breakpoint": {"mode": "explicit"}}
    assert [part] == told[0]["content"]


def test_names_of_speakers_are_dropped_and_named():
    messages = [{"role": "user", "name": "ann", "content": "a"}, {"role": "assistant", "name": "b", "content": "c"}]

    assert ("messages.name",) == dropped({"messages": messages})


# Tools


@pytest.mark.covers("openai", "tools", "parallel tools", "tool loop")
def test_calls_and_results_become_items_of_their_own():
    both = [CALLED, {"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": ""}}]
    messages = [
        *HI,
        {"role": "assistant", "content": "Let me see.", "tool_calls": both},
        {"role": "tool", "tool_call_id": "call_2", "content": "dry"},
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "wet"}]},
    ]

    assert [
        {"type": "message", "role": "user", "content": "hi"},
        {"type": "message", "role": "assistant", "content": "Let me see."},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Wien"}'},
        {"type": "function_call", "call_id": "call_2", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_2", "output": "dry"},
        {"type": "function_call_output", "call_id": "call_1", "output": "wet"},
    ] == sent({"messages": messages})["input"]


def test_arguments_that_are_an_object_become_text():
    call = {**CALLED, "function": {"name": "weather", "arguments": {"a": 1}}}

    assert '{"a":1}' == said({"role": "assistant", "tool_calls": [call]})[0]["arguments"]


def test_results_may_hold_images():
    messages = [
        {"role": "assistant", "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "image_url", "image_url": PNG}]},
    ]

    output = sent({"messages": messages})["input"][1]["output"]

    assert [{"type": "input_image", "image_url": PNG, "detail": "auto"}] == output


def test_custom_tools_stay_custom():
    call = {"id": "call_1", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    messages = [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "a b"},
    ]

    body = sent({"messages": messages, "tools": [SH, GRAMMAR]})

    assert [
        {"type": "custom_tool_call", "call_id": "call_1", "name": "sh", "input": "ls"},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "a b"},
    ] == body["input"]
    assert [
        {"type": "custom", "name": "sh", "description": "a shell"},
        {"type": "custom", "name": "g", "format": {"type": "grammar", "syntax": "lark", "definition": "start: A"}},
    ] == body["tools"]


def test_the_older_functions_are_tools_one_at_a_time():
    messages = [
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"a": 1}'}},
        {"role": "function", "name": "f", "content": "42"},
    ]
    legacy = {"tools": None, "functions": [{"name": "f"}], "function_call": {"name": "f"}}

    body = sent({"messages": messages, **legacy})

    no_arguments = {"type": "object", "properties": {}}
    assert [{"type": "function", "name": "f", "parameters": no_arguments, "strict": False}] == body["tools"]
    assert ({"type": "function", "name": "f"}, False) == (body["tool_choice"], body["parallel_tool_calls"])
    assert [
        {"type": "function_call", "call_id": "call_0", "name": "f", "arguments": '{"a": 1}'},
        {"type": "function_call_output", "call_id": "call_0", "output": "42"},
    ] == body["input"]


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


def test_ids_that_are_too_long_are_made_shorter_and_stay_pairs():
    id = "call_" + "x" * 900
    messages = [
        {"role": "assistant", "tool_calls": [{**CALLED, "id": id}]},
        {"role": "tool", "tool_call_id": id, "content": "wet"},
    ]

    call, result = sent({"messages": messages})["input"]

    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) == 64


def test_two_calls_with_one_id_are_both_told():
    calls = [CALLED, {**CALLED, "function": {"name": "g", "arguments": "{}"}}]

    assert ["weather", "g"] == [one["name"] for one in said({"role": "assistant", "tool_calls": calls})]


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


# What was thought before


def looped(memory=None, text=None, **facts):
    messages = [
        *HI,
        {"role": "assistant", "content": text, "tool_calls": [CALLED], **facts},
        {"role": "tool", "tool_call_id": "call_1", "content": "wet"},
    ]
    more = {"memory": memory} if memory else {}
    return sent({"messages": messages}, **more)["input"][1:-1]


STATE = kept([thought("plan"), message("Hm.", phase="commentary"), searched(), thought(number=2), function()], MODEL)
SECRET = {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA", "summary": []}
CALL = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Wien"}'}


@pytest.mark.covers("openai", "reasoning", "tool loop")
def test_thoughts_go_back_in_the_order_in_which_they_came():
    told = looped(Remembering(**STATE), "Hm.")

    summary = [{"type": "summary_text", "text": "plan"}]
    assert [
        {**SECRET, "summary": summary},
        {"type": "message", "role": "assistant", "content": "Hm.", "phase": "commentary"},
        searched(),
        {**SECRET, "id": "rs_2"},
        CALL,
    ] == told


def test_thoughts_go_back_though_the_client_left_the_text_away():
    assert ["reasoning", "web_search_call", "reasoning", "function_call"] == [
        one["type"] for one in looped(Remembering(**STATE))
    ]


def test_text_that_the_client_added_comes_first():
    state = kept([thought(), function()], MODEL)

    assert ["message", "reasoning", "function_call"] == [one["type"] for one in looped(Remembering(**state), "Hm.")]


@pytest.mark.parametrize(
    "state",
    [
        kept([thought(), function()], "gpt-6-luna"),  # of another model
        kept([thought(), function(), function(number=2)], MODEL),  # one of its calls is gone
        {},
    ],
)
def test_thoughts_that_do_not_fit_stay_behind(state):
    assert [CALL] == looped(Remembering(**state))


def test_thoughts_that_the_client_brings_along_go_back():
    details = [
        {"type": "reasoning.encrypted", "id": "rs_1", "data": "gAAA", "format": "openai-responses-v1", "index": 0},
        {"type": "reasoning.text", "text": "x", "signature": "s", "format": "anthropic-claude-v1", "index": 1},
        {"type": "reasoning.encrypted", "id": None, "data": "gAAA", "format": "openai-responses-v1"},
        {"type": "reasoning.encrypted", "id": "rs_2", "data": None, "format": "openai-responses-v1"},
        "x",
    ]

    assert [SECRET, {"type": "message", "role": "assistant", "content": "Hm."}, CALL] == looped(
        text="Hm.", reasoning_details=details
    )
    assert [SECRET, CALL] == looped(reasoning_details=details)


@pytest.mark.parametrize("details", [None, "x", [], [{"type": "reasoning.summary", "summary": "s"}]])
def test_thoughts_of_others_stay_behind(details):
    assert [CALL] == looped(reasoning_content="plain", reasoning_details=details)


def test_a_model_that_does_not_think_gets_no_thoughts():
    messages = [
        {"role": "assistant", "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "call_1", "content": "wet"},
    ]
    state = kept([thought(), function()], "gpt-4.1")

    body = sent({"messages": messages, "web_search_options": {}}, "gpt-4.1", memory=Remembering(**state))

    assert ["function_call", "function_call_output"] == [one["type"] for one in body["input"]]


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
