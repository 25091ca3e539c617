"""What only begins and ends like an ordinary event is looked into: it may say anything in between."""

import orjson
import pytest
from streams import DONE, ROLE, USAGE, chunk, decoder_of, passed, played, text

from core.faults import Fault, UpstreamError

FINISH = chunk({}, "stop")
BEFORE, _, AFTER = text("|").partition(b"|")
GARBLED = {
    "bytes that are no text": BEFORE + b"\xff\xfe" + AFTER,
    "a NUL": BEFORE + b"a\0b" + AFTER,
    "a quote that ends the content": BEFORE + b'a " b' + AFTER,
    "half an event before the next": BEFORE + b"half a wo" + text("next"),
}
HIDDEN = (
    BEFORE
    + b'x"},"finish_reason":null}],"error":{"message":"boom"},"choices":[{"index":0,"delta":{"content":"y'
    + AFTER
)


def calls(*pieces):
    """An event with pieces of tools' calls: each is an index and the rest of it."""
    return chunk({"tool_calls": [{"index": index, **piece} for index, piece in pieces]})


def begins(index, name):
    return index, {"id": f"call-{index}", "type": "function", "function": {"name": name, "arguments": ""}}


def goes_on(index, arguments):
    return index, {"function": {"arguments": arguments}}


TWO_CALLS = [
    ROLE,
    calls(begins(0, "f")),
    calls(goes_on(0, '{"a"')),
    calls(goes_on(0, ":1")),
    calls(goes_on(0, "}"), begins(1, "g")),
    calls(goes_on(1, '{"b"')),
    calls(goes_on(1, ":2}")),
    chunk({}, "tool_calls"),
]


def heard(events):
    """The calls that a client puts together of these bytes, by their index."""
    together = {}
    for line in passed(events).splitlines():
        if line.startswith(b"data: {"):
            for choice in orjson.loads(line[6:])["choices"]:
                for call in choice["delta"].get("tool_calls") or ():
                    known = together.setdefault(call["index"], ["", ""])
                    known[0] += call["function"].get("name") or ""
                    known[1] += call["function"].get("arguments") or ""
    return together


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("again", [False, True])
def test_the_arguments_of_two_calls_stay_apart(at_once, again):
    decoder = decoder_of()
    if again:  # what the last stream taught helps the next one
        played(decoder_of(), *TWO_CALLS, DONE)
    told = played(decoder, b"".join(TWO_CALLS)) if at_once else played(decoder, *TWO_CALLS)

    assert heard(told) == {0: ["f", '{"a":1}'], 1: ["g", '{"b":2}']}


@pytest.mark.parametrize("garbled", GARBLED.values(), ids=GARBLED.keys())
@pytest.mark.parametrize("beside", [b"", text("more")])
def test_garbage_in_a_stream_ends_it(garbled, beside):
    decoder = decoder_of()
    decoder.feed(ROLE + text("a") + text("b"))

    with pytest.raises(UpstreamError) as caught:
        played(decoder, garbled + beside, FINISH + USAGE + DONE)
    assert caught.value.failure.fault is Fault.BROKEN
    assert not decoder.done


@pytest.mark.parametrize("beside", [b"", text("more")])
def test_an_error_between_two_contents_is_one(beside):
    decoder = decoder_of()
    decoder.feed(ROLE + text("a") + text("b"))

    with pytest.raises(UpstreamError, match="boom"):
        played(decoder, HIDDEN + beside, FINISH + USAGE + DONE)


def plainly(**choice):
    return b"data: " + orjson.dumps({"id": "c", "choices": [{"index": 0, **choice, "finish_reason": None}]}) + b"\n\n"


@pytest.mark.parametrize("taught", [False, True])
@pytest.mark.parametrize(
    ("endpoint", "good", "bad"),
    [
        *[("chat", text("Hello"), chunk({"content": content})) for content in (7, 0, True, False, {"text": "x"}, {})],
        *[("chat", text("Hello"), chunk(delta)) for delta in (7, "x", ["x"], False)],
        *[("completions", plainly(text="Hello"), plainly(text=words)) for words in (7, ["x"], False)],
    ],
)
def test_content_of_a_wrong_kind_is_broken(endpoint, good, bad, taught):
    decoder = decoder_of(endpoint=endpoint)
    decoder.feed((ROLE if endpoint == "chat" else b"") + good)
    if taught:
        decoder.feed(good)

    with pytest.raises(UpstreamError) as caught:
        decoder.feed(bad)

    assert Fault.BROKEN is caught.value.failure.fault
    assert "that is n" in caught.value.failure.message


def test_a_text_may_be_missing():
    bare = plainly()

    assert bare in passed(played(decoder_of(endpoint="completions"), plainly(text="x"), bare, FINISH, DONE))
