"""Whole answers of Gemini as the client reads them."""

import orjson
import pytest
from gemini_calls import USER, answer, calls, candidate, choice, counts, decoded, function, gemini, result, sent, tool

from core.faults import Fault, UpstreamError

NOWHERE = [
    {"fileData": {"mimeType": "image/png"}},
    {"fileData": "https://a.example/x.png"},
    {"inlineData": {"data": "AAAA"}},
    {"inlineData": {"mimeType": "image/png", "data": 5}},
    {"inlineData": "AAAA"},
]
LOST = [5, {"parts": "hello"}, *({"parts": [part]} for part in (5, {"text": {}}, *NOWHERE))]
CUSTOM = {"tools": [{"type": "custom", "custom": {"name": "sh"}}]}
SOURCES = [{"web": {"uri": "https://a.example", "title": "A"}}, {"web": {"uri": "https://b.example"}}, {"image": {}}]


def body(given, **more):
    return orjson.loads(decoded(given, **more).body)


def failed(given, **more):
    with pytest.raises(UpstreamError) as error:
        decoded(given, **more)
    return error.value.failure


@pytest.mark.covers("google", "text")
def test_an_answer_is_openais():
    made = body(answer(candidate("hello"), usageMetadata=counts(2, 3)))

    assert {
        "id": "r1",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "gemini-3.8-flash",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
    } == {name: value for name, value in made.items() if name != "usage"}
    assert 5 == made["usage"]["total_tokens"]


def test_what_the_answer_does_not_say_the_gateway_says():
    made = body({"candidates": [candidate("hello")]})

    assert ("chatcmpl-req-1", "gemini-3.8-flash") == (made["id"], made["model"])


