"""Streams of Gemini as the client reads them."""

import orjson
import pytest
from asking import SENT
from gemini_calls import (
    answer,
    ask_of,
    candidate,
    chunks,
    counts,
    decoder,
    deltas,
    function,
    gemini,
    sse,
    streamed,
)

from core.faults import Fault, UpstreamError
from core.wire import Report, Verbatim

WORDS = [
    answer(candidate("Hel", reason=None), usageMetadata=counts(3, 1)),
    answer(candidate("lo ä€😀 \u2028", reason=None), usageMetadata=counts(3, 2)),
    answer(candidate("!"), usageMetadata=counts(3, 4)),
]
RECORDED = [
    answer(candidate({"text": "I think", "thought": True}, reason=None), usageMetadata=counts(9, 0)),
    answer(candidate('Let "me" \\ {see} [ä€😀]', reason=None)),
    answer(candidate(function("f", {"a": "}]"}, id="c1", thoughtSignature="S"), reason=None)),
    answer(candidate(function("g")), usageMetadata=counts(9, 5, 20, thoughtsTokenCount=6)),
    answer(candidate({"text": "", "thoughtSignature": "T"}), usageMetadata=counts(9, 5, 20, thoughtsTokenCount=6)),
]
ARRAY = b"[" + b"\n,\r\n".join(orjson.dumps(one, option=orjson.OPT_INDENT_2) for one in RECORDED) + b"\n]\n"


def reasons(told):
    return [one["finish_reason"] for chunk in told for one in chunk["choices"] if one["finish_reason"]]


def failure(data, close=True, **body):
    one = decoder(**body)
    with pytest.raises(UpstreamError) as error:
        one.feed(data)
        if close:
            one.close()
    return error.value.failure


def bytes_of(events):
    return b"".join(one.data if isinstance(one, Verbatim) else orjson.dumps(one.body) for one in events)


@pytest.mark.covers("google", "stream")
def test_core_58_text_comes_as_it_comes_and_usage_last():
    told = streamed(*WORDS, usage=True)

    assert "Hello ä€😀 \u2028!" == "".join(one.get("content", "") for one in deltas(told))
    assert ["stop"] == reasons(told)
    assert [None] * (len(told) - 1) == [chunk["usage"] for chunk in told[:-1]]
    assert ([], 7) == (told[-1]["choices"], told[-1]["usage"]["total_tokens"])
    assert 1 == len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in told})


def test_core_58_without_being_asked_for_usage_is_no_chunk_of_the_clients():
    one = decoder()

    events = one.feed(sse(*WORDS)) + one.close()

    assert not any(b"usage" in event.data for event in events if isinstance(event, Verbatim))
    assert [4] == [event.usage.output for event in events if isinstance(event, Report)]


def test_core_59_the_role_is_told_once_and_the_finish_once():
    told = deltas(streamed(*RECORDED))

    assert ["assistant"] == [one["role"] for one in told if "role" in one]
    assert [0, 1] == [call["index"] for one in told for call in one.get("tool_calls", [])]


def test_many_events_in_one_read_are_one():
    one = decoder()

    assert 1 == len(one.feed(sse(*WORDS)))


@pytest.mark.parametrize(
    "data", [sse(*RECORDED), sse(*RECORDED).replace(b"\r\n", b"\n"), ARRAY, b"\n \n" + sse(*RECORDED)]
)
def test_core_64_it_is_all_the_same_however_it_is_cut(data):
    whole = decoder()
    expected = bytes_of(whole.feed(data)) + bytes_of(whole.close())
    slow = decoder()
    found = b"".join(bytes_of(slow.feed(data[at : at + 1])) for at in range(len(data))) + bytes_of(slow.close())

    assert expected == found
    for at in range(len(data)):
        halves = decoder()
        assert expected == bytes_of(halves.feed(data[:at]) + halves.feed(data[at:]) + halves.close())


