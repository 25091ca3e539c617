"""Events that are alike to the byte in all but their content, which is one JSON string."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some
from streams import DONE, FINISH, PING, ROLE, USAGE, chunk, text

from adapters.alike import content_end, is_text, shaped
from adapters.ordinary import learnt, run

BEFORE, _, AFTER = text("|").partition(b"|")
SHAPE = shaped(BEFORE, AFTER, ())
PLAIN = text(" word")
# What else an event may say, and what is none.
OTHERS = (
    *(ROLE, FINISH, USAGE, DONE, PING, PLAIN.replace(b"null", b'"stop"'), PLAIN.replace(b"content", b"refusal")),
    *(chunk({"tool_calls": [{"index": 0}]}), chunk({"content": "x", "reasoning": "y"}), text("x", error={}), b"\n\n"),
    *(BEFORE + b"\n\n", BEFORE + b"x\n" + AFTER, BEFORE + b'x\\"\n\n', BEFORE + b"x\\" + AFTER, BEFORE + b'x"' + AFTER),
    *(BEFORE + b"x\0y" + AFTER, BEFORE + b"x\ry" + AFTER, BEFORE + b"\\x" + AFTER, BEFORE + b"\\\n" + AFTER),
    *(BEFORE + b"\xff\xfe" + AFTER, BEFORE + b"\\u12" + AFTER, BEFORE + b"half a " + PLAIN),
    *(BEFORE + b'"},"finish_reason":null}],"error":{},"choices":[{"index":0,"delta":{"content":"' + AFTER,),
)
texts = some.text(some.characters(exclude_categories=["Cs"]), max_size=50)


def padded(event):
    return event.replace(b"}]}\n\n", b'}],"padding":"p"}\n\n')


LEARNT = learnt(padded(PLAIN), orjson.loads(PLAIN[6:])["choices"][0], (), role=False)


def known(data, start):
    return run(data, start, LEARNT)


alike = texts.map(lambda content: BEFORE + orjson.dumps(content)[1:-1] + AFTER)
# The same, where heads and tails differ.
likely = some.tuples(texts, texts, texts).map(
    lambda words: (
        b'data: {"id":%b,"choices":[{"index":0,"delta":{"content":%b},"finish_reason":null}],"padding":%b}\n\n'
        % tuple(map(orjson.dumps, words))
    )
)
WAYS = {
    "alike": (SHAPE.run, alike, PLAIN, OTHERS),
    "likely": (known, likely, padded(PLAIN), tuple(map(padded, OTHERS))),
}
ways = pytest.mark.parametrize("way", WAYS)


@ways
@given(data=some.data())
def test_a_run_ends_where_another_event_begins(way, data):
    find, events, _, others = WAYS[way]
    run = data.draw(some.lists(events, min_size=1, max_size=8))
    other = data.draw(
        some.sampled_from((b"", *(other for other in others if b"error" not in other and is_text(other))))
    )
    ahead = data.draw(some.sampled_from((b"", PING, b"data: {}\n\n")))
    whole = b"".join(run)

    assert find(ahead + whole + other, len(ahead)) == (len(ahead) + len(whole), len(run))


@ways
@pytest.mark.parametrize("number", range(len(OTHERS)))
def test_no_other_event_passes_for_one_of_them(way, number):
    find, _, plain, others = WAYS[way]
    other = others[number]

    assert find(other, 0) == (0, 0)
    assert find(other + plain, 0) == (0, 0)
    assert find(plain + other + plain, 0) in {(0, 0), (len(plain), 1)}


@ways
@pytest.mark.parametrize("end", [0, 5, 20, len(BEFORE), len(BEFORE) + 5, -2, -1])
def test_what_is_not_whole_is_none(way, end):
    find, _, plain, _ = WAYS[way]

    assert find(plain[:end], 0) == (0, 0)


@given(texts.map(lambda words: orjson.dumps(words)[1:-1]), some.sampled_from((0, 1, 8, 32)))
def test_a_content_ends_at_its_quote_however_it_is_looked_for(content, near):
    assert content_end(b'"' + content + b'","more":"', 1, near) == 1 + len(content)


@pytest.mark.parametrize("near", [0, 32])
@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"", 0),
        (b"abc", 3),
        (b"ab\n", 2),
        (b"ab\0", 2),
        (b"ab\\", 2),
        (b'ab\\"c"', 5),
        (b"ab\\x", 2),
        (b"\\u00e4\\u1", 6),
    ],
)
def test_a_content_ends_at_what_no_string_may_hold(data, end, near):
    assert content_end(data, 0, near) == end


def test_without_a_head_it_begins_later():
    at = BEFORE.index(b'"choices"')

    assert SHAPE.without(at).run(PLAIN[at:] + FINISH, 0) == (len(PLAIN) - at, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"data: {", b'"}\n'), (b"data: {", b'"}\n\n\n'), (b"event: x\ndata: {", b'"}\n\n'), (b"data: <", b">\n\n")],
)
def test_a_shape_is_one_line_and_a_blank_one_with_a_string_in_it(before, after):
    assert shaped(before, after, ()) is None
