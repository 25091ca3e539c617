"""Whole answers of Anthropic's, told as OpenAI's."""

import orjson
import pytest
from claude import CUSTOM, OPUS, answered, ask, message, sent, speaker, text, thought, use

from adapters.anthropic import models
from core.faults import Fault, UpstreamError
from core.usage import Usage
from core.wire import WireRequest

OLDER = "claude-opus-4-1"
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
SHAPED = {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}}


def first(answer, body=None, model=OPUS, **facts):
    return answered(answer, body, model, **facts)[1]["choices"][0]


@pytest.mark.covers("anthropic", "text")
def test_an_answer_keeps_its_id_and_model():
    completion, body = answered(message(text("Hel"), text("lo")))

    message_ = {"role": "assistant", "content": "Hello", "refusal": None}
    assert {
        "id": "msg_1",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "claude-opus-5-5",
        "choices": [{"index": 0, "message": message_, "logprobs": None, "finish_reason": "stop"}],
        "usage": body["usage"],
    } == body
    assert ("stop", Usage(7, output=5), {}) == (completion.finish, completion.usage, completion.remember)


def test_core_24_cached_tokens_are_part_of_the_prompt():
    usage = {
        "input_tokens": 7,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 900,
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 20},
    }

    completion, body = answered(message(usage=usage))

    assert Usage(7, 900, 100, 50, 20) == completion.usage
    shown = body["usage"]
    assert (1007, 50, 1057) == (shown["prompt_tokens"], shown["completion_tokens"], shown["total_tokens"])
    assert (900, 100) == tuple(shown["prompt_tokens_details"][name] for name in ("cached_tokens", "cache_write_tokens"))
    assert 20 == shown["completion_tokens_details"]["reasoning_tokens"]


def test_core_25_counts_that_are_null_are_none():
    _, body = answered(message(usage={"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": None}))

    assert 0 == body["usage"]["prompt_tokens_details"]["cached_tokens"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            {"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 4}},
            {"cache_write": 5, "cache_write_long": 4},
        ),
        (
            {"cache_creation": {"ephemeral_1h_input_tokens": 4, "ephemeral_5m_input_tokens": 1}},
            {"cache_write": 1, "cache_write_long": 4},
        ),
        ({"server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 9}}, {"searches": 3}),
        ({"service_tier": "batch"}, {"tier": "batch"}),
        ({"service_tier": "standard", "speed": "fast"}, {"tier": "fast"}),
        (
            {"iterations": [{"type": "message", "input_tokens": 1, "output_tokens": 2}, {"input_tokens": 5}, None]},
            {"input": 6, "output": 2},
        ),
        ({"iterations": []}, {}),
    ],
)
def test_usage_is_told_in_buckets_that_never_overlap(more, expected):
    completion, _ = answered(message(usage={"input_tokens": 7, "output_tokens": 5, **more}))

    assert Usage(**{"input": 7, "output": 5, **expected}) == completion.usage


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": -1, "output_tokens": 5},
        {"input_tokens": "7", "output_tokens": 5},
        {"input_tokens": 7, "output_tokens": 5, "server_tool_use": {"web_search_requests": "x"}},
        {"input_tokens": 7, "output_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": "x"}},
        {"input_tokens": None, "output_tokens": None},
        [],
    ],
)
def test_usage_that_makes_no_sense_is_none(usage):
    completion, body = answered({**message(text("abc")), "usage": usage})

    assert (None, False) == (completion.usage, "usage" in body)
    assert completion.produced > 0


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"service_tier": "standard"}, "default"),
        ({"service_tier": "priority"}, "priority"),
        ({"service_tier": "batch"}, "default"),
        ({"speed": "fast"}, "priority"),
        ({"service_tier": "new"}, None),
    ],
)
def test_tiers_are_told_in_openais_words(usage, expected):
    _, body = answered(message(usage={"input_tokens": 1, "output_tokens": 1, **usage}))

    assert expected == body.get("service_tier")


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("refusal", "content_filter"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "length"),
        ("compaction", "length"),
        ("something_new", "length"),
        ("blocked_by_policy", "content_filter"),
    ],
)
def test_core_26_reasons_to_stop(stop, finish):
    choice = first(message(text("x"), stop=stop))

    assert finish == choice["finish_reason"]


def test_core_27_a_refusal_says_why():
    details = {"type": "refusal", "category": "cyber", "explanation": "E"}

    choice = first(message(stop="refusal", stop_details=details))

    assert {"role": "assistant", "content": None, "refusal": "E"} == choice["message"]
    assert "content_filter" == choice["finish_reason"]


@pytest.mark.parametrize("details", [None, {"type": "refusal", "category": None, "explanation": None}])
def test_a_refusal_may_be_silent(details):
    choice = first(message(stop="refusal", stop_details=details))

    assert ("", None) == (choice["message"]["content"], choice["message"]["refusal"])


