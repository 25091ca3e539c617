"""Whole answers of Bedrock, which botocore reads without loss, as OpenAI's clients get them."""

import orjson
import pytest
from asking import SENT
from bedrock_calls import CLAUDE, NOVA, TOOL, asked_of, bedrock, encode
from converse import answer, parsed

from adapters.bedrock.request import Notes
from core.faults import Fault, UpstreamError
from core.usage import Usage

USE = {"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Oslo"}}}
SIGNED = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}}
HIDDEN = {"reasoningContent": {"redactedContent": "AAAA"}}
FORM = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "properties": {}}}}


def completed(*content, request=SENT, target=CLAUDE, **facts):
    return bedrock().decode(parsed(answer(*content, **facts)), asked_of(target), request)


def told(*content, **facts):
    return orjson.loads(completed(*content, **facts).body)


def message(*content, **facts):
    return told(*content, **facts)["choices"][0]["message"]


def broken(body):
    with pytest.raises(UpstreamError) as caught:
        bedrock().decode(body, asked_of(), SENT)
    return caught.value.failure


@pytest.mark.covers("bedrock", "text")
def test_an_answer_is_a_completion():
    assert {
        "id": "chatcmpl-req-1",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": CLAUDE,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello there", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
    } == told({"text": "Hello "}, {"text": "there"})


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({}, Usage(9, output=4)),
        ({"cacheReadInputTokens": 5000, "cacheWriteInputTokens": 0}, Usage(9, 5000, 0, 4)),
        (
            {
                "cacheWriteInputTokens": 100,
                "cacheDetails": [{"ttl": "1h", "inputTokens": 60}, {"ttl": "5m", "inputTokens": 40}],
            },
            Usage(9, 0, 40, 4, cache_write_long=60),
        ),
        (
            {"cacheWriteInputTokens": 10, "cacheDetails": [{"ttl": "1h", "inputTokens": 60}]},
            Usage(9, 0, 0, 4, cache_write_long=10),
        ),
    ],
)
def test_core_24_usage_counts_nothing_twice(usage, expected):
    assert expected == completed({"text": "x"}, usage=usage).usage


def test_more_35_what_was_read_from_the_cache_is_part_of_the_prompt():
    usage = {"inputTokens": 10, "cacheReadInputTokens": 5000, "cacheWriteInputTokens": 0, "totalTokens": 5014}

    shown = told({"text": "x"}, usage=usage)["usage"]

    assert (5010, 5000, 5014) == (
        shown["prompt_tokens"],
        shown["prompt_tokens_details"]["cached_tokens"],
        shown["total_tokens"],
    )


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"inputTokens": 9, "outputTokens": 4, "cacheReadInputTokens": None, "cacheDetails": None}, Usage(9, output=4)),
        ({"inputTokens": 9, "outputTokens": 4, "cacheDetails": ["x", {"ttl": "1h"}]}, Usage(9, output=4)),
        ({"inputTokens": 9}, None),
        ({"inputTokens": "9", "outputTokens": 4}, None),
        (None, None),
        ([], None),
    ],
)
def test_core_25_odd_counts_are_none(usage, expected):
    body = orjson.dumps(answer({"text": "x"}) | {"usage": usage})

    completion = bedrock().decode(body, asked_of(), SENT)

    assert expected == completion.usage
    assert (completion.produced > 0) == (expected is None)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("something_new", "length"),
        ("policy_violation", "content_filter"),
    ],
)
def test_core_26_reasons_to_end_have_openais_names(reason, finish):
    completion = completed({"text": "x"}, reason=reason)

    assert (finish, finish) == (completion.finish, orjson.loads(completion.body)["choices"][0]["finish_reason"])


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
def test_an_answer_that_the_model_spoilt_is_none(reason):
    assert Fault.BROKEN is broken(parsed(answer({"text": "x"}, reason=reason))).fault


def test_core_27_a_blocked_answer_is_what_the_guardrail_says_instead():
    choice = told({"text": "Sorry."}, reason="guardrail_intervened")["choices"][0]

    assert ("Sorry.", "content_filter") == (choice["message"]["content"], choice["finish_reason"])


def test_core_27_an_answer_without_any_content_is_empty():
    assert "" == message(reason="content_filtered")["content"]


