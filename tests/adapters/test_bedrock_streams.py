"""Streams of Bedrock, whose every event botocore knows, as OpenAI's clients get them."""

import pytest
from asking import SENT
from bedrock_calls import CLAUDE, NOVA, TOOL, encode
from bedrock_play import CALLS, SIGNATURE, TEXT, WORDS, arguments, call, failure, played
from converse import BEGIN, delta, end, event, message, read_by_botocore, start, stop, text_header

from adapters.bedrock.request import Notes
from core.usage import Usage
from core.wire import Report, Verbatim

FORM = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "properties": {}}}}


def test_all_that_is_played_here_is_known_to_botocore():
    told = [*read_by_botocore(TEXT), *read_by_botocore(CALLS)]

    assert {
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
    } <= {name for one in told for name in one}


@pytest.mark.covers("bedrock", "stream", "text")
def test_words_are_told_as_they_come():
    play = played(TEXT)

    assert [
        {"role": "assistant", "content": ""},
        {"content": "Hello "},
        {"content": "wörld 😀\n\n"},
        {},
    ] == play.deltas
    assert ["stop"] == play.finish
    assert {("chatcmpl-req-1", 1_800_000_000, CLAUDE)} == {
        (chunk["id"], chunk["created"], chunk["model"]) for chunk in play.chunks
    }
    assert (True, True, True, "stop") == (
        play.decoder.started,
        play.decoder.finished,
        play.decoder.done,
        play.decoder.finish,
    )


def test_many_events_in_one_read_are_one_piece_for_the_client():
    assert [Verbatim, Report] == [type(one) for one in played(TEXT).reads[0]]


@pytest.mark.parametrize("stream", [TEXT, CALLS], ids=["text", "calls"])
def test_a_stream_that_comes_byte_by_byte_is_told_the_same(stream):
    assert played(stream).told == played(*(stream[at : at + 1] for at in range(len(stream)))).told


@pytest.mark.parametrize("at", range(1, len(CALLS), 7))
def test_wherever_it_is_cut_it_is_told_the_same(at):
    assert played(CALLS).told == played(CALLS[:at], CALLS[at:]).told


@pytest.mark.covers("bedrock", "tools", "parallel tools", "reasoning")
def test_core_32_calls_are_numbered_by_themselves_and_thoughts_stand_apart():
    play = played(CALLS)

    assert {0: ["tooluse_1", "weather", '{"city":"Oslo"}'], 1: ["tooluse_2", "time", "{}"]} == arguments(play)
    assert "Hm, well." == "".join(one.get("reasoning_content", "") for one in play.deltas)
    assert ("I'll look.", ["tool_calls"]) == (play.text, play.finish)


def test_core_30_arguments_are_the_fragments_and_nothing_else():
    play = played(BEGIN + call(0, "t", "", '{"a"', ":1}") + end("tool_use"))

    assert '{"a":1}' == arguments(play)[0][2]
    assert "" == play.deltas[1]["tool_calls"][0]["function"]["arguments"]


@pytest.mark.parametrize("fragments", [(), ("",)])
def test_core_31_a_call_without_arguments_has_an_empty_object(fragments):
    assert "{}" == arguments(played(BEGIN + call(0, "t", *fragments) + end("tool_use")))[0][2]


def test_core_58_usage_is_the_last_and_told_with_the_cache():
    play = played(CALLS)

    report = play.events[-1]
    assert Usage(9, 5, 2, 4) == report.usage == play.decoder.usage
    assert ([], 16, 20) == (
        report.body["choices"],
        report.body["usage"]["prompt_tokens"],
        report.body["usage"]["total_tokens"],
    )
    assert all(chunk["usage"] is None for chunk in play.chunks)


def test_core_58_who_does_not_ask_sees_nothing_of_usage():
    assert all("usage" not in chunk for chunk in played(TEXT, include_usage=False).chunks)


def test_core_59_the_role_is_told_once_and_so_is_the_finish():
    play = played(CALLS)

    assert 1 == sum("role" in one for one in play.deltas)
    assert 1 == len(play.finish)
    assert all("index" in entry for one in play.deltas for entries in one.values() for entry in _entries(entries))


