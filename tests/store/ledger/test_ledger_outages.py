"""What a ledger says when its database is away, slow, old or in somebody's hands; and that it never says a password."""

import asyncio
import contextlib
import math
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import orjson
import pytest

from store.books import books
from store.ledger import LedgerDown, OldLedger
from store.ledger_postgres import PostgresLedger
from store.ledger_sqlite import SqliteLedger
from store.migrations import STEPS
from tests.store.ledger.entries import NOON, entry
from tests.store.ledger.postgres import Server, free_port

PASSWORD = "s3cr3t-p4ss"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql://me:{PASSWORD}@127.0.0.1:{{port}}/x", "PostgreSQL: ConnectionRefusedError"),
        (f"postgresql://me:{PASSWORD}@127.0.0.1:{PASSWORD}/x", "ledger.url is not an address of PostgreSQL"),
        (f"mysql://me:{PASSWORD}@127.0.0.1/x", "ledger.url is not an address of PostgreSQL"),
    ],
)
async def test_whoever_can_t_be_reached_is_down_and_no_password_is_told(url: str, said: str) -> None:
    ledger = PostgresLedger(url.format(port=free_port()))

    with pytest.raises(LedgerDown) as caught:
        await ledger.open()

    assert str(caught.value) == said
    assert PASSWORD not in f"{caught.value!r}{ledger!r}"
    await ledger.close()


async def test_a_wrong_password_is_told_as_that(postgres: Server) -> None:
    ledger = PostgresLedger(postgres.url.replace(postgres.password, PASSWORD))

    with pytest.raises(LedgerDown, match=r"^PostgreSQL: InvalidPasswordError \(28P01\)$"):
        await ledger.open()

    await ledger.close()


async def test_a_ledger_that_was_never_opened_is_down() -> None:
    ledger = PostgresLedger("postgresql://127.0.0.1/x")

    with pytest.raises(LedgerDown, match="the ledger isn't open"):
        await ledger.last("me")

    await ledger.close()


async def test_whoever_takes_a_connection_and_says_nothing_is_down() -> None:
    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", port := free_port()) as server:
        ledger = PostgresLedger(f"postgresql://me@127.0.0.1:{port}/x?sslmode=disable", deadline=0.2)

        with pytest.raises(LedgerDown, match=r"PostgreSQL didn't answer within 0.2 s"):
            await ledger.open()

        await ledger.close()
        server.close()


@pytest.fixture
async def quick(database: str) -> AsyncIterator[PostgresLedger]:
    ledger = PostgresLedger(database, deadline=0.5)
    await ledger.migrate()
    yield ledger
    await ledger.close()


async def test_tables_are_never_made_by_opening(database: str) -> None:
    ledger = PostgresLedger(database)

    with pytest.raises(OldLedger, match=r"older than this program; run: python proxy.py migrate"):
        await ledger.open()
    assert await ledger.migrate() == [step.name for step in STEPS]
    await ledger.open()

    await ledger.close()


async def test_a_schema_that_somebody_made_beforehand_is_used(database: str) -> None:
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
        await pool.execute("CREATE SCHEMA switchyard")
    ledger = PostgresLedger(database)

    assert await ledger.migrate() == [step.name for step in STEPS]

    await ledger.close()


async def test_several_who_migrate_at_once_wait_for_each_other(database: str) -> None:
    ledgers = [PostgresLedger(database) for _ in range(4)]

    applied = await asyncio.gather(*(one.migrate() for one in ledgers))

    assert sorted(applied) == [*[[]] * 3, [step.name for step in STEPS]]
    await asyncio.gather(*(one.close() for one in ledgers))


async def test_a_server_that_stands_still_is_down_until_it_goes_on(quick: PostgresLedger, postgres: Server) -> None:
    await quick.add("me", 1, [entry(1)])
    other = PostgresLedger(quick._url, deadline=0.3)
    await other.open()
    processes = children(postgres.process.pid)
    for one in processes:
        os.kill(one, signal.SIGSTOP)
    try:
        with pytest.raises(LedgerDown, match=r"PostgreSQL didn't answer within 0.5 s"):
            await quick.add("me", 2, [entry(2)])
        await other.close()
    finally:
        for one in processes:
            os.kill(one, signal.SIGCONT)

    await quick.add("me", 2, [entry(2)])

    assert (await quick.sums([], 0, math.inf))[0].requests == 2


def children(pid: int) -> list[int]:
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, below)]


