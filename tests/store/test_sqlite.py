"""What is particular to the store in a SQLite file."""

import asyncio
import os
import shutil
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from store.contract import Draw, StoreDown
from store.sqlite import STEPS, SqliteStore
from store.sqlite_clock import steady_clock
from tests.store.stores import Clock, opened
from tests.store.words import Owner, draw, key


async def refusal(path: Path) -> str:
    store = SqliteStore(path)
    with pytest.raises(StoreDown) as caught:
        await store.open()
    await store.close()
    return str(caught.value)


async def test_everything_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with opened(SqliteStore(path)) as store:
        epoch = store.epoch
        await Owner(store).lease(300, spent=100)
        await draw(store, Draw("req:a:60", 5, 60.0, 5, 5))
        await store.once("a", time.time() + 60)
        stored = await store.put_key(key())

    async with opened(SqliteStore(path)) as store:
        heard = await Owner(store, "here/2").tell()

        assert epoch == store.epoch
        assert (100, 300, False) == (heard.spent, heard.leased, heard.fresh)
        assert 0 == (await draw(store, Draw("req:a:60", 5, 60.0))).granted
        assert not await store.once("a", time.time() + 60)
        assert stored == await store.key_named("alice")


async def test_its_folder_is_made_and_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "state.db"
    async with opened(SqliteStore(path)) as store:
        await Owner(store).tell()

        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}

    assert {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600} == modes


@pytest.mark.parametrize(("fsync", "level"), [(False, 1), (True, 2)])
async def test_it_writes_through_where_that_is_asked_for(tmp_path: Path, fsync: bool, level: int) -> None:
    async with opened(SqliteStore(tmp_path / "state.db", fsync=fsync)) as store:
        assert level == await store._read(lambda sql: sql.execute("PRAGMA synchronous").fetchone()[0])


async def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with opened(SqliteStore(path)):
        pass
    sql = sqlite3.connect(path)
    sql.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    sql.close()

    assert f"{path} was written by a newer version of this program" == await refusal(path)


async def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    sql = sqlite3.connect(path)
    sql.execute("CREATE TABLE birds (name TEXT)")
    sql.close()

    assert f"{path} belongs to another program" == await refusal(path)


async def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"no database at all, but quite some text " * 100)

    assert f"{path}: file is not a database; bring back a copy of it, or move it away to begin anew" == await refusal(
        path
    )


async def test_a_file_damaged_in_the_middle_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with opened(SqliteStore(path)) as store:
        for number in range(500):
            await Owner(store, account=f"usd:{number}:total").tell()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))

    store = SqliteStore(path)
    with pytest.raises(StoreDown, match="malformed; bring back a copy of it"):
        async with opened(store):
            await Owner(store, account="usd:3:total").tell()
    await store.close()


async def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    path = tmp_path / "file" / "deeper" / "state.db"

    assert f"{path}: Not a directory" == await refusal(path)


async def test_a_file_that_cannot_be_shared_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    # SQLite keeps a file of this name in memory, where write-ahead logging is unknown, as it is on some disks.
    assert "lies where SQLite can't share it" in await refusal(Path(":memory:"))


@pytest.mark.parametrize("again", [False, True], ids=["removed", "replaced"])
async def test_a_file_that_is_taken_away_is_missed(tmp_path: Path, again: bool) -> None:
    path = tmp_path / "state.db"
    async with opened(SqliteStore(path)) as store:
        await Owner(store).tell()
        path.rename(tmp_path / "elsewhere.db")
        if again:
            shutil.copy(tmp_path / "elsewhere.db", path)

        with pytest.raises(StoreDown, match="replaced while it was in use" if again else "No such file"):
            await Owner(store).tell()