def test_an_array_tells_the_same_as_events_do():
    events, array = decoder(), decoder()

    assert bytes_of(events.feed(sse(*RECORDED)) + events.close()) == bytes_of(array.feed(ARRAY) + array.close())


def test_of_an_array_an_object_that_is_not_whole_yet_is_counted():
    told = decoder()

    told.feed(ARRAY[:40])

    assert len(ARRAY[:40].lstrip(b"[ \r\n")) == told.waiting


@pytest.mark.covers("google", "tools")
def test_core_48_the_finish_is_told_at_the_end_and_knows_of_earlier_calls():
    one = decoder()
    first = chunks(one.feed(sse(answer(candidate(function("f", {"a": 1}), reason=None)))))
    second = chunks(one.feed(sse(answer(candidate("")))))
    last = chunks(one.close())

    assert [] == reasons(first + second)
    assert ["tool_calls"] == reasons(last)
    assert (True, True, "tool_calls") == (one.finished, one.done, one.finish)


def test_core_61_a_finish_on_the_way_is_not_the_end():
    told = streamed(answer(candidate(function("f"))), answer(candidate(function("g"), reason=None)))

    assert [0, 1] == [call["index"] for one in deltas(told) for call in one.get("tool_calls", [])]
    assert ["tool_calls"] == reasons(told)
    assert told[-1]["choices"]


@pytest.mark.covers("google", "parallel tools")
def test_core_49_calls_over_chunks_are_numbered_through():
    told = streamed(*[answer(candidate(function("f", {"n": n}), reason=None)) for n in range(3)], answer(candidate()))

    made = [call for one in deltas(told) for call in one.get("tool_calls", [])]
    assert [0, 1, 2] == [call["index"] for call in made]
    assert 3 == len({call["id"] for call in made})
    assert [{"n": 0}, {"n": 1}, {"n": 2}] == [orjson.loads(call["function"]["arguments"]) for call in made]


@pytest.mark.covers("google", "tool loop")
def test_core_39_signatures_are_told_and_remembered():
    one = decoder()
    told = chunks(one.feed(sse(*RECORDED)) + one.close())

    made = [call for delta in deltas(told) for call in delta.get("tool_calls", [])]
    assert {"google": {"thought_signature": "S"}} == made[0]["extra_content"]
    assert {"c1": {"model": "gemini-3.8-flash", "thought_signature": "S"}} == one.remember


def test_what_google_ran_is_remembered():
    search = {"toolCall": {"id": "t"}}
    one = decoder()
    one.feed(sse(answer(candidate(search, reason=None)), answer(candidate(function("f", id="c1")))))

    assert [search] == one.remember["c1"]["before"]


def test_custom_tools_are_the_clients_again():
    told = streamed(
        answer(candidate(function("sh", {"input": "ls"}))), tools=[{"type": "custom", "custom": {"name": "sh"}}]
    )

    assert {"name": "sh", "input": "ls"} == deltas(told)[1]["tool_calls"][0]["custom"]


def test_core_50_arguments_that_are_left_out_are_none():
    assert "{}" == deltas(streamed(answer(candidate(function("f")))))[1]["tool_calls"][0]["function"]["arguments"]


def test_core_51_a_signature_alone_is_no_content():
    told = streamed(*WORDS[:2], answer(candidate({"text": "", "thoughtSignature": "S"})))

    assert {"extra_content": {"google": {"thought_signature": "S"}}} == deltas(told)[-2]
    assert ["", "Hel", "lo ä€😀 \u2028"] == [one["content"] for one in deltas(told) if "content" in one]
    assert ["stop"] == reasons(told)


@pytest.mark.covers("google", "reasoning")
def test_core_52_thoughts_are_reasoning():
    told = deltas(streamed(answer(candidate({"text": "plan", "thought": True}, "answer"))))

    assert [{"reasoning_content": "plan"}, {"content": "answer"}, {}] == told[1:]


