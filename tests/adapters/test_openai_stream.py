"""Streams in OpenAI's dialect."""

import orjson
import pytest
from asking import SENT, asked
from hypothesis import given
from hypothesis import strategies as st
from streams import (
    BODY,
    DONE,
    FILTER,
    FINISH,
    HELLO,
    MORE,
    PING,
    ROLE,
    STREAM,
    THERE,
    USAGE,
    chunk,
    decoder_of,
    passed,
    played,
    text,
)

from adapters import ADAPTERS
from core.call import Call
from core.faults import Fault, UpstreamError
from core.target import Provider
from core.usage import Usage
from core.wire import Report, Verbatim


def test_a_stream_passes_untouched_and_its_usage_is_reported():
    decoder = decoder_of()

    events = played(decoder, STREAM)

    assert [Verbatim(BODY), Report(Usage(input=3, output=2), orjson.loads(USAGE[6:]), USAGE)] == events
    assert (True, True, True) == (decoder.started, decoder.finished, decoder.done)
    assert ("stop", Usage(input=3, output=2)) == (decoder.finish, decoder.usage)


@pytest.mark.parametrize("at", range(len(STREAM)))
def test_a_cut_at_any_byte_changes_nothing(at):
    decoder = decoder_of()

    events = played(decoder, STREAM[:at], STREAM[at:])

    assert BODY == passed(events)
    assert [USAGE] == [event.raw for event in events if isinstance(event, Report)]
    assert (True, True, "stop") == (decoder.finished, decoder.done, decoder.finish)


@given(st.lists(st.integers(1, 400)))
def test_cuts_at_many_bytes_change_nothing(sizes):
    stream, pieces = STREAM, []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    decoder = decoder_of()

    events = played(decoder, *pieces, stream)

    assert BODY == passed(events)
    assert Usage(input=3, output=2) == decoder.usage


@given(st.text(), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_text_in_any_framing_arrives(words, end):
    stream = (ROLE + HELLO + text(words) + MORE + FINISH + DONE).replace(b"\n", end.encode())

    events = played(decoder_of(), *[stream[at : at + 50] for at in range(0, len(stream), 50)])

    assert ROLE + HELLO + text(words) + MORE + FINISH == passed(events)


def test_only_whole_events_go_out():
    decoder = decoder_of()
    decoder.feed(ROLE + HELLO)

    assert [Verbatim(THERE)] == decoder.feed(THERE + MORE[:30])
    assert [] == decoder.feed(MORE[30:50])
    assert 50 == decoder.waiting
    assert [Verbatim(MORE)] == decoder.feed(MORE[50:])
    assert 0 == decoder.waiting


def test_content_is_what_starts_an_answer():
    decoder = decoder_of()

    decoder.feed(FILTER + ROLE)
    assert not decoder.started
    decoder.feed(HELLO)
    assert decoder.started


@pytest.mark.parametrize(
    ("delta", "started", "produced"),
    [
        ({"content": "abc"}, True, 3),
        ({"content": ""}, False, 0),
        ({"content": None}, False, 0),
        ({"content": [{"type": "thinking"}]}, True, 1),
        ({"refusal": "no"}, True, 2),
        ({"reasoning_content": "hm"}, True, 2),
        ({"reasoning": "hm", "reasoning_content": "hm"}, True, 2),
        ({"reasoning": "hmm"}, True, 3),
        ({"reasoning": "", "reasoning_content": "hm"}, True, 2),
        ({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}]}, True, 4),
        ({"tool_calls": [{"index": 0}]}, True, 1),
        ({"tool_calls": [7]}, True, 1),
        ({"tool_calls": []}, False, 0),
        ({"function_call": {"name": "f"}}, True, 1),
        ({"audio": {"id": "a"}}, True, 1),
        ({"role": "assistant"}, False, 0),
        (None, False, 0),
    ],
)
def test_what_counts_as_content(delta, started, produced):
    decoder = decoder_of()

    decoder.feed(chunk(delta))

    assert (started, produced) == (decoder.started, decoder.produced)


def test_completions_stream_text():
    decoder = decoder_of(endpoint="completions")
    stream = b'data: {"choices":[{"index":0,"text":"hey","finish_reason":null}]}\n\n'
    end = b'data: {"choices":[{"index":0,"text":"","finish_reason":"length"}]}\n\n'

    events = played(decoder, stream, stream * 3, end + DONE)

    assert stream * 4 + end == passed(events)
    assert ("length", True) == (decoder.finish, decoder.started)
    assert 12 == decoder.produced


