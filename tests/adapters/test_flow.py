"""Which strings may be copied from a provider's JSON into ours, and how chunks are made of them."""

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.chunks import Chunks, TextChunks
from adapters.flow import flow, read, row, spelt

WORDS = flow('{"n":<number>,"w":"<word>","t":"<text>"<blanks>}')


def line(text, number=b"0", word=b"", blanks=b""):
    return b'{"n":%b,"w":"%b","t":"%b"%b}' % (number, word, text, blanks)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1))
@example('"\\\b\f\n\r\t/\x7f\u2028€😀\ud7ff\ue000\U0010ffff')
def test_any_text_that_needs_no_number_is_copied_as_it_is(text):
    found = WORDS.fullmatch(line(spelt(text)))

    assert found is not None
    assert orjson.dumps(text) == b'"%b"' % found[1]
    assert text == read([found[1]])


@given(st.binary() | st.text(st.sampled_from('"\\nu003cé/ \n\x01'), min_size=1).map(str.encode))
def test_what_is_copied_is_what_we_would_write(string):
    found = WORDS.fullmatch(line(string))

    if found is not None:
        assert orjson.dumps(orjson.loads(b'"%b"' % found[1])) == b'"%b"' % found[1]


@pytest.mark.parametrize(
    "string",
    [
        b"",
        b'a","b":"c',
        b"a\\",
        b'a\\\\"',
        b"\\u003c",
        b"\\ud800",
        b"\\/",
        b"\\x",
        b"a\nb",
        b"\x00",
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
    ],
)
def test_what_is_empty_or_spelt_in_another_way_is_parsed(string):
    assert None is WORDS.fullmatch(line(string))


@pytest.mark.parametrize(
    ("parts", "fits"),
    [
        ({"number": b"17", "word": b"2026-01-01T00:00:00.1Z", "blanks": b"   "}, True),
        ({"number": b"007"}, False),
        ({"number": b"-1"}, False),
        ({"number": b'"1"'}, False),
        ({"word": b'a"'}, False),
        ({"word": b"a\\n"}, False),
        ({"word": "ä".encode()}, False),
        ({"blanks": b',"more":1'}, False),
        ({"blanks": b"\n"}, False),
    ],
)
def test_holes_take_only_what_they_are_for(parts, fits):
    assert fits is (WORDS.fullmatch(line(b"text", **parts)) is not None)


def test_a_hole_may_be_brought_along():
    optional = flow('{"t":"<text>"<more>}', more=rb'(?:,"p":"[a-z]*")?')

    assert b"x" == optional.fullmatch(b'{"t":"x","p":"abc"}')[1]
    assert b"x" == optional.fullmatch(b'{"t":"x"}')[1]


@pytest.mark.parametrize("kind", [Chunks, TextChunks])
@pytest.mark.parametrize("name", ["text", "reasoning"])
def test_a_row_of_chunks_is_what_single_ones_would_be(kind, name):
    write = getattr(kind("id \ue000", 1, "model \ue000", usage=True), name)
    texts = ["one", 'tw"o', "drei €"]

    assert b"".join(write(text) for text in texts) == row(write).of([spelt(text) for text in texts])
    assert write("alone") == row(write).of([b"alone"])
