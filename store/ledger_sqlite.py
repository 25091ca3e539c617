"""The ledger in a file of SQLite, which the workers of one machine share.

Who writes and who reads have a connection and a thread each, so that a long report keeps no row waiting.
"""

import asyncio
import contextlib
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from store.blocks import Fields, block, called, fitting, following, marked, newest, read
from store.entry import Entry
from store.ledger import LedgerDown, Quantiles, Sum
from store.migrations import missing
from store.opinions import Opinion, Said
from store.own_file import make
from store.questions import LOOKED_AT, YEAR, Dialect, Question, Sums, checked, lasting, quantiles, said
from store.tally import FIGURES, GROUP, NUL, Tally, clean, cleaned, output, tally, tidied
from store.zones import narrowed, shifts

T = TypeVar("T")

DIALECT: Final = Dialect(
    prefix="",
    slash="instr(target, '/')",
    tagged="EXISTS (SELECT 1 FROM json_each(tags) WHERE value = {})",
)
_LOOKED_AT: Final = 4_000  # calls from which quantiles are told: each has to be read
_BATCH: Final = 50  # blocks forgotten at a time
_COLUMNS: Final = (*GROUP, *FIGURES)
# A statement lets go of the interpreter's lock, and calls take it meanwhile: so there is one for many rows.
_BLOCK: Final = "INSERT INTO blocks (since, until, keys, body) VALUES (?, ?, ?, ?)"
_FORGET: Final = (
    "DELETE FROM blocks WHERE number IN (SELECT number FROM blocks WHERE until < ? LIMIT ?)"
    " RETURNING json_array_length(body)"
)
_HOUR: Final = (
    f"INSERT INTO hours ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
    " ON CONFLICT (hour, key, team, route, target, tags)"
    f" DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in FIGURES)}"
)
_CHARGE: Final = (
    "INSERT INTO charged (account, owner, spent, touched) VALUES (?, ?, ?, ?) ON CONFLICT (account, owner)"
    " DO UPDATE SET spent = spent + excluded.spent, touched = max(touched, excluded.touched)"
)
_OPINION: Final = "INSERT OR REPLACE INTO opinions VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FORMER: Final = "SELECT * FROM opinions WHERE call = ? AND judge = ?"
_FORGET_OPINIONS: Final = "DELETE FROM opinions WHERE time < ?"
_OWNER: Final = "INSERT INTO owners VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET last = excluded.last"


