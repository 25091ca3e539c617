"""What Bedrock is sent of a conversation: accepted by AWS's own validator, whatever the client's messages look like."""

import pytest
from bedrock_calls import (
    CALLED,
    CLAUDE,
    LLAMA,
    MISTRAL,
    NOVA,
    NOVA_2,
    OPUS_46,
    OPUS_55,
    PNG,
    PROFILE,
    RESULT,
    TOOL,
    encode,
    image,
    refused,
    sent,
    text,
    user,
)

from core.ask import Abilities

# Path, and what every call has


@pytest.mark.covers("bedrock", "text")
@pytest.mark.parametrize(
    ("model", "stream", "path"),
    [
        (CLAUDE, False, "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"),
        (NOVA_2, True, "/model/us.amazon.nova-2-lite-v1%3A0/converse-stream"),
        (
            PROFILE,
            False,
            f"/model/{PROFILE.replace(':', '%3A').replace('/', '%2F')}/converse",
        ),
        ("../secret", False, "/model/..%2Fsecret/converse"),
    ],
)
def test_the_model_is_in_the_path_and_nothing_of_it_has_a_meaning_there(model, stream, path):
    assert path == encode(model, stream=stream).path


@pytest.mark.parametrize("model", [".", "..", "..."])
def test_a_model_of_dots_is_no_model(model):
    assert (400, "model") == (refused(model).status, refused(model).param)


def test_a_plain_call_says_just_that():
    expected = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}

    assert expected == sent(NOVA)
    assert expected | {"inferenceConfig": {"maxTokens": 64000}} == sent(CLAUDE, model=Abilities(max_output=64000))


# Messages


def test_core_1_leading_system_messages_are_the_system_prompt():
    messages = [
        {"role": "system", "content": "A"},
        {"role": "developer", "content": [text("B"), text(" ")]},
        {"role": "system", "content": ""},
        user("hi"),
    ]

    body = sent(messages=messages)

    assert [{"text": "A"}, {"text": "B"}] == body["system"]
    assert [{"role": "user", "content": [{"text": "hi"}]}] == body["messages"]


LATE = [
    user("a"),
    {"role": "assistant", "content": "b"},
    user("c"),
    {"role": "system", "content": "S"},
    {"role": "assistant", "content": "d"},
    user("e"),
]


def test_core_2_a_later_system_message_stays_where_it_is_if_the_model_takes_it():
    body = sent(OPUS_55, messages=LATE)

    assert ["user", "assistant", "user", "system", "assistant", "user"] == [one["role"] for one in body["messages"]]
    assert "system" not in body


@pytest.mark.parametrize("model", [OPUS_46, NOVA, PROFILE])
def test_core_2_elsewhere_it_is_a_note_behind_the_users_words(model):
    body = sent(model, messages=LATE)

    assert ["user", "assistant", "user", "assistant", "user"] == [one["role"] for one in body["messages"]]
    assert [{"text": "c"}, {"text": "[Instruction of the operator]\nS"}] == body["messages"][2]["content"]
    assert "system" not in body


def test_core_2_a_place_where_no_model_takes_it_makes_it_a_note_too():
    messages = [user("a"), {"role": "system", "content": "S"}, user("b")]

    assert ["a", "[Instruction of the operator]\nS", "b"] == [
        block["text"] for block in sent(OPUS_55, messages=messages)["messages"][0]["content"]
    ]


def test_core_2_a_later_system_message_without_words_says_nothing():
    messages = [user("a"), {"role": "system", "content": " "}, user("b")]

    assert [{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}] == sent(messages=messages)["messages"]


def test_core_3_a_system_message_between_call_and_result_comes_behind_the_result():
    messages = [user("a"), CALLED, {"role": "system", "content": "S"}, RESULT]

    content = sent(messages=messages, tools=[TOOL])["messages"][2]["content"]

    assert ["toolResult", "text"] == [next(iter(block)) for block in content]


def test_core_3_the_result_that_is_missing_comes_before_it_as_well():
    messages = [user("a"), CALLED, {"role": "system", "content": "S"}, user("b")]

    content = sent(messages=messages, tools=[TOOL])["messages"][2]["content"]

    assert ["toolResult", "text", "text"] == [next(iter(block)) for block in content]


TWO_CALLS = {
    "role": "assistant",
    "tool_calls": [
        {"id": id, "type": "function", "function": {"name": "weather", "arguments": "{}"}} for id in ("t1", "t2")
    ],
}


