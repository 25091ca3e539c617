"""Moves the rows of finished calls from the journal to the ledger, behind everybody's back.

The journal keeps a row until the ledger has it, and the ledger counts a row once whatever it is told twice, so that
neither a crash nor an outage loses or doubles one.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from store.entry import Entry, NoRow, Unread
from store.journal import Batch, Journal, Say
from store.ledger import LedgerDown

EVERY: Final = 0.5  # seconds between looks, while there is little to do
MOST: Final = 500  # rows in a batch
LONGEST: Final = 8.0  # seconds between tries while the ledger is down
PATIENCE: Final = 3.0  # seconds that the end waits for the last rows


class Rows(Protocol):
    """What is asked of a ledger here."""

    async def add(
        self, owner: str, first: int, rows: Sequence[Entry], bodies: Sequence[bytes] | None = None
    ) -> None: ...

    async def last(self, owner: str) -> int: ...


class Drain:
    """*say* hears when the ledger is lost and when it is back. *unreadable* counts rows that were no rows: a bug."""

    def __init__(self, journal: Journal, ledger: Rows, *, say: Say, every: float = EVERY) -> None:
        self.down = False
        self.moved = 0
        self.unreadable = 0
        self._journal = journal
        self._ledger = ledger
        self._say = say
        self._every = every
        self._met: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> int:
        """Rows that the ledger hasn't taken yet."""
        return self._journal.pending

    async def begin(self) -> None:
        self._task = asyncio.create_task(self._work(), name="drain")

    async def end(self) -> None:
        """After a last try with what is left; what the ledger doesn't take in time stays in the journal."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._try()

    async def drain(self) -> bool:
        """All that waits now; False if the ledger is down.

        What comes in the meantime is for the next time: under load there is always some, and moving a few rows takes
        about as long as moving many.
        """
        left = self.pending
        try:
            while left > 0 and (batch := self._journal.take(MOST)):
                left -= await self._move(batch)
        except LedgerDown as reason:
            self._lost(str(reason))
            return False
        if self.down:
            self.down = False
            self._say("info", "the ledger is back, and has all rows that waited")
        return True

    async def _work(self) -> None:
        pause = self._every
        while True:
            pause = self._every if await self._try() else min(2 * pause, LONGEST)
            await asyncio.sleep(pause)

    async def _try(self) -> bool:
        try:
            return await self.drain()
        except Exception as error:  # noqa: BLE001  # a boundary: rows stay in the journal, and are tried again
            self._lost(type(error).__name__)
            return False

    async def _move(self, batch: Batch) -> int:
        """How many rows needn't wait any more."""
        owner, first, rows, _ = batch
        if owner not in self._met:
            before = self.pending
            # What was added just before a crash needn't be added again.
            self._journal.drained((owner, await self._ledger.last(owner)))
            self._met.add(owner)
            return before - self.pending
        try:
            await self._ledger.add(owner, first, Unread(rows), rows)
        except NoRow as error:
            return await self._without(batch, error.number)
        self.moved += len(rows)
        self._journal.drained((owner, first + len(rows) - 1))
        return len(rows)

    async def _without(self, batch: Batch, bad: int) -> int:
        """What comes before a row that is none; what comes after it is the next batch."""
        owner, first, rows, _ = batch
        if bad:
            await self._ledger.add(owner, first, Unread(rows[:bad]), rows[:bad])
            self.moved += bad
        self.unreadable += 1
        self._say("error", "a row of the journal is no row, and was left out", owner=owner, row=first + bad)
        self._journal.drained((owner, first + bad))
        return bad + 1

    def _lost(self, reason: str) -> None:
        if not self.down:
            self.down = True
            self._say("warning", "the ledger can't be reached; rows wait in the journal", reason=reason)