def test_an_answer_that_finishes_without_content_has_started_too():
    decoder = decoder_of()

    decoder.feed(ROLE + FINISH)

    assert (True, True, False) == (decoder.started, decoder.finished, decoder.done)


def test_a_finish_without_the_end_mark_is_whole():
    assert BODY == passed(played(decoder_of(), BODY))


def test_an_event_without_its_blank_line_counts_at_the_end():
    decoder = decoder_of()

    events = played(decoder, BODY + USAGE.rstrip())

    assert Usage(input=3, output=2) == decoder.usage
    assert isinstance(events[-1], Report)


@pytest.mark.parametrize("rest", [b"data: [DONE]", b"data: [DONE]\n", b'data: {"id', b": pi", b"data: 7"])
def test_what_follows_a_finish_may_be_cut(rest):
    assert BODY == passed(played(decoder_of(), BODY + rest))


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        PING,
        ROLE,
        ROLE + HELLO,
        ROLE + HELLO + THERE[:40],
        ROLE + HELLO + FINISH[:-8],
        b"data: [DONE]",
        b'{"id": "no stream"}',
    ],
)
def test_an_end_without_a_finish_is_broken(stream):
    decoder = decoder_of()
    decoder.feed(stream)

    with pytest.raises(UpstreamError) as caught:
        decoder.close()

    assert Fault.BROKEN == caught.value.failure.fault
    assert "the answer ended before it was complete" == caught.value.failure.message


def test_an_end_mark_without_a_finish_is_broken():
    decoder = decoder_of()
    decoder.feed(ROLE + HELLO)

    with pytest.raises(UpstreamError):
        decoder.feed(DONE)

    assert not decoder.finished
    assert not decoder.done


def test_nothing_counts_after_the_end_mark():
    decoder = decoder_of()

    assert BODY == passed(played(decoder, BODY + DONE + HELLO, HELLO, b"data: {"))


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (b'data: {"error":{"message":"m","code":429}}\n\n', Fault.RATE_LIMITED),
        (b'data: {"error":"The engine is currently busy"}\n\n', Fault.OVERLOADED),
        (b'event: error\ndata: {"error":{"message":"m","status_code":400}}\n\n', Fault.BAD_REQUEST),
        (b"event: error\ndata: rate limit\n\n", Fault.RATE_LIMITED),
        (b'data: {"id":"c","error":{"code":"server_error"},"choices":[{"finish_reason":"error"}]}\n\n', Fault.BROKEN),
        (b'data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":null}],"error":{}}\n\n', None),
        (
            b'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}],"error":{"code":503}}\n\n',
            Fault.OVERLOADED,
        ),
        (chunk({}, "error"), Fault.BROKEN),
        (b'data: {"choices":[{"index":0,"delta":{},"error":{"code":503,"message":"m"}}]}\n\n', Fault.OVERLOADED),
        (b'data: {"base_resp":{"status_code":1002}}\n\n', Fault.BROKEN),
        (b"data: {\n\n", Fault.BROKEN),
        (b"data: 7\n\n", Fault.BROKEN),
        (b'data: {"choices":[7]}\n\n', Fault.BROKEN),
        (b'data: {"choices":7}\n\n', Fault.BROKEN),
        (b"event: ping\ndata: {}\n\n", None),
        (b"data:\n\n", None),
        (b"data:   \n\n", None),
        (b"id: 5\n\n", None),
    ],
)
@pytest.mark.parametrize("before", [ROLE, ROLE + HELLO], ids=["before content", "after content"])
def test_errors_inside_a_stream_are_failures_and_noise_is_not(event, fault, before):
    decoder = decoder_of()
    decoder.feed(before)

    if fault is None:
        decoder.feed(event)
        return
    with pytest.raises(UpstreamError) as caught:
        decoder.feed(event)

    assert fault == caught.value.failure.fault


def test_content_that_comes_with_an_error_is_not_lost():
    error = b'data: {"error":{"message":"m","code":503}}\n\n'
    decoder, other = decoder_of(), decoder_of()

    assert ROLE + HELLO == passed(decoder.feed(ROLE + HELLO + error))
    assert (False, False) == (decoder.finished, decoder.done)
    with pytest.raises(UpstreamError):
        decoder.feed(DONE)
    other.feed(ROLE + HELLO + error)
    assert Fault.OVERLOADED == other.broken.fault
    with pytest.raises(UpstreamError) as caught:
        other.close()
    assert Fault.OVERLOADED == caught.value.failure.fault


