"""Speaks for owners that are gone: what their journals say they had spent is told in their name."""

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import Final

from quota.journal import JournalLike
from quota.stock import MOST_AT_ONCE
from quota.windows import lasts
from store.contract import Stamp, Store, Tell

MOST_TRIES: Final = 3
PATIENCE: Final = 3.0  # seconds that a successor has to take a place again


class Executor:
    """Of the estates that the journal finds. What was told stays known, since the store may forget it again."""

    def __init__(self, store: Store, journal: JournalLike, *, clock: Callable[[], float]) -> None:
        self._store, self._journal, self._clock = store, journal, clock
        # The journal may forget an estate once it was told.
        self._estates: dict[str, tuple[int, Mapping[str, int]]] = {}
        self._untold: list[str] = []
        self._told: list[str] = []
        self._enter([owner for owner in journal.heritage.totals if owner != journal.owner])
        self._search: asyncio.Task[None] | None = None
        self._patience = math.inf  # of the next search

    def look(self, *, patience: float = PATIENCE) -> None:
        """Whether somebody else is gone, for *patience* seconds; in a thread, since files are read."""
        self._patience = min(patience, self._patience)
        if self._search is None:
            self._search = asyncio.create_task(self._find(), name="executor")

    async def found(self) -> None:
        """Once whoever was being looked for is known; he is spoken for on the next trip, before anything is wanted."""
        if self._search is not None:
            await asyncio.shield(self._search)

    async def _find(self) -> None:
        try:
            while (patience := self._patience) < math.inf:
                self._patience = math.inf
                self._enter(await asyncio.to_thread(self._journal.adopt, patience=patience))
        except OSError:
            # A disk that can't be read now may be later: there will be another look.
            self._patience = math.inf
        finally:
            self._search = None

    def _enter(self, owners: list[str]) -> None:
        heritage = self._journal.heritage
        for owner in owners:
            self._estates[owner] = heritage.lives[owner], dict(heritage.totals[owner])
        self._untold += owners

    def repeat(self) -> None:
        """The store may have forgotten what it was told."""
        self._untold, self._told = [*self._told, *self._untold], []

    async def tell(self) -> None:
        """Raises StoreDown, and goes on from there the next time."""
        while self._untold:
            owner = self._untold[0]
            await self._tell(owner)
            self._journal.told_for(owner)
            self._told.append(self._untold.pop(0))

    async def _tell(self, owner: str) -> None:
        wall = self._clock()
        life, totals = self._estates[owner]
        tells = [Tell(name, 0, spent, ends=lasts(name, wall)) for name, spent in totals.items()]
        number = 0
        for at in range(0, len(tells), MOST_AT_ONCE):
            some = tells[at : at + MOST_AT_ONCE]
            for _ in range(MOST_TRIES):
                number += 1
                heard = await self._store.tell(Stamp(owner, life, number), some)
                # Late for a word of this very life, said when it was adopted before; a successor's knows of all this.
                number = max(number, *(one.number for one in heard))
                some = [tell for tell, one in zip(some, heard, strict=True) if one.late and one.own < tell.spent]
                if not some:
                    break

    async def end(self) -> None:
        if self._search is not None:
            await self._search
