"""Messages as Anthropic gets them."""

import pytest
from claude import HI, OLD, OPUS, SONNET, calls, refused, result, said, sent, texts


@pytest.mark.covers("anthropic", "text")
def test_core_1_leading_system_messages_stand_at_the_top():
    messages = [said("system", "A"), said("developer", "B"), *HI]

    _, body = sent({"messages": messages})

    assert [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}] == body["system"]
    assert [{"role": "user", "content": [{"type": "text", "text": "hi"}]}] == body["messages"]


LATER = [said("user", "a"), said("assistant", "b"), said("user", "c"), said("system", "S"), said("assistant", "d")]


def test_core_2_a_later_system_message_keeps_its_place():
    _, body = sent({"messages": [*LATER, said("user", "e")]})

    assert ["user", "assistant", "user", "system", "assistant", "user"] == [one["role"] for one in body["messages"]]
    assert "system" not in body


def test_core_2_a_later_system_message_is_a_note_for_models_that_know_none():
    _, body = sent({"messages": [*LATER, said("user", "e")]}, "claude-opus-4-6")

    assert ["user", "assistant", "user", "assistant", "user"] == [one["role"] for one in body["messages"]]
    first, note = texts(body["messages"][2]["content"])
    assert ("c", True, "S") == (first, note.startswith("[Note from the operator"), note.splitlines()[-1])
    assert "system" not in body


def test_core_3_a_system_message_between_call_and_result_moves_behind_the_result():
    messages = [*HI, said("assistant", tool_calls=calls("t1")), said("system", "S"), result("t1")]

    _, body = sent({"messages": messages}, SONNET)

    block, note = body["messages"][2]["content"]
    assert {"type": "tool_result", "tool_use_id": "t1", "content": "done"} == block
    assert note["text"].endswith("S")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([*HI, said("system", "A"), said("system", "B")], ["user", "system"]),
        ([*HI, said("assistant", "x"), said("system", "A")], ["user", "assistant", "user"]),
        ([*HI, said("system", "A"), said("user", "more")], ["user"]),
        (
            [*HI, said("assistant", "x"), said("system", "A"), said("user", "b"), said("system", "C")],
            ["user", "assistant", "user", "system"],
        ),
        (
            [*HI, said("assistant", "x"), said("system", ""), said("assistant", "y"), said("user", "z")],
            ["user", "assistant", "assistant", "user"],
        ),
        ([*HI, said("system", " ")], ["user"]),
    ],
)
def test_a_system_message_stands_only_behind_a_user_and_before_an_assistant(messages, expected):
    _, body = sent({"messages": messages})

    assert expected == [one["role"] for one in body["messages"]]


@pytest.mark.covers("anthropic", "parallel tools")
def test_core_4_results_of_parallel_calls_are_one_message():
    messages = [*HI, said("assistant", tool_calls=calls("t1", "t2")), result("t2", "y"), result("t1", "x")]

    _, body = sent({"messages": [*messages, said("user", "go")]})

    assert 3 == len(body["messages"])
    assert [
        {"type": "tool_result", "tool_use_id": "t2", "content": "y"},
        {"type": "tool_result", "tool_use_id": "t1", "content": "x"},
        {"type": "text", "text": "go"},
    ] == body["messages"][2]["content"]


MISSING = {"type": "tool_result", "tool_use_id": "t2", "is_error": True, "content": "no result was provided"}


def test_core_5_a_missing_result_is_told_as_an_error():
    messages = [*HI, said("assistant", tool_calls=calls("t1", "t2")), result("t1"), said("user", "go")]

    request, body = sent({"messages": messages})

    assert MISSING == body["messages"][2]["content"][1]
    assert ("messages.2=tool_result",) == request.dropped
    assert ("messages.2", "invalid_value") == refused({"messages": messages}, strict=True)


def test_core_5_a_result_may_be_missing_at_the_end():
    _, body = sent({"messages": [*HI, said("assistant", tool_calls=calls("t2"))]})

    assert {"role": "user", "content": [MISSING]} == body["messages"][-1]


@pytest.mark.parametrize(
    "messages",
    [
        [*HI, said("assistant", tool_calls=calls("t")), result("t"), result("t")],
        [*HI, said("assistant", tool_calls=calls("t")), said("user", "x"), said("assistant", "y"), result("t")],
    ],
)
def test_a_result_that_comes_twice_or_too_late_is_refused(messages):
    param, _ = refused({"messages": messages})

    assert param.endswith(".tool_call_id")