@pytest.mark.covers("bedrock", "tool loop", "parallel tools")
def test_core_4_and_more_32_results_of_one_turn_are_first_in_one_message_of_the_user():
    messages = [
        user("go"),
        TWO_CALLS,
        {"role": "tool", "tool_call_id": "t2", "content": "y"},
        {"role": "tool", "tool_call_id": "t1", "content": "x"},
        user("on"),
    ]

    told = sent(messages=messages, tools=[TOOL])["messages"]

    assert 3 == len(told)
    assert [
        {"toolResult": {"toolUseId": "t2", "content": [{"text": "y"}]}},
        {"toolResult": {"toolUseId": "t1", "content": [{"text": "x"}]}},
        {"text": "on"},
    ] == told[2]["content"]


def test_more_32_two_results_and_words_of_the_user_are_one_message():
    messages = [user("go"), TWO_CALLS, RESULT, {**RESULT, "tool_call_id": "t2"}, user("on")]

    last = sent(messages=messages, tools=[TOOL])["messages"][-1]

    assert ("user", ["toolResult", "toolResult", "text"]) == (
        last["role"],
        [next(iter(block)) for block in last["content"]],
    )


@pytest.mark.parametrize(
    ("model", "missing"),
    [
        (CLAUDE, {"content": [{"text": "No result was provided."}], "status": "error"}),
        (LLAMA, {"content": [{"text": "No result was provided."}]}),
        (MISTRAL, {"content": [{"json": {"output": "No result was provided."}}]}),
    ],
)
def test_core_5_a_missing_result_is_said_to_be_missing(model, missing):
    messages = [user("go"), TWO_CALLS, RESULT, user("on")]

    content = sent(model, messages=messages, tools=[TOOL])["messages"][2]["content"]

    assert {"toolResult": {"toolUseId": "t2", **missing}} == content[1]
    assert ("messages.2.tool_calls=no result",) == encode(model, messages=messages, tools=[TOOL]).dropped


def test_core_5_a_missing_result_is_refused_where_nothing_may_be_changed():
    refusal = refused(messages=[user("go"), TWO_CALLS, RESULT, user("on")], tools=[TOOL], strict=True)

    assert (400, "messages.2.tool_calls") == (refusal.status, refusal.param)


def test_core_5_a_call_at_the_very_end_has_no_result_yet():
    last = sent(messages=[user("go"), CALLED], tools=[TOOL])["messages"][-1]

    assert ("user", "error") == (last["role"], last["content"][0]["toolResult"]["status"])


def test_a_result_that_nothing_waits_for_is_refused_by_its_path():
    messages = [user("go"), CALLED, RESULT, {"role": "assistant", "content": "ok"}, RESULT]

    assert "messages.4.tool_call_id" == refused(messages=messages, tools=[TOOL]).param


def test_core_6_there_is_no_empty_text_anywhere():
    messages = [user("a"), {**CALLED, "content": ""}, RESULT, {"role": "assistant", "content": " "}, user("")]

    told = sent(messages=messages, tools=[TOOL])["messages"]

    assert ["toolUse"] == [next(iter(block)) for block in told[1]["content"]]
    assert ["user", "assistant", "user"] == [one["role"] for one in told]
    assert {"text": "(empty)"} == told[2]["content"][1]


