"""Lines of JSON, however their bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ndjson import LIMIT, Lines, next_line
from core.faults import Fault, UpstreamError

STREAM = '{"a":1}\n{"b":"ä€😀\\n"}\r\n\n  \n{"c":"\u2028\u0085"}\n'.encode()
LINES = [b'{"a":1}', '{"b":"ä€😀\\n"}'.encode(), '{"c":"\u2028\u0085"}'.encode()]


def fed(pieces):
    """The lines that aren't empty, and what is left."""
    lines = Lines()
    return [line for piece in pieces for line in taken(lines, piece)], lines.end()


def taken(lines, piece):
    whole, at, found = lines.whole(piece), 0, []
    while at < len(whole):
        line, at = next_line(whole, at)
        found += [line] if line else []
    return found


def test_lines_come_whole():
    assert (LINES, b"") == fed([STREAM])


@pytest.mark.parametrize("at", range(len(STREAM) + 1))
def test_a_stream_may_be_cut_at_any_byte(at):
    assert (LINES, b"") == fed([STREAM[:at], STREAM[at:]])


def test_a_stream_may_come_byte_by_byte():
    assert (LINES, b"") == fed([STREAM[at : at + 1] for at in range(len(STREAM))])


@given(
    st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=6),
    st.binary(max_size=8).map(lambda rest: rest.replace(b"\n", b"")),
    st.lists(st.integers(0, 90), max_size=8),
)
def test_any_lines_come_out_as_they_went_in(written, rest, cuts):
    data = b"".join(line + b"\n" for line in written) + rest
    edges = [0, *sorted(cuts), len(data)]

    lines, left = fed([data[start:end] for start, end in pairwise(edges)])

    assert [stripped for line in written if (stripped := line.strip())] == lines
    assert rest.strip() == left


def test_what_lacks_its_line_end_is_left_at_the_end_once():
    lines = Lines()
    lines.whole(b'{"a":1}\n{"half":')

    assert lines.end() == b'{"half":'
    assert lines.end() == b""


@pytest.mark.parametrize(
    "pieces",
    [
        [b"x" * (LIMIT + 1)],
        [b"x" * LIMIT, b"x"],
        [b"x" * (LIMIT + 1) + b"\n"],
        [b"x" * LIMIT, b"x\n"],
    ],
    ids=["one", "two", "whole", "late"],
)
def test_a_line_has_an_end(pieces):
    lines = Lines()

    with pytest.raises(UpstreamError) as broken:
        for piece in pieces:
            taken(lines, piece)

    assert broken.value.failure.fault is Fault.BROKEN


def test_many_lines_may_be_longer_than_one():
    assert len(taken(Lines(), b"x" * 1000 + b"\n" + (b"y" * 1023 + b"\n") * (LIMIT // 1000))) > 8000