def test_content_and_an_error_without_its_blank_line_fail_at_the_end():
    decoder = decoder_of()
    decoder.feed(ROLE + HELLO + b'data: {"error":{"message":"m","code":503}}')

    with pytest.raises(UpstreamError) as caught:
        decoder.close()

    assert Fault.OVERLOADED == caught.value.failure.fault


def test_events_before_an_error_are_not_worth_an_answer():
    with pytest.raises(UpstreamError):
        decoder_of().feed(ROLE + b'data: {"error":"m"}\n\n')


def test_a_body_that_is_no_stream_may_say_why():
    decoder = decoder_of()
    decoder.feed(b'\n{"error": {"message": "m", "code": 429}}')

    with pytest.raises(UpstreamError) as caught:
        decoder.close()

    assert Fault.RATE_LIMITED == caught.value.failure.fault


def test_an_error_hidden_among_ordinary_events_is_found():
    decoder = decoder_of()
    decoder.feed(ROLE + HELLO)
    sly = b'data: {"error":{"message":"m"},"x":{"finish_reason":null}}\n\n'

    assert MORE == passed(decoder.feed(MORE + sly + MORE))
    with pytest.raises(UpstreamError):
        decoder.close()


def test_all_choices_have_to_finish():
    decoder = decoder_of(choices=2)

    decoder.feed(text("a") + text("b", index=1) + chunk({}, "stop", index=1))
    assert (False, "stop") == (decoder.finished, decoder.finish)
    decoder.feed(chunk({}, "length"))
    assert (True, "length") == (decoder.finished, decoder.finish)


@pytest.mark.parametrize("endpoint", ["chat", "completions"])
@pytest.mark.parametrize("end", [b"", USAGE, DONE])
def test_a_choice_that_never_began_is_missing(endpoint, end):
    first = text("a") if endpoint == "chat" else b'data: {"choices":[{"index":0,"text":"a","finish_reason":null}]}\n\n'
    decoder = decoder_of(endpoint=endpoint, choices=2)
    decoder.feed(first + FINISH)

    with pytest.raises(UpstreamError):
        played(decoder, end)
    assert not decoder.done


def test_where_n_is_not_passed_on_one_choice_is_all():
    adapter = ADAPTERS["deepseek"].make(Provider(name="deepseek", dialect="deepseek"))
    decoder = adapter.decoder(asked(Call("chat", "m", {"n": 3}, stream=True, choices=3)), SENT)

    played(decoder, ROLE + HELLO + FINISH + DONE)

    assert (True, True) == (decoder.finished, decoder.done)


def test_one_of_two_choices_is_not_an_answer():
    decoder = decoder_of(choices=2)
    decoder.feed(text("a") + text("b", index=1) + chunk({}, "stop"))

    with pytest.raises(UpstreamError):
        decoder.close()


def test_a_choice_without_index_is_the_first():
    decoder = decoder_of()

    decoder.feed(b'data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n')

    assert (True, "stop") == (decoder.finished, decoder.finish)


def test_of_finishes_that_are_alike_the_first_goes_out():
    decoder = decoder_of()

    events = played(decoder, ROLE + HELLO + FINISH + chunk({}, "stop", more="x") + DONE)

    assert ROLE + HELLO + FINISH == passed(events)
    assert "stop" == decoder.finish


@pytest.mark.parametrize("facts", [{"choices": 2}, {"dialect": "perplexity"}])
def test_where_events_have_to_be_read_they_are(facts):
    decoder = decoder_of(**facts)
    decoder.feed(ROLE + HELLO)

    with pytest.raises(UpstreamError):
        decoder.feed(HELLO.replace(b'"id":', b"not JSON"))


def test_where_nothing_went_wrong_nothing_is_broken():
    decoder = decoder_of()

    played(decoder, STREAM)

    assert decoder.broken is None


PIECES = st.sampled_from([ROLE, HELLO, THERE, FINISH, USAGE, DONE, PING, b"\n", b"\r", b"data: {", b"}", b"event: x\n"])


@given(st.lists(PIECES | st.binary(max_size=40)), st.sampled_from(["openai", "mistral", "vllm"]))
def test_garbage_raises_nothing_but_upstream_errors(pieces, dialect):
    decoder = decoder_of(dialect)

    try:
        played(decoder, *pieces)
    except UpstreamError as error:
        assert error.failure.message
    else:
        assert decoder.finished