@pytest.mark.parametrize("arguments", ["", " ", None, "{}", {}])
def test_core_7_empty_arguments_are_an_empty_object(arguments):
    call = {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": arguments}}
    messages = [user("a"), {"role": "assistant", "tool_calls": [call]}, RESULT]

    assert {} == sent(messages=messages, tools=[TOOL])["messages"][1]["content"][0]["toolUse"]["input"]


def test_core_8_invalid_arguments_are_refused_by_their_path():
    call = {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"a":1'}}

    refusal = refused(messages=[user("a"), {"role": "assistant", "tool_calls": [call]}, RESULT])

    assert (400, "messages.1.tool_calls.0.function.arguments") == (refusal.status, refusal.param)


def test_core_9_ids_outside_the_alphabet_are_changed_alike_wherever_they_stand():
    ids = ["call|1|a", "call/1/a", "x" * 65, "tooluse_a.b:c-1"]
    calls = [{"id": id, "type": "function", "function": {"name": "weather", "arguments": "{}"}} for id in ids]
    results = [{"role": "tool", "tool_call_id": id, "content": "x"} for id in ids]

    told = sent(messages=[user("a"), {"role": "assistant", "tool_calls": calls}, *results], tools=[TOOL])["messages"]

    theirs = [block["toolUse"]["toolUseId"] for block in told[1]["content"]]
    assert theirs == [block["toolResult"]["toolUseId"] for block in told[2]["content"]]
    assert (4, ids[3]) == (len(set(theirs)), theirs[3])


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (CLAUDE, {"content": [{"text": "(empty)"}], "status": "error"}),
        (NOVA, {"content": [{"text": "(empty)"}], "status": "error"}),
        (LLAMA, {"content": [{"text": "The tool failed:"}]}),
        (MISTRAL, {"content": [{"json": {"output": "(empty)"}}]}),
    ],
)
def test_more_33_an_empty_result_says_so_and_a_failure_is_one(model, expected):
    messages = [user("a"), CALLED, {**RESULT, "content": "", "is_error": True}]

    content = sent(model, messages=messages, tools=[TOOL])["messages"][2]["content"]

    assert {"toolResult": {"toolUseId": "t1", **expected}} == content[0]


@pytest.mark.parametrize(
    ("said", "object"),
    [('{"t":72}', {"t": 72}), ("[1,2]", {"output": [1, 2]}), ("72F", {"output": "72F"}), ("72", {"output": 72})],
)
def test_a_model_that_wants_results_as_objects_gets_objects(said, object):
    messages = [user("a"), CALLED, {**RESULT, "content": said}]

    result = sent(MISTRAL, messages=messages, tools=[TOOL])["messages"][2]["content"][0]["toolResult"]

    assert [{"json": object}] == result["content"]


def test_results_may_hold_images_even_where_words_must_be_objects():
    messages = [user("a"), CALLED, {**RESULT, "content": [text("x"), image(f"data:image/png;base64,{PNG}")]}]

    kinds = [
        [
            next(iter(block))
            for block in sent(model, messages=messages, tools=[TOOL])["messages"][2]["content"][0]["toolResult"][
                "content"
            ]
        ]
        for model in (CLAUDE, MISTRAL)
    ]

    assert [["text", "image"], ["json", "image"]] == kinds


def test_a_legacy_function_call_and_its_result_find_each_other():
    messages = [
        user("a"),
        {"role": "assistant", "function_call": {"name": "weather", "arguments": "{}"}},
        {"role": "function", "name": "weather", "content": "rain"},
    ]

    told = sent(messages=messages, functions=[{"name": "weather"}])

    assert (
        told["messages"][1]["content"][0]["toolUse"]["toolUseId"]
        == (told["messages"][2]["content"][0]["toolResult"]["toolUseId"])
    )
    assert {"type": "object", "properties": {}} == (told["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"])


def test_a_conversation_that_an_assistant_begins_gets_a_user_before():
    told = sent(messages=[{"role": "assistant", "content": "hello"}, user("hi")])["messages"]

    assert [("user", "(empty)"), ("assistant", "hello"), ("user", "hi")] == [
        (one["role"], one["content"][0]["text"]) for one in told
    ]


@pytest.mark.parametrize("messages", [[{"role": "system", "content": "S"}], [{"role": "assistant", "content": " "}]])
def test_core_47_a_call_in_which_no_user_says_anything_is_refused(messages):
    assert (400, "messages") == (refused(messages=messages).status, refused(messages=messages).param)


def test_core_23_an_answer_can_be_begun_only_where_the_model_goes_on_from_it():
    messages = [user("a"), {"role": "assistant", "content": "It is  \n"}]

    refusal = refused(OPUS_46, messages=messages)

    assert ("unsupported_value", "messages.1") == (refusal.code, refusal.param)
    assert {"role": "assistant", "content": [{"text": "It is"}]} == sent(CLAUDE, messages=messages)["messages"][1]


def test_a_refusal_of_earlier_is_text():
    messages = [user("a"), {"role": "assistant", "content": None, "refusal": "No."}, user("b")]

    assert [{"text": "No."}] == sent(messages=messages)["messages"][1]["content"]


def test_a_system_message_can_hold_nothing_but_text():
    messages = [{"role": "system", "content": [image(f"data:image/png;base64,{PNG}")]}, user("hi")]

    assert "messages.0.content.0" == refused(messages=messages).param
