"""Framing of server-sent events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sse import LIMIT, Event, Frames, event, framed, next_event, plain
from core.faults import Fault, UpstreamError


def events(whole: bytes) -> list[bytes]:
    """All events of *whole*, which ends at a blank line."""
    found, at = [], 0
    while at < len(whole):
        raw, at = next_event(whole, at)
        found.append(raw)
    return found


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"data: {}\n\n", Event(b"", b"{}")),
        (b"data:{}\n\n", Event(b"", b"{}")),
        (b"data: {}\r\n\r\n", Event(b"", b"{}")),
        (b"data: {}\r\r", Event(b"", b"{}")),
        (b"data: {}", Event(b"", b"{}")),
        (b'data: {"a":\ndata: 1}\n\n', Event(b"", b'{"a":\n1}')),
        (b"event: error\ndata: {}\n\n", Event(b"error", b"{}")),
        (b"event:error\nid: 7\nretry: 5\ndata: {}\n\n", Event(b"error", b"{}")),
        (b": ping\n\n", Event(b"", None)),
        (b": OPENROUTER PROCESSING\ndata: {}\n\n", Event(b"", b"{}")),
        (b"data:\n\n", Event(b"", b"")),
        (b"data\n\n", Event(b"", b"")),
        (b"nonsense\n\n", Event(b"", None)),
        ("data: \u2028\x0b\x85\n\n".encode(), Event(b"", "\u2028\x0b\x85".encode())),
    ],
)
def test_an_event_has_a_name_and_data(raw, expected):
    assert expected == event(raw)


@pytest.mark.parametrize("blank", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n", b"\r\n\n"])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 1000])
def test_events_are_the_same_however_the_bytes_are_cut(blank, step):
    stream = blank.join([b"data: 1", b": ping", "data: ä€😀".encode(), b"data: 4", b""])
    frames = Frames()

    wholes = [frames.whole(stream[at : at + step]) for at in range(0, len(stream), step)]

    assert [b"1", None, "ä€😀".encode(), b"4"] == [event(raw).data for whole in wholes for raw in events(whole)]
    assert b"" == frames.end().strip()


@given(st.lists(st.sampled_from([b"data: x", b":", b"\n", b"\r", b"\r\n", b"\n\n"])), st.integers(1, 9))
def test_no_byte_is_lost(parts, step):
    stream = b"".join(parts)
    frames = Frames()

    wholes = [frames.whole(stream[at : at + step]) for at in range(0, len(stream), step)]

    assert stream == b"".join(wholes) + frames.end()


def test_half_an_event_is_never_given_out():
    frames = Frames()

    assert b"data: 1\n\n" == frames.whole(b"data: 1\n\ndata: 2\n")
    assert b"data: 2\n" == frames.rest
    assert b"data: 2\n\n" == frames.whole(b"\n")


def test_what_lacks_its_blank_line_is_left_at_the_end():
    frames = Frames()
    frames.whole(b"data: 1\n\ndata: 2")

    assert b"data: 2" == frames.end()
    assert b"" == frames.end()


def test_an_endless_event_is_broken():
    frames = Frames()
    frames.whole(b"data: " + b"x" * (LIMIT - 6))

    with pytest.raises(UpstreamError) as caught:
        frames.whole(b"x")

    assert Fault.BROKEN == caught.value.failure.fault


def test_an_event_over_the_limit_is_broken_even_when_it_comes_at_once():
    with pytest.raises(UpstreamError):
        events(b"data: " + b"x" * LIMIT + b"\n\n")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(b"data: 1\n\n", True), (b"data: 1\r\n\r\n", False), (b"data: 1\ndata: 2\n\n", False), (b": x\n\n", False)],
)
def test_plain_events_are_one_line_of_data(raw, expected):
    assert expected == plain(raw)


def test_json_over_several_lines_becomes_one_line():
    assert b'data: {"a": 1}\n\n' == framed(b'{"a":\n1}')
