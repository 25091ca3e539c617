"""Messages of a chat as items: what is said, called, answered and thought."""

import orjson
import pytest
from responding import HI, MODEL, function, message, openai, put, searched, sent, thought

from adapters.responses.kept import kept
from core.errors import Refusal

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0="
CALLED = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Wien"}'}}
SH = {"type": "custom", "custom": {"name": "sh", "description": "a shell"}}
GRAMMAR = {
    "type": "custom",
    "custom": {"name": "g", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}}},
}


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
