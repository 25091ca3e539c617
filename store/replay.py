"""What the files of a slot say: what their owner had spent of each account, which calls were under way, which rows
there are.

Files are dropped from the oldest on, so that any number of the newest may be all there is. They suffice: a file says
what had been spent of an account before it says anything else of it, and a hold's file stays until the hold is settled
or has been written again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from struct import error as struct_error
from struct import unpack_from
from typing import Final

from store import records
from store.records import Damaged, beginning, row_in
from store.segments import Segment, found, paths

WITH_ROW: Final = (records.SETTLED, records.SETTLED_LATER, records.ROW)


@dataclass(slots=True)
class Opened:
    """A hold that nobody has settled; it stands at *at* of *segment*."""

    segment: Segment
    at: int
    amount: int
    accounts: tuple[str, ...]
    note: bytes


@dataclass(slots=True)
class Past:
    """*totals* are without the open holds. *last_named*: the number of the newest file that names the account."""

    segments: list[Segment] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    last_named: dict[str, int] = field(default_factory=dict)
    open: dict[int, Opened] = field(default_factory=dict)
    next_row: int = 0
    life: int = 0
    next_number: int = 1
    never_begun: list[Path] = field(default_factory=list)

    def spent(self) -> dict[str, int]:
        """All totals, what is open counted as spent."""
        spent = dict(self.totals)
        for one in self.open.values():
            for account in one.accounts:
                spent[account] = spent.get(account, 0) + one.amount
        return spent


def replay(directory: Path) -> Past:
    """Reads what is there, and removes what was made ahead and never begun. Raises Damaged, naming the file."""
    past = Past()
    for path in paths(directory):
        try:
            if not _take_in(past, path):
                past.never_begun.append(path)
        except Damaged as damaged:
            raise Damaged(f"{path.name}: {damaged}") from None
        except (LookupError, UnicodeDecodeError, struct_error) as error:
            raise Damaged(f"{path.name}: its records make no sense ({type(error).__name__})") from None
    for path in past.never_begun:
        path.unlink()
    return past


def _take_in(past: Past, path: Path) -> bool:
    """False if nothing was ever written to it."""
    try:
        segment = found(path)
    except ValueError:  # an empty file: its maker was killed, or found no room
        return False
    data = segment.map[:]
    reading = records.read(data)
    if not reading.records:
        return False
    segment.end = reading.end
    _begin(past, segment, reading.records[0][1])
    _Reader(past, segment).feed(iter(reading.records[1:]))
    if reading.torn:
        segment.clear()
    past.next_row = segment.next_row
    return True


def _begin(past: Past, segment: Segment, payload: bytes) -> None:
    start = beginning(payload)
    if start.number != segment.number:
        raise Damaged(f"it calls itself number {start.number}")
    if past.never_begun:
        raise Damaged("the one before it is empty")
    if past.segments:
        before = past.segments[-1]
        if (before.number + 1, before.end, before.next_row) != (start.number, start.before, start.first_row):
            raise Damaged("it doesn't go on where the one before it ended")
    segment.first_row = start.first_row
    segment.through = start.through
    past.segments.append(segment)
    past.life = max(past.life, start.life)
    past.next_number = start.number + 1


class _Reader:
    """Reads one file into what is known so far."""

    __slots__ = ("_names", "_past", "_segment")

    def __init__(self, past: Past, segment: Segment) -> None:
        self._past = past
        self._segment = segment
        self._names: dict[int, str] = {}

    def feed(self, rest: Iterator[tuple[int, bytes]]) -> None:
        segment = self._segment
        for at, payload in rest:
            match payload[0]:
                case records.NAMED:
                    self._named(payload)
                case records.HELD:
                    self._held(at, payload)
                case records.GROWN:
                    self._grown(payload)
                case records.SETTLED:
                    self._settled(payload)
                case records.SETTLED_LATER:
                    self._settled_later(payload)
                case records.ALIVE:
                    self._past.life = max(self._past.life, records.LIFE.unpack(payload)[1])
                    self._names.clear()
                case records.ROW | records.SYNCED:
                    pass
                case kind:
                    raise Damaged(f"the record at {at} is of an unknown kind, {kind}")
            if records.NAMED <= payload[0] <= records.SETTLED_LATER:
                segment.weight = at + records.FRAMED + len(payload)
            if (before := row_in(payload)) < len(payload) and payload[0] in WITH_ROW:
                segment.rows.append(at + records.FRAMED + before)
                segment.ends.append(at + records.FRAMED + len(payload))

    def _named(self, payload: bytes) -> None:
        _, number, total = records.NAME.unpack_from(payload)
        account = payload[records.NAME.size :].decode()
        self._names[number] = account
        self._past.totals[account] = total
        self._past.last_named[account] = self._segment.number

    def _accounts(self, payload: bytes) -> tuple[str, ...]:
        start, count = records.HOLD.size, payload[records.HOLD.size - 1]
        numbers = unpack_from(f"<{count}I", payload, start)
        return tuple(self._names[number] for number in numbers)

    def _held(self, at: int, payload: bytes) -> None:
        _, number, amount, count = records.HOLD.unpack_from(payload)
        note = payload[records.HOLD.size + records.NUMBER * count :]
        self._close(number)
        self._past.open[number] = Opened(self._segment, at, amount, self._accounts(payload), note)
        self._segment.open += 1

    def _grown(self, payload: bytes) -> None:
        _, number, more = records.GROWTH.unpack(payload)
        # One that isn't known was written again later, grown already, or is settled.
        if opened := self._past.open.get(number):
            opened.amount += more

    def _settled(self, payload: bytes) -> None:
        _, number, amount = records.SETTLEMENT.unpack_from(payload)
        self._spend(self._past.open[number].accounts, amount)
        self._close(number)

    def _settled_later(self, payload: bytes) -> None:
        _, number, amount, _ = records.HOLD.unpack_from(payload)
        self._spend(self._accounts(payload), amount)
        self._close(number)

    def _close(self, number: int) -> None:
        if opened := self._past.open.pop(number, None):
            opened.segment.open -= 1

    def _spend(self, accounts: tuple[str, ...], amount: int) -> None:
        for account in accounts:
            self._past.totals[account] += amount
