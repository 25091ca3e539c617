"""Anthropic's streams, told as OpenAI's."""

import pytest
from claude import (
    CUSTOM,
    FUNCTION,
    OPUS,
    RICH,
    arguments,
    decoder,
    deltas,
    event,
    finish,
    parsed,
    played,
    sent,
    streamed,
    text,
    thinking,
    thought,
    use,
    using,
    words,
)
from test_anthropic_answers import HIDDEN, OLDER, SHAPED

from core.faults import Fault, UpstreamError
from core.usage import Usage

ROLE = {"role": "assistant", "content": ""}
CITED = {"type": "web_search_result_location", "url": "https://x.example", "title": "X", "cited_text": "c"}
SEARCH = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
HITS = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}


@pytest.mark.covers("anthropic", "text", "stream")
def test_words_come_as_they_are():
    reader, chunks = played(streamed(words("Hel", "lo")))

    assert [ROLE, {"content": "Hel"}, {"content": "lo"}, {}] == deltas(chunks)
    assert (["stop"], "stop") == (finish(chunks), reader.finish)
    assert {("msg_1", 1_800_000_000, "claude-opus-5-5")} == {
        (one["id"], one["created"], one["model"]) for one in chunks
    }
    assert (True, True, True, 5, Usage(7, output=5)) == (
        reader.started,
        reader.finished,
        reader.done,
        reader.produced,
        reader.usage,
    )


def test_text_that_a_block_begins_with_is_told():
    _, chunks = played(streamed((text("a"), {"type": "text_delta", "text": "b"})))

    assert [ROLE, {"content": "a"}, {"content": "b"}, {}] == deltas(chunks)


@pytest.mark.covers("anthropic", "tools")
def test_core_30_arguments_are_what_the_fragments_say():
    _, chunks = played(streamed(using("", '{"a"', ":1}"), stop="tool_use"))

    call = {"index": 0, "id": "toolu_1", "type": "function", "function": {"name": "f", "arguments": ""}}
    assert {"tool_calls": [call]} == deltas(chunks)[1]
    assert '{"a":1}' == arguments(chunks)
    assert ["tool_calls"] == finish(chunks)


@pytest.mark.parametrize("fragments", [[], [""]])
def test_core_31_a_call_without_arguments_has_an_empty_object(fragments):
    _, chunks = played(streamed(using(*fragments), stop="tool_use"))

    assert "{}" == arguments(chunks)


def test_arguments_that_come_with_the_beginning_are_told_at_the_end():
    _, chunks = played(streamed((use("t", "f", a=1),)))

    assert '{"a":1}' == arguments(chunks)


@pytest.mark.covers("anthropic", "parallel tools")
def test_core_32_calls_are_numbered_by_themselves():
    _, chunks = played(RICH)

    numbers = [call["index"] for delta in deltas(chunks) for call in delta.get("tool_calls", ())]
    assert ({0, 1}, 0) == (set(numbers), numbers[0])
    assert ('{"a":"\\u00e4 \\n"}', "{}") == (arguments(chunks, 0), arguments(chunks, 1))


def test_core_33_counts_replace_earlier_ones():
    first = event("message_delta", delta={"stop_reason": None}, usage={"output_tokens": 30, "input_tokens": None})
    stream = streamed(words("a"), start={"input_tokens": 10, "output_tokens": 1}, whole=False) + first
    stream += event("message_delta", delta={"stop_reason": "end_turn"}, usage={"input_tokens": 25, "output_tokens": 44})

    reader, chunks = played(stream + event("message_stop"), include_usage=True)

    assert Usage(25, output=44) == reader.usage
    assert ([], 69) == (chunks[-1]["choices"], chunks[-1]["usage"]["total_tokens"])


@pytest.mark.parametrize("start", [{"input_tokens": 10, "output_tokens": 1}, {"input_tokens": 0, "output_tokens": 0}])
def test_zeros_are_no_counts_behind_others(start):
    zeros = {"input_tokens": 0, "output_tokens": 0}
    stream = streamed(words("x" * 40), start=start, whole=False)
    stream += event("message_delta", delta={"stop_reason": "end_turn"}, usage=zeros)

    reader, _ = played(stream + event("message_stop"))

    assert (Usage(10, output=10, estimated=True) if any(start.values()) else Usage()) == reader.usage


