"""Streams with an accent, and usage wherever providers put it."""

import pytest
from streams import BODY, DONE, HELLO, ROLE, USAGE, chunk, decoder_of, passed, played, text

from core.faults import Fault, UpstreamError
from core.usage import Usage
from core.wire import Chunk, Report, Verbatim


def test_null_usage_is_hidden_from_clients_that_did_not_ask():
    marked = b'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}],"usage":null}\n\n'
    spaced = marked.replace(b',"usage":null', b', "usage": null')
    bare = marked.replace(b',"usage":null', b"")

    assert ROLE + bare * 3 == passed(played(decoder_of(), ROLE, marked, marked * 2, close=False))
    assert ROLE + bare * 3 == passed(played(decoder_of(), ROLE, spaced, spaced * 2, close=False))
    assert ROLE + marked * 3 == passed(played(decoder_of(include_usage=True), ROLE, marked, marked * 2, close=False))


@pytest.mark.parametrize("asked", [True, False])
def test_usage_that_comes_with_a_choice_is_told_once_and_last(asked):
    counted = {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
    last = {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
    decoder = decoder_of(include_usage=asked)
    silent = {"usage": None} if asked else {}

    first = chunk({"role": "assistant", "content": "a"}, **counted)
    events = played(decoder, first, text("b", **counted) + chunk({}, "stop", **last) + DONE)

    def expected(delta, finish=None):
        return Chunk({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **silent})

    assert [
        expected({"role": "assistant", "content": "a"}),
        expected({"content": "b"}),
        expected({}, "stop"),
        Report(Usage(input=1, output=2), {"id": "c", "choices": [], **last}),
    ] == events


def test_usage_that_comes_with_the_finish_is_told_at_the_end_of_the_body_too():
    decoder = decoder_of()

    events = played(decoder, HELLO + chunk({}, "stop", usage={"prompt_tokens": 1, "completion_tokens": 1}))

    assert isinstance(events[-1], Report)


def test_malformed_usage_is_nothing_and_harms_nobody():
    decoder = decoder_of()

    finish = chunk({}, "stop", usage={"prompt_tokens": -1})
    events = played(decoder, ROLE + HELLO + finish + b'data: {"usage":7}\n\n' + DONE)

    assert [Verbatim, Chunk] == [type(event) for event in events]
    assert decoder.usage is None


def test_a_usage_event_after_a_comment_is_framed_anew():
    events = played(decoder_of(), BODY + b": x\n" + USAGE + DONE)

    assert USAGE == events[-1].raw


def test_reasoning_is_renamed_in_the_bytes():
    theirs = chunk({"reasoning": 'say "reasoning": now'})
    ours = chunk({"reasoning_content": 'say "reasoning": now'})

    assert ROLE + ours * 4 == passed(played(decoder_of("vllm"), ROLE + theirs, theirs * 3, close=False))


def test_reasoning_beside_usage_is_renamed_too():
    events = decoder_of("openrouter").feed(ROLE + chunk({"reasoning": "x"}, usage={"prompt_tokens": 1}))

    assert {"reasoning_content": "x"} == events[1].body["choices"][0]["delta"]


@pytest.mark.parametrize(
    ("dialect", "delta", "theirs", "ours"),
    [
        ("together", {}, "eos", "stop"),
        ("mistral", {}, "model_length", "length"),
        ("xai", {"tool_calls": [{"index": 0, "id": "a"}]}, "", "tool_calls"),
        ("mistral", None, "stop", "stop"),
    ],
)
def test_finish_reasons_become_openais(dialect, delta, theirs, ours):
    decoder = decoder_of(dialect)

    events = decoder.feed(chunk(delta, theirs))

    assert (ours, True) == (decoder.finish, decoder.finished)
    events += decoder.close()
    assert ours == events[0].body["choices"][0]["finish_reason"]


def test_tool_calls_are_numbered_from_zero_without_gaps():
    decoder = decoder_of("mistral")
    calls = [
        [{"index": 0, "id": "a"}, {"index": 0, "id": "b"}],
        [{"index": 0}],
        [{"index": 0, "id": "a"}, 7],
        [{"index": 5, "id": "c"}],
        [{"index": 5}],
        [{"index": 9}],
        "none",
    ]

    events = [event for some in calls for event in decoder.feed(chunk({"tool_calls": some}))]

    found = [event.body["choices"][0]["delta"]["tool_calls"] for event in events if isinstance(event, Chunk)]
    numbers = [[call["index"] for call in some if isinstance(call, dict)] for some in found if isinstance(some, list)]
    assert [[0, 1], [1], [0], [2], [2], [2]] == numbers


def test_deepseek_says_when_it_is_overloaded():
    with pytest.raises(UpstreamError) as caught:
        decoder_of("deepseek").feed(chunk({}, "insufficient_system_resource"))

    assert Fault.OVERLOADED == caught.value.failure.fault