@pytest.mark.covers("google", "tools")
def test_core_48_calls_end_with_tool_calls():
    told = choice("ok", function("f", {"a": 1}, id="g1"))

    assert ("ok", "tool_calls") == (told["message"]["content"], told["finish_reason"])
    assert [{"id": "g1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}] == told["message"][
        "tool_calls"
    ]


@pytest.mark.covers("google", "parallel tools")
def test_core_49_ids_are_made_up_once_and_for_all():
    given = answer(candidate(function(), function(), function(id="x"), function(id="x")))

    ids = [one["id"] for one in body(given)["choices"][0]["message"]["tool_calls"]]

    assert 4 == len(set(ids))
    assert "x" == ids[2]
    assert ids == [one["id"] for one in body(given)["choices"][0]["message"]["tool_calls"]]
    assert all(one.startswith("call_") and len(one) <= 40 for one in ids if one != "x")


@pytest.mark.parametrize("args", [None, {}])
def test_core_50_arguments_that_are_left_out_are_none(args):
    told = choice(function("f", args))

    assert (None, "{}") == (told["message"]["content"], told["message"]["tool_calls"][0]["function"]["arguments"])


def test_names_and_custom_tools_are_the_clients_again():
    tools = [tool("2 fast"), *CUSTOM["tools"]]
    theirs = sent(tools=tools)["tools"][0]["functionDeclarations"][0]["name"]

    told = choice(function(theirs), function("sh", {"input": "ls"}), function("sh", {"x": 1}), body={"tools": tools})

    made = told["message"]["tool_calls"]
    assert "2 fast" == made[0]["function"]["name"]
    assert ("custom", {"name": "sh", "input": "ls"}) == (made[1]["type"], made[1]["custom"])
    assert '{"x":1}' == made[2]["custom"]["input"]


@pytest.mark.covers("google", "tool loop")
def test_core_39_signatures_are_told_and_remembered():
    search = {"toolCall": {"id": "t"}}
    found = {"toolResponse": {"id": "t"}}

    made = decoded(
        answer(candidate(search, found, function("f", id="c1", thoughtSignature="S"), function("g", id="c2")))
    )

    told = orjson.loads(made.body)["choices"][0]["message"]["tool_calls"]
    assert {"google": {"thought_signature": "S"}} == told[0]["extra_content"]
    assert "extra_content" not in told[1]
    assert {"c1": {"model": "gemini-3.8-flash", "thought_signature": "S", "before": [search, found]}} == made.remember


def test_what_google_ran_is_remembered_without_a_signature_too():
    search = {"toolCall": {"id": "t"}}

    made = decoded(answer(candidate(search, function("f", id="c1"))))

    assert {"c1": {"model": "gemini-3.8-flash", "thought_signature": None, "before": [search]}} == made.remember


def test_core_39_what_is_told_can_be_said_again():
    told = choice("ok", function("f", id="c1", thoughtSignature="S"))["message"]

    parts = sent(messages=[USER, told, result("c1")])["contents"][1]["parts"]

    assert {"functionCall": {"id": "c1", "name": "f", "args": {}}, "thoughtSignature": "S"} == parts[1]


def test_core_51_a_signature_alone_is_kept_beside_the_text():
    told = choice("hello", {"text": "", "thoughtSignature": "S"})

    assert ("hello", "stop") == (told["message"]["content"], told["finish_reason"])
    assert {"google": {"thought_signature": "S"}} == told["message"]["extra_content"]


@pytest.mark.covers("google", "reasoning")
def test_core_52_thoughts_are_reasoning():
    message = choice({"text": "plan", "thought": True}, "an", "swer")["message"]

    assert ("answer", "plan") == (message["content"], message["reasoning_content"])


@pytest.mark.parametrize(
    ("reason", "parts", "finish"),
    [
        ("STOP", ["x"], "stop"),
        ("STOP", [], "stop"),
        ("MAX_TOKENS", ["x"], "length"),
        ("MAX_TOKENS", [function()], "length"),
        ("CONTINUATION", ["x"], "length"),
        ("SAFETY", ["x"], "content_filter"),
        ("SAFETY", [], "content_filter"),
        ("RECITATION", [], "content_filter"),
        ("LANGUAGE", [], "content_filter"),
        ("BLOCKLIST", [], "content_filter"),
        ("PROHIBITED_CONTENT", [], "content_filter"),
        ("SPII", [], "content_filter"),
        ("IMAGE_SAFETY", [], "content_filter"),
        ("IMAGE_PROHIBITED_CONTENT", [], "content_filter"),
        ("IMAGE_RECITATION", [], "content_filter"),
        ("IMAGE_OTHER", [], "content_filter"),
        ("NO_IMAGE", [], "content_filter"),
        ("MODEL_ARMOR", [], "content_filter"),
        ("ESCALATION", [], "content_filter"),
        ("PUP_LIMITED_DISABLED", [], "content_filter"),
        ("OTHER", ["x"], "content_filter"),
        ("OTHER", [], "content_filter"),
        ("TOO_MANY_TOOL_CALLS", [function()], "tool_calls"),
        ("FINISH_REASON_UNSPECIFIED", ["x"], "stop"),
        ("FINISH_REASON_UNSPECIFIED", [function()], "tool_calls"),
        ("SOMETHING_NEW", ["x"], "length"),
        ("SOMETHING_NEW", [function()], "length"),
        ("AUDIO_SAFETY", ["x"], "content_filter"),
        ("BLOCKED_BY_POLICY", ["x"], "content_filter"),
    ],
)
def test_reasons_to_finish(reason, parts, finish):
    assert finish == choice(*parts, reason=reason)["finish_reason"]


@pytest.mark.covers("google", "errors")
@pytest.mark.parametrize(
    "reason",
    [
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "MALFORMED_RESPONSE",
        "TOO_MANY_TOOL_CALLS",
        "MALFORMED_THOUGHT",
        "SAFETY_CHECK_FAILED",
    ],
)
@pytest.mark.parametrize("parts", [[], ["Let me look."]])
def test_core_55_a_failure_is_one_whatever_was_said_before(reason, parts):
    found = failed(answer(candidate(*parts, reason=reason)))

    assert Fault.BROKEN is found.fault
    assert reason in found.message


@pytest.mark.parametrize("parts", [[], ["Let me look."], [function()]])
def test_an_answer_that_lacks_a_signature_may_be_had_elsewhere(parts):
    assert Fault.UNSUPPORTED is failed(answer(candidate(*parts, reason="MISSING_THOUGHT_SIGNATURE"))).fault


def test_a_call_beside_a_malformed_one_is_no_answer():
    assert Fault.BROKEN is failed(answer(candidate(function(), reason="MALFORMED_FUNCTION_CALL"))).fault


@pytest.mark.parametrize(("told", "refusal"), [({"finishMessage": "no"}, "no"), ({}, "SAFETY")])
def test_core_55_an_answer_that_was_withheld_is_filtered(told, refusal):
    message = choice(reason="SAFETY", **told)["message"]

    assert message["content"] is None
    assert refusal in message["refusal"]


@pytest.mark.parametrize(
    ("feedback", "refusal"),
    [({}, "PROHIBITED_CONTENT"), ({"blockReasonMessage": "not that"}, "not that")],
)
def test_core_54_a_blocked_prompt_is_an_answer(feedback, refusal):
    usage = {"promptTokenCount": 9, "totalTokenCount": 9}

    made = body({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT", **feedback}, "usageMetadata": usage})

    told = made["choices"][0]
    assert (None, "content_filter") == (told["message"]["content"], told["finish_reason"])
    assert refusal in told["message"]["refusal"]
    assert (9, 0) == (made["usage"]["prompt_tokens"], made["usage"]["completion_tokens"])


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"candidates": []},
        {"promptFeedback": {"safetyRatings": []}},
        {"candidates": ["x"]},
        {"candidates": {}},
        answer(candidate("x", reason=None)),
        answer(candidate("x", reason="")),
        answer(candidate({"functionCall": {}})),
        answer(candidate({"functionCall": "f"})),
        b"<html>",
        b"[{}",
        b"[{}, {}]",
        b"",
    ],
)
def test_what_is_no_answer_is_a_failure(given):
    assert Fault.BROKEN is failed(given).fault