def _entries(value):
    return value if isinstance(value, list) else []


def test_thoughts_are_remembered_and_given_to_the_client():
    hidden = delta(4, reasoningContent={"redactedContent": "AAAA"}) + stop(4)
    play = played(
        CALLS.replace(end("tool_use", cacheReadInputTokens=5, cacheWriteInputTokens=2), hidden + end("tool_use"))
    )

    assert {
        "tooluse_1": {
            "model": CLAUDE,
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "Hm, well.", "signature": "c2ln"}}},
                {"text": "I'll look."},
                {"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Oslo"}}},
                {"toolUse": {"toolUseId": "tooluse_2", "name": "time", "input": {}}},
                {"reasoningContent": {"redactedContent": "AAAA"}},
            ],
        }
    } == play.decoder.remember
    assert [
        {"index": 0, "type": "thinking", "thinking": "Hm, well.", "signature": "c2ln"},
        {"index": 1, "type": "redacted_thinking", "data": "AAAA"},
    ] == [block for one in play.deltas for block in one.get("thinking_blocks", [])]


def test_a_thought_of_which_only_the_signature_comes_is_remembered_as_well():
    play = played(BEGIN + SIGNATURE + call(1, "t", "{") + end("max_tokens"))

    content = play.decoder.remember["t"]["content"]
    assert {"text": "", "signature": "c2ln"} == content[0]["reasoningContent"]["reasoningText"]
    assert {} == content[1]["toolUse"]["input"]
    assert ["length"] == play.finish


def test_a_signature_and_an_encrypted_thought_may_come_in_pieces():
    pieces = (
        delta(0, reasoningContent={"signature": "c2"})
        + SIGNATURE
        + delta(1, reasoningContent={"redactedContent": "QQ=="})
    )
    play = played(BEGIN + pieces + delta(1, reasoningContent={"redactedContent": "Qg=="}) + stop(1) + end())

    assert ["c2c2ln", "QUI="] == [
        block.get("signature") or block["data"] for one in play.deltas for block in one.get("thinking_blocks", [])
    ]
    assert {} == play.decoder.remember


@pytest.mark.parametrize("blocks", [b"", stop(7)])
def test_blocks_that_are_never_ended_end_with_the_message(blocks):
    play = played(BEGIN + start(0, toolUse={"toolUseId": "t", "name": "f"}) + blocks + end("tool_use"))

    assert {0: ["t", "f", "{}"]} == arguments(play)


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
    ],
)
def test_core_26_reasons_to_end_have_openais_names(reason, finish):
    assert [finish] == played(WORDS + end(reason)).finish


def test_core_27_an_empty_answer_has_a_role_and_a_finish():
    play = played(BEGIN + end("content_filtered"))

    assert ([{"role": "assistant", "content": ""}, {}], ["content_filter"]) == (play.deltas, play.finish)


def test_core_29_what_the_provider_runs_by_itself_is_nobodys_call():
    run = start(0, toolUse={"toolUseId": "s", "name": "nova_grounding", "type": "server_tool_use"})
    ran = run + delta(0, toolUse={"input": "{}"}) + stop(0)
    result = start(1, toolResult={"toolUseId": "s"}) + delta(1, toolResult=[{"text": "found"}]) + stop(1)

    play = played(BEGIN + ran + result + delta(2, text="So.") + stop(2) + end("tool_use"))

    assert ("So.", ["stop"], {}) == (play.text, play.finish, arguments(play))


def test_core_37_events_that_nobody_knows_say_nothing():
    unknown = event("somethingNew", x=1) + start(0, somethingNew={}) + delta(0, somethingNew={"x": 1})
    odd = (
        event("contentBlockStart")
        + event("contentBlockDelta")
        + message(text_header(":event-type", "initial-response"), b"")
    )

    assert "Hello wörld 😀\n\n" == played(BEGIN + unknown + odd + stop(0) + WORDS + end()).text


