"""Where money is kept: the store, the journal, the ledger, and the till that calls are paid at."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from config.schema import Config
from quota.journal import JournalLike, NoJournal
from quota.stored_keys import StoredKeys, reading
from quota.till import Till
from store.board import Board
from store.books import Books, books
from store.contract import Store, StoreDown
from store.drain import Drain
from store.journal import Journal
from store.ledger import Ledger, LedgerDown, OldLedger
from store.memory import MemoryStore
from store.sqlite import SqliteStore

Say = Callable[..., None]  # level, message, fields
STATE: Final = "state.db"
SILENT: Final = 5.0  # seconds after which a store that says nothing is taken for gone
FORGET: Final = 3600.0  # seconds between two looks for rows that are old enough to go


NANO: Final = 1_000_000_000


class NoState(Exception):  # noqa: N818  (says what it is)
    """There is no place to keep what must be kept."""


class Treasury:
    """Opened before the first call is taken, closed after the last one.

    *books*: finished calls are written down. *ledger* None: they aren't, and nobody can be told about them.
    """

    __slots__ = ("_drain", "_forgetting", "_keep", "_say", "journal", "ledger", "store", "stored", "till")

    def __init__(
        self,
        config: Config,
        say: Say,
        *,
        store: Store,
        journal: JournalLike,
        ledger: Ledger | None,
        drain: Drain | None,
    ) -> None:
        self.store = store
        self.journal = journal
        self.ledger = ledger
        self.till = Till(
            store,
            journal,
            ledger=ledger,
            say=partial(say, "error"),
        )
        self.stored = StoredKeys(store, reading(config), time.monotonic, trouble=self._unreadable)
        self._say = say
        self._drain = drain
        self._keep = config.ledger.keep
        self._forgetting: asyncio.Task[None] | None = None

    @property
    def books(self) -> bool:
        return self.ledger is not None

    @property
    def board(self) -> Board | None:
        """Where other processes can be told something; None if there can't be any."""
        return None if isinstance(self.store, MemoryStore) else self.store

    @property
    def up(self) -> bool:
        """Whether the store answers."""
        heard = self.stored.heard
        return not self.till.down and heard is not None and time.monotonic() - heard < SILENT

    @property
    def down(self) -> bool:
        """Whether the ledger didn't take what it was last given."""
        return self._drain is not None and self._drain.down

    @property
    def pending(self) -> int:
        """Rows that wait for the ledger."""
        return 0 if self._drain is None else self._drain.pending

    def shown(self) -> dict[str, object]:
        """For the operator: what can be reached, and what went wrong with money."""
        till = self.till
        return {
            "store": {"kind": self.store.kind, "up": self.up},
            "ledger": None if self.ledger is None else {"up": not self.down, "rows_waiting": self.pending},
            "journal": {"full": self.journal.full},
            "debt_usd": till.debt / NANO,
        }

    @property
    def facts(self) -> Mapping[str, Callable[[], float]]:
        """What can be told at any moment, by the name of its metric. Asked in any thread."""
        till, drain = self.till, self._drain
        facts: dict[str, Callable[[], float]] = {
            "switchyard_store_operations_total": lambda: till.trips,
            "switchyard_store_up": lambda: self.up,
            "switchyard_journal_full": lambda: till.full,
            "switchyard_budget_debt_usd_total": lambda: till.debt,
            "switchyard_bound_violations_total": lambda: till.debts,
        }
        if drain is not None:
            facts["switchyard_ledger_pending_rows"] = lambda: drain.pending
            facts["switchyard_ledger_up"] = lambda: not drain.down
        return facts

    @classmethod
    async def open(cls, config: Config, say: Say) -> "Treasury":
        """Raises NoState."""
        directory = Path(config.state.directory)
        try:
            journal = await asyncio.to_thread(_claimed, directory, config, say)
        except OSError as error:
            if guarded(config) or config.state.url:
                raise NoState(unwritable(config, error.strerror)) from error
            say("warning", "no ledger: cannot write to state.directory", directory=str(directory))
            return cls(
                config, say, store=MemoryStore(), journal=NoJournal("alone", int(time.time())), ledger=None, drain=None
            )
        store = await _opened(config, say)
        ledger = ledger_of(config)
        if ledger is None:
            return cls(config, say, store=store, journal=journal, ledger=None, drain=None)
        try:
            await ledger.open()
        except OldLedger as old:
            raise NoState(f"{old}") from None
        except LedgerDown as down:
            say("error", "the ledger can't be reached; rows wait in the journal", reason=str(down))
        return cls(config, say, store=store, journal=journal, ledger=ledger, drain=Drain(journal, ledger, say=say))

    async def begin(self) -> None:
        """From here on there is a loop in which money is told, and rows are written."""
        await self.till.begin()
        await self.stored.begin()
        if self._drain is not None:
            await self._drain.begin()
            self._forgetting = asyncio.get_running_loop().create_task(self._forget())

    async def end(self) -> None:
        """Everything that was spent is told, everything in hand goes back, every row is written that can be."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        await self.stored.end()
        await self.till.end()
        if self._drain is not None:
            await self._drain.end()
        await asyncio.to_thread(self.journal.close)
        if self.ledger is not None:
            await self.ledger.close()
        await self.store.close()

    def heed(self, config: Config) -> None:
        """What a reload may change."""
        self.till.adopt(config)
        self._keep = config.ledger.keep

    def _unreadable(self, name: str, why: str) -> None:
        self._say("error", "a key made at run time can't be used with this configuration", key=name, reason=why)

    async def _forget(self) -> None:
        """Rows don't stay for ever; what they add up to does."""
        while self.ledger is not None:
            try:
                await self.ledger.forget(time.time() - self._keep)
            except LedgerDown:
                self._say("warning", "old rows stay: the ledger is down")
            await asyncio.sleep(FORGET)


def _claimed(directory: Path, config: Config, say: Say) -> Journal:
    directory.mkdir(parents=True, exist_ok=True)
    return Journal.claim(directory, fsync=config.state.fsync, say=say)


async def _opened(config: Config, say: Say) -> Store:
    """A store that can't be reached now may be there in a moment: until then each budget says what is to be done."""
    try:
        store = store_of(config, say)
        await store.open()
    except ValueError as error:
        raise NoState(f"state: {error}") from error
    except StoreDown as down:
        say("error", "the store can't be reached", reason=str(down))
    return store


def unwritable(config: Config, why: str | None) -> str:
    """What the operator is told."""
    return f"cannot write to state.directory {config.state.directory}: {why}"


def guarded(config: Config) -> bool:
    """Whether anything is limited that must be remembered."""
    teams = (team.allowance for team in config.teams.values())
    keys = (key.allowance for key in config.keys.values())
    return any((*config.allowances.values(), *teams, *keys)) or any(key.per_model for key in config.keys.values())


def store_of(config: Config, say: Say) -> Store:
    """Redis where an address says so, else the file of this machine."""
    if config.state.url:
        from store.redis_store import RedisStore  # noqa: PLC0415  (its library takes a sixth of a second to import)

        return RedisStore(config.state.url, say)
    return SqliteStore(Path(config.state.directory) / STATE, fsync=config.state.fsync)


def ledger_of(config: Config, deadline: float = 5.0) -> Books | None:
    """None where it is off. *deadline*: seconds that it has for an answer."""
    if not config.ledger.on:
        return None
    url = config.ledger.url.reveal() if config.ledger.url else None
    return books(url, Path(config.state.directory), fsync=config.state.fsync, deadline=deadline)
