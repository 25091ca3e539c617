"""Whole responses, told as chat completions."""

import orjson
import pytest
from responding import MODEL, USAGE, answered, cited, custom, function, message, response, searched, thought

from core.faults import Fault, UpstreamError
from core.usage import Usage

LEGACY = {"tools": None, "functions": [{"name": "weather"}]}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Wien"}'}}


def first(answer, body=(), **facts):
    _, told = answered(answer, body, **facts)
    return told["choices"][0]


@pytest.mark.covers("openai", "text")
def test_text_is_an_ordinary_completion():
    completion, told = answered(response(message()))

    assert {
        "id": "resp_1",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "gpt-6-sol-2026-09-01",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "It rains.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "service_tier": "default",
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 30,
            "total_tokens": 130,
            "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 20, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 10, "audio_tokens": 0},
        },
    } == told
    assert ("stop", 0, {}) == (completion.finish, completion.produced, completion.remember)


@pytest.mark.covers("openai", "tools", "parallel tools")
def test_core_60_calls_are_tool_calls():
    completion, told = answered(response(thought("plan"), function(), function(arguments="", number=2)))

    second = {"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    choice = told["choices"][0]
    assert ([CALL, second], None) == (choice["message"]["tool_calls"], choice["message"]["content"])
    assert ("tool_calls", "tool_calls") == (choice["finish_reason"], completion.finish)


@pytest.mark.covers("openai", "reasoning")
def test_what_was_thought_is_told_and_kept_by_the_first_call():
    completion, told = answered(
        response(thought("plan", "more"), message("Hm.", phase="commentary"), thought(number=2), function())
    )

    message_ = told["choices"][0]["message"]
    assert ("plan\n\nmore", "Hm.") == (message_["reasoning_content"], message_["content"])
    assert [
        {
            "type": "reasoning.encrypted",
            "id": f"rs_{n}",
            "data": "gAAA",
            "format": "openai-responses-v1",
            "index": n - 1,
        }
        for n in (1, 2)
    ] == message_["reasoning_details"]
    secret = {"type": "reasoning", "encrypted_content": "gAAA"}
    summary = [{"type": "summary_text", "text": text} for text in ("plan", "more")]
    assert {
        "call_1": {
            "model": MODEL,
            "order": [
                {**secret, "id": "rs_1", "summary": summary},
                {"type": "message", "phase": "commentary"},
                {**secret, "id": "rs_2", "summary": []},
                {"type": "function_call", "call_id": "call_1"},
            ],
        }
    } == completion.remember


@pytest.mark.parametrize(
    "output", [[thought("plan"), message()], [function()], [thought("plan", secret=None), function()]]
)
def test_nothing_is_kept_where_nothing_has_to_go_back(output):
    completion, told = answered(response(*output))

    assert {} == completion.remember
    assert "reasoning_details" not in told["choices"][0]["message"]


def test_the_phase_of_what_was_said_before_calls_is_kept():
    completion, _ = answered(response(message(phase="commentary"), function()))

    assert [{"type": "message", "phase": "commentary"}] == completion.remember["call_1"]["order"][:1]


def test_a_model_that_thinks_aloud_is_heard():
    aloud = {**thought(), "content": [{"type": "reasoning_text", "text": "hm"}, {"type": "reasoning_text"}, 1]}

    assert "hm" == first(response(aloud, message()))["message"]["reasoning_content"]


def test_calls_of_custom_tools_are_custom():
    choice = first(response(custom()))

    assert [{"id": "call_1", "type": "custom", "custom": {"name": "sh", "input": "ls -l"}}] == choice["message"][
        "tool_calls"
    ]


def test_who_knows_functions_only_gets_a_function_call():
    completion, told = answered(response(thought(), function(), function(number=2)), LEGACY)

    choice = told["choices"][0]
    expected = {"name": "weather", "arguments": '{"city":"Wien"}'}
    assert ("function_call", expected) == (choice["finish_reason"], choice["message"]["function_call"])
    assert choice["message"].keys().isdisjoint({"tool_calls", "reasoning_details"})
    assert {} == completion.remember


def test_a_refusal_is_one():
    message_ = first(response(message(refusal="I can't.")))["message"]

    assert (None, "I can't.") == (message_["content"], message_["refusal"])


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({"status": "incomplete", "incomplete_details": {"reason": "steered"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": None}}, "length"),
        ({"status": "incomplete", "incomplete_details": None}, "length"),
    ],
)
def test_why_it_is_incomplete_is_told(facts, expected):
    completion, told = answered(response(thought(), function(), **facts))

    assert expected == told["choices"][0]["finish_reason"]
    assert {} == completion.remember


def test_an_answer_that_was_filtered_out_is_empty():
    facts = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}

    choice = first(response(**facts))

    assert ("", "content_filter") == (choice["message"]["content"], choice["finish_reason"])


def test_citations_point_into_the_whole_text():
    first_part = message("Wien: wet.", annotations=[cited(0, 4), {"type": "file_citation", "file_id": "f"}, 1])
    output = [searched(), first_part, message("Graz: dry.", 2, annotations=[cited(0, 4)])]

    message_ = first(response(*output))["message"]

    assert "Wien: wet.Graz: dry." == message_["content"]
    spans = [one["url_citation"] for one in message_["annotations"]]
    assert ["Wien", "Graz"] == [message_["content"][one["start_index"] : one["end_index"]] for one in spans]
    assert {"type": "url_citation"} == {"type": message_["annotations"][0]["type"]}
    assert ("T", "https://a.example") == (spans[0]["title"], spans[0]["url"])


def test_a_citation_without_places_is_at_the_beginning():
    odd = {**cited(None, 4.5), "title": "T"}

    citation = first(response(message(annotations=[odd])))["message"]["annotations"][0]["url_citation"]

    assert (0, 0) == (citation["start_index"], citation["end_index"])


@pytest.mark.parametrize("asked", [True, False])
def test_probabilities_are_told_to_who_asked_for_them(asked):
    logprob = {"token": "It", "bytes": [73, 116], "logprob": -0.5}
    said = message("It")
    said["content"][0]["logprobs"] = [{**logprob, "top_logprobs": [logprob]}]
    body = {"logprobs": asked, "reasoning_effort": "none", "web_search_options": {}}

    logprobs = first(response(said), body)["logprobs"]

    expected = {"content": [{**logprob, "top_logprobs": [logprob]}], "refusal": None}
    assert (expected if asked else None) == logprobs


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, Usage(20, 60, 20, 30, 10, tier="default")),
        ({"service_tier": "flex"}, Usage(20, 60, 20, 30, 10, tier="flex")),
        ({"service_tier": None}, Usage(20, 60, 20, 30, 10)),
        ({"service_tier": "x" * 40}, Usage(20, 60, 20, 30, 10)),
        ({"tool_usage": {"web_search": {"num_requests": 3}}}, Usage(20, 60, 20, 30, 10, searches=3, tier="default")),
        ({"tool_usage": {"web_search": None}}, Usage(20, 60, 20, 30, 10, tier="default")),
        ({"output": [message(), searched(), 1]}, Usage(20, 60, 20, 30, 10, searches=1, tier="default")),
        (
            {
                "usage": {
                    **USAGE,
                    "input_tokens_details": {
                        "cached_tokens": 60,
                        "cache_write_tokens": 20,
                        "cache_write_tokens_details": {"ttl_30m_tokens": 5, "ttl_12h_tokens": 15},
                    },
                }
            },
            Usage(20, 60, 5, 30, 10, cache_write_long=15, tier="default"),
        ),
        (
            {
                "usage": {
                    "input_tokens": 5,
                    "output_tokens": 2,
                    "input_tokens_details": None,
                    "output_tokens_details": 1,
                }
            },
            Usage(5, output=2, tier="default"),
        ),
        (
            {
                "usage": {
                    "input_tokens": 5,
                    "output_tokens": 2,
                    "input_tokens_details": {"cached_tokens": 9, "cache_write_tokens": 9},
                    "output_tokens_details": {"reasoning_tokens": 9},
                }
            },
            Usage(0, 5, output=2, reasoning=2, tier="default"),
        ),
        ({"usage": None}, None),
        ({"usage": {"input_tokens": 5}}, None),
        ({"usage": {"input_tokens": -5, "output_tokens": 1}}, None),
    ],
)
def test_usage_is_in_buckets_that_never_overlap(facts, expected):
    completion, _ = answered(response(message(), **facts))

    assert expected == completion.usage


