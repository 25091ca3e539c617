"""Histories and images as each relative of OpenAI wants them."""

import pytest
from worded import HI, TOOL, Kept, ask_of, calls, covering, sent, told

from core.ask import Media
from core.errors import Refusal

NAMED = {"type": "function", "function": {"name": "f"}}
MARK = {"cache_control": {"type": "ephemeral"}}
ECHO = {
    "role": "assistant",
    "content": "a",
    "refusal": None,
    "annotations": [],
    "reasoning_content": "r",
    "thinking_blocks": [{}],
    "reasoning_details": [{}],
    "provider_specific_fields": {},
    "tool_calls": [{**calls("call_1")[0], "index": 0, "extra_content": {"google": 1}}],
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "7"}
PARTS = [{"type": "text", "text": "hi", **MARK}]
ROUND = [{"role": "developer", "content": "s"}, {"role": "user", "content": PARTS, "name": "ann"}, ECHO, RESULT]

BARE = {"role": "assistant", "content": "a", "tool_calls": calls("call_1")}
TEXT = [{"type": "text", "text": "hi"}]
SYSTEM = {"role": "system", "content": "s"}
USER = {"role": "user", "content": TEXT}
ANN = {"name": "ann"}


@pytest.mark.parametrize(
    ("dialect", "expected"),
    covering(
        [
            (
                "openai",
                [
                    ROUND[0],
                    {**USER, **ANN},
                    {
                        "role": "assistant",
                        "content": "a",
                        "refusal": None,
                        "annotations": [],
                        "tool_calls": calls("call_1"),
                    },
                    RESULT,
                ],
            ),
            (
                "deepseek",
                [SYSTEM, {"role": "user", "content": "hi", **ANN}, {**BARE, "reasoning_content": "r"}, RESULT],
            ),
            ("groq", [SYSTEM, USER, BARE, RESULT]),
            ("fireworks", [SYSTEM, USER, {**BARE, "reasoning_content": "r"}, RESULT]),
            ("cerebras", [SYSTEM, {**USER, **ANN}, {**BARE, "reasoning": "r"}, RESULT]),
            ("xai", [SYSTEM, USER, {**BARE, "reasoning_content": "r"}, RESULT]),
            ("perplexity", [SYSTEM, USER, BARE, RESULT]),
            ("minimax", [SYSTEM, {**USER, **ANN}, {**BARE, "reasoning_details": [{}]}, RESULT]),
            ("together", [SYSTEM, {**USER, **ANN}, {**BARE, "reasoning_content": "r"}, RESULT]),
            ("tgi", [SYSTEM, {**USER, **ANN}, BARE, RESULT]),
            ("openrouter", None),
            ("portkey", ROUND),
            ("huggingface", ROUND),
            ("vllm", ROUND),
            ("sglang", ROUND),
            ("llama.cpp", ROUND),
            ("lmstudio", ROUND),
        ],
        "tools",
        "tool loop",
    ),
)
def test_a_history_is_tidied_for_those_who_refuse_what_they_do_not_know(dialect, expected):
    messages = told(dialect, *ROUND)

    if dialect == "openrouter":  # which wants all of it, the thoughts under another name
        expected = [{**each} for each in ROUND]
        expected[2] = {**ECHO, "reasoning": "r"}
        del expected[2]["reasoning_content"]
    assert expected == messages


def test_marks_for_the_cache_stay_away_from_tools():
    marked = [
        {**TOOL, **MARK},
        {"type": "function", "function": {**TOOL["function"], **MARK}},
        {"type": "custom", "custom": {"name": "c"}, "function": None},
    ]

    body, _, _ = sent("openai", ask_of(tools=marked))

    assert [TOOL, TOOL, marked[2]] == body["tools"]
    assert [TOOL] == sent("mistral", ask_of(tools=marked[:1]))[0]["tools"]
    assert marked == sent("openrouter", ask_of(tools=marked))[0]["tools"]


def test_a_marked_message_of_a_user_is_tidied_too():
    assert HI == told("openai", {**HI[0], **MARK})
    assert HI == told("groq", {**HI[0], **MARK})


