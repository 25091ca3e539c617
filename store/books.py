"""Which ledger there is: PostgreSQL where a URL says so, else a file of SQLite."""

from pathlib import Path
from typing import Protocol

from store.ledger import Ledger
from store.ledger_sqlite import SqliteLedger

FILE = "ledger.sqlite"


class Books(Ledger, Protocol):
    """A ledger whose tables can be brought up to date."""

    async def migrate(self) -> list[str]:
        """The names of the steps that were applied. Raises LedgerDown."""
        ...


def books(url: str | None, directory: Path, *, fsync: bool = False, deadline: float = 5.0) -> Books:
    """Not opened yet. *fsync* as in config.schema.State; *deadline* is seconds for each question."""
    if url is None:
        return SqliteLedger(directory / FILE, fsync=fsync, deadline=deadline)
    from store.ledger_postgres import PostgresLedger  # noqa: PLC0415  (most have no PostgreSQL)

    return PostgresLedger(url, deadline=deadline)
