"""What a stream has said, however its events come."""

import orjson
import pytest

from core.usage import Usage
from core.wire import Chunk, Report, Verbatim
from gateway.call.transcript import MOST_UNREAD, Transcript, bodies, text_of, with_text, written


def said(text, **more):
    return {
        "id": "1",
        "object": "o",
        "created": 2,
        "model": "m",
        "choices": [{"index": 0, "delta": {"content": text}}],
        **more,
    }


def raw(*chunks):
    return Verbatim(b"".join([b"data: " + orjson.dumps(each) + b"\n\n" for each in chunks]))


def noted(*events):
    transcript = Transcript()
    transcript.note(list(events))
    transcript.read()
    return transcript


def test_the_text_is_what_all_events_say_together():
    transcript = noted(raw(said("a"), said("b")), Chunk(said("c")), Report(Usage(), {}))

    assert (transcript.said, transcript.open) == ("abc", True)
    assert transcript.frame == {"id": "1", "object": "o", "created": 2, "model": "m"}


def test_what_nobody_asks_for_is_not_read_until_there_is_much_of_it():
    transcript = Transcript()
    transcript.note([raw(said("a"))])
    assert transcript.said == ""

    transcript.note([raw(said("b" * MOST_UNREAD))])
    assert transcript.said == "a" + "b" * MOST_UNREAD


@pytest.mark.parametrize(
    "delta",
    [{"tool_calls": [{"index": 0}]}, {"function_call": {"name": "f"}}, {"refusal": "no"}, {"audio": {"id": "x"}}],
)
def test_what_is_begun_must_be_ended_by_who_began_it(delta):
    transcript = noted(raw(said("a")), Chunk({"choices": [{"index": 0, "delta": delta}]}))

    assert (transcript.whole, transcript.open) == (True, False)


def test_thoughts_are_no_place_to_go_on_from_but_what_follows_them_is():
    thinking = Chunk({"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]})

    assert noted(thinking).silent
    assert not noted(thinking).open
    assert noted(thinking, Chunk(said("a"))).open
    assert not noted(thinking, Chunk(said("a")), thinking).open


def test_an_answer_that_has_its_finish_is_not_open():
    assert not noted(Chunk(said("a")), Chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})).open


def test_what_cannot_be_read_cannot_be_gone_on_with():
    assert not noted(raw(said("a")), Verbatim(b"data: {garbage\n\n")).open
    assert [None, None] == list(bodies([Verbatim(b"data: {garbage\n\ndata: []\n\n")]))


def test_half_a_character_is_read_and_written_as_half_a_character():
    (body,) = bodies([Verbatim(b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n')])

    assert text_of(body["choices"][0]) == "\ud83d"
    assert b"\\ud83d" in written(body).data
    assert [body] == list(bodies([written(body)]))


@pytest.mark.parametrize(
    ("choice", "text", "made"),
    [
        ({"delta": {"role": "assistant", "content": "x"}}, "y", {"delta": {"content": "y"}}),
        ({"delta": {"role": "assistant", "content": ""}}, "", None),
        ({"delta": {"reasoning_content": "x"}}, "", None),
        ({"delta": {"annotations": [1], "content": "x"}}, "", {"delta": {"annotations": [1]}}),
        ({"delta": {}, "finish_reason": "stop"}, "", {"delta": {}, "finish_reason": "stop"}),
        ({"text": "x"}, "y", {"text": "y"}),
        ({"text": "x"}, "", None),
        ({"text": "x", "finish_reason": "stop"}, "", {"text": "", "finish_reason": "stop"}),
    ],
)
def test_a_chunk_with_another_text_says_nothing_else(choice, text, made):
    assert with_text(choice, text) == made
