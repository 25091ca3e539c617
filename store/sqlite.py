"""The store in one SQLite file, shared by the processes of one machine.

Accounts and rates are the same objects as in memory, read and written whole, so that a step costs one row each way.
"""

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import orjson

from store import sqlite_board, sqlite_keys
from store.accounts import Account, Part
from store.board import sized
from store.contract import AFTER_END, WANTED, Changes, Draw, Drawn, Heard, Stamp, StoredKey, StoreDown, Tell
from store.rates import Rate, end_of
from store.sqlite_clock import steady_clock
from store.sqlite_file import SqliteFile

DEADLINE: Final = 2.0  # seconds for an operation, whatever the disk does
OPENING: Final = 10.0  # the first of them may have to bring a crash's remains in order
SWEEP: Final = 300.0  # seconds between two looks for what nobody needs any more
SWEPT: Final = 500  # at a time

STEPS: Final = (
    (
        "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE accounts (
            name TEXT PRIMARY KEY, ends REAL, refused REAL NOT NULL, parts TEXT NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX accounts_by_end ON accounts (ends) WHERE ends IS NOT NULL",
        """CREATE TABLE rates (
            name TEXT PRIMARY KEY, ends REAL NOT NULL, refused REAL NOT NULL, slots TEXT NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX rates_by_end ON rates (ends)",
        "CREATE TABLE marks (name TEXT PRIMARY KEY, ends REAL NOT NULL) WITHOUT ROWID",
        "CREATE INDEX marks_by_end ON marks (ends)",
        *sqlite_keys.TABLES,
    ),
    sqlite_board.TABLES,
)

_GET_ACCOUNT: Final = "SELECT ends, refused, parts FROM accounts WHERE name = ?"
_PUT_ACCOUNT: Final = """INSERT INTO accounts VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET ends = excluded.ends, refused = excluded.refused, parts = excluded.parts"""
_GET_RATE: Final = "SELECT refused, slots FROM rates WHERE name = ?"
_PUT_RATE: Final = """INSERT INTO rates VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET ends = excluded.ends, refused = excluded.refused, slots = excluded.slots"""
_PUT_MARK: Final = """INSERT INTO marks VALUES (?, ?)
    ON CONFLICT DO UPDATE SET ends = excluded.ends WHERE marks.ends <= ?"""

Answer = TypeVar("Answer")


class SqliteStore:
    """*fsync*: write through to the disk, so that a loss of power takes nothing. *clock* gives unix time, *steady* the
    time of leases and rates, which must be the same for all who share the file.

    All is done in a thread of its own. While that is stuck (a hanging disk), everybody is refused at once.
    """

    kind = "sqlite"
    forgets = False

    def __init__(
        self,
        path: Path,
        *,
        fsync: bool = False,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        self._path = path
        self._file = SqliteFile(path, STEPS, fsync=fsync)
        self._clock = clock
        self._steady = steady
        self._now = clock
        self._deadline = deadline
        self._thread: ThreadPoolExecutor | None = None
        self._began = math.inf  # what is being done now
        self._swept = -math.inf
        self._epoch = ""

    @property
    def epoch(self) -> str:
        return self._epoch

    async def open(self) -> None:
        self._thread = ThreadPoolExecutor(1, "sqlite")
        self._epoch = await self._do(self._open, deadline=max(OPENING, self._deadline))

    async def close(self) -> None:
        if self._thread:
            # Where even this gets no answer there is nothing left to do; the file is sound anyway.
            with suppress(StoreDown):
                await self._do(self._file.close)
            self._thread.shutdown(wait=False)
            self._thread = None

    async def tell(self, stamp: Stamp, tells: Sequence[Tell]) -> list[Heard]:
        return (await self.exchange(stamp, tells, ()))[0]

    async def draw(self, draws: Sequence[Draw]) -> list[Drawn]:
        return await self._write(lambda sql, now: [_draw(sql, draw, now) for draw in draws])

    async def exchange(
        self, stamp: Stamp, tells: Sequence[Tell], draws: Sequence[Draw]
    ) -> tuple[list[Heard], list[Drawn]]:
        def step(sql: sqlite3.Connection, now: float) -> tuple[list[Heard], list[Drawn]]:
            return [_tell(sql, stamp, tell, now) for tell in tells], [_draw(sql, draw, now) for draw in draws]

        return await self._write(step)

    async def restore(self, account: str, spent: Mapping[str, int], ends: float) -> None:
        await self._write(lambda sql, _: _restore(sql, account, spent, ends))

    async def once(self, mark: str, ends: float) -> bool:
        return await self._write(lambda sql, _: sql.execute(_PUT_MARK, (mark, ends, self._clock())).rowcount > 0)

    async def post(self, name: str, value: bytes, ttl: float, *, only_new: bool = False) -> bool:
        value = sized(value)
        return await self._write(lambda sql, now: sqlite_board.post(sql, name, value, ttl, only_new=only_new, now=now))

    async def posted(self, prefix: str) -> Mapping[str, bytes]:
        return await self._read(lambda sql: sqlite_board.posted(sql, prefix, self._now()))

    async def key_of(self, digest: bytes) -> StoredKey | None:
        return await self._read(lambda sql: sqlite_keys.key_of(sql, digest))

    async def key_named(self, name: str) -> StoredKey | None:
        return await self._read(lambda sql: sqlite_keys.key_named(sql, name))

    async def put_key(self, key: StoredKey) -> StoredKey:
        return await self._write(lambda sql, _: sqlite_keys.put_key(sql, key))

    async def drop_key(self, name: str) -> bool:
        return await self._write(lambda sql, _: sqlite_keys.drop_key(sql, name))

    async def keys(self, after: str = "", most: int = 100) -> list[StoredKey]:
        return await self._read(lambda sql: sqlite_keys.keys(sql, after, most))

    async def key_changes(self, since: int) -> Changes:
        return await self._read(lambda sql: sqlite_keys.key_changes(sql, since))

    async def _read(self, step: Callable[[sqlite3.Connection], Answer]) -> Answer:
        def read() -> Answer:
            with self._file.reading() as sql:
                return step(sql)

        return await self._do(read)

    async def _write(self, step: Callable[[sqlite3.Connection, float], Answer]) -> Answer:
        def write() -> Answer:
            with self._file.writing() as sql:
                # Read behind the lock, so that time never runs backwards from one process to the next.
                now = self._now()
                if now - self._swept > SWEEP:
                    self._sweep(sql, now)
                return step(sql, now)

        return await self._do(write)

    async def _do(self, work: Callable[[], Answer], *, deadline: float | None = None) -> Answer:
        if self._thread is None:
            raise StoreDown(f"{self._path} isn't open")
        if time.monotonic() - self._began > self._deadline:
            raise StoreDown(f"{self._path}: the disk hangs, or another process that writes")
        try:
            async with asyncio.timeout(deadline or self._deadline):
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._timed, work)
        except TimeoutError as error:
            raise StoreDown(f"{self._path}: no answer in time") from error

    def _timed(self, work: Callable[[], Answer]) -> Answer:
        self._began = time.monotonic()
        try:
            return work()
        finally:
            self._began = math.inf

    def _open(self) -> str:
        self._file.open()
        with self._file.writing() as sql:
            self._now = self._steady or steady_clock(sql)
            return str(sql.execute("SELECT value FROM about WHERE name = 'epoch'").fetchone()[0])

    def _sweep(self, sql: sqlite3.Connection, now: float) -> None:
        """What ended; a part of it at a time, and the next part with the next step."""
        swept = 0
        # A clock that is wrong for a moment must not end what is still paid from.
        unix = min(now, self._clock())
        for table, before in (("accounts", unix - AFTER_END), ("rates", now), ("marks", unix), ("notices", now)):
            ended = f"SELECT name FROM {table} WHERE ends <= ? LIMIT {SWEPT}"  # noqa: S608  (no stranger's words)
            swept = max(swept, sql.execute(f"DELETE FROM {table} WHERE name IN ({ended})", (before,)).rowcount)  # noqa: S608
        if swept < SWEPT:
            self._swept = now


def _tell(sql: sqlite3.Connection, stamp: Stamp, tell: Tell, now: float) -> Heard:
    known = _account(sql, tell.account)
    account = known or Account()
    heard = account.tell(stamp, tell, now)
    if not heard.late:
        _keep(sql, tell.account, account)
    return heard if known else heard._replace(fresh=True)


def _restore(sql: sqlite3.Connection, name: str, spent: Mapping[str, int], ends: float) -> None:
    account = _account(sql, name) or Account()
    account.restore(spent, ends)
    _keep(sql, name, account)


def _account(sql: sqlite3.Connection, name: str) -> Account | None:
    if (row := sql.execute(_GET_ACCOUNT, (name,)).fetchone()) is None:
        return None
    ends, refused, parts = row
    parsed = {owner: Part(*part) for owner, part in orjson.loads(parts).items()}
    return Account(parsed, ends=math.inf if ends is None else ends, refused=refused)


def _keep(sql: sqlite3.Connection, name: str, account: Account) -> None:
    ends = None if account.ends == math.inf else account.ends
    parts = orjson.dumps({owner: tuple(part) for owner, part in account.parts.items()})
    sql.execute(_PUT_ACCOUNT, (name, ends, account.refused, parts.decode()))


def _draw(sql: sqlite3.Connection, draw: Draw, now: float) -> Drawn:
    row = sql.execute(_GET_RATE, (draw.account,)).fetchone()
    rate = Rate(dict(orjson.loads(row[1])), refused=row[0]) if row else Rate()
    drawn = rate.draw(draw, now)
    ends = max(end_of(drawn.slot, draw.per), now + WANTED)
    # To the hour, since a new end costs a change of the index.
    rounded = math.ceil(ends / 3600) * 3600
    sql.execute(_PUT_RATE, (draw.account, rounded, rate.refused, orjson.dumps(list(rate.slots.items())).decode()))
    return drawn
