"""The ledger in PostgreSQL, which any number of processes on any number of machines share."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import asyncpg

from store.entry import Entry
from store.ledger import LedgerDown, OldLedger, Quantiles, Sum
from store.migrations import LOCK, MIGRATE, SCHEMA, STEPS, missing
from store.opinions import Opinion, Said
from store.postgres_calls import DIALECT, called, calls, outputs
from store.questions import YEAR, Question, Sums, lasting, quantiles, said
from store.tally import FIGURES, GROUP, Tally, clean, cleaned, output, prepared, tally, written
from store.zones import shifts

Connection = Any  # asyncpg's connection as its pool lends it

_BATCH: Final = 1000  # rows forgotten at a time
_TRIES: Final = 5
_LONGEST: Final = 60.0  # seconds that tables may take to change, instead of the deadline
_CALL: Final = ("time", "id", "key", "team", "route", "target", "tags", "output", "body")
_AGAIN: Final = (
    asyncpg.exceptions.SerializationError,
    asyncpg.exceptions.DeadlockDetectedError,
    asyncpg.exceptions.LockNotAvailableError,
)
_FAILURES: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what the driver says of a connection that was cut behind its back
    OSError,
    TimeoutError,
)


def _added(table: str, columns: Sequence[tuple[str, str]], conflict: str, update: str) -> str:
    """An upsert of many rows that come as one array for each column; in order, since rows are locked in that order."""
    names = ", ".join(name for name, _ in columns)
    arrays = ", ".join(f"${place}::{kind}[]" for place, (_, kind) in enumerate(columns, 1))
    return (
        f"INSERT INTO {SCHEMA}.{table} AS known ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608
        f" ON CONFLICT ({conflict}) DO UPDATE SET {update}"
    )


_HOURS: Final = _added(
    "hours",
    [("hour", "bigint"), *((name, "text") for name in GROUP[1:]), *((name, "bigint") for name in FIGURES)],
    ", ".join(GROUP),
    ", ".join(f"{name} = known.{name} + excluded.{name}" for name in FIGURES),
)
_CHARGED: Final = _added(
    "charged",
    [("account", "text"), ("owner", "text"), ("spent", "bigint"), ("touched", "bigint")],
    "account, owner",
    "spent = known.spent + excluded.spent, touched = greatest(known.touched, excluded.touched)",
)
# Locks the owner's row, too: whoever speaks for the same owner waits.
_LAST: Final = (
    "INSERT INTO switchyard.owners AS known VALUES ($1, 0)"
    " ON CONFLICT (owner) DO UPDATE SET last = known.last RETURNING last"
)
# The journal forgets what we have taken, so that a server which may lose what it has said yes to is told not to.
_LASTING: Final = (
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
)
_OWNER: Final = "UPDATE switchyard.owners SET last = $2 WHERE owner = $1"
# Two first opinions of one judge would else not see each other.
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1 || chr(10) || $2, 0))"
_FORMER: Final = "SELECT * FROM switchyard.opinions WHERE call = $1 AND judge = $2"
_OPINION: Final = (
    "INSERT INTO switchyard.opinions VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (call, judge) DO UPDATE SET"
    " time = excluded.time, called = excluded.called, target = excluded.target, task = excluded.task,"
    " score = excluded.score, label = excluded.label"
)
_FORGET: Final = (
    "DELETE FROM switchyard.calls WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM switchyard.calls WHERE time < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))"
)


class PostgresLedger:
    """*deadline*: seconds for anything that is asked. *url* may hold a password, which no message ever does."""

    def __init__(self, url: str, *, deadline: float = 5.0) -> None:
        self._url = url
        self._deadline = deadline
        self._pool: Any = None

    async def open(self) -> None:
        """Tables are never made or changed by it."""
        await self._begin()
        async with self._lent() as connection:
            applied = await _applied(connection)
        if applied < len(STEPS):
            raise OldLedger(f"the ledger's tables are older than this program; {MIGRATE}")

    async def migrate(self) -> list[str]:
        """The names of the steps that were applied; somebody else who does it at the same time is waited for."""
        await self._begin()
        async with self._lent(_LONGEST) as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK, timeout=_LONGEST)
            applied = await _applied(connection)
            if not applied:
                await _founded(connection)
            for number, step in (steps := missing(applied)):
                for statement in step.postgres:
                    await connection.execute(statement, timeout=_LONGEST)
                await connection.execute("INSERT INTO switchyard.migrations VALUES ($1, $2)", number, step.name)
        return [step.name for _, step in steps]

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(self._deadline):
                await pool.close()
        except _FAILURES:
            pool.terminate()

    async def add(self, owner: str, first: int, rows: Sequence[Entry], bodies: Sequence[bytes] | None = None) -> None:
        if not rows:
            return
        bodies = [entry.to_bytes() for entry in rows] if bodies is None else bodies
        async with self._lent() as connection:
            for left in reversed(range(_TRIES)):
                try:
                    await _add(connection, owner, first, rows, bodies)
                    return
                except _AGAIN:
                    if not left:
                        raise

    async def last(self, owner: str) -> int:
        question = Question("SELECT last FROM switchyard.owners WHERE owner = $1", (owner,))
        found = await self._ask(question)
        return int(found[0][0]) if found else 0

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
        first = last = None
        if asked.extent is not None:
            ((first, last),) = await self._ask(asked.extent)
        return asked.fold(await self._ask(asked.question(shifts(zone, first or 0, last or 0))))

    async def rows(
        self, since: float, until: float, where: Mapping[str, str] | None = None, *, most: int = 100, after: str = ""
    ) -> list[Entry]:
        question = calls(since, until, cleaned(where), most=most, after=clean(after))
        return [Entry.from_bytes(body) for (body,) in await self._ask(question)]

    async def call(self, id: str, key: str | None, since: float) -> Entry | None:
        question = called(clean(id), None if key is None else clean(key), since)
        found = await self._ask(question)
        return Entry.from_bytes(found[0][0]) if found else None

    async def judge(self, opinion: Opinion) -> Opinion | None:
        kept = tuple(clean(field) if isinstance(field, str) else field for field in opinion)
        async with self._lent() as connection, connection.transaction():
            await connection.execute(_ONE_AT_A_TIME, *kept[:2])
            former = await connection.fetchrow(_FORMER, *kept[:2])
            await connection.execute(_OPINION, *kept)
        return Opinion(*former) if former else None

    async def opinions(self, since: float, target: str | None = None) -> list[Said]:
        return [Said(*row) for row in await self._ask(said(since, None if target is None else clean(target), DIALECT))]

    async def charged(self, account: str) -> Mapping[str, int]:
        question = Question("SELECT owner, spent FROM switchyard.charged WHERE account = $1", (clean(account),))
        return dict(await self._ask(question))

    async def output(self, key: str | None, route: str | None, target: str | None, since: float) -> Quantiles:
        key, route, target = (None if name is None else clean(name) for name in (key, route, target))
        found = await self._ask(outputs(key, route, target, since))
        return quantiles([tokens for (tokens,) in found])

    async def forget(self, before: float) -> int:
        """Few at a time, so that nobody who adds waits for long; several may do it at the same time."""
        dropped = 0
        while True:
            async with self._lent() as connection:
                count = int((await connection.execute(_FORGET, before, _BATCH)).split()[-1])
            dropped += count
            if not count:
                break
        async with self._lent() as connection:
            await connection.execute("DELETE FROM switchyard.opinions WHERE time < $1", before)
        await self._forget_accounts(max(before - YEAR, 0.0))
        return dropped

    async def _forget_accounts(self, before: float) -> None:
        """Windows that ended long ago."""
        values = (int(before),)
        question = Question("SELECT DISTINCT account FROM switchyard.charged WHERE touched < $1", values)
        stale = [account for (account,) in await self._ask(question) if not lasting(account)]
        async with self._lent() as connection:
            text = "DELETE FROM switchyard.charged WHERE account = ANY($1::text[]) AND touched < $2"
            await connection.execute(text, stale, *values)

    async def _ask(self, question: Question) -> list[Any]:
        async with self._lent() as connection:
            found: list[Any] = await connection.fetch(question.text, *question.values)
            return found

    @contextlib.asynccontextmanager
    async def _lent(self, deadline: float | None = None) -> AsyncIterator[Connection]:
        """A connection until the deadline; whatever goes wrong with it is LedgerDown."""
        if self._pool is None:
            raise LedgerDown("the ledger isn't open")
        pool, within = self._pool, deadline or self._deadline
        try:
            async with asyncio.timeout(within):
                connection = await _acquired(pool, within)
                try:
                    yield connection
                finally:
                    await pool.release(connection, timeout=self._deadline)
        except TimeoutError as error:
            raise LedgerDown(f"PostgreSQL didn't answer within {within:g} s") from error
        except _FAILURES as error:
            raise LedgerDown(_told(error)) from error

    async def _begin(self) -> None:
        if self._pool is None:
            # Nothing is kept in a session between transactions, since a pooler may give each of them another one.
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=2,
                timeout=self._deadline,
                command_timeout=self._deadline,
                statement_cache_size=0,
                server_settings={"application_name": "switchyard"},
            )


async def _acquired(pool: Any, within: float) -> Connection:
    try:
        return await pool.acquire(timeout=within)
    except ValueError:
        # The driver's words about an address that is none may hold the password.
        raise LedgerDown("ledger.url is not an address of PostgreSQL") from None


def _told(error: BaseException) -> str:
    """What kind of failure it is. Servers and drivers repeat names and addresses in their words; these are ours."""
    state = getattr(error, "sqlstate", None)
    return f"PostgreSQL: {type(error).__name__}{f' ({state})' if state else ''}"


async def _applied(connection: Connection) -> int:
    if await connection.fetchval("SELECT to_regclass('switchyard.migrations')") is None:
        return 0
    return int(await connection.fetchval("SELECT count(*) FROM switchyard.migrations"))


async def _founded(connection: Connection) -> None:
    """The schema may have been made beforehand by somebody who may do more than we."""
    if await connection.fetchval("SELECT to_regnamespace('switchyard')") is None:
        await connection.execute("CREATE SCHEMA switchyard")
    await connection.execute("CREATE TABLE switchyard.migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL)")


async def _add(connection: Connection, owner: str, first: int, rows: Sequence[Entry], bodies: Sequence[bytes]) -> None:
    async with connection.transaction():
        await connection.execute(_LASTING)
        last = await connection.fetchval(_LAST, owner)
        known = max(last + 1 - first, 0)
        if known >= len(rows):
            return
        bodies = bodies[known:]
        new = list(prepared(rows[known:], bodies))
        calls = map(_call, new, bodies)
        await connection.copy_records_to_table("calls", schema_name=SCHEMA, columns=_CALL, records=calls)
        await _count(connection, owner, tally(new), touched=int(max(entry.time for entry in new)))
        await connection.execute(_OWNER, owner, first + len(rows) - 1)


async def _count(connection: Connection, owner: str, sum: Tally, *, touched: int) -> None:
    await connection.execute(_HOURS, *zip(*((*group, *figures) for group, figures in sum.hours), strict=True))
    if sum.charges:
        charges = ((account, owner, cost, touched) for account, cost in sum.charges)
        await connection.execute(_CHARGED, *zip(*charges, strict=True))


def _call(entry: Entry, body: bytes) -> tuple[Any, ...]:
    time, id, key, team, route, target, tags, *_ = entry
    return time, id, key, team, route, target, written(tags), output(entry), body