@pytest.mark.covers("anthropic", "tools", "parallel tools")
def test_core_28_text_and_calls_stand_side_by_side():
    choice = first(message(text("ok"), use("t", "f", a=1), use("u", "g"), stop="tool_use"))

    assert "ok" == choice["message"]["content"]
    assert [
        {"id": "t", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
        {"id": "u", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ] == choice["message"]["tool_calls"]
    assert "tool_calls" == choice["finish_reason"]
    assert None is first(message(use()))["message"]["content"]


@pytest.mark.parametrize(("stop", "finish"), [("end_turn", "tool_calls"), ("max_tokens", "length")])
def test_calls_are_the_reason_unless_the_answer_was_cut(stop, finish):
    assert finish == first(message(use(), stop=stop))["finish_reason"]


def test_core_29_what_anthropics_own_tools_did_is_no_call():
    hit = {"type": "web_search_result", "url": "https://x.example", "title": "X", "encrypted_content": "e"}
    cited = {"type": "web_search_result_location", "url": "https://x.example", "title": "X", "cited_text": "c"}
    plain = {"type": "char_location", "cited_text": "c"}
    untitled = {**cited, "title": None}
    choice = first(
        message(
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": [hit]},
            text("See: "),
            text("it rains.", citations=[cited, plain, untitled]),
        )
    )

    assert ("stop", False) == (choice["finish_reason"], "tool_calls" in choice["message"])
    where = {"start_index": 5, "end_index": 14, "url": "https://x.example"}
    assert [
        {"type": "url_citation", "url_citation": {**where, "title": "X"}},
        {"type": "url_citation", "url_citation": {**where, "title": "https://x.example"}},
    ] == choice["message"]["annotations"]


def test_tools_come_back_by_the_clients_names():
    tool = {"type": "function", "function": {"name": "a.b"}}
    request, body = sent({"tools": [tool]})

    choice = first(message(use("t", body["tools"][0]["name"])), {"tools": [tool]}, request=request)

    assert "a.b" == choice["message"]["tool_calls"][0]["function"]["name"]


@pytest.mark.parametrize(
    ("given", "expected"), [({"input": "1+1"}, "1+1"), ({"code": 1}, '{"code":1}'), ({"input": 7}, '{"input":7}')]
)
def test_calls_of_custom_tools_are_custom_calls(given, expected):
    choice = first(message(use("t", "run", **given)), {"tools": [CUSTOM]})

    assert [{"id": "t", "type": "custom", "custom": {"name": "run", "input": expected}}] == choice["message"][
        "tool_calls"
    ]


@pytest.mark.covers("anthropic", "json_schema")
def test_the_tool_that_stands_for_the_answer_is_the_answer():
    choice = first(message(text("Here:"), use("t", "answer", a=1), stop="tool_use"), SHAPED, OLDER)

    assert ('{"a":1}', "stop") == (choice["message"]["content"], choice["finish_reason"])
    assert "tool_calls" not in choice["message"]


def test_text_stays_text_where_that_tool_was_not_called():
    assert "Sorry." == first(message(text("Sorry.")), SHAPED, OLDER)["message"]["content"]


# Thoughts


HIDDEN = {"type": "redacted_thinking", "data": "ZGF0"}


@pytest.mark.covers("anthropic", "reasoning")
def test_thoughts_are_told_in_words_and_in_blocks():
    completion, body = answered(message(thought("Hm. "), HIDDEN, thought("Yes."), text("ok")))

    told = body["choices"][0]["message"]
    assert ("Hm. Yes.", [thought("Hm. "), HIDDEN, thought("Yes.")]) == (
        told["reasoning_content"],
        told["thinking_blocks"],
    )
    assert {} == completion.remember


@pytest.mark.covers("anthropic", "tool loop")
def test_thoughts_before_a_call_are_remembered_by_its_id():
    content = [thought(), text("ok"), use("t"), use("u")]

    completion, _ = answered(message(*content))

    assert {"t": {"model": OPUS, "content": content}} == completion.remember
    assert {} == answered(message(text("ok"), use("t")))[0].remember


def test_thoughts_without_words_have_a_block_only():
    told = first(message(thought("")))["message"]

    assert (False, [thought("")]) == ("reasoning_content" in told, told["thinking_blocks"])


# What is no answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"content":[]}',
        b'{"type":"completion","content":[]}',
        b'{"type":"message","content":{}}',
        b'{"type":"message","content":[7]}',
        b'{"type":"message","content":[{"type":"text","text":7}]}',
        b'{"type":"message","content":[{"type":"tool_use","name":"f"}]}',
        b'{"type":"message","content":[{"type":"text","text":"x","citations":[7]}]}',
    ],
)
def test_what_is_no_message_is_broken(body):
    with pytest.raises(UpstreamError) as caught:
        speaker().decode(body, ask(), WireRequest("/", b"{}"))

    assert Fault.BROKEN is caught.value.failure.fault


@pytest.mark.covers("anthropic", "errors")
def test_an_error_inside_an_answer_is_an_error():
    body = orjson.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})

    with pytest.raises(UpstreamError) as caught:
        speaker().decode(body, ask(), WireRequest("/", b"{}"))

    assert (Fault.OVERLOADED, "Overloaded") == (caught.value.failure.fault, caught.value.failure.message)


# Models


def test_its_models_are_listed_as_openais():
    given = [
        {"type": "model", "id": "claude-a", "display_name": "A", "created_at": "2026-01-01T00:00:00Z"},
        {"id": "claude-b", "created_at": None},
        {"id": 7},
        7,
    ]

    listed = models(orjson.dumps({"data": given, "has_more": False}))

    assert [("claude-a", 1767225600), ("claude-b", 0)] == [(one["id"], one["created"]) for one in listed]
    assert "/v1/models?limit=1000" == speaker().listing.path


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data":7}'])
def test_a_list_of_models_that_is_none_is_broken(body):
    with pytest.raises(UpstreamError):
        speaker().listing.read(body)
