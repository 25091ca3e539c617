"""A stream says each thing once: the role first, a finish last, for each choice."""

import orjson
import pytest
from asking import SENT, asked
from openai.lib.streaming._deltas import accumulate_delta
from streams import DONE, FINISH, HELLO, MORE, ROLE, USAGE, chunk, decoder_of, played, text

from adapters import ADAPTERS
from core.call import Call
from core.faults import UpstreamError
from core.target import Provider
from core.wire import Chunk, Report, Verbatim


def said(events):
    """All choices, as the client sees them: index, delta (or text), and finish."""
    found = []
    for event in events:
        if isinstance(event, Verbatim):
            bodies = [orjson.loads(line[6:]) for line in event.data.split(b"\n\n") if line]
        else:
            bodies = [event.body] if isinstance(event, Chunk) else []
        for body in bodies:
            found += [
                (one["index"], one.get("delta", one.get("text")), one["finish_reason"]) for one in body["choices"]
            ]
    return found


def written(words, finish=None):
    choice = {"index": 0, "text": words, "finish_reason": finish}
    return b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n"


# Finishes


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("last", [[], [FINISH]])
def test_a_finish_on_each_piece_is_told_with_the_last(last, together):
    stream = [ROLE, text("a", finish="stop"), text("b", finish="stop"), text("c", finish="length"), *last, DONE]
    decoder = decoder_of()

    told = said(played(decoder, b"".join(stream)) if together else played(decoder, *stream))

    assert [None, None, None, "length"] == [finish for _, _, finish in told]
    assert ["", "a", "b", "c"] == [delta["content"] for _, delta, _ in told]
    assert "length" == decoder.finish


def test_a_finish_on_some_piece_of_text_is_not_the_last():
    decoder = decoder_of(endpoint="completions")

    told = said(played(decoder, written("a", "stop"), written("b"), written("c", "length"), USAGE, DONE))

    assert [(0, "a", None), (0, "b", None), (0, "c", "length")] == told


def test_pieces_with_a_finish_are_told_in_our_words_too():
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    piece = chunk({"reasoning": "a"}, "stop", usage=None)
    decoder = decoder_of("vllm", include_usage=True)

    events = played(decoder, ROLE, piece, text("b", finish="stop", usage=usage), DONE)

    assert [{"reasoning_content": "a"}, {"content": "b"}] == [delta for _, delta, _ in said(events)][1:]
    assert [None, None, "stop"] == [finish for _, _, finish in said(events)]
    assert isinstance(events[-1], Report)


def test_content_with_a_finish_comes_as_it_is_where_it_was_the_last():
    last = text("!", finish="stop")

    events = played(decoder_of(), ROLE + HELLO, last, USAGE, DONE)

    assert [Verbatim(ROLE + HELLO), Verbatim(last)] == events[:2]


def test_what_waits_to_be_told_has_not_started():
    decoder = decoder_of()

    assert [] == decoder.feed(chunk({"role": "assistant", "content": "a"}, "stop"))
    assert (False, True) == (decoder.started, decoder.finished)
    assert [(0, {"role": "assistant", "content": "a"}, "stop")] == said(decoder.feed(DONE))
    assert decoder.started


@pytest.mark.parametrize("finish", [FINISH, text("!", finish="stop")])
def test_who_goes_on_has_not_finished(finish):
    decoder = decoder_of()

    decoder.feed(ROLE + HELLO + finish)
    assert decoder.finished
    decoder.feed(MORE)

    assert not decoder.finished
    with pytest.raises(UpstreamError):
        decoder.close()


def test_a_finish_with_content_is_never_taken_for_an_ordinary_piece():
    last = text("Hello", finish="stop")
    adapter = ADAPTERS["openai"].make(Provider(name="openai", dialect="openai"))
    ask = asked(Call("chat", "m", {}, stream=True))
    played(adapter.decoder(ask, SENT), ROLE, last, DONE)

    told = said(played(adapter.decoder(ask, SENT), ROLE, last, DONE))

    assert [None, "stop"] == [finish for _, _, finish in told]


def test_each_of_two_choices_finishes_once():
    pieces = [text("a"), text("b", index=1), FINISH, FINISH, text("c", index=1, finish="stop"), text("d", index=1)]

    told = said(played(decoder_of(choices=2), *pieces, chunk({}, "length", index=1), DONE))

    assert [0, 1] == [index for index, _, finish in told if finish]


def test_an_event_with_several_choices_is_told_at_once():
    both = [
        {"index": index, "delta": {"role": "assistant", "content": "x"}, "finish_reason": "stop"} for index in (0, 1)
    ]
    event = b"data: " + orjson.dumps({"choices": both}) + b"\n\n"

    assert [Verbatim(event)] == decoder_of(choices=2).feed(event)


# Roles


def test_the_first_piece_of_each_choice_has_a_role():
    pieces = [text("a"), text("b", index=1), text("c"), text("d", index=1), FINISH, chunk({}, "stop", index=1)]

    told = said(played(decoder_of(choices=2), *pieces, DONE))

    assert ["assistant", "assistant", None, None, None, None] == [delta.get("role") for _, delta, _ in told]


@pytest.mark.parametrize("delta", [None, {}, {"role": None}, {"role": ""}])
def test_a_choice_that_says_nothing_has_a_role(delta):
    told = said(played(decoder_of(), chunk(delta, "stop"), DONE))

    assert [(0, {"role": "assistant"}, "stop")] == told


# Indexes


def test_the_only_choice_is_the_first():
    pieces = [text("a", index=1), text("b", index=1), text("c", index=1), chunk({}, "stop", index=1)]

    told = said(played(decoder_of(), *pieces, DONE))

    assert [0, 0, 0, 0] == [index for index, _, _ in told]
    assert "abc" == "".join(delta.get("content", "") for _, delta, _ in told)


def test_a_choice_beside_the_only_one_is_broken():
    decoder = decoder_of()
    decoder.feed(text("a", index=1))

    with pytest.raises(UpstreamError):
        decoder.feed(text("b"))


# Tool calls, and what stands before all


def test_nulls_in_pieces_of_calls_are_taken_out():
    def piece(arguments, **facts):
        return {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": arguments}, **facts}

    first = piece("", id="a", type="function", function={"name": "f", "arguments": ""})
    pieces = [chunk({"tool_calls": [call]}) for call in (first, piece('{"x"'), piece(":1}"), piece("", function=None))]

    told = said(played(decoder_of(), ROLE, *pieces, chunk({}, "tool_calls"), DONE))
    whole = {}
    for _, delta, _ in told:
        whole = accumulate_delta(whole, delta)

    call = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
    assert {"index": 0, "function": {"arguments": ":1}"}} == told[3][1]["tool_calls"][0]
    assert [call] == whole["tool_calls"]


@pytest.mark.parametrize("before", [b"", b": ping\n\n", b": ping\n"])
def test_a_byte_order_mark_is_no_part_of_the_first_event(before):
    events = played(decoder_of(), b"\xef\xbb\xbf" + before + ROLE, HELLO + FINISH + DONE)

    assert [{"role": "assistant", "content": ""}, {"content": "Hello"}, {}] == [delta for _, delta, _ in said(events)]
