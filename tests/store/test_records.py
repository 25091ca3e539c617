"""How far a journal's file can be believed."""

import pytest

from store.records import (
    PLAIN_ROW,
    SYNC,
    SYNCED,
    Beginning,
    Damaged,
    beginning,
    framed,
    payload_at,
    read,
    row_in,
)

ROOM = bytes(200)
FIRST = framed(Beginning(1, 0, 1, 1, through=False).payload())
THROUGH = framed(Beginning(1, 0, 1, 1, through=True).payload())
ROW = framed(PLAIN_ROW + b'["a row"]')


def said(data: bytes) -> list[bytes]:
    return [payload for _, payload in read(data).records]


def test_what_was_written_is_read() -> None:
    reading = read(FIRST + ROW + ROW + ROOM)

    assert [payload[:1] for _, payload in reading.records] == [b"\x01", PLAIN_ROW, PLAIN_ROW]
    assert reading.end == len(FIRST + ROW + ROW)
    assert not reading.torn


@pytest.mark.parametrize("full", [FIRST + ROW, FIRST, b""])
def test_a_file_may_be_full_to_the_last_byte(full: bytes) -> None:
    assert read(full).end == len(full)


@pytest.mark.parametrize("kept", range(1, len(ROW)))
def test_half_a_record_at_the_end_is_cut_off(kept: int) -> None:
    reading = read(FIRST + ROW + ROW[:kept] + ROOM)

    assert len(reading.records) == 2
    assert reading.end == len(FIRST + ROW)
    assert reading.torn


@pytest.mark.parametrize("lost", range(1, len(ROW)))
def test_so_it_is_if_its_end_was_written_first(lost: int) -> None:
    reading = read(FIRST + ROW + bytes(lost) + ROW[lost:] + ROOM)

    assert len(reading.records) == 2
    assert reading.end == len(FIRST + ROW)


@pytest.mark.parametrize("at", range(len(FIRST), len(FIRST + ROW)))
def test_one_wrong_byte_before_good_records_is_damage(at: int) -> None:
    data = bytearray(FIRST + ROW + ROW + ROOM)
    data[at] ^= 0x40

    with pytest.raises(Damaged, match="there are good ones after it"):
        read(bytes(data))


def test_a_hole_of_zeros_before_good_records_is_damage() -> None:
    with pytest.raises(Damaged):
        read(FIRST + bytes(len(ROW)) + ROW + ROOM)


def test_a_hole_that_had_not_reached_the_disk_is_where_power_was_lost() -> None:
    synced = framed(SYNC.pack(SYNCED, len(THROUGH)))

    reading = read(THROUGH + synced + bytes(len(ROW)) + ROW + ROOM)

    assert reading.end == len(THROUGH + synced)
    assert reading.torn


def test_a_hole_in_what_had_reached_the_disk_is_damage() -> None:
    synced = framed(SYNC.pack(SYNCED, len(THROUGH + ROW)))

    with pytest.raises(Damaged):
        read(THROUGH + bytes(len(ROW)) + synced + ROOM)


@pytest.mark.parametrize("payload", [b"\x07", b"\x01SYJ1", b"\x01SYJ2" + bytes(25)])
def test_a_beginning_is_recognised(payload: bytes) -> None:
    with pytest.raises(Damaged):
        beginning(payload)


def test_a_length_that_leads_out_of_the_file_is_no_record() -> None:
    assert payload_at(ROW[:-1], 0) is None
    assert payload_at(ROW[:7], 0) is None


def test_where_a_row_stands_depends_on_the_kind() -> None:
    settled, later, plain, other = b"\x05" + bytes(16), b"\x06" + bytes(16) + b"\x02" + bytes(8), b"\x07", b"\x04abc"

    assert [row_in(kind + b"row") for kind in (settled, later, plain)] == [len(settled), len(later), 1]
    assert row_in(other) == len(other)