async def test_connections_that_were_cut_are_made_again(quick: PostgresLedger, database: str) -> None:
    await quick.add("me", 1, [entry(1)])
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
        others = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        await pool.execute(f"SELECT pg_terminate_backend(pid) {others}")

    with contextlib.suppress(LedgerDown):
        await quick.add("me", 2, [entry(2)])
    await quick.add("me", 2, [entry(2)])

    assert await quick.last("me") == 2
    assert await quick.charged("usd:key/alice:month-2026-11") == {"me": 2_000}


async def test_somebody_who_holds_a_lock_is_waited_for_only_until_the_deadline(
    quick: PostgresLedger, database: str
) -> None:
    somebody = await asyncpg.connect(database)
    async with somebody.transaction():
        await somebody.execute("LOCK TABLE switchyard.hours")
        with pytest.raises(LedgerDown):
            await quick.add("me", 1, [entry(1)])
    await somebody.close()

    await quick.add("me", 1, [entry(1)])

    assert len(await quick.rows(0, math.inf)) == 1


async def test_a_deadlock_with_somebody_else_is_tried_again(database: str) -> None:
    ledger = PostgresLedger(database, deadline=10)
    await ledger.migrate()
    await ledger.add("me", 1, [entry(1, key="a"), entry(2, key="b")])
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool, pool.acquire() as connection:
        lock = "SELECT 1 FROM switchyard.hours WHERE key = $1 FOR UPDATE"
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SET LOCAL deadlock_timeout = '10s'")  # the ledger is to be the one that finds it
        await connection.execute(lock, "b")
        adding = asyncio.create_task(ledger.add("me", 3, [entry(3, key="a"), entry(4, key="b")]))
        await asyncio.sleep(0.2)
        await connection.execute(lock, "a")
        await transaction.rollback()
        await adding

    assert (await ledger.sums([], 0, math.inf))[0].requests == 4
    await ledger.close()


REFUSING = """
CREATE SEQUENCE switchyard.tries;
CREATE FUNCTION switchyard.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('switchyard.tries') <= {times} THEN RAISE EXCEPTION 'once more' USING ERRCODE = '40001'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON switchyard.calls FOR EACH ROW EXECUTE FUNCTION switchyard.refuse();
"""


@pytest.mark.parametrize(("times", "fails"), [(1, False), (4, False), (5, True)])
async def test_what_could_not_be_put_in_order_is_tried_five_times(
    quick: PostgresLedger, database: str, times: int, fails: bool
) -> None:
    somebody = await asyncpg.connect(database)
    await somebody.execute(REFUSING.format(times=times))
    await somebody.close()

    with pytest.raises(LedgerDown, match=r"SerializationError \(40001\)") if fails else contextlib.nullcontext():
        await quick.add("me", 1, [entry(1)])

    assert await quick.last("me") == (0 if fails else 1)


@pytest.mark.parametrize(("deadline", "waits"), [(5.0, True), (0.1, False)])
async def test_a_file_that_somebody_else_is_making_is_waited_for(tmp_path: Path, deadline: float, waits: bool) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite", deadline=deadline)
    somebody = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    somebody.execute("CREATE TABLE something (x)")
    somebody.execute("BEGIN EXCLUSIVE")
    asyncio.get_running_loop().call_later(0.3, somebody.execute, "COMMIT")

    with contextlib.nullcontext() if waits else pytest.raises(LedgerDown):
        await ledger.open()
    await asyncio.sleep(0 if waits else 0.4)

    await ledger.open()
    assert await ledger.last("me") == 0
    await ledger.close()
    somebody.close()