def test_core_6_empty_text_is_left_out():
    messages = [*HI, said("assistant", "", tool_calls=calls("t1")), result("t1", "")]

    _, body = sent({"messages": messages})

    assert [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}] == body["messages"][1]["content"]
    assert [{"type": "tool_result", "tool_use_id": "t1"}] == body["messages"][2]["content"]


def test_core_7_empty_arguments_are_an_empty_object():
    _, body = sent({"messages": [*HI, said("assistant", tool_calls=calls("t1", arguments="")), result("t1")]})

    assert {} == body["messages"][1]["content"][0]["input"]


def test_core_8_arguments_that_are_no_json_are_the_callers_mistake():
    messages = [*HI, said("assistant", tool_calls=calls("t1", arguments='{"a":1')), result("t1")]

    assert ("messages.1.tool_calls.0.function.arguments", "invalid_value") == refused({"messages": messages})


def test_core_9_ids_are_written_in_anthropics_alphabet_and_never_fall_together():
    ids = ["call:1|a", "call_1_a", "call:1:a"]
    messages = [*HI, said("assistant", tool_calls=calls(*ids)), *[result(id, id) for id in ids]]

    _, body = sent({"messages": messages})

    used = [block["id"] for block in body["messages"][1]["content"]]
    assert "call_1_a" == used[0]
    assert 3 == len(set(used))
    assert all(id.replace("_", "").replace("-", "").isalnum() for id in used)
    assert used == [block["tool_use_id"] for block in body["messages"][2]["content"]]


def test_an_id_that_is_used_again_is_another_one():
    turn = [said("assistant", tool_calls=calls("c")), result("c")]

    _, body = sent({"messages": [*HI, *turn, *turn]})

    blocks = [one["content"][0] for one in body["messages"][1:]]
    assert ["c", "c", "c_2", "c_2"] == [block.get("id", block.get("tool_use_id")) for block in blocks]


def test_a_legacy_function_call_and_its_result_share_an_id():
    messages = [
        *HI,
        said("assistant", function_call={"name": "f", "arguments": '{"a":1}'}),
        {"role": "function", "name": "f", "content": "1"},
    ]

    _, body = sent({"messages": messages, "functions": [{"name": "f"}]})

    assert body["messages"][1]["content"][0]["id"] == body["messages"][2]["content"][0]["tool_use_id"]
    assert ["f"] == [tool["name"] for tool in body["tools"]]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([said("user", " ")], ["."]),
        ([said("system", "S")], ["."]),
        ([said("assistant", "x"), said("user", "y")], ["."]),
        ([said("user", [{"type": "text", "text": ""}]), said("user", "y")], ["y"]),
    ],
)
def test_where_the_user_has_to_speak_something_is_said(messages, expected):
    _, body = sent({"messages": messages})

    assert ("user", expected) == (body["messages"][0]["role"], texts(body["messages"][0]["content"]))


@pytest.mark.parametrize("messages", [[said("user", "")], [said("system", "S")], [said("assistant", "x"), *HI]])
def test_nothing_is_put_into_the_users_mouth_where_the_operator_is_strict(messages):
    refused({"messages": messages}, strict=True)


def test_silent_assistants_are_left_out():
    messages = [*HI, said("assistant", ""), said("assistant", None, tool_calls=[]), said("user", "there")]

    _, body = sent({"messages": messages})

    assert [["hi", "there"]] == [texts(one["content"]) for one in body["messages"]]


def test_neighbours_of_one_side_are_merged_and_refusals_are_text():
    refusal = said("assistant", [{"type": "refusal", "refusal": "no"}])

    _, body = sent({"messages": [*HI, said("assistant", "b"), refusal, said("user", "c"), said("user", "d")]})

    assert [["hi"], ["b", "no"], ["c", "d"]] == [texts(one["content"]) for one in body["messages"]]


@pytest.mark.parametrize("model", [OPUS, "claude-opus-4-6"])
def test_core_23_models_that_know_no_prefill_refuse_to_go_on(model):
    messages = [*HI, said("assistant", "Once upon")]

    assert ("messages.1", "unsupported_value") == refused({"messages": messages}, model)


def test_a_prefill_ends_without_blanks():
    _, body = sent({"messages": [*HI, said("assistant", "Once \n")]}, OLD)

    assert ["Once"] == texts(body["messages"][-1]["content"])