class SqliteLedger:
    """*fsync*: a row that was added survives a loss of power, too. *deadline*: seconds for anything that is asked."""

    def __init__(self, path: Path | str, *, fsync: bool = False, deadline: float = 5.0) -> None:
        self._path = Path(path)
        self._writing = Desk(self._path, deadline, f"PRAGMA synchronous = {'FULL' if fsync else 'NORMAL'}")
        self._reading = Desk(self._path, deadline, "PRAGMA query_only = ON")

    async def open(self) -> None:
        await self.migrate()
        await self._reading.do(lambda _: None)

    async def migrate(self) -> list[str]:
        """The names of the steps that were applied."""
        return await self._writing.do(_migrate)

    async def close(self) -> None:
        await self._writing.close()
        await self._reading.close()

    async def add(self, owner: str, first: int, rows: Sequence[Entry], bodies: Sequence[bytes] | None = None) -> None:
        if rows:
            said = [entry.to_bytes() for entry in rows] if bodies is None else bodies
            await self._writing.do(lambda connection: _add(connection, owner, first, said))

    async def last(self, owner: str) -> int:
        return await self._reading.do(lambda connection: _last(connection, owner))

    async def sums(
        self,
        by: Sequence[str],
        since: float,
        until: float,
        where: Mapping[str, str] | None = None,
        *,
        zone: str = "UTC",
    ) -> list[Sum]:
        asked = Sums(by, since, until, cleaned(where), zone=zone, dialect=DIALECT)
        return await self._reading.do(lambda connection: _sums(connection, asked, zone))

    async def rows(
        self, since: float, until: float, where: Mapping[str, str] | None = None, *, most: int = 100, after: str = ""
    ) -> list[Entry]:
        where = checked(cleaned(where))
        since, until = narrowed(since, until, where, "UTC")
        wanted = LOOKED_AT + most if after else most
        found = await self._reading.do(lambda connection: _newest(connection, since, until, where, wanted))
        if after:
            return [Entry.of(row) for row in following(found, clean(after), LOOKED_AT)[:most]]
        return [Entry.of(row) for row in found]

    async def call(self, id: str, key: str | None, since: float) -> Entry | None:
        named = None if key is None else clean(key)
        row = await self._reading.do(
            lambda connection: called(_blocks(connection, since, math.inf, named), id, named, since=since)
        )
        return None if row is None else Entry.of(row)

    async def judge(self, opinion: Opinion) -> Opinion | None:
        return await self._writing.do(lambda connection: _judge(connection, opinion))

    async def opinions(self, since: float, target: str | None = None) -> list[Said]:
        question = said(since, None if target is None else clean(target), DIALECT)
        return [Said(*row) for row in await self._reading.do(lambda connection: _ask(connection, question))]

    async def charged(self, account: str) -> Mapping[str, int]:
        question = Question("SELECT owner, spent FROM charged WHERE account = $1", (clean(account),))
        return dict(await self._reading.do(lambda connection: _ask(connection, question)))

    async def output(self, key: str | None, route: str | None, target: str | None, since: float) -> Quantiles:
        key, route, target = (None if name is None else clean(name) for name in (key, route, target))
        where = {} if key is None else {"key": key}
        found = await self._reading.do(lambda connection: _newest(connection, since, math.inf, where, _LOOKED_AT))
        fits = fitting({name: one for name, one in (("route", route), ("target", target)) if one is not None})
        tokens = (output(row) for row in found if fits(row))
        return quantiles([one for one in tokens if one is not None])

    async def forget(self, before: float) -> int:
        """Few at a time, so that nobody who adds waits for long. A block goes when the last of its calls does."""
        dropped = 0
        while count := await self._writing.do(lambda connection: _forget(connection, before)):
            dropped += count
        await self._writing.do(lambda connection: connection.execute(_FORGET_OPINIONS, (before,)))
        await self._writing.do(lambda connection: _forget_accounts(connection, max(before - YEAR, 0.0)))
        return dropped


class Desk:
    """One connection and the thread that uses it; opened when it is first used, and again after it failed."""

    def __init__(self, path: Path, deadline: float, manner: str) -> None:
        self._path = path
        self._deadline = deadline
        self._manner = manner
        self._connection: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Raises LedgerDown when the deadline is over; then the work is undone, or was done just before that."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "ledger")
        work_to_do = self._thread.submit(self._do, work)
        work_to_do.add_done_callback(_looked_at)
        try:
            async with asyncio.timeout(self._deadline):  # in Python 3.11, wait_for may forget that it was cancelled
                return await asyncio.wrap_future(work_to_do)
        except TimeoutError as error:
            if self._connection is not None:
                self._connection.interrupt()
            raise LedgerDown(f"{self._path.name} didn't answer within {self._deadline:g} s") from error

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._connected())
        except (sqlite3.Error, OSError) as error:
            raise LedgerDown(f"{self._path.name}: {error}") from error

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Who called what is nobody else's business; SQLite's other files take this one's mode.
            make(self._path)
            connection = sqlite3.connect(self._path, self._deadline, isolation_level=None, check_same_thread=False)
            try:
                _prepare(connection, self._manner, time.monotonic() + self._deadline)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.wrap_future(thread.submit(self._close))
            thread.shutdown()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _looked_at(done: Future[Any]) -> None:
    """Nobody waits any more for what was late; then its failure is no news either."""
    if not done.cancelled():
        done.exception()


