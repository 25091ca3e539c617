"""One SQLite file that several processes of a machine share: how it is opened, made, and changed.

A transaction that began is finished or undone, whatever happens to its process: SQLite's write-ahead log sees to that
as long as the machine runs, and with *fsync* when it loses power, too.
"""

import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from store.contract import StoreDown
from store.own_file import make

PATIENCE: Final = 1.5  # seconds for another process's transaction to end
PAUSE: Final = 0.01  # between attempts where SQLite doesn't wait by itself

Steps = Sequence[Sequence[str]]
"""The statements that lead from each version to the next; never changed, only added to."""


class SqliteFile:
    """Belongs to the thread that opens it. Everything it raises is StoreDown, with a sentence for the operator."""

    def __init__(self, path: Path, steps: Steps, *, fsync: bool) -> None:
        self._path = path
        self._steps = steps
        self._fsync = fsync
        self._sql: sqlite3.Connection | None = None
        self._place = (0, 0)

    def open(self) -> None:
        with self._troubles():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Not for everybody's eyes; what SQLite puts beside it gets the same mode.
            make(self._path)
            self._place = place(self._path)
            self._sql = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
            self._prepare(self._sql)

    def close(self) -> None:
        if self._sql:
            with self._troubles():
                self._sql.close()
            self._sql = None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Alone: nobody else writes until the end, and what is read is the newest."""
        with self._transaction("BEGIN IMMEDIATE") as sql:
            yield sql

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """All that is read is of one moment."""
        with self._transaction("BEGIN") as sql:
            yield sql

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._troubles():
            sql = self._there()
            sql.execute(begin)
            try:
                yield sql
                sql.execute("COMMIT")
            finally:
                if sql.in_transaction:
                    sql.execute("ROLLBACK")

    def _there(self) -> sqlite3.Connection:
        """A file that was removed or replaced would be written on unseen, beside those who see the new one."""
        if self._sql is None:
            raise StoreDown(f"{self._path} isn't open")
        if place(self._path) != self._place:
            raise StoreDown(f"{self._path} was replaced while it was in use; start again to use the new one")
        return self._sql

    def _prepare(self, sql: sqlite3.Connection) -> None:
        mode = patiently(sql, "PRAGMA journal_mode = WAL")
        if mode != "wal":
            raise StoreDown(
                f"{self._path} lies where SQLite can't share it between processes (a network's file system?)"
            )
        sql.execute(f"PRAGMA synchronous = {'FULL' if self._fsync else 'NORMAL'}")
        sql.execute("PRAGMA journal_size_limit = 16777216")
        with self._transaction("BEGIN IMMEDIATE"):
            self._migrate(sql)

    def _migrate(self, sql: sqlite3.Connection) -> None:
        version: int = sql.execute("PRAGMA user_version").fetchone()[0]
        if version > len(self._steps):
            raise StoreDown(f"{self._path} was written by a newer version of this program")
        if version == 0 and sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise StoreDown(f"{self._path} belongs to another program")
        for step in self._steps[version:]:
            for statement in step:
                sql.execute(statement)
        if version == 0:
            sql.execute("INSERT INTO about VALUES ('epoch', ?)", (secrets.token_hex(8),))
        if version < len(self._steps):
            sql.execute(f"PRAGMA user_version = {len(self._steps)}")

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        """SQLite's words and the system's in, ours out."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            damaged = error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
            advice = "; bring back a copy of it, or move it away to begin anew" if damaged else ""
            raise StoreDown(f"{self._path}: {error}{advice}") from error
        except OSError as error:
            raise StoreDown(f"{self._path}: {error.strerror}") from error


def place(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def patiently(sql: sqlite3.Connection, statement: str) -> str:
    """What a statement answers that SQLite fails at once, instead of waiting, while another process is at it."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return str(sql.execute(statement).fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(PAUSE)
