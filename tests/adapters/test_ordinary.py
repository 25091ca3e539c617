"""Which reads of a stream go through whole, and which are looked into."""

import pytest
from streams import BODY, DONE, FINISH, HELLO, MORE, ROLE, chunk, decoder_of, passed, played, text

from core.faults import UpstreamError
from core.wire import Chunk, Verbatim

START = chunk({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]})
SPACED = HELLO.replace(b":", b": ").replace(b",", b", ")
FIRST_NULL = b'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"x"}}],"id":"c"}\n\n'


def piece(arguments, index=0, **more):
    return chunk({"tool_calls": [{"index": index, "function": {"arguments": arguments}, **more}]})


def unparsable(event):
    """The same choices inside what is no JSON, so that only who doesn't look lets it through."""
    return event.replace(b"{", b"{not JSON,", 1)


ORDINARY = {
    "content": text("Hello"),
    "escapes": text('a "quoted" \\ word\n'),
    "brackets": text('"}}]},"finish_reason":null}]}'),
    "reasoning": chunk({"reasoning_content": "hm"}),
    "a refusal": chunk({"refusal": "no"}),
    "python's spaces": SPACED,
    "null members": chunk({"role": None, "content": "x", "reasoning_content": None, "tool_calls": []}),
    "an empty role": chunk({"role": "", "content": "x"}),
    "the reason first": FIRST_NULL,
    "no reason": b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n',
    "no reason and more behind": b'data: {"choices":[{"index":0,"delta":{"content":"x"}}],"id":"c"}\n\n',
    "arguments": piece('{"a":'),
}


@pytest.mark.parametrize("event", ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_events_are_not_parsed_once_one_was_seen(event):
    decoder = decoder_of()
    decoder.feed(ROLE + START + event)
    produced = decoder.produced

    assert [Verbatim(unparsable(event) * 3)] == decoder.feed(unparsable(event) * 3)
    assert decoder.produced > produced


def test_texts_are_ordinary_too():
    event = b'data: {"choices":[{"index":0,"text":"hey","finish_reason":null}]}\n\n'
    decoder = decoder_of(endpoint="completions")
    decoder.feed(event)

    assert [Verbatim(unparsable(event))] == decoder.feed(unparsable(event))


NOT = {
    "two members": chunk({"content": "x", "reasoning": "y"}),
    "the first role": chunk({"role": "assistant", "content": "x"}),
    "content in parts": chunk({"content": [{"index": 0, "text": "x"}]}),
    "two pieces": chunk({"tool_calls": [{"index": 0, "function": {"arguments": "x"}}] * 2}),
    "calls that are none": chunk({"tool_calls": "x"}),
    "a piece that is none": chunk({"tool_calls": [7]}),
    "no function": chunk({"tool_calls": [{"index": 0}]}),
    "more than arguments": piece("{}", extra="x"),
    "an unknown member": chunk({"audio": {"data": "x"}}),
    "very much": text("x" * 10_000),
    "an escaped name": text("x").replace(b'"content"', b'"c\\u006fntent"'),
    "other choices": text("x", debug={"choices": [{"content": "x"}]}),
    "lists upon lists": text("x").replace(b'"finish', b'"lists":[[],[],[],[],[],[],[],[],[]],"finish'),
    "an end that text could fake": b'data: {"choices":[{"index":0,"delta":{"content":"x"}}] }\n\n',
    "an error that is null": text("x", error=None),
}


@pytest.mark.parametrize("name", NOT)
def test_what_is_not_ordinary_teaches_nothing(name):
    decoder, event = decoder_of(), NOT[name]
    decoder.feed(event if name == "the first role" else ROLE + event)

    with pytest.raises(UpstreamError):
        decoder.feed(unparsable(event))


COMES_LATER = {
    "a call without index": (
        text("x"),
        chunk({"tool_calls": [{"id": "a", "function": {"arguments": "{}"}}]}),
        {"tool_calls": [{"id": "a", "function": {"arguments": "{}"}, "index": 0}]},
    ),
    "a call beside empty content": (
        text("x"),
        chunk({"content": "", "tool_calls": [{"index": 1, "id": "a"}]}),
        {"content": "", "tool_calls": [{"index": 0, "id": "a"}]},
    ),
}


@pytest.mark.parametrize(("ordinary", "event", "delta"), COMES_LATER.values(), ids=COMES_LATER.keys())
def test_habits_that_begin_late_are_noticed(ordinary, event, delta):
    decoder = decoder_of()
    decoder.feed(ROLE + ordinary)

    events = decoder.feed(ordinary + event + ordinary)

    assert [Verbatim(ordinary), delta, Verbatim(ordinary)] == [
        each.body["choices"][0]["delta"] if isinstance(each, Chunk) else each for each in events
    ]


def test_a_second_call_that_counts_as_the_first_is_told_from_it():
    decoder = decoder_of()
    second = START.replace(b'"a"', b'"b"')

    events = played(decoder, ROLE + START, piece("{"), piece("}"), second, piece("{"), piece("}"), close=False)

    mended = [each.body["choices"][0]["delta"]["tool_calls"][0] for each in events if isinstance(each, Chunk)]
    assert ROLE + START + piece("{") + piece("}") == passed(events)
    assert [("b", 1), (None, 1), (None, 1)] == [(call.get("id"), call["index"]) for call in mended]


def test_a_new_kind_of_delta_is_learnt():
    thought = chunk({"reasoning_content": "hm"})
    decoder = decoder_of()
    decoder.feed(ROLE + thought)

    assert [Verbatim(thought + HELLO + MORE)] == decoder.feed(thought + HELLO + MORE)
    assert [Verbatim(unparsable(HELLO))] == decoder.feed(unparsable(HELLO))


def test_kinds_that_take_turns_come_through():
    thought = chunk({"reasoning_content": "hm"})
    stream = (thought + HELLO) * 3

    assert ROLE + stream * 2 == passed(played(decoder_of(), ROLE + stream, stream, close=False))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (chunk({"role": "assistant", "content": "x"}), text("x")),
        (chunk({"content": "x", "role": "assistant"}), text("x")),
        (SPACED.replace(b'{"content', b'{"role": "assistant", "content'), SPACED),
    ],
)
def test_a_role_in_every_delta_is_taken_out_of_the_bytes(before, after):
    decoder = decoder_of()
    decoder.feed(before)
    decoder.feed(before)

    assert [Verbatim(unparsable(after) * 2)] == decoder.feed(unparsable(before) * 2)


