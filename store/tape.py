"""One slot's journal as its owner writes it: an append is a copy into mapped memory, and nothing else.

Everything here belongs to one thread.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NoReturn
from zlib import crc32

from store import records
from store.orphans import estimated
from store.records import FRAMED, HELD, ROW, SETTLED
from store.reel import LARGEST, Named, Reel, held_size
from store.replay import Opened, Past
from store.segments import SIZE, Segment
from store.shelf import Batch, Shelf, position
from store.slots import Slot

CARRY: Final = 4  # so many files may stay for a hold before it is written again
LATE: Final = 10_000  # calls that wait in memory while the disk is full

_FRAME: Final = records.FRAME.pack
_HELD: Final = records.HOLD.pack
_SETTLED: Final = records.SETTLEMENT.pack
_ROW: Final = records.FRAMED_KIND.pack
_ROW_SIZE: Final = records.FRAMED_KIND.size
_ROW_CRC: Final = crc32(records.PLAIN_ROW)
_SETTLED_SIZE: Final = FRAMED + records.SETTLEMENT.size


# The file that an open hold stands in, its place there, nano-dollars, and accounts. A plain tuple costs a call less.
_Hold = tuple[Segment, int, int, Named]


class JournalFull(Exception):  # noqa: N818
    """The disk has no room for another call. Nothing was written."""


class Tape(Reel):
    """*totals*: what this owner had spent of an account before the hold that is just being told; asked when a file
    first names it. Left alone, it is what this journal knows. *refused* counts holds for which the disk had no room,
    *lost* rows.

    What the slot's last owner has left open is settled at what was held.
    """

    def __init__(
        self,
        slot: Slot,
        past: Past,
        *,
        owner: str,
        now: float,
        say: Callable[[str, str], None],
        through: bool = False,
        size: int = SIZE,
    ) -> None:
        self.owner = owner
        self.refused = 0
        self.lost = 0
        self.totals: Callable[[str], int] = self._known
        self._slot = slot
        self._open: dict[int, _Hold] = {}
        self._late: deque[tuple[int | None, int, bytes]] = deque()
        # Where all files are gone, the time keeps numbers from being used again, even if the slot itself was removed.
        first_row = slot.next_row or int(now * 1_000_000)
        life = max(slot.life + 1, past.life + 1, int(now))
        slot.keep(life, past.next_row or first_row)
        shelf = Shelf(
            slot.path,
            past.segments,
            next_number=past.next_number,
            first_row=first_row,
            size=size,
            through=through,
            say=say,
        )
        super().__init__(shelf, past, life=life, through=through)
        self._end_what_was_open(past, now)

    # -- what calls say -----------------------------------------------------------------------------------------------

    def held(self, number: int, amount: int, accounts: tuple[str, ...], note: bytes) -> None:
        """A call sets *amount* aside on each of the *accounts*. *number* is new in this life; *note* says whose call
        it is, should nobody be left to say so. Raises JournalFull.
        """
        named, at = self._sets.get(accounts), self._at
        if named is None or (end := at + named.size + len(note)) > self._brim or self._late:
            named = self._room_to_hold(accounts, len(note))
            at = self._at
            end = at + named.size + len(note)
        payload = _HELD(HELD, number, amount, named.count) + named.numbers + note
        self._map[at:end] = _FRAME(end - at - FRAMED, crc32(payload)) + payload
        segment = self._segment
        segment.open += 1
        self._at = segment.weight = end
        self._open[number] = (segment, at, amount, named)

    def grown(self, number: int, more: int) -> None:
        """The hold is *more* nano-dollars larger. Raises JournalFull."""
        segment, at, amount, named = self._open[number]
        if self._late or not self._room(FRAMED + records.GROWTH.size, holding=True):
            self._refuse()
        self._put(records.GROWTH.pack(records.GROWN, number, more))
        self._segment.weight = self._at
        self._open[number] = (segment, at, amount + more, named)

    def settled(self, number: int, amount: int, row: bytes = b"") -> None:
        """The hold is over and has cost *amount*. While the disk is full it waits in memory."""
        segment, _, _, named = self._open[number]
        at = self._at
        end = at + _SETTLED_SIZE + len(row)
        if segment is not self._segment or end > self._size or self._late:
            self._settle(number, amount, row)
            return
        del self._open[number]
        payload = _SETTLED(SETTLED, number, amount) + row
        self._map[at:end] = _FRAME(end - at - FRAMED, crc32(payload)) + payload
        self._at = segment.weight = end
        segment.open -= 1
        if named.spent:
            named.spent += amount
        elif amount:
            named.spent = amount
            self._charged.append(named)
        if row:
            segment.rows.append(end - len(row))
            segment.ends.append(end)
        if self._through:
            self._sync()

    def row(self, row: bytes) -> None:
        """Of a call that has held nothing."""
        at, segment = self._at, self._segment
        begin = at + _ROW_SIZE
        end = begin + len(row)
        if end > self._size or self._late or self._through:
            self._settle(None, 0, row)
            return
        self._map[at:end] = _ROW(end - at - FRAMED, crc32(row, _ROW_CRC), ROW) + row
        self._at = end
        segment.rows.append(begin)
        segment.ends.append(end)

    def corrected(self, account: str, total: int) -> None:
        """It turned out that this owner has spent *total* of it: its total grew by something else than calls.

        Accounts that no file names are left alone: they are asked for when they are named.
        """
        known = self._accounts.get(account)
        if known is None:
            return
        self._add_up()
        known.total = total
        known.index = -1
        self._sets.clear()
        self._name([known], 0)

    # -- what becomes of it -------------------------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """Whether the next hold would be refused, since the disk has no room. Asking writes what waits, if there is."""
        self._catch_up()
        return bool(self._late) or (self._at >= self._brim and not self._shelf.ahead())

    @property
    def position(self) -> int:
        return position(self._segment.number, self._at)

    @property
    def pending(self) -> int:
        """Rows that wait for the ledger."""
        return self._shelf.pending

    def spent(self) -> dict[str, int]:
        """What this owner has spent in all of each account that the files which are still there speak of."""
        self._add_up()
        return {name: account.total for name, account in self._accounts.items()}

    def told(self, position: int) -> None:
        """The store knows everything that was settled up to *position*, and what this owner's earlier lives spent."""
        self._shelf.told(position)
        self._shed()

    def take(self, most: int) -> Batch | None:
        """The oldest rows that wait for the ledger; the same again until they are drained."""
        return self._shelf.take(self.owner, most)

    def drained(self, mark: tuple[str, int]) -> None:
        self._shelf.drained(mark[1])
        self._shed()

    def idle(self) -> bool:
        """Whether nothing is left that anybody waits for."""
        return not self._late and self._shelf.idle()

    def close(self) -> None:
        """Leaves the slot to the next. Files stay if there is anything in them that somebody waits for."""
        self._catch_up()
        self._segment.end = self._at
        if self._through and self._size:
            self._map.flush()
        empty = self.idle()
        if empty:
            self._slot.keep(self.life, self._shelf.next_row)
        self._shelf.close(empty=empty)
        self._slot.free()

    # -- the slow way -------------------------------------------------------------------------------------------------

    def _end_what_was_open(self, past: Past, now: float) -> None:
        for number, opened in past.open.items():
            accounts = [self._account(name) for name in opened.accounts]
            self._open[number] = (opened.segment, opened.at, opened.amount, Named(accounts, b""))
        for number, opened in past.open.items():
            self._settle(number, opened.amount, _row_of(opened, now))

    def _room_to_hold(self, accounts: tuple[str, ...], noted: int) -> Named:
        self._catch_up()
        if self._late:
            self._refuse()
        size = held_size(len(accounts)) + noted
        named = self._name([self._account(name) for name in accounts], size, ask=self.totals, holding=True)
        if named is None:
            self._refuse()
        self._sets[accounts] = named
        return named

    def _refuse(self) -> NoReturn:
        self.refused += 1
        raise JournalFull("the journal has no room on its disk")

    def _settle(self, number: int | None, amount: int, row: bytes) -> None:
        self._catch_up()
        if len(row) > self._shelf.size // LARGEST // 2:
            self.lost += 1
            row = b""
        if self._late or not self._write(number, amount, row):
            if number is None and len(self._late) >= LATE:
                self.lost += 1
            else:
                self._late.append((number, amount, row))

    def _catch_up(self) -> None:
        """Write what has been waiting for room."""
        while self._late and self._write(*self._late[0]):
            self._late.popleft()

    def _write(self, number: int | None, amount: int, row: bytes) -> bool:
        """False if there is no room."""
        written = self._write_row(row) if number is None else self._write_settled(number, amount, row)
        if written and self._through:
            self._sync()
        return written

    def _write_row(self, row: bytes) -> bool:
        if not self._room(FRAMED + 1 + len(row)):
            return False
        self._put(records.PLAIN_ROW + row)
        self._wrote(row)
        return True

    def _write_settled(self, number: int, amount: int, row: bytes) -> bool:
        home, _, _, held = self._open[number]
        named = self._name(held.accounts, held.size + len(row))
        if named is None:
            return False
        self._put(_HELD(records.SETTLED_LATER, number, amount, named.count) + named.numbers + row)
        del self._open[number]
        home.open -= 1
        self._segment.weight = self._at
        for account in named.accounts:
            account.total += amount
        if row:
            self._wrote(row)
        return True

    def _wrote(self, row: bytes) -> None:
        """It is the end of what was put last."""
        self._segment.rows.append(self._at - len(row))
        self._segment.ends.append(self._at)

    # -- letting go ---------------------------------------------------------------------------------------------------

    def _shed(self) -> None:
        self._catch_up()
        for number in self._shelf.shed():
            self._forget(number)
        while len(self._shelf.segments) > CARRY and (oldest := self._shelf.waits_for_holds()):
            if not self._carry(oldest):
                return
            for number in self._shelf.shed():
                self._forget(number)

    def _carry(self, oldest: Segment) -> bool:
        """Write its open holds again, so that it may go. False if there is no room."""
        for number, hold in [(number, hold) for number, hold in self._open.items() if hold[0] is oldest]:
            _, at, amount, held = hold
            note = oldest.payload(at)[records.HOLD.size + records.NUMBER * held.count :]
            named = self._name(held.accounts, held.size + len(note), holding=True)
            if named is None:
                return False
            at = self._put(_HELD(HELD, number, amount, named.count) + named.numbers + note)
            self._segment.open += 1
            self._segment.weight = self._at
            self._open[number] = (self._segment, at, amount, named)
            oldest.open -= 1
        return True


def _row_of(opened: Opened, now: float) -> bytes:
    return estimated(opened.note, opened.amount, opened.accounts, now=now)
