"""The file of a slot that is being written: room in it, and the accounts that it knows."""

import mmap
from collections.abc import Callable, Sequence
from pathlib import Path
from struct import pack
from typing import Final

from store import records
from store.records import FRAMED
from store.replay import Past
from store.segments import Segment
from store.shelf import Shelf

RESERVE: Final = 4  # the last such part of a file is for calls under way, while there is no other file
LARGEST: Final = 2  # such a part of a file is the most that a hold may take with its names; a row half as much
_NAME_SIZE: Final = FRAMED + records.NAME.size


class Account:
    """*segment* is the number of the newest file that names it; *index* its number in the current one, or -1."""

    __slots__ = ("index", "name", "segment", "total")

    def __init__(self, name: str, total: int, segment: int) -> None:
        self.name = name
        self.total = total
        self.segment = segment
        self.index = -1


class Named:
    """Accounts that are held together, as the current file knows them. *size* of a hold on them, without its note.

    *spent*: what each of them was charged and hasn't been told.
    """

    __slots__ = ("accounts", "count", "numbers", "size", "spent")

    def __init__(self, accounts: Sequence[Account], numbers: bytes) -> None:
        self.accounts = accounts
        self.count = len(accounts)
        self.numbers = numbers
        self.size = held_size(self.count)
        self.spent = 0


def held_size(accounts: int) -> int:
    return FRAMED + records.HOLD.size + records.NUMBER * accounts


class Reel:
    """*through*: what is written is on the disk before anybody relies on it."""

    def __init__(self, shelf: Shelf, past: Past, *, life: int, through: bool) -> None:
        self.life = life
        self._shelf = shelf
        self._through = through
        self._accounts = {name: Account(name, total, past.last_named[name]) for name, total in past.totals.items()}
        self._naming: dict[int, list[Account]] = {}
        for account in self._accounts.values():
            self._naming.setdefault(account.segment, []).append(account)
        self._sets: dict[tuple[str, ...], Named] = {}
        self._charged: list[Named] = []  # those whose accounts don't know yet what was spent
        self._segment: Segment
        self._map: mmap.mmap
        self._at: int
        self._size: int
        self._brim: int
        self._synced: int
        self._next_index: int
        self._resume(past)

    def _resume(self, past: Past) -> None:
        """Behind what the last owner has written, if that file can take it."""
        self._enter(past.segments[-1] if past.segments else _nowhere())
        if self._segment.through is not self._through or not self._fits(FRAMED + records.LIFE.size):
            # It ends here; the next append begins another.
            self._size = self._brim = self._at
        else:
            self._put(records.LIFE.pack(records.ALIVE, self.life))

    def _enter(self, segment: Segment) -> None:
        self._segment = segment
        self._map = segment.map
        self._at = segment.end
        self._synced = 0
        self._size = len(segment.map)
        self._brim = self._size - self._size // RESERVE
        self._next_index = 0
        self._sets.clear()

    def _fits(self, size: int) -> bool:
        return self._at + size <= self._size

    def _room(self, size: int, *, holding: bool = False) -> bool:
        """Whether there is room now, be it in a new file. Raises ValueError for a hold that is too large."""
        if holding and size > self._shelf.size // LARGEST:
            raise ValueError(f"a hold of {size} bytes is too large for the journal")
        if self._at + size <= self._brim:
            return True
        if holding and not self._shelf.ahead():
            self._brim = self._at
            return False
        if self._fits(size):
            if holding:
                self._brim = self._size
            return True
        return self._turn()

    def _turn(self) -> bool:
        if self._through and self._size:
            self._map.flush()
        fresh = self._shelf.turn(self.life, self._at)
        if fresh is None:
            return False
        self._enter(fresh)
        return True

    def _put(self, payload: bytes) -> int:
        """Where it was put; the room must be there."""
        at = self._at
        self._at = end = at + FRAMED + len(payload)
        self._map[at:end] = records.framed(payload)
        return at

    def _sync(self) -> None:
        """Everything so far onto the disk; and a word that it is, for whoever finds holes after a loss of power."""
        since = self._synced - self._synced % mmap.PAGESIZE
        self._map.flush(since, self._at - since)
        self._synced = self._at
        if self._fits(FRAMED + records.SYNC.size):
            self._put(records.SYNC.pack(records.SYNCED, self._synced))

    def _add_up(self) -> None:
        """Tell accounts what they were charged: calls leave that for when somebody asks."""
        for named in self._charged:
            for account in named.accounts:
                account.total += named.spent
            named.spent = 0
        self._charged.clear()

    def _known(self, account: str) -> int:
        self._add_up()
        known = self._accounts.get(account)
        return known.total if known else 0

    def _account(self, name: str) -> Account:
        """One that isn't known yet becomes so when a file names it."""
        return self._accounts.get(name) or Account(name, 0, 0)

    def _name(
        self, accounts: Sequence[Account], size: int, *, ask: Callable[[str], int] | None = None, holding: bool = False
    ) -> Named | None:
        """Room for *size* bytes in a file that knows all the *accounts*; None if there is none."""
        self._add_up()
        segment = None
        while segment is not self._segment:
            segment = self._segment
            fresh = [one for one in accounts if one.segment != segment.number or one.index < 0]
            if not self._room(size + sum(_NAME_SIZE + len(one.name.encode()) for one in fresh), holding=holding):
                return None
        for account in fresh:
            if ask is not None:
                account.total = ask(account.name)
            self._introduce(account)
        return Named(accounts, pack(f"<{len(accounts)}I", *[account.index for account in accounts]))

    def _introduce(self, account: Account) -> None:
        account.index = self._next_index
        self._next_index += 1
        if account.segment != self._segment.number:
            account.segment = self._segment.number
            self._accounts[account.name] = account
            self._naming.setdefault(account.segment, []).append(account)
        self._put(records.NAME.pack(records.NAMED, account.index, account.total) + account.name.encode())
        self._segment.weight = self._at

    def _forget(self, segment: int) -> None:
        for account in self._naming.pop(segment, ()):
            if account.segment == segment:
                del self._accounts[account.name]


def _nowhere() -> Segment:
    """Stands in while there is no file: nothing fits in."""
    return Segment(Path(), 0, mmap.mmap(-1, 1))