def test_before_the_end_what_was_written_is_an_estimate():
    reader = decoder()
    reader.feed(streamed(words("x" * 40), whole=False))

    assert Usage(7, output=10, estimated=True) == reader.usage
    assert None is decoder().usage


OVERLOADED = event("error", error={"type": "overloaded_error", "message": "Overloaded"})


@pytest.mark.covers("anthropic", "errors")
def test_core_34_an_overload_after_words_breaks_the_stream():
    reader = decoder()

    events = reader.feed(streamed(words("a", "b"), whole=False) + OVERLOADED)

    assert [ROLE, {"content": "a"}, {"content": "b"}] == deltas(parsed(events))
    assert (Fault.OVERLOADED, "Overloaded") == (reader.broken.fault, reader.broken.message)
    with pytest.raises(UpstreamError):
        reader.close()


def test_an_overload_before_any_word_can_be_tried_elsewhere():
    reader = decoder()

    with pytest.raises(UpstreamError) as caught:
        reader.feed(streamed(whole=False) + OVERLOADED)

    assert (Fault.OVERLOADED, False) == (caught.value.failure.fault, reader.started)


@pytest.mark.parametrize(
    "end",
    [
        b"",
        event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 1}),
        b'event: message_stop\ndata: {"type":"mess',
    ],
)
def test_core_36_an_answer_that_just_ends_is_broken(end):
    reader = decoder()
    reader.feed(streamed(words("a"), whole=False) + end)

    with pytest.raises(UpstreamError) as caught:
        reader.close()

    assert (Fault.BROKEN, False) == (caught.value.failure.fault, reader.finished)


def test_an_end_without_a_reason_is_broken():
    with pytest.raises(UpstreamError):
        played(streamed(whole=False) + event("message_stop"))


def test_core_37_pings_and_what_is_new_say_nothing():
    new = event("something_new", a=1) + event("ping") + b": comment\n\n" + b"data: [DONE]\n\n"
    odd = event("content_block_delta", index=0, delta={"type": "new_delta", "x": 1})
    begun = event("content_block_start", index=0, content_block={"type": "new_block"})
    stream = streamed(whole=False) + new + begun + odd + event("content_block_stop", index=0)

    assert [] == decoder().feed(stream)


def test_the_last_event_may_lack_its_blank_line():
    stream = streamed(words("a"))

    _, chunks = played(stream[:-2])

    assert ["stop"] == finish(chunks)


def test_blocks_that_were_never_closed_are_closed_by_the_end():
    stream = streamed(using(), whole=True).replace(event("content_block_stop", index=0), b"")

    assert "{}" == arguments(played(stream)[1])


def test_what_follows_the_end_is_not_read():
    reader, chunks = played(streamed(words("a")) + OVERLOADED)

    assert (["stop"], None) == (finish(chunks), reader.broken)
    assert [] == reader.feed(OVERLOADED)


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        b'{\n "error": {\r\n "type": "overloaded_error"}}\n',
    ],
)
def test_an_error_that_is_no_stream_is_an_error_all_the_same(body):
    reader = decoder()
    reader.feed(body)

    with pytest.raises(UpstreamError) as caught:
        reader.close()

    assert Fault.OVERLOADED is caught.value.failure.fault


@pytest.mark.parametrize(
    "wrong",
    [
        b"data: {half\n\n",
        b"data: 7\n\n",
        b'event: message_start\ndata: {"type":"message_start"}\n\n',
        event("content_block_start", index=0, content_block={"type": "tool_use"}),
        event("content_block_start", index=0, content_block={"type": "text", "text": 7}),
        event("content_block_delta", index=7, delta={"type": "text_delta", "text": "x"}),
        event("content_block_stop", index=7),
        event("content_block_start", index=0, content_block=text(""))
        + event("content_block_delta", index=0, delta={"type": "text_delta", "text": []}),
    ],
)
def test_events_that_are_none_of_anthropics_break_the_stream(wrong):
    with pytest.raises(UpstreamError) as caught:
        decoder().feed(wrong)

    assert Fault.BROKEN is caught.value.failure.fault


def test_a_refusal_says_why_before_it_ends():
    details = {"type": "refusal", "category": "bio", "explanation": "E"}

    _, chunks = played(streamed(stop="refusal", details=details))

    assert [ROLE, {"refusal": "E"}, {}] == deltas(chunks)
    assert ["content_filter"] == finish(chunks)
    assert [ROLE, {}] == deltas(played(streamed(stop="refusal"))[1])


