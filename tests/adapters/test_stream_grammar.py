"""A stream says each thing once: the role first, a finish last, for each choice."""

import orjson
import pytest
from asking import SENT, asked
from openai.lib.streaming._deltas import accumulate_delta
from streams import DONE, FINISH, HELLO, MORE, PING, ROLE, USAGE, chunk, decoder_of, passed, played, text

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

LENGTH, FILTER = chunk({}, "length"), chunk({}, "content_filter")


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("last", [[], [FINISH]])
def test_a_finish_on_each_piece_is_told_with_the_last(last, together):
    stream = [ROLE, text("a", finish="stop"), text("b", finish="stop"), text("c", finish="length"), *last, DONE]
    decoder = decoder_of()

    told = said(played(decoder, b"".join(stream)) if together else played(decoder, *stream))

    assert [None, None, None, "length"] == [finish for _, _, finish in told]
    assert ["", "a", "b", "c"] == [delta["content"] for _, delta, _ in told]
    assert "length" == decoder.finish


@pytest.mark.parametrize("beside", [b"", PING, chunk({}), FINISH])
@pytest.mark.parametrize("finish", [FINISH, text("!", finish="stop")], ids=["bare", "with content"])
@pytest.mark.parametrize("after", [DONE, USAGE])
def test_a_finish_is_told_when_nothing_can_follow(after, finish, beside):
    decoder = decoder_of()
    decoder.feed(ROLE + HELLO)

    assert [] == decoder.feed(finish) + decoder.feed(beside)
    assert (True, "stop") == (decoder.finished, decoder.finish)
    assert [Verbatim(finish)] == decoder.feed(after)
    assert [] == [one for one in decoder.close() if not isinstance(one, Report)]


def test_usage_of_one_choice_tells_no_finish_of_two():
    decoder = decoder_of(choices=2)
    decoder.feed(text("a") + text("b", index=1))

    assert [] == decoder.feed(FINISH + USAGE)
    assert FINISH in passed(decoder.feed(chunk({}, "stop", index=1) + USAGE))


def test_what_ends_anew_after_its_usage_is_as_it_comes():
    decoder = decoder_of()

    told = said(played(decoder, ROLE, HELLO, FINISH, USAGE, FILTER, MORE, LENGTH, DONE)[:-1])

    assert [None, None, "stop", None, "length"] == [finish for _, _, finish in told]


def test_a_finish_is_told_at_the_end_of_the_body_too():
    decoder = decoder_of()
    decoder.feed(ROLE + HELLO + FINISH)

    assert [Verbatim(FINISH)] == decoder.close()


ENDINGS = [
    ([FINISH, MORE, FINISH], "stop"),
    ([FINISH, MORE, LENGTH], "length"),
    ([LENGTH, MORE, FINISH], "stop"),
    ([FINISH, MORE, FINISH, MORE, LENGTH], "length"),
    ([FINISH, text("!", finish="length")], "length"),
    ([FINISH, text("!", finish="length"), FINISH, MORE, FINISH], "stop"),
    ([FINISH, FILTER], "content_filter"),
    ([FINISH, LENGTH, chunk({}), FILTER], "content_filter"),
    ([FILTER, FINISH, LENGTH], "content_filter"),
    ([chunk({}, "tool_calls"), FINISH], "tool_calls"),
    ([FINISH, chunk({}, "tool_calls")], "tool_calls"),
    ([text("!", finish="stop"), FILTER], "content_filter"),
    ([text("!", finish="length"), FINISH], "length"),
]


@pytest.mark.parametrize("before", [[], [FINISH], [LENGTH], [FILTER]], ids=["new", "stop", "length", "filter"])
@pytest.mark.parametrize(("ending", "finish"), ENDINGS)
def test_one_finish_is_told_and_it_is_the_last_or_the_worst(ending, finish, before):
    adapter = ADAPTERS["openai"].make(Provider(name="openai", dialect="openai"))
    ask = asked(Call("chat", "m", {}, stream=True))
    played(adapter.decoder(ask, SENT), *before and [ROLE, HELLO, MORE, *before, DONE], close=bool(before))
    events = [ROLE, HELLO, MORE, *ending, DONE]
    whole = b"".join(events)
    texts = [delta["content"] for _, delta, _ in said([Verbatim(whole[: -len(DONE)])]) if delta.get("content")]

    for pieces in (events, [whole], [whole[at : at + 1] for at in range(len(whole))]):
        decoder = adapter.decoder(ask, SENT)
        told = said([one for one in played(decoder, *pieces) if not isinstance(one, Report)])

        assert [finish] == [reason for _, _, reason in told if reason]
        assert (finish, finish) == (told[-1][2], decoder.finish)
        assert texts == [delta["content"] for _, delta, _ in told if delta.get("content")]


@pytest.mark.parametrize("beside", [b"", MORE])
def test_a_finish_that_an_error_follows_is_not_told(beside):
    error = b'data: {"error":{"message":"m","code":503}}\n\n'
    decoder = decoder_of()
    told = decoder.feed(ROLE + HELLO)

    with pytest.raises(UpstreamError):
        told += decoder.feed(beside + FINISH + error) + decoder.close()

    assert [None, None] == [finish for _, _, finish in said(told)]


def test_a_finish_without_content_that_is_not_the_last_keeps_its_role():
    told = said(played(decoder_of(), chunk({}, "stop"), HELLO, FINISH, DONE))

    assert [({"role": "assistant"}, None), ({"content": "Hello"}, None), ({}, "stop")] == [one[1:] for one in told]


@pytest.mark.parametrize("end", [[(0, "stop")], [(0, "stop"), (1, "stop")], [(1, "length"), (0, "stop")]])
def test_where_choices_finish_together_it_is_told_at_once_and_once(end):
    def event(*finishes):
        choices = [{"index": index, "delta": {}, "finish_reason": finish} for index, finish in finishes]
        return b"data: " + orjson.dumps({"choices": choices}) + b"\n\n"

    decoder = decoder_of(choices=2)
    decoder.feed(text("a") + text("b", index=1))
    both = event((0, "stop"), (1, "stop"))

    assert [Verbatim(both)] == decoder.feed(both)
    assert [] == played(decoder, event(*end), event(*[(index, "content_filter") for index, _ in end]), DONE)


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