def test_messages_without_anything_foreign_go_out_as_they_came():
    message = {"role": "assistant", "content": None, "audio": {"id": "x"}}
    part = {"role": "user", "content": [{"type": "text", "text": "a", "prompt_cache_breakpoint": {}}]}

    assert [message, part] == told("openai", message, part)


def test_a_message_of_nothing_but_calls_is_tidied_too():
    message = {"role": "assistant", "tool_calls": [{**calls("a")[0], "index": 0}]}

    assert [{"role": "assistant", "tool_calls": calls("a")}] == told("openai", message)
    assert [{"role": "assistant", "tool_calls": calls("a")}] == told("azure", {**message, "tool_calls": calls("a")})


def test_a_refusal_that_was_all_that_was_said_is_what_was_said():
    refused = {"role": "assistant", "content": None, "refusal": "no"}

    assert [*HI, {"role": "assistant", "content": "no"}, *HI] == told("groq", *HI, refused, *HI)
    part = {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}
    assert [{"type": "text", "text": "no"}] == told("groq", *HI, part, *HI)[1]["content"]


def test_thoughts_that_are_no_text_stay_here():
    said = {"role": "assistant", "content": "a", "reasoning_content": 7}

    assert {"role": "assistant", "content": "a"} == told("fireworks", *HI, said, *HI)[1]


def test_functions_of_old_become_tools():
    said = {
        "functions": [{"name": "f"}],
        "function_call": {"name": "f"},
        "messages": [
            *HI,
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "7"},
            {"role": "function", "name": "f", "content": "8"},
        ],
    }

    body, _, _ = sent("groq", ask_of(**said))

    assert [{"type": "function", "function": {"name": "f"}}] == body["tools"]
    assert NAMED == body["tool_choice"]
    assert ["user", "assistant", "tool", "tool"] == [each["role"] for each in body["messages"]]
    assert "call_1" == body["messages"][1]["tool_calls"][0]["id"] == body["messages"][2]["tool_call_id"]
    plain = sent("groq", ask_of(functions=[{"name": "f"}], function_call="auto"))[0]
    assert "auto" == plain["tool_choice"]
    both = sent("groq", ask_of(tools=[TOOL], tool_choice="none", function_call="auto"))[0]
    assert "none" == both["tool_choice"]
    lone = told("groq", *HI, {"role": "function", "name": "f", "content": "8"})
    assert "call_1" == lone[1]["tool_call_id"]


def test_tools_that_may_be_chosen_are_all_there_are():
    other = {"type": "function", "function": {"name": "g"}}
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}

    body, _, _ = sent("groq", ask_of(tools=[TOOL, other], tool_choice=choice))

    assert ([TOOL], "required") == (body["tools"], body["tool_choice"])
    loose = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "g"}]}
    body, _, _ = sent("groq", ask_of(tools=[TOOL, other], tool_choice=loose))
    assert ([other], "auto") == (body["tools"], body["tool_choice"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"function": {"name": "f", "arguments": {"a": 1}}}, '{"a":1}'),
        ({"function": {"name": "f", "arguments": None}}, "{}"),
        ({"function": {"name": "f", "arguments": ""}}, ""),
        ({"type": "custom", "custom": {"name": "f", "input": "x"}}, '{"input":"x"}'),
    ],
)
def test_arguments_are_text_whatever_they_were(given, expected):
    (_, message) = told("groq", *HI, {"role": "assistant", "tool_calls": [{"id": "a", **given}]})

    assert [{"id": "a", "type": "function", "function": {"name": "f", "arguments": expected}}] == message["tool_calls"]