def test_core_53_the_last_usage_counts():
    one = decoder()
    one.feed(sse(*WORDS[:1]))
    early = one.usage
    one.feed(sse(*WORDS[1:]))
    one.close()

    assert (1, 4) == (early.output, one.usage.output)


def test_zeros_are_no_usage_behind_one():
    one = decoder()

    one.feed(sse(*WORDS[:2], {**WORDS[2], "usageMetadata": counts(0, 0)}))

    assert (3, 2) == (one.usage.input, one.usage.output)


@pytest.mark.parametrize("reason", ["PROHIBITED_CONTENT", "SAFETY"])
def test_core_54_a_blocked_prompt_is_an_answer(reason):
    told = streamed({"promptFeedback": {"blockReason": reason}, "usageMetadata": counts(9)}, usage=True)

    assert [{"role": "assistant", "content": ""}, {}] == deltas(told)
    assert ["content_filter"] == reasons(told)
    assert 0 == told[-1]["usage"]["completion_tokens"]


def test_a_block_after_the_first_words_ends_them():
    told = streamed(WORDS[0], {"promptFeedback": {"blockReason": "SAFETY"}})

    assert ["content_filter"] == reasons(told)


@pytest.mark.covers("google", "errors")
@pytest.mark.parametrize("events", [[], [{"promptFeedback": {}}], [{"usageMetadata": counts(1)}]])
def test_an_answer_without_candidates_is_a_failure(events):
    assert Fault.BROKEN is failure(sse(*events)).fault


def test_core_55_a_candidate_of_nothing_but_a_failure_is_one():
    assert Fault.BROKEN is failure(sse(answer(candidate(reason="MALFORMED_FUNCTION_CALL")))).fault
    assert ["content_filter"] == reasons(streamed(answer(candidate(reason="SAFETY"))))


def test_core_57_citations_come_before_the_end_each_with_an_index():
    metadata = {
        "groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}],
        "groundingSupports": [{"segment": {"endIndex": 7, "text": "Größe"}, "groundingChunkIndices": [0]}],
        "webSearchQueries": ["q"],
    }
    grounding = {"groundingMetadata": metadata, "finishReason": "STOP"}

    told = streamed(
        answer(candidate("Grö", reason=None)),
        answer(candidate("ße x", reason=None)),
        answer(grounding, usageMetadata=counts(1, 1)),
        web_search_options={},
    )

    cited = {"start_index": 0, "end_index": 5, "url": "https://a.example", "title": "A"}
    assert {"annotations": [{"index": 0, "type": "url_citation", "url_citation": cited}]} == deltas(told)[-2]


def test_grounding_without_sources_is_not_told():
    told = streamed(answer(candidate("x", groundingMetadata={})), web_search_options={})

    assert [{"content": "x"}, {}] == deltas(told)[1:]


def test_images_and_sounds_come_as_they_come():
    image = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    sound = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "AAAA"}}

    told = deltas(streamed(answer(candidate(image, image, reason=None)), answer(candidate(sound, sound))))

    assert [0, 1] == [one["images"][0]["index"] for one in told if "images" in one]
    assert [{"id": "audio_req-1", "data": "AAAA"}, {"data": "AAAA"}] == [one["audio"] for one in told if "audio" in one]


def test_probabilities_come_with_their_text():
    chosen = {"chosenCandidates": [{"token": "x", "logProbability": -1}]}

    told = streamed(
        answer(candidate({"text": "hm", "thought": True}, "x", "y", reason=None, logprobsResult=chosen)),
        answer(candidate(logprobsResult=chosen)),
        usage=True,
        logprobs=True,
        web_search_options={},
    )

    likely = [one for chunk in told for one in chunk["choices"] if one["logprobs"]]
    assert ["x", ""] == [one["delta"]["content"] for one in likely]
    assert -1 == likely[0]["logprobs"]["content"][0]["logprob"]
    assert all(chunk["usage"] is None for chunk in told)


