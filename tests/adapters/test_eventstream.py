"""Binary event streams, as AWS's own reader reads them too."""

import struct

import pytest
from botocore.eventstream import EventStreamBuffer
from converse import event, exception, message, text_header

from adapters.eventstream import LIMIT, Message, Messages, opened
from core.faults import Fault, UpstreamError

EVENTS = [event("messageStart", role="assistant"), event("contentBlockDelta", delta={"text": "Grüße €😀"}), b""]
WHOLE = b"".join(EVENTS) + exception("throttlingException") + message(b"", b"") + event("metadata", usage={})
SIZES = [
    b"\x00",
    b"\x01",
    b"\x02x",
    b"\x03xx",
    b"\x04xxxx",
    b"\x05" + b"x" * 8,
    b"\x08" + b"x" * 8,
    b"\x09" + b"x" * 16,
]


def read(*pieces):
    messages = Messages()
    return [opened(one) for piece in pieces for one in messages.feed(piece)]


def read_by_botocore(stream):
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    return [Message(one.headers, one.payload) for one in buffer]


def damaged(stream):
    with pytest.raises(UpstreamError) as caught:
        read(stream)
    return caught.value.failure


@pytest.mark.covers("bedrock", "stream")
def test_messages_are_those_that_botocore_reads():
    expected = read_by_botocore(WHOLE)

    assert expected == read(WHOLE)


@pytest.mark.parametrize("at", range(1, len(WHOLE)))
def test_wherever_a_stream_is_cut_the_messages_are_the_same(at):
    assert read(WHOLE) == read(WHOLE[:at], WHOLE[at:])


def test_a_stream_may_come_byte_by_byte():
    assert read(WHOLE) == read(*(WHOLE[at : at + 1] for at in range(len(WHOLE))))


def test_a_large_message_may_come_in_many_pieces():
    large = message(b"", b"x" * 200_000)
    pieces = [large[at : at + 1000] for at in range(0, len(large), 1000)]

    assert [200_000] == [len(one.payload) for one in read(*pieces)]


@pytest.mark.parametrize("at", range(len(EVENTS[0])))
def test_any_damaged_byte_is_noticed(at):
    stream = bytearray(EVENTS[0])
    stream[at] ^= 0x20

    with pytest.raises(UpstreamError) as caught:
        read(bytes(stream))
    assert Fault.BROKEN is caught.value.failure.fault


def test_what_came_before_the_damage_is_good():
    messages = Messages()
    feed = messages.feed(EVENTS[0] + EVENTS[1][:-1] + b"?")

    assert b"role" in opened(next(feed)).payload
    with pytest.raises(UpstreamError):
        next(feed)


@pytest.mark.parametrize("stream", [b"<html>oops</html>" * 2, b'data: {"id": "x"}\n\n', b'{"message": "Forbidden"}'])
def test_what_is_no_event_stream_is_told_as_that(stream):
    assert "no event stream" in damaged(stream).message


@pytest.mark.parametrize(
    ("total", "headers"), [(LIMIT + 1, 0), (15, 0), (20, 10), (LIMIT, 128 * 1024 + 1), (0, 0), (0xFFFFFFFF, 4)]
)
def test_impossible_lengths_are_not_waited_for(total, headers):
    from binascii import crc32

    prelude = struct.pack("!II", total, headers)

    assert "length" in damaged(prelude + struct.pack("!I", crc32(prelude)) + b"1234").message


@pytest.mark.parametrize("value", SIZES)
def test_headers_of_every_type_are_passed_over(value):
    headers = b"\x01a" + value + text_header(":event-type", "metadata") + text_header("b", "c", kind=6)

    assert [{":event-type": "metadata", "b": "c"}] == [one.headers for one in read(message(headers, b"{}"))]


@pytest.mark.parametrize(
    "headers",
    [
        b"\x05abc",  # the name is cut
        b"\x01a",  # no type
        b"\x01a\x07\x00",  # half a length
        b"\x01a\x07\x00\x09abc",  # a value that is cut
        b"\x01a\x04xx",
        b"\x01a\x0axx",  # no type that anybody knows
        b"\x01\xff\x00",
        b"\x01a\x07\x00\x01\xff",
    ],
)
def test_unreadable_headers_are_damage(headers):
    assert "unreadable headers" in damaged(message(headers, b"{}")).message


def test_headers_are_remembered_within_bounds():
    kinds = [message(text_header("n", str(number)), b"") for number in range(100)]

    assert [{"n": str(number)} for number in range(100)] == [one.headers for one in read(b"".join(kinds))]