def test_who_has_to_estimate_is_told_how_much_there_is():
    completion, told = answered(response(message(), usage=None))

    assert "usage" not in told
    assert len(b'{"role":"assistant","content":"It rains.","refusal":null}') == completion.produced


def test_kinds_of_items_that_we_do_not_know_say_nothing():
    odd = [{"type": "program", "id": "p"}, {"id": "?"}, "x", {"type": "message", "content": None}, {"type": "message"}]

    assert "It rains." == first(response(*odd, message()))["message"]["content"]


ODD = [
    {"type": "reasoning", "summary": 5, "content": "x", "encrypted_content": 5},
    {"type": "reasoning", "summary": [5, {"text": 5}], "encrypted_content": ""},
    {"type": "message", "content": [{"type": "output_text", "text": "a", "annotations": 5, "logprobs": 5}, 5]},
    {"type": "message", "content": 5},
]


def test_members_of_odd_types_say_nothing():
    body = {"logprobs": True, "reasoning_effort": "none", "web_search_options": {}}

    completion, told = answered(response(*ODD, function()), body)

    said = told["choices"][0]["message"]
    assert ("a", {}) == (said["content"], completion.remember)
    assert said.keys().isdisjoint({"reasoning_content", "reasoning_details", "annotations"})


def test_an_answer_without_names_gets_ours():
    _, told = answered(response(message(), id=None, model=None, service_tier=None))

    assert ("chatcmpl-req-1", MODEL) == (told["id"], told["model"])
    assert "service_tier" not in told


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (response(status="failed", error={"code": "server_error", "message": "oops"}), Fault.BROKEN),
        (response(status="failed", error={"code": "rate_limit_exceeded", "message": "slow"}), Fault.RATE_LIMITED),
        (response(status="failed", error={"code": "invalid_prompt", "message": "no"}), Fault.CONTENT_POLICY),
        (response(status="failed", error={"code": "image_too_large", "message": "no"}), Fault.BAD_REQUEST),
        (response(status="failed", error={"code": "data_residency_mismatch", "message": "no"}), Fault.UNSUPPORTED),
        (response(status="failed", error=None), Fault.BROKEN),
        (response(message(), status="cancelled"), Fault.BROKEN),
        (response(message(), status="in_progress"), Fault.BROKEN),
        (response(message(), status=None), Fault.BROKEN),
        (response(message(), status=["completed"]), Fault.BROKEN),
        (response(output=None), Fault.BROKEN),
        (
            {"error": {"message": "overloaded", "type": "server_error", "code": "server_is_overloaded"}},
            Fault.OVERLOADED,
        ),
        (b'{"id": "resp_1", "out', Fault.BROKEN),
        (b"<html>", Fault.BROKEN),
        (b"", Fault.BROKEN),
        (b"[]", Fault.BROKEN),
    ],
)
@pytest.mark.covers("openai", "errors")
def test_what_was_not_ended_on_purpose_is_no_answer(answer, fault):
    with pytest.raises(UpstreamError) as raised:
        answered(answer)

    assert fault is raised.value.failure.fault


def test_chat_completions_are_still_chat_completions():
    answer = {"choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}], "usage": None}

    completion, _ = answered(answer, {"reasoning_effort": "none"})

    assert orjson.dumps(answer) == completion.body