def test_names_that_were_changed_are_the_clients_again():
    request = encode(tools=[{"type": "function", "function": {"name": "get weather"}}])
    theirs = next(iter(request.notes.names))

    play = played(BEGIN + call(0, "t", "{}", name=theirs) + end("tool_use"), request=request)

    assert "get weather" == arguments(play)[0][1]


def test_a_custom_tool_is_called_with_plain_text_as_soon_as_that_is_whole():
    request = SENT._replace(notes=Notes({}, frozenset({"python"}), ""))
    calls = call(0, "t1", '{"in', 'put":"1+1"}', name="python") + call(1, "t2", "{}") + call(2, "t3", name="python")

    play = played(BEGIN + calls + end("tool_use"), request=request)

    told = [entry for one in play.deltas for entry in one.get("tool_calls", [])]
    assert {"index": 0, "id": "t1", "type": "custom", "custom": {"name": "python", "input": "1+1"}} == told[0]
    assert [0, 1, 1, 2] == [entry["index"] for entry in told]
    assert "{}" == told[-1]["custom"]["input"]
    assert ["tool_calls"] == play.finish


@pytest.mark.covers("bedrock", "json_schema")
@pytest.mark.parametrize(("fragments", "text"), [(('{"n"', ":1}"), '{"n":1}'), ((), "{}")])
def test_the_answer_that_had_to_be_a_tool_is_text_again(fragments, text):
    request = encode(NOVA, response_format=FORM)

    stream = (
        BEGIN + delta(text="Here:") + stop() + call(1, "t", *fragments, name="answer") + delta(2, text=".") + stop(2)
    )
    play = played(stream + end("tool_use"), request=request, target=NOVA)

    assert (text, ["stop"], {}) == (play.text, play.finish, play.decoder.remember)


def test_or_it_is_the_text_that_came_instead():
    request = encode(NOVA, response_format=FORM, tools=[TOOL])

    assert "Hello wörld 😀\n\n" == played(TEXT, request=request, target=NOVA).text


def test_sources_on_the_web_are_annotations():
    web = {"title": "T", "location": {"web": {"url": "https://x.test"}}}
    cited = delta(1, text="größer") + delta(1, citation=web) + delta(1, citation={"title": "no address"}) + stop(1)
    again = delta(2, text="!") + delta(2, citation=web) + stop(2)

    play = played(BEGIN + delta(text="Es ist ") + stop() + cited + again + end())

    assert [(0, 7, 13), (1, 13, 14)] == [
        (note["index"], note["url_citation"]["start_index"], note["url_citation"]["end_index"])
        for one in play.deltas
        for note in one.get("annotations", [])
    ]


def test_images_that_lie_elsewhere_or_failed_are_told_as_well():
    stored = delta(0, image={"source": {"s3Location": {"uri": "s3://b/x"}}}) + stop(0)

    play = played(BEGIN + stored + delta(1, text="so") + stop(1) + end())

    assert ["s3://b/x"] == [one["image_url"]["url"] for each in play.deltas for one in each.get("images", [])]
    assert "failed" in failure(BEGIN + delta(0, image={"error": {"message": "x"}})).message
    assert "failed" in failure(BEGIN + delta(0, image={"error": "x"})).message


def test_images_are_told_when_they_are_whole():
    drawn = start(0, image={"format": "jpeg"}) + delta(0, image={"source": {"bytes": "QQ=="}})
    second = delta(1, image={"source": {"bytes": "AAAA"}}) + stop(1)
    stream = BEGIN + drawn + delta(0, image={"source": {"bytes": "Qg=="}}) + stop(0) + second

    play = played(stream + start(2, image={"format": "gif"}) + stop(2) + end())

    assert ["data:image/jpeg;base64,QUI=", "data:image/png;base64,AAAA"] == [
        entry["image_url"]["url"] for one in play.deltas for entry in one.get("images", [])
    ]


def test_the_tier_that_was_served_is_told():
    usage = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}
    measured = event("metadata", usage=usage, metrics={"latencyMs": 1}, serviceTier={"type": "flex"})

    report = played(WORDS + event("messageStop", stopReason="end_turn") + measured).events[-1]

    assert ("flex", "flex") == (report.body["service_tier"], report.usage.tier)
