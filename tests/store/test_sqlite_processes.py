"""Several real processes on one SQLite file: they never overspend, and killing them leaves the file sound."""

import asyncio
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from store.contract import Draw, StoreDown
from store.sqlite import SqliteStore
from tests.store.hammering import ACCOUNT, RATE
from tests.store.stores import opened
from tests.store.words import Owner, draw

HOME = Path(__file__).resolve().parents[2]


async def begin(path: Path, owner: str, *, limit: int, most: int, life: int = 1) -> Process:
    words = [path, owner, life, limit, most]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store.hammering", *map(str, words), stdout=PIPE, cwd=HOME
    )


async def totals(process: Process) -> dict[str, int]:
    """The last total told, and what was drawn, once the process has ended."""
    assert process.stdout
    output = await process.stdout.read()
    await process.wait()
    whole = output[: output.rfind(b"\n")].decode().splitlines()
    return {what: int(total) for what, total in (line.split() for line in whole)}


def sound(path: Path) -> bool:
    sql = sqlite3.connect(path)
    try:
        return sql.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        sql.close()


async def test_processes_that_hammer_one_file_spend_all_and_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    processes = [await begin(path, f"here/{number}", limit=3000, most=30) for number in range(2)]

    ends = await asyncio.gather(*map(totals, processes))

    assert [0, 0] == [process.returncode for process in processes]
    assert 3000 == sum(end["drew"] for end in ends)
    async with opened(SqliteStore(path)) as store:
        heard = await Owner(store, account=ACCOUNT).tell()
    assert sum(end["told"] for end in ends) == heard.spent
    assert 3000 - 20 <= heard.spent <= 3000
    assert 0 == heard.leased


@pytest.mark.parametrize("pause", [0.05, 0.2])
async def test_who_is_killed_in_the_middle_leaves_a_sound_file(tmp_path: Path, pause: float) -> None:
    path = tmp_path / "state.db"
    limit = 10**9
    processes = [await begin(path, f"here/{number}", limit=limit, most=30) for number in range(2)]
    for process in processes:
        assert process.stdout
        await process.stdout.readline()

    await asyncio.sleep(pause)
    for process in processes:
        process.kill()
    ends = await asyncio.gather(*map(totals, processes))

    assert sound(path)
    async with opened(SqliteStore(path)) as store:
        for number, end in enumerate(ends):
            owner = Owner(store, f"here/{number}", life=2, account=ACCOUNT)
            heard = await owner.tell(limit)
            assert end["told"] <= heard.own <= end["told"] + 60
        assert 0 == heard.leased
        assert (await draw(store, Draw(RATE, limit, 3600.0, 1, 1))).granted


async def test_who_stands_still_in_a_transaction_holds_up_the_others_for_a_stated_time(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with opened(SqliteStore(path, deadline=0.2)) as store:
        await Owner(store).tell()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDS_UP, str(path), stdout=PIPE)
        assert process.stdout
        await process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        loop = asyncio.get_running_loop()

        start = loop.time()
        with pytest.raises(StoreDown, match="no answer in time"):
            await Owner(store).tell()
        took = loop.time() - start
        process.kill()
        await totals(process)

        assert 0.15 < took < 0.5
        assert 0 == await until_it_answers(store)


async def test_many_make_the_file_at_once(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path / "state.db") for _ in range(8)]

    await asyncio.gather(*(store.open() for store in stores))
    heard = [await Owner(store, f"here/{number}").tell(spent=1) for number, store in enumerate(stores)]
    for store in stores:
        await store.close()

    assert 1 == len({store.epoch for store in stores})
    assert [*range(1, 9)] == [one.spent for one in heard]


@pytest.mark.parametrize("ends", [True, False])
async def test_who_opens_waits_for_whoever_makes_the_file(tmp_path: Path, ends: bool) -> None:
    path = tmp_path / "state.db"
    maker = sqlite3.connect(path, isolation_level=None)
    maker.execute("BEGIN IMMEDIATE")
    store = SqliteStore(path)

    opening = asyncio.create_task(store.open())
    await asyncio.sleep(0.1)
    if ends:
        maker.execute("ROLLBACK")
        await opening
        await Owner(store).tell()
    else:
        with pytest.raises(StoreDown, match="database is locked"):
            await opening

    await store.close()
    maker.close()


async def until_it_answers(store: SqliteStore) -> int:
    for _ in range(100):
        try:
            return (await Owner(store, life=2).tell()).granted
        except StoreDown:
            await asyncio.sleep(0.05)
    raise AssertionError("it never answers again")


HOLDS_UP = """
import sqlite3, sys, time
sql = sqlite3.connect(sys.argv[1], isolation_level=None)
sql.execute("BEGIN IMMEDIATE")
print("begun", 1, flush=True)
time.sleep(60)
"""