def test_pages_that_were_cited_are_told_once_and_late():
    blocks = [
        (SEARCH, {"type": "input_json_delta", "partial_json": '{"query":"q"}'}),
        (HITS,),
        words("See: "),
        (*words("it rains."), {"type": "citations_delta", "citation": CITED}),
    ]

    _, chunks = played(streamed(*blocks))

    where = {"start_index": 5, "end_index": 14, "url": "https://x.example", "title": "X"}
    assert {"annotations": [{"index": 0, "type": "url_citation", "url_citation": where}]} == deltas(chunks)[-2]
    assert ("See: it rains.", ["stop"]) == (
        "".join(delta.get("content", "") for delta in deltas(chunks)),
        finish(chunks),
    )


@pytest.mark.covers("anthropic", "reasoning")
def test_thoughts_are_told_in_words_and_then_once_as_a_block():
    _, chunks = played(streamed(thinking("Hm", "."), (HIDDEN,), words("ok")))

    assert [
        ROLE,
        {"reasoning_content": "Hm"},
        {"reasoning_content": "."},
        {"thinking_blocks": [{"index": 0, **thought("Hm.")}]},
        {"thinking_blocks": [{"index": 1, **HIDDEN}]},
        {"content": "ok"},
        {},
    ] == deltas(chunks)


@pytest.mark.covers("anthropic", "tool loop")
def test_thoughts_before_a_call_are_remembered_as_a_whole_answer_would_be():
    blocks = [(SEARCH, {"type": "input_json_delta", "partial_json": "{}"}), (HITS,)]

    reader, _ = played(streamed(thinking("Hm."), words("o", "k"), *blocks, using('{"a":1}', id="t"), stop="tool_use"))

    content = [thought("Hm."), text("ok"), SEARCH, HITS, use("t", a=1)]
    assert {"t": {"model": OPUS, "content": content}} == reader.remember
    assert {} == played(streamed(thinking("Hm."), words("ok")))[0].remember


def test_a_call_that_was_cut_off_is_passed_on_as_it_is():
    reader, chunks = played(streamed(thinking("Hm."), using('{"a":', id="t"), stop="max_tokens"))

    assert ('{"a":', ["length"]) == (arguments(chunks), finish(chunks))
    assert {"input": '{"a":'} == reader.remember["t"]["content"][1]["input"]


def test_tools_come_back_by_the_clients_names():
    tool = {"type": "function", "function": {"name": "a.b"}}
    theirs = sent({"tools": [tool]})[1]["tools"][0]["name"]

    _, chunks = played(streamed(using(name=theirs)), {"tools": [tool]})

    assert "a.b" == deltas(chunks)[1]["tool_calls"][0]["function"]["name"]


def test_calls_of_custom_tools_are_told_as_openai_tells_them():
    _, chunks = played(
        streamed(using('{"input":"1', '+1"}', id="t", name="run"), using(id="u")), {"tools": [CUSTOM, FUNCTION]}
    )

    opening = {"index": 0, "id": "t", "type": "custom", "custom": {"name": "run", "input": ""}}
    assert [{"tool_calls": [opening]}, {"tool_calls": [{"index": 0, "custom": {"input": "1+1"}}]}] == deltas(chunks)[
        1:3
    ]
    assert ("u", 1) == tuple(deltas(chunks)[3]["tool_calls"][0][name] for name in ("id", "index"))


@pytest.mark.covers("anthropic", "json_schema")
@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([words("Here: "), using('{"a"', ":1}", name="answer")], '{"a":1}'),
        ([using(name="answer")], "{}"),
        ([words("Sor", "ry.")], "Sorry."),
    ],
)
def test_the_tool_that_stands_for_the_answer_is_the_answer(blocks, expected):
    stop = "end_turn" if expected == "Sorry." else "tool_use"
    _, chunks = played(streamed(*blocks, stop=stop), SHAPED, OLDER)

    assert (expected, ["stop"]) == ("".join(one.get("content", "") for one in deltas(chunks)), finish(chunks))
    assert not any("tool_calls" in delta for delta in deltas(chunks))


def test_the_tier_stands_in_the_usage_chunk():
    usage = {"input_tokens": 7, "output_tokens": 1, "service_tier": "priority"}

    reader, chunks = played(streamed(words("a"), start=usage), include_usage=True)

    assert ("priority", "priority") == (chunks[-1]["service_tier"], reader.usage.tier)
