"""Streams of Gemini that fail, or are none."""

import orjson
import pytest
from gemini_calls import answer, candidate, chunks, decoder, deltas, sse, streamed
from test_gemini_answers import LOST
from test_gemini_streams import failure, reasons

from core.faults import Fault, UpstreamError

ERROR = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "The model is overloaded."}}


@pytest.mark.parametrize(
    "data",
    [
        sse(ERROR),
        b"data: [" + orjson.dumps(ERROR) + b"]\n\n",
        b"[" + orjson.dumps(ERROR, option=orjson.OPT_INDENT_2) + b"]",
        orjson.dumps(ERROR, option=orjson.OPT_INDENT_2),
    ],
)
def test_an_error_in_the_stream_is_a_failure(data):
    assert (Fault.OVERLOADED, "The model is overloaded.") == (
        (found := failure(data, close=False)).fault,
        found.message,
    )


def test_an_error_after_content_follows_it():
    one = decoder()

    events = one.feed(sse(answer(candidate("Hel", reason=None)), ERROR))

    assert "Hel" == deltas(chunks(events))[-1]["content"]
    assert Fault.OVERLOADED is one.broken.fault


@pytest.mark.parametrize("data", [b"data: x\n\n", b"data: 5\n\n", b"[{x}]", b"data: [5]\n\n"])
def test_what_is_no_event_is_a_failure(data):
    assert Fault.BROKEN is failure(data, close=False).fault


@pytest.mark.parametrize("data", [b"[{" + b" " * 9_000_000, b'[{"' + b"x" * 9_000_000])
def test_an_object_without_end_is_a_failure(data):
    assert "8 MiB" in failure(data, close=False).message


@pytest.mark.parametrize("cut", ["", " and", " so on and on"])
def test_who_goes_on_to_speak_after_a_finish_has_not_finished(cut):
    begun = [answer(candidate("Hel")), answer(candidate("lo", reason=None)), answer(candidate(" x", reason=None))]

    assert Fault.BROKEN is failure(sse(*begun) + (sse(answer(candidate(cut, reason=None))) if cut else b"")).fault


def test_words_with_probabilities_go_on_as_well():
    probable = {"logprobsResult": {"chosenCandidates": [{"token": "lo", "logProbability": -1}]}}

    assert (
        Fault.BROKEN is failure(sse(answer(candidate("Hel")), answer(candidate("lo", reason=None, **probable)))).fault
    )


def test_a_finish_on_each_piece_is_told_once():
    told = streamed(*[answer(candidate(word)) for word in ("Hel", "lo")], answer(candidate("", reason=None)))

    assert [{"role": "assistant", "content": ""}, {"content": "Hel"}, {"content": "lo"}, {}] == deltas(told)


def test_fewer_choices_than_were_asked_for_are_a_failure():
    assert Fault.BROKEN is failure(sse(answer(candidate("Hello"))), n=2).fault


def test_a_failure_after_words_is_one():
    one = decoder()
    told = one.feed(sse(answer(candidate("Let me look.", reason="MALFORMED_FUNCTION_CALL"))))

    with pytest.raises(UpstreamError, match="MALFORMED_FUNCTION_CALL"):
        one.close()
    assert not any(choice["finish_reason"] for each in chunks(told) for choice in each["choices"])


@pytest.mark.parametrize("content", ["Hello", {"parts": ["Hello"]}, *LOST])
def test_content_that_is_none_gets_lost_nowhere(content):
    assert Fault.BROKEN is failure(sse(answer({"content": content, "finishReason": "STOP"}))).fault


def test_a_reason_that_nobody_knows_is_no_good_end():
    assert ["length"] == reasons(streamed(answer(candidate("x", reason="SOMETHING_NEW"))))
    assert Fault.BROKEN is failure(sse(answer(candidate("x", reason="MALFORMED_THOUGHT")))).fault
    assert Fault.BROKEN is failure(sse(answer(candidate("x", reason="")))).fault