def _prepare(connection: sqlite3.Connection, manner: str, until: float) -> None:
    """The change to WAL isn't waited for by SQLite itself while another process makes it at the same time."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(manner)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Any:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _migrate(connection: sqlite3.Connection) -> list[str]:
    with _transaction(connection):
        connection.execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        ((applied,),) = connection.execute("SELECT count(*) FROM migrations")
        steps = missing(applied)
        for number, step in steps:
            for statement in step.sqlite:
                connection.execute(statement)
            connection.execute("INSERT INTO migrations VALUES (?, ?)", (number, step.name))
    return [step.name for _, step in steps]


def _add(connection: sqlite3.Connection, owner: str, first: int, bodies: Sequence[bytes]) -> None:
    with _transaction(connection):
        known = max(_last(connection, owner) + 1 - first, 0)
        if known >= len(bodies):
            return
        new = bodies[known:]
        rows = read(new, already=known)
        whole = block(rows, new)
        sum = tally(rows)
        connection.execute(_BLOCK, whole)
        _count(connection, owner, tidied(sum) if NUL in whole.body else sum, touched=int(whole.until))
        connection.execute(_OWNER, (owner, first + len(bodies) - 1))


def _count(connection: sqlite3.Connection, owner: str, sum: Tally, *, touched: int) -> None:
    connection.executemany(_HOUR, [(*group, *figures) for group, figures in sum.hours])
    connection.executemany(_CHARGE, [(account, owner, cost, touched) for account, cost in sum.charges])


def _judge(connection: sqlite3.Connection, opinion: Opinion) -> Opinion | None:
    kept = tuple(clean(field) if isinstance(field, str) else field for field in opinion)
    with _transaction(connection):
        former = connection.execute(_FORMER, kept[:2]).fetchone()
        connection.execute(_OPINION, kept)
    return Opinion(*former) if former else None


def _last(connection: sqlite3.Connection, owner: str) -> int:
    found = connection.execute("SELECT last FROM owners WHERE owner = ?", (owner,)).fetchone()
    return found[0] if found else 0


def _ask(connection: sqlite3.Connection, question: Question) -> list[Any]:
    return connection.execute(question.text.replace("$", "?"), question.values).fetchall()


def _sums(connection: sqlite3.Connection, asked: Sums, zone: str) -> list[Sum]:
    first = last = None
    if asked.extent is not None:
        ((first, last),) = _ask(connection, asked.extent)
    return asked.fold(_ask(connection, asked.question(shifts(zone, first or 0, last or 0))))


def _newest(
    connection: sqlite3.Connection, since: float, until: float, where: Mapping[str, str], wanted: int
) -> list[Fields]:
    blocks = _blocks(connection, since, until, where.get("key"))
    return newest(blocks, fitting(where), wanted, since=since, until=until)


def _blocks(
    connection: sqlite3.Connection, since: float, until: float, key: str | None
) -> Iterable[tuple[float, bytes]]:
    """Those with a call of that time (by *key*), the newest first, each after when its last call began."""
    words = ["until >= ?", "since < ?"]
    values: list[float | str] = [since, until]
    if key is not None:
        words.append("instr(keys, ?)")
        values.append(marked([key]))
    text = f"SELECT until, body FROM blocks WHERE {' AND '.join(words)} ORDER BY until DESC, number DESC"  # noqa: S608
    return connection.execute(text, values)


def _forget(connection: sqlite3.Connection, before: float) -> int:
    return sum(count for (count,) in connection.execute(_FORGET, (before, _BATCH)).fetchall())


def _forget_accounts(connection: sqlite3.Connection, before: float) -> None:
    """Windows that ended long ago."""
    found = connection.execute("SELECT DISTINCT account FROM charged WHERE touched < ?", (int(before),))
    stale = [(account, int(before)) for (account,) in found if not lasting(account)]
    connection.executemany("DELETE FROM charged WHERE account = ? AND touched < ?", stale)