@pytest.mark.covers("bedrock", "tools", "parallel tools")
def test_core_28_words_and_calls_are_told_side_by_side():
    second = {"toolUse": {"toolUseId": "tooluse_2", "name": "time", "input": {}}}

    choice = told({"text": "ok"}, USE, second, reason="tool_use")["choices"][0]

    assert "ok" == choice["message"]["content"]
    assert [
        {"id": "tooluse_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
        {"id": "tooluse_2", "type": "function", "function": {"name": "time", "arguments": "{}"}},
    ] == choice["message"]["tool_calls"]
    assert "tool_calls" == choice["finish_reason"]


@pytest.mark.parametrize(
    ("reason", "finish"), [("end_turn", "tool_calls"), ("stop_sequence", "tool_calls"), ("max_tokens", "length")]
)
def test_calls_are_the_finish_whatever_else_is_said(reason, finish):
    assert finish == told(USE, reason=reason)["choices"][0]["finish_reason"]


def test_nothing_but_calls_has_no_text():
    assert message(USE, reason="tool_use")["content"] is None


def test_core_29_what_the_provider_runs_by_itself_is_nobodys_call():
    run = {"toolUse": {"toolUseId": "s1", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}}
    result = {"toolResult": {"toolUseId": "s1", "content": [{"text": "found"}]}}

    choice = told(run, result, {"text": "It is so."}, reason="tool_use")["choices"][0]

    assert ("It is so.", "stop") == (choice["message"]["content"], choice["finish_reason"])
    assert "tool_calls" not in choice["message"]


def test_names_that_were_changed_are_the_clients_again():
    tool = {"type": "function", "function": {"name": "get weather"}}
    request = encode(tools=[tool])
    theirs = next(iter(request.notes.names))

    calls = message({"toolUse": {**USE["toolUse"], "name": theirs}}, request=request, reason="tool_use")["tool_calls"]

    assert "get weather" == calls[0]["function"]["name"]


@pytest.mark.parametrize(("given", "text"), [({"input": "1+1"}, "1+1"), ({"code": 1}, '{"code":1}'), ({}, "{}")])
def test_a_custom_tool_is_called_with_plain_text(given, text):
    request = SENT._replace(notes=Notes({}, frozenset({"python"}), ""))
    use = {"toolUse": {"toolUseId": "t", "name": "python", "input": given}}

    assert [{"id": "t", "type": "custom", "custom": {"name": "python", "input": text}}] == (
        message(use, request=request, reason="tool_use")["tool_calls"]
    )


@pytest.mark.covers("bedrock", "json_schema")
def test_the_answer_that_had_to_be_a_tool_is_text_again():
    request = encode(NOVA, response_format=FORM)
    use = {"toolUse": {"toolUseId": "t", "name": "answer", "input": {"n": 1}}}

    completion = completed({"text": "Here:"}, use, request=request, target=NOVA, reason="tool_use")

    choice = orjson.loads(completion.body)["choices"][0]
    assert ('{"n":1}', "stop") == (choice["message"]["content"], choice["finish_reason"])
    assert "tool_calls" not in choice["message"]


def test_or_it_is_the_text_that_came_instead():
    request = encode(NOVA, response_format=FORM, tools=[TOOL])

    assert "No." == message({"text": "No."}, request=request)["content"]
    assert ["weather"] == [
        call["function"]["name"] for call in message(USE, request=request, reason="tool_use")["tool_calls"]
    ]


@pytest.mark.covers("bedrock", "reasoning")
def test_thoughts_are_shown_kept_and_given_to_the_client():
    completion = completed(SIGNED, {"text": "ok"}, HIDDEN, USE, reason="tool_use")

    told = orjson.loads(completion.body)["choices"][0]["message"]
    assert ("ok", "Hm.") == (told["content"], told["reasoning_content"])
    assert [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "AAAA"},
    ] == told["thinking_blocks"]
    assert {"tooluse_1": {"model": CLAUDE, "content": [SIGNED, {"text": "ok"}, HIDDEN, USE]}} == completion.remember


@pytest.mark.parametrize(
    "content",
    [
        [SIGNED, {"text": "ok"}],  # no call, so nothing to go on from
        [{"reasoningContent": {"reasoningText": {"text": "Hm."}}}, USE],  # not signed
        [{"text": "ok"}, USE],
    ],
)
def test_what_need_not_go_back_is_not_remembered(content):
    assert {} == completed(*content, reason="tool_use" if USE in content else "end_turn").remember