def test_a_history_that_is_nested_too_deeply_is_refused():
    deep = []
    for _ in range(300):
        deep = [deep]

    with pytest.raises(Refusal):
        told("groq", {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": deep}}]})


# Images


def image(url):
    return {"role": "user", "content": [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": url}]}


LOCAL = ["vllm", "sglang", "llama.cpp", "lmstudio", "tgi"]


@pytest.mark.parametrize("dialect", LOCAL)
@pytest.mark.parametrize("url", ["file:///etc/passwd", {"url": "/etc/passwd"}, {"url": 7}, {}, None])
@pytest.mark.covers("llama.cpp", "image")
def test_more_trap_images_from_files_of_the_server_are_refused(dialect, url):
    with pytest.raises(Refusal) as caught:
        told(dialect, image(url) if url is not None else image({"detail": "low"}))

    assert "messages.0.content.1.image_url.url" == caught.value.param


@pytest.mark.parametrize("dialect", LOCAL)
def test_images_that_are_here_go_to_ones_own_servers(dialect):
    inside = image({"url": "data:image/png;base64,AAAA"})

    assert [inside] == told(dialect, inside)


@pytest.mark.parametrize("dialect", ["llama.cpp", "lmstudio"])
def test_images_of_the_web_are_fetched_before_they_go_to_a_server_that_would_fetch_anything(adapter, dialect):
    ask = ask_of(messages=[image({"url": "https://x.example/a.png"}), *HI])

    assert ["https://x.example/a.png"] == adapter(dialect).fetches(ask)
    with pytest.raises(Refusal):
        sent(dialect, ask)
    fetched = ask._replace(media={"https://x.example/a.png": Media("image/png", "AAAA")})
    messages = sent(dialect, fetched)[0]["messages"]
    assert {"url": "data:image/png;base64,AAAA"} == messages[0]["content"][1]["image_url"]


def test_all_others_get_the_url(adapter):
    assert [] == adapter("vllm").fetches(ask_of(messages=[image({"url": "https://x.example/a.png"})]))
    assert [] == adapter("llama.cpp").fetches(ask_of(endpoint="embeddings"))


# Turns


def test_perplexity_hears_everybody_in_turn():
    said = [
        {"role": "user", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "b"}]},
        {"role": "assistant", "content": None},
        {"role": "assistant", "content": "c"},
        {"role": "assistant", "content": "d"},
        {"role": "system", "content": "late"},
        {"role": "user", "content": "e"},
    ]

    assert [
        {"role": "system", "content": "late"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "c\n\nd"},
        {"role": "user", "content": "e"},
    ] == told("perplexity", *said)


@pytest.mark.parametrize(
    ("message", "kept", "expected"),
    [
        ({"reasoning_content": "r"}, None, [{"type": "reasoning.text", "text": "r"}]),
        ({"reasoning_details": [{"x": 1}], "reasoning_content": "r"}, None, [{"x": 1}]),
        ({"tool_calls": calls("a")}, {"reasoning_content": "k"}, [{"type": "reasoning.text", "text": "k"}]),
        ({"tool_calls": calls("a")}, {}, None),
        ({"tool_calls": calls("a")}, None, None),
        ({}, None, None),
    ],
)
def test_minimax_gets_its_thoughts_back(message, kept, expected):
    said = {"role": "assistant", "content": "x", **message}
    memory = Kept(a=kept) if kept is not None else Kept()

    messages = told("minimax", *HI, said, *HI, _memory=memory)

    assert expected == messages[1].get("reasoning_details")
    assert "reasoning_content" not in messages[1]


@pytest.mark.parametrize(
    ("message", "kept", "expected"),
    [
        ({"tool_calls": calls("a")}, {"reasoning_details": [{"x": 1}]}, [{"x": 1}]),
        ({"tool_calls": calls("a"), "reasoning_details": [{"y": 1}]}, {"reasoning_details": [{"x": 1}]}, [{"y": 1}]),
        ({"tool_calls": calls("a")}, {}, None),
        ({"tool_calls": calls("b")}, {"reasoning_details": [{"x": 1}]}, None),
        ({}, {"reasoning_details": [{"x": 1}]}, None),
    ],
)
def test_openrouter_gets_its_thoughts_back_unchanged(message, kept, expected):
    said = {"role": "assistant", "content": "x", **message}

    messages = told("openrouter", *HI, said, *HI, _memory=Kept(a=kept))

    assert expected == messages[1].get("reasoning_details")