async def test_a_full_disk_is_down_and_undoes_what_was_begun(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with opened(SqliteStore(path)) as store:
        owner = Owner(store)
        await owner.lease(300)
        pages = await store._read(lambda sql: sql.execute("PRAGMA page_count").fetchone()[0])
        await store._read(lambda sql: sql.execute(f"PRAGMA max_page_count = {pages}").fetchone())

        with pytest.raises(StoreDown, match="full"):
            await store.restore("usd:big:total", {"x" * 1000 + str(number): 1 for number in range(100)}, 9e9)
        heard = await owner.tell(keep=300)

    assert (300, 300) == (heard.leased, heard.granted + 300)


async def test_a_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db")

    with pytest.raises(StoreDown, match="isn't open"):
        await Owner(store).tell()
    await store.open()
    await Owner(store).tell()
    await store.close()
    await store.close()
    with pytest.raises(StoreDown, match="isn't open"):
        await Owner(store).tell()


async def test_a_store_that_could_not_be_opened_says_so(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.mkdir()
    store = SqliteStore(path)

    with pytest.raises(StoreDown, match="Is a directory"):
        await store.open()
    with pytest.raises(StoreDown, match="isn't open"):
        await Owner(store).tell()
    await store.close()


async def test_a_clock_that_is_wrong_for_a_moment_ends_no_account(tmp_path: Path, clock: Clock) -> None:
    wrong = Clock()
    async with opened(SqliteStore(tmp_path / "state.db", clock=wrong, steady=clock)) as store:
        owner = Owner(store)
        await owner.tell(spent=5, ends=clock.now + 86400)
        wrong.move(10 * 86400)
        clock.move(600)
        await Owner(store, account="usd:b:total").tell()

        assert not (await owner.tell(ends=clock.now + 86400)).fresh


async def test_what_takes_too_long_is_down_and_what_comes_behind_it_at_once(tmp_path: Path) -> None:
    hangs, gate = threading.Event(), threading.Event()

    def clock() -> float:
        # As a disk would hang, inside of a transaction.
        if hangs.is_set():
            gate.wait(10)
        return time.time()

    async with opened(SqliteStore(tmp_path / "state.db", steady=clock, deadline=0.5)) as store:
        owner = Owner(store)
        await owner.lease(10)
        hangs.set()
        loop = asyncio.get_running_loop()

        with pytest.raises(StoreDown, match="no answer in time"):
            await owner.tell(spent=5, keep=5)
        await asyncio.sleep(0.05)
        start = loop.time()
        for _ in range(20):
            with pytest.raises(StoreDown, match="the disk hangs"):
                await owner.tell(spent=5, keep=5)
        took = loop.time() - start
        hangs.clear()
        gate.set()
        await asyncio.sleep(0.05)
        heard = await owner.tell(spent=6, keep=4)

    assert took < 0.5  # which one alone would wait for
    assert (6, 4) == (heard.spent, heard.leased)


async def test_what_nobody_waits_for_any_more_is_not_done(tmp_path: Path) -> None:
    gate = threading.Event()

    def clock() -> float:
        gate.wait(10)
        return time.time()

    async with opened(SqliteStore(tmp_path / "state.db", steady=clock)) as store:
        first = asyncio.create_task(store.draw([Draw("req:a:60", 5, 60.0)]))
        second = asyncio.create_task(store.draw([Draw("req:a:60", 5, 60.0)]))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0)
        gate.set()
        await first

        assert 3 == (await draw(store, Draw("req:a:60", 5, 60.0))).left


async def test_the_clock_is_the_same_for_all_since_the_machine_started(tmp_path: Path) -> None:
    boot = tmp_path / "boot"
    real = time.time() - time.monotonic()
    known = 'INSERT OR REPLACE INTO about VALUES (\'clock\', \'{"boot": "one", "offset": 7.5}\')'
    async with opened(SqliteStore(tmp_path / "state.db")) as store:

        async def offset(started: str) -> float:
            boot.write_text(started)
            return await store._write(lambda sql, _: steady_clock(sql, boot)() - time.monotonic())

        first = await offset("one")
        await store._write(lambda sql, _: sql.execute(known).rowcount)
        same, restarted, still = await offset("one"), await offset("two"), await offset("two")
        nowhere = await store._write(lambda sql, _: steady_clock(sql, tmp_path / "nowhere"))

    assert first == pytest.approx(real, abs=1)
    assert same == pytest.approx(7.5, abs=0.1)
    assert restarted == pytest.approx(real, abs=1)
    assert restarted == pytest.approx(still, abs=0.1)
    assert nowhere is time.time


async def test_a_hundred_thousand_keys_and_accounts_cost_a_start_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with opened(SqliteStore(path, deadline=30)) as store:
        await store._write(lambda sql, _: fill(sql, 100_000))

    start = time.perf_counter()
    async with opened(SqliteStore(path)) as store:
        assert (await store.key_of((77_777).to_bytes(32))).name == "key-077777"
        assert await store.key_of(b"?" * 32) is None
        assert [f"key-{number:06}" for number in range(50_001, 50_003)] == [
            one.name for one in await store.keys("key-050000", 2)
        ]
        assert 5 == (await Owner(store, "here/2", account="usd:key/key-077777:total").tell()).spent
        plans = await store._read(plan)
    took = time.perf_counter() - start

    assert took < 1
    assert not [plan for plan in plans if "SCAN" in plan]


def fill(sql: sqlite3.Connection, many: int) -> None:
    keys = ((f"key-{n:06}", n.to_bytes(32), "{}", 1.0, 1.0, None, 0.0, n) for n in range(many))
    sql.executemany("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)", keys)
    parts = '{"here/1": [1, 1, 5, 0, 1.0]}'
    accounts = ((f"usd:key/key-{n:06}:total", None, 0.0, parts) for n in range(many))
    sql.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?)", accounts)


def plan(sql: sqlite3.Connection) -> list[str]:
    """How SQLite goes about what is asked on a call's way."""
    return [
        row[3]
        for question in (
            "SELECT * FROM keys WHERE digest = x'00'",
            "SELECT * FROM keys WHERE former = x'00'",
            "SELECT * FROM keys WHERE name > '' ORDER BY name LIMIT 100",
            "SELECT * FROM accounts WHERE name = ''",
            "SELECT name FROM accounts WHERE ends <= 1 LIMIT 500",
            "SELECT name FROM rates WHERE ends <= 1 LIMIT 500",
        )
        for row in sql.execute(f"EXPLAIN QUERY PLAN {question}")
    ]


async def test_a_file_from_before_there_was_a_board_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    sql = sqlite3.connect(path)
    for statement in STEPS[0]:
        sql.execute(statement)
    sql.execute("INSERT INTO about VALUES ('epoch', 'old')")
    sql.execute("PRAGMA user_version = 1")
    sql.commit()
    sql.close()

    async with opened(SqliteStore(path)) as store:
        await store.post("a", b"1", 60)

        assert "old" == store.epoch
        assert {"a": b"1"} == await store.posted("a")