@pytest.mark.parametrize("listed", [False, True])
def test_an_error_with_status_200_is_a_failure(listed):
    error = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "overloaded"}}

    assert Fault.OVERLOADED is failed(orjson.dumps([error] if listed else error)).fault


def test_an_answer_may_come_in_a_list():
    assert "hello" == body(orjson.dumps([answer(candidate("hello"))]))["choices"][0]["message"]["content"]


def test_choices_come_in_order():
    given = answer(candidate("b", index=1), candidate("a"), candidate("?", index=-1))

    assert [(0, "a"), (0, "?"), (1, "b")] == [
        (one["index"], one["message"]["content"]) for one in body(given, n=2)["choices"]
    ]


def test_arguments_that_are_nested_too_deeply_are_a_failure():
    deep = b'{"a":' * 300 + b"{}" + b"}" * 300
    given = b'{"candidates":[{"finishReason":"STOP","content":{"parts":[{"functionCall":{"name":"f","args":%b}}]}}]}'

    assert Fault.BROKEN is failed(given % deep).fault


def test_an_adapter_reads_answers_without_notes():
    made = gemini()
    from asking import SENT
    from gemini_calls import ask_of

    completion = made.decode(orjson.dumps(answer(candidate("x"))), ask_of(messages=[USER, calls()]), SENT)

    assert "stop" == completion.finish


def test_fewer_choices_than_were_asked_for_are_a_failure():
    assert Fault.BROKEN is failed(answer(candidate("hello")), n=2).fault


def test_a_blocked_prompt_is_one_choice_however_many_were_asked_for():
    told = body({"promptFeedback": {"blockReason": "SAFETY"}}, n=2)

    assert ["content_filter"] == [one["finish_reason"] for one in told["choices"]]


@pytest.mark.parametrize("content", LOST)
def test_content_that_is_none_is_a_failure(content):
    assert Fault.BROKEN is failed(answer({"content": content, "finishReason": "STOP"})).fault
