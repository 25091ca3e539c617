"""What a journal's records look like in a file, and how far a file can be believed.

A record is its length and the crc32 of its payload, four bytes each, and the payload, whose first byte is its kind.
Behind the last record all bytes are zero. A process that was killed may leave one that is half written: it is cut off.
A record that can't be read although good ones follow it was damaged later, and then nothing is guessed.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple
from zlib import crc32

FRAME: Final = Struct("<II")
FRAMED: Final = FRAME.size
FRAMED_KIND: Final = Struct("<IIB")

# The kinds, each with what stands before its text or bytes.
BEGUN: Final = (
    1  # a file: its number, where the one before it ended, the number of its first row, life, written through
)
NAMED: Final = 2  # an account gets a number in this file; what its owner had spent of it by then
HELD: Final = 3  # the hold's number, nano-dollars, how many accounts; their numbers and the note follow
GROWN: Final = 4
SETTLED: Final = 5  # a hold that was told in the same file; the row follows
SETTLED_LATER: Final = 6  # a hold from an earlier file, with its accounts as in HELD
ROW: Final = 7
ALIVE: Final = 8  # the next process goes on in this file; numbers of accounts begin anew
SYNCED: Final = 9  # everything before this place of the file is on the disk

BEGINNING: Final = Struct("<B4sIIQQ?")
NAME: Final = Struct("<BIq")
HOLD: Final = Struct("<BQqB")
GROWTH: Final = Struct("<BQq")
SETTLEMENT: Final = Struct("<BQq")
LIFE: Final = Struct("<BQ")
SYNC: Final = Struct("<BI")
PLAIN_ROW: Final = bytes([ROW])
MAGIC: Final = b"SYJ1"
NUMBER: Final = 4  # bytes of an account's number


class Damaged(Exception):  # noqa: N818
    """A file says something that no process of ours has written there. The text says which and where."""


class Reading(NamedTuple):
    """*records* as pairs of place and payload; *end* is where the next one goes. *torn*: half a record is there."""

    records: list[tuple[int, bytes]]
    end: int
    torn: bool


def framed(payload: bytes) -> bytes:
    return FRAME.pack(len(payload), crc32(payload)) + payload


def payload_at(data: bytes, at: int) -> bytes | None:
    """None where no good record begins."""
    if at + FRAMED > len(data):
        return None
    length, crc = FRAME.unpack_from(data, at)
    if not 0 < length <= len(data) - at - FRAMED:
        return None
    payload = data[at + FRAMED : at + FRAMED + length]
    return payload if crc32(payload) == crc else None


def read(data: bytes) -> Reading:
    """All that can be believed of a file. Raises Damaged."""
    records = list(_chain(data, 0))
    end = records[-1][0] + FRAMED + len(records[-1][1]) if records else 0
    last = len(data.rstrip(b"\0"))
    if last <= end:
        return Reading(records, end, torn=False)
    later = next(_strewn(data, end + 1, last), None)
    if later is not None and not (_written_through(records) and not _on_disk(data, end, last)):
        raise Damaged(f"the record at {end} can't be read, and there are good ones after it (at {later[0]})")
    return Reading(records, end, torn=True)


def _chain(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while (payload := payload_at(data, at)) is not None:
        yield at, payload
        at += FRAMED + len(payload)


def _strewn(data: bytes, at: int, last: int) -> Iterator[tuple[int, bytes]]:
    """Good records wherever they begin."""
    while at < last:
        payload = payload_at(data, at)
        if payload is None:
            at += 1
        else:
            yield at, payload
            at += FRAMED + len(payload)


def _written_through(records: list[tuple[int, bytes]]) -> bool:
    return bool(records) and records[0][1][0] == BEGUN and beginning(records[0][1]).through


def _on_disk(data: bytes, end: int, last: int) -> bool:
    """Whether what stood at *end* had reached the disk. If not, no call has relied on it: power was lost before."""
    return any(p[0] == SYNCED and SYNC.unpack_from(p)[1] > end for _, p in _strewn(data, end + 1, last))


class Beginning(NamedTuple):
    number: int
    before: int  # where the file before this one ended
    first_row: int
    life: int
    through: bool

    def payload(self) -> bytes:
        return BEGINNING.pack(BEGUN, MAGIC, *self)


def beginning(payload: bytes) -> Beginning:
    """Raises Damaged if it is none."""
    if payload[0] != BEGUN or len(payload) != BEGINNING.size or payload[1:5] != MAGIC:
        raise Damaged("it begins with something else than a beginning")
    _, _, number, before, first_row, life, through = BEGINNING.unpack(payload)
    return Beginning(number, before, first_row, life, through)


def row_in(payload: bytes) -> int:
    """Where in the payload the row begins; its length where there is none."""
    match payload[0]:
        case 5:  # SETTLED
            return SETTLEMENT.size
        case 6:  # SETTLED_LATER
            return HOLD.size + NUMBER * payload[HOLD.size - 1]
        case 7:  # ROW
            return 1
        case _:
            return len(payload)