async def test_sqlite_waits_for_a_lock_only_until_the_deadline(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite", deadline=0.2)
    await ledger.open()
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")

        with pytest.raises(LedgerDown, match=r"^ledger.sqlite(: database is locked| didn't answer within 0.2 s)$"):
            await ledger.add("me", 1, [entry(1)])

        somebody.execute("ROLLBACK")
    await ledger.add("me", 1, [entry(1)])

    assert len(await ledger.rows(0, math.inf)) == 1
    await ledger.close()


async def test_a_question_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    others = set(threading.enumerate())
    ledger = SqliteLedger(tmp_path / "ledger.sqlite", deadline=0.1)
    await ledger.open()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

    with pytest.raises(LedgerDown, match=r"didn't answer within 0.1 s"):
        await ledger._reading.do(lambda connection: connection.execute(endless).fetchall())

    assert await ledger.last("me") == 0
    await ledger.close()
    assert "ledger" not in {thread.name.split("_")[0] for thread in set(threading.enumerate()) - others}


async def test_a_file_that_is_no_database_is_down(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database, but long enough to be taken for one" * 20)
    ledger = books(None, tmp_path)

    with pytest.raises(LedgerDown, match=r"ledger.sqlite: file is not a database"):
        await ledger.open()

    await ledger.close()


async def test_a_directory_that_can_t_be_made_is_down(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ledger = books(None, tmp_path / "file")

    with pytest.raises(LedgerDown):
        await ledger.open()

    await ledger.close()


async def test_rows_are_written_through_where_that_is_wanted(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite", fsync=True)
    await ledger.open()

    written = await ledger._writing.do(lambda connection: connection.execute("PRAGMA synchronous").fetchone())

    assert written == (2,)
    await ledger.close()


async def test_a_batch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    await ledger.open()

    with pytest.raises(OverflowError):
        await ledger.add("me", 1, [entry(1), entry(2, cost=2**63)])

    assert await ledger.last("me") == 0
    assert await ledger.rows(0, math.inf) == []
    await ledger.close()


async def test_rows_of_the_first_tables_are_still_found(tmp_path: Path) -> None:
    (first, *_), old = STEPS, sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    rows = [entry(number, key='a"b') for number in range(1, 4)]
    with contextlib.closing(old):
        old.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        old.execute("INSERT INTO migrations VALUES (1, ?)", (first.name,))
        for statement in first.sqlite:
            old.execute(statement)
        for row in rows:
            names = (row.id, row.key, row.team, row.route, row.target, "[]", 5, orjson.dumps(row[:20]))
            old.execute("INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (int(row.time * 1e6) * 1024, *names))

    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    await ledger.open()
    await ledger.add("me", 1, [entry(4)])

    assert await ledger.rows(0, math.inf) == [entry(4), *rows[::-1]]
    assert await ledger.rows(0, math.inf, {"key": 'a"b'}) == rows[::-1]
    await ledger.close()


async def test_sums_of_older_tables_go_on_with_what_was_saved(tmp_path: Path) -> None:
    *former, _ = STEPS
    old = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    with contextlib.closing(old):
        old.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        for number, step in enumerate(former, 1):
            old.execute("INSERT INTO migrations VALUES (?, ?)", (number, step.name))
            for statement in step.sqlite:
                old.execute(statement)
        known = [name for _, name, *_ in old.execute("PRAGMA table_info(hours)")]
        values = [int(NOON // 3600), "alice", "research", "fast", "openai/gpt-5", "[]", *[7] * (len(known) - 6)]
        old.execute(f"INSERT INTO hours VALUES ({', '.join('?' * len(known))})", values)

    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    await ledger.open()
    bodies = [orjson.dumps(entry(1)[:20]), entry(2, cache="hit", cost=0, saved=5).to_bytes()]
    await ledger.add("me", 1, [entry(1), entry(2)], bodies)

    (whole,) = await ledger.sums([], 0, math.inf)
    assert (7 + 2, 7 + 1_000, 5) == (whole.requests, whole.cost, whole.saved)
    await ledger.close()


async def test_who_comes_and_goes_clears_nothing_away_that_others_use(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    await ledger.open()
    another = (
        "import asyncio, sys; from pathlib import Path; from store.ledger_sqlite import SqliteLedger\n"
        "from tests.store.ledger.entries import entry\n"
        "async def main():\n"
        "    ledger = SqliteLedger(Path(sys.argv[1]))\n"
        "    await ledger.open()\n"
        "    await ledger.add('another', 1, [entry(1)])\n"
        "    await ledger.close()\n"
        "asyncio.run(main())"
    )
    await ledger.add("me", 1, [entry(2)])

    going = await asyncio.create_subprocess_exec(sys.executable, "-c", another, str(tmp_path / "ledger.sqlite"))

    assert await going.wait() == 0
    assert (tmp_path / "ledger.sqlite-wal").exists()
    await ledger.add("me", 2, [entry(3)])
    assert 3 == (await ledger.sums([], 0, math.inf))[0].requests
    await ledger.close()


async def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    await ledger.open()
    await ledger.add("me", 1, [entry(1)])

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    await ledger.close()

    assert set(modes) >= {"ledger.sqlite", "ledger.sqlite-wal"}
    assert set(modes.values()) == {0o600}
