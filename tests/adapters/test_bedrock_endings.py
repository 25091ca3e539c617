"""How streams of Bedrock end, and what is no end at all."""

import pytest
from bedrock_play import CALLS, TEXT, WORDS, Play, failure, played
from converse import BEGIN, delta, end, error, event, exception, message, start, stop, text_header

from core.faults import Fault, UpstreamError
from core.usage import Usage


@pytest.mark.covers("bedrock", "errors")
@pytest.mark.parametrize("stream", [b"", BEGIN, WORDS, TEXT[: len(WORDS) + 40], WORDS[:-1], CALLS[:-600]])
def test_core_36_an_answer_that_ends_too_soon_is_broken(stream):
    play = Play(stream)

    with pytest.raises(UpstreamError) as caught:
        play.close()
    assert Fault.BROKEN is caught.value.failure.fault
    assert [] == play.finish


def test_an_answer_whose_usage_is_missing_is_whole():
    play = played(WORDS + event("messageStop", stopReason="end_turn"))

    assert (["stop"], None, True) == (play.finish, play.decoder.usage, play.decoder.done)


def test_usage_may_come_before_the_reason():
    usage = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}
    early = event("metadata", usage=usage, metrics={"latencyMs": 1})

    play = played(WORDS + early + event("messageStop", stopReason="end_turn"))

    assert (["stop"], Usage(1, output=2)) == (play.finish, play.decoder.usage)


def test_what_comes_after_the_end_is_not_looked_at():
    assert played(TEXT).told == played(TEXT + exception("throttlingException"), b"garbage").told


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("throttlingException", Fault.RATE_LIMITED),
        ("internalServerException", Fault.BROKEN),
        ("modelStreamErrorException", Fault.BROKEN),
        ("serviceUnavailableException", Fault.OVERLOADED),
        ("validationException", Fault.BAD_REQUEST),
        ("modelTimeoutException", Fault.TIMEOUT),
        ("somethingNew", Fault.BROKEN),
    ],
)
def test_more_34_an_exception_before_any_content_is_what_its_type_says(kind, fault):
    told = failure(BEGIN + exception(kind, "no more"))

    assert (fault, "no more") == (told.fault, told.message)


def test_more_34_and_core_34_an_exception_after_content_ends_the_stream_without_a_finish():
    play = Play(WORDS + exception("throttlingException", "Slow down"))

    assert ("Hello wörld 😀\n\n", []) == (play.text, play.finish)
    assert (Fault.RATE_LIMITED, "Slow down") == (play.decoder.broken.fault, play.decoder.broken.message)
    with pytest.raises(UpstreamError):
        play.close()
    with pytest.raises(UpstreamError):
        play.decoder.feed(TEXT)


def test_more_34_in_a_read_of_its_own_it_is_raised():
    assert Fault.RATE_LIMITED is failure(WORDS, exception("throttlingException")).fault


def test_a_model_that_failed_in_the_middle_says_how_by_its_own_status():
    told = exception("modelStreamErrorException", "busy", originalStatusCode=529, originalMessage="overloaded")

    assert Fault.OVERLOADED is failure(BEGIN + told).fault


def test_an_error_without_a_type_is_told_by_its_code_and_words():
    told = failure(BEGIN + error("InternalFailure", "An internal server error occurred"))

    assert (Fault.BROKEN, "An internal server error occurred") == (told.fault, told.message)


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use", None])
def test_an_answer_that_the_model_spoilt_is_none(reason):
    play = Play(WORDS + event("messageStop", stopReason=reason))

    assert (Fault.BROKEN, []) == (play.decoder.broken.fault, play.finish)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b'{"contentBlockIndex":[],"delta":{"text":"x"}}',
        b'{"contentBlockIndex":"0","delta":{}}',
    ],
)
def test_an_event_that_is_none_is_broken(payload):
    headers = text_header(":event-type", "contentBlockDelta")

    assert Fault.BROKEN is failure(BEGIN + message(headers, payload)).fault


def test_pieces_that_are_not_base64_are_broken():
    drawn = delta(0, image={"source": {"bytes": "Q"}}) + delta(0, image={"source": {"bytes": "Q"}}) + stop(0)

    assert Fault.BROKEN is failure(BEGIN + drawn).fault


def test_damage_is_broken_and_what_came_before_is_told():
    play = Play(WORDS + end()[:-1] + b"?")

    assert ("Hello wörld 😀\n\n", Fault.BROKEN) == (play.text, play.decoder.broken.fault)


def test_arguments_for_nobody_are_passed_over():
    theirs = start(5, toolUse={"toolUseId": "t", "name": "search", "type": "server_tool_use"})
    odd = theirs + delta(5, toolUse={"input": "x"}) + delta(5, toolUse={"input": None})

    assert "Hello wörld 😀\n\n" == played(BEGIN + odd + WORDS + end()).text