def test_sources_on_the_web_are_annotations():
    web = {"title": "T", "location": {"web": {"url": "https://x.test", "domain": "x.test"}}}
    nameless = {"location": {"web": {"url": "https://y.test"}}}
    page = {"title": "P", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}
    cited = {"citationsContent": {"content": [{"text": "größer"}], "citations": [web, page, nameless]}}

    told = message({"text": "Es ist "}, cited, {"text": "."})

    assert "Es ist größer." == told["content"]
    assert [
        {
            "type": "url_citation",
            "url_citation": {"start_index": 7, "end_index": 13, "title": title, "url": url},
        }
        for title, url in (("T", "https://x.test"), ("https://y.test", "https://y.test"))
    ] == told["annotations"]


def test_images_in_an_answer_are_data_urls():
    told = message({"image": {"format": "jpeg", "source": {"bytes": "AAAA"}}})

    assert [{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}}] == told["images"]


STORED = {"source": {"s3Location": {"uri": "s3://b/x"}}}


def test_what_lies_elsewhere_is_told_by_its_address():
    told = message({"text": "So:"}, {"image": {"format": "png", **STORED}}, {"video": {"format": "mp4", **STORED}})

    assert [{"type": "image_url", "image_url": {"url": "s3://b/x"}}] == told["images"]
    assert "So:\ns3://b/x\n" == told["content"]


@pytest.mark.parametrize(
    "block",
    [
        {"image": {"format": "png", "source": {}, "error": {"message": "no"}}},
        {"audio": {"format": "mp3", "source": {"bytes": "AAAA"}}},
        {"document": {"name": "x", "source": {"text": "x"}}},
    ],
)
def test_content_that_cannot_be_told_is_no_answer(block):
    assert "answer" in broken(orjson.dumps(answer({"text": "ok"}, block))).message


@pytest.mark.parametrize(
    ("tier", "shown"), [("default", "default"), ("flex", "flex"), ("priority", "priority"), ("reserved", "scale")]
)
def test_the_tier_that_was_served_is_told(tier, shown):
    completion = completed({"text": "x"}, serviceTier={"type": tier})

    assert (shown, shown) == (orjson.loads(completion.body)["service_tier"], completion.usage.tier)


@pytest.mark.parametrize(
    "block",
    [
        {},
        {"somethingNew": {"x": 1}},
        {"text": None},
        {"reasoningContent": "x"},
        {"reasoningContent": {"reasoningText": {"text": 1}}},
        {"citationsContent": {"content": "x", "citations": [{"location": None}]}},
        {"image": {"source": {}}},
    ],
)
def test_blocks_that_nobody_knows_say_nothing(block):
    body = orjson.dumps(answer(block, {"text": "ok"}))

    completion = bedrock().decode(body, asked_of(), SENT)

    assert {"role": "assistant", "content": "ok", "refusal": None} == (
        orjson.loads(completion.body)["choices"][0]["message"]
    )


def test_calls_without_id_and_input_are_calls_with_ids_of_their_own():
    body = orjson.dumps(answer({"toolUse": {"name": "f"}}, {"toolUse": {"name": "f", "input": ""}}, reason="tool_use"))

    calls = orjson.loads(bedrock().decode(body, asked_of(), SENT).body)["choices"][0]["message"]["tool_calls"]

    assert ["{}", "{}"] == [call["function"]["arguments"] for call in calls]
    assert calls[0]["id"].startswith("call_")
    assert calls[0]["id"] != calls[1]["id"]


@pytest.mark.covers("bedrock", "errors")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>oops</html>",
        b'{"output": {"message": {"content": [',
        b"[]",
        b"{}",
        b'{"output": {"message": null}, "stopReason": "end_turn"}',
        b'{"output": {"message": {"content": "x"}}, "stopReason": "end_turn"}',
        b'{"output": {"message": {"content": ["x"]}}, "stopReason": "end_turn"}',
        b'{"output": {"message": {"content": [{"text": "x"}]}}}',
        b'{"output": {"message": {"content": []}}, "stopReason": null}',
    ],
)
def test_what_is_no_answer_is_a_failure(body):
    assert Fault.BROKEN is broken(body).fault


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"__type": "com.amazon#ThrottlingException", "message": "Too many tokens"}, Fault.RATE_LIMITED),
        ({"message": "The security token included in the request is expired"}, Fault.BAD_CREDENTIAL),
        ({"__type": "ServiceUnavailableException"}, Fault.OVERLOADED),
    ],
)
def test_an_error_inside_a_200_is_an_error(body, fault):
    assert fault is broken(orjson.dumps(body)).fault