def test_probabilities_come_without_a_search_too():
    probable = {"chosenCandidates": [{"token": "x"}]}

    assert {"content": "x"} == deltas(streamed(answer(candidate("x", logprobsResult=probable))))[1]


def test_core_62_choices_are_told_apart_and_all_of_them_must_end():
    parts = [answer(candidate("a", reason=None), candidate("b", index=1)), answer(candidate("c"))]

    told = streamed(*parts, n=2)

    assert ("ac", "b") == tuple("".join(one.get("content", "") for one in deltas(told, at)) for at in (0, 1))
    assert ["stop", "stop"] == reasons(told)
    assert Fault.BROKEN is failure(sse(parts[0]), n=2).fault


def test_the_service_tier_is_told_with_the_usage():
    told = streamed(answer(candidate("x"), usageMetadata=counts(1, 1, serviceTier="FLEX")), usage=True)
    bare = streamed(answer(candidate("x"), usageMetadata=counts(1, 1)), usage=True)

    assert ("flex", False) == (told[-1]["service_tier"], "service_tier" in bare[-1])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  ",
        sse(*WORDS[:2]),
        sse(*WORDS)[:-40],
        ARRAY.rstrip(b"]\n "),
        ARRAY[:-30],
        b": ping\n\n",
    ],
)
def test_core_59_a_body_that_ends_too_soon_never_looks_whole(data):
    one = decoder()
    events = one.feed(data)
    with pytest.raises(UpstreamError) as error:
        one.close()

    assert Fault.BROKEN is error.value.failure.fault
    assert [] == reasons(chunks(events))
    assert not one.finished


def test_core_65_an_event_may_be_long():
    one = decoder()
    data = sse(answer(candidate("x" * 200_000)))

    told = chunks([event for at in range(0, len(data), 4096) for event in one.feed(data[at : at + 4096])] + one.close())

    assert 200_000 == len(deltas(told)[1]["content"])


def test_core_69_the_id_is_the_first_one():
    told = streamed(WORDS[0], {**WORDS[2], "responseId": "r2"})

    assert {"r1"} == {chunk["id"] for chunk in told}


def test_the_last_event_may_lack_its_blank_line():
    one = decoder()

    told = chunks(one.feed(sse(*WORDS).rstrip(b"\r\n")) + one.close())

    assert ["stop"] == reasons(told)


@pytest.mark.parametrize(
    "extra", [b": comment\n\n", b"data: [DONE]\n\n", b"data:\n\n", b"event: x\n\n", b"data: {}\n\n"]
)
def test_events_that_say_nothing_are_nothing(extra):
    one = decoder()

    told = chunks(one.feed(extra + sse(*WORDS) + extra) + one.close())

    assert ["stop"] == reasons(told)


def test_a_whole_answer_may_come_without_an_array():
    one = decoder()

    told = chunks(one.feed(orjson.dumps(answer(candidate("x")))) + one.close())

    assert ["stop"] == reasons(told)


def test_a_decoder_reads_streams_without_notes():
    one = gemini().decoder(ask_of(stream=True), SENT)

    assert ["stop"] == reasons(chunks(one.feed(sse(*WORDS)) + one.close()))


def test_counts_that_are_none_leave_the_last_good_ones():
    one = decoder()

    one.feed(sse(WORDS[0], {**WORDS[1], "usageMetadata": {"promptTokenCount": "many"}}))

    assert (3, 1) == (one.usage.input, one.usage.output)


def test_a_tier_may_stand_beside_the_usage():
    one = decoder(usage=True)

    events = one.feed(sse(*WORDS[:2], {**WORDS[2], "serviceTier": "PRIORITY"})) + one.close()

    (report,) = [event for event in events if isinstance(event, Report)]
    assert "priority" == report.body["service_tier"]