def test_a_role_of_another_name_is_taken_out_one_by_one():
    event = chunk({"role": "model", "content": "x"})
    decoder = decoder_of()
    decoder.feed(event)

    deltas = [each.body["choices"][0]["delta"] for each in decoder.feed(event * 2)]

    assert [{"content": "x"}] * 2 == deltas


def test_a_role_and_a_name_of_reasoning_are_both_put_right():
    theirs = chunk({"role": "assistant", "reasoning": "x"}, usage=None)
    decoder = decoder_of("openrouter")
    decoder.feed(theirs * 2)

    assert [Verbatim(chunk({"reasoning_content": "x"}) * 2)] == decoder.feed(theirs * 2)


def test_null_usage_is_hidden_wherever_it_stands():
    theirs = HELLO.replace(b'{"id', b'{"x":1,"usage":null,"id')
    decoder = decoder_of()
    decoder.feed(theirs)

    assert [Verbatim(HELLO.replace(b'{"id', b'{"x":1,"id') * 2)] == decoder.feed(theirs * 2)


def test_a_finish_among_ordinary_events_is_seen():
    fake = text('"}}]},"finish_reason":null}]}')
    decoder = decoder_of()
    decoder.feed(ROLE + fake)

    decoder.feed(fake + chunk({"content": "last"}, "stop"))

    assert (True, "stop") == (decoder.finished, decoder.finish)


def choices(*spelt):
    return [b'data: {"id":"c","choices":[%b]}\n\n' % each for each in spelt]


def test_a_text_may_hold_what_another_event_lacks():
    plain, quoted = (b'{"index":0,"delta":{"content":"%b"}}' % said for said in (b"Hi", b'say \\"}}]}'))
    events = choices(quoted, plain, b'{"index":0,"delta":{"content":"."},"finish_reason":"stop"}')
    decoder = decoder_of()
    decoder.feed(ROLE + choices(plain)[0])

    decoder.feed(b"".join(events))

    assert (True, "stop") == (decoder.finished, decoder.finish)


@pytest.mark.parametrize("said", [b'{"text":"%b","index":0}', b'{"index":0,"text":"%b"}'])
@pytest.mark.parametrize("together", [True, False])
def test_a_finish_that_stands_beside_a_text_is_seen_where_others_have_none(said, together):
    last = (said % b".").replace(b'"."', b'".","finish_reason":"stop"')
    stream = [*choices(said % b"Hello", said % b" there", said % b"!", last), DONE]
    decoder = decoder_of(endpoint="completions")

    events = played(decoder, *([b"".join(stream)] if together else stream))

    assert (True, "stop") == (decoder.finished, decoder.finish)
    assert b"".join(stream[:-1]) == passed(events)


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\r\r"])
def test_other_line_ends_may_follow(end):
    decoder = decoder_of()
    decoder.feed(ROLE + HELLO)

    events = played(decoder, HELLO.replace(b"\n\n", end), (FINISH + DONE).replace(b"\n\n", end))

    assert HELLO + FINISH == passed(events).replace(end, b"\n\n")


def test_a_whole_stream_in_one_read_is_passed_at_once():
    assert [Verbatim(BODY)] == decoder_of().feed(BODY + DONE)
