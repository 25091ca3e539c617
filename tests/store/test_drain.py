"""How rows come from the journal to the ledger."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from core.usage import COUNTS
from store.drain import Drain
from store.entry import Entry
from store.journal import Journal
from store.ledger import LedgerDown
from store.ledger_sqlite import SqliteLedger
from tests.store.journals import ACCOUNTS, NOTE, Log, claim, crash


def entry(number: int) -> Entry:
    return Entry(
        time=1.0,
        id=f"req_{number}",
        key="alice",
        team="research",
        route="fast",
        target="openai/gpt",
        tags=("a",),
        endpoint="chat",
        status=200,
        fault="",
        stream=False,
        finish="stop",
        gone=False,
        estimated=False,
        cost=number,
        usage=(1,) * len(COUNTS),
        total_ms=2.0,
        first_ms=None,
        attempts=(("openai/gpt", "", 2.0, number),),
        charges={"usd:key/alice:total": number},
    )


class Pages:
    """Rows as the contract has them, in memory. *fails* is raised while it is set, *after*: when all was added."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, Entry]] = {}
        self.fails: Exception | None = None
        self.after = False
        self.calls = 0

    async def add(self, owner: str, first: int, rows: Sequence[Entry], bodies: Sequence[bytes] | None = None) -> None:
        self.calls += 1
        assert bodies is None or bodies == [row.to_bytes() for row in rows]
        if self.fails and not self.after:
            raise self.fails
        last = await self.last(owner)
        new = {number: row for number, row in enumerate(rows, first) if number > last}
        self.rows.setdefault(owner, {}).update(new)
        if self.fails:
            raise self.fails

    async def last(self, owner: str) -> int:
        if self.fails and not self.after:
            raise self.fails
        return max(self.rows.get(owner, {}), default=0)

    def ids(self) -> list[str]:
        return [row.id for rows in self.rows.values() for row in rows.values()]


@pytest.fixture
async def pages() -> Pages:
    return Pages()


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal.claim(tmp_path)
    yield opened
    opened.close()


def drain(journal: Journal, pages: Pages, say: Log | None = None) -> Drain:
    return Drain(journal, pages, say=say or Log(), every=0.01)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.005)


async def test_rows_come_to_the_ledger_by_themselves_in_their_order(journal: Journal, pages: Pages) -> None:
    mover = drain(journal, pages)
    await mover.begin()
    for number in range(1200):
        journal.row(entry(number).to_bytes())

    await until(lambda: mover.pending == 0)

    assert pages.ids() == [f"req_{number}" for number in range(1200)]
    assert next(iter(pages.rows[journal.owner].values())) == entry(0)
    assert mover.moved == 1200
    assert pages.calls < 10
    await mover.end()


async def test_what_comes_while_rows_are_moved_is_for_the_next_time(journal: Journal) -> None:
    class Busy(Pages):
        async def add(
            self, owner: str, first: int, rows: Sequence[Entry], bodies: Sequence[bytes] | None = None
        ) -> None:
            await super().add(owner, first, rows, bodies)
            journal.row(entry(1000 + self.calls).to_bytes())

    busy = Busy()
    mover = drain(journal, busy)
    for number in range(3):
        journal.row(entry(number).to_bytes())

    await mover.drain()
    calls, pending = busy.calls, mover.pending
    await mover.drain()

    assert (calls, pending) == (1, 1)
    assert busy.ids() == ["req_0", "req_1", "req_2", "req_1001"]


async def test_the_end_takes_along_what_is_left(journal: Journal, pages: Pages) -> None:
    mover = drain(journal, pages)
    await mover.begin()
    await asyncio.sleep(0.02)
    journal.row(entry(1).to_bytes())

    await mover.end()
    await mover.end()

    assert pages.ids() == ["req_1"]


async def test_an_outage_is_told_once_and_loses_nothing(journal: Journal, pages: Pages) -> None:
    log = Log()
    pages.fails = LedgerDown("nobody there")
    mover = drain(journal, pages, log)
    await mover.begin()
    for number in range(10):
        journal.row(entry(number).to_bytes())
    await until(lambda: mover.down)
    await asyncio.sleep(0.05)
    assert mover.pending == 10

    pages.fails = None
    await until(lambda: mover.pending == 0)

    assert pages.ids() == [f"req_{number}" for number in range(10)]
    assert [line[:2] for line in log.lines] == [
        ("warning", "the ledger can't be reached; rows wait in the journal"),
        ("info", "the ledger is back, and has all rows that waited"),
    ]
    await mover.end()


async def test_an_answer_that_was_lost_doubles_nothing(journal: Journal, pages: Pages) -> None:
    mover = drain(journal, pages)
    journal.row(entry(0).to_bytes())
    await mover.drain()
    pages.fails, pages.after = LedgerDown("too late"), True
    for number in range(1, 4):
        journal.row(entry(number).to_bytes())
    assert not await mover.drain()
    pages.fails = None

    assert await mover.drain()

    assert pages.ids() == [f"req_{number}" for number in range(4)]


async def test_what_was_added_before_a_crash_is_not_added_again(tmp_path: Path, pages: Pages) -> None:
    first = claim(tmp_path)
    for number in range(5):
        first.row(entry(number).to_bytes())
    batch = first.take(3)
    assert batch is not None
    await pages.add(batch.owner, batch.first, [Entry.from_bytes(row) for row in batch.rows])
    crash(first)

    second = claim(tmp_path)
    await drain(second, pages).drain()

    assert pages.ids() == [f"req_{number}" for number in range(5)]
    assert second.pending == 0


async def test_calls_that_a_dead_process_has_left_are_in_the_ledger_as_in_the_accounts(
    tmp_path: Path, pages: Pages
) -> None:
    alive, dead = claim(tmp_path), claim(tmp_path)
    dead.held(1, 100, ACCOUNTS, NOTE)
    crash(dead)
    alive.adopt(now=10.0)
    alive.adopt(now=20.0)

    await drain(alive, pages).drain()

    (row,) = pages.rows[dead.owner].values()
    assert row.charges == alive.heritage.totals[dead.owner]
    assert row.estimated


async def test_a_row_that_is_none_is_left_out_and_told(journal: Journal, pages: Pages) -> None:
    log = Log()
    mover = drain(journal, pages, log)
    for row in (entry(0).to_bytes(), b"{", entry(1).to_bytes(), b"[1,2]", b"[]"):
        journal.row(row)

    assert await mover.drain()

    assert pages.ids() == ["req_0", "req_1"]
    assert (mover.unreadable, mover.pending) == (3, 0)
    assert {line[:2] for line in log.lines} == {("error", "a row of the journal is no row, and was left out")}


async def test_a_ledger_that_fails_in_another_way_stops_nobody(journal: Journal, pages: Pages) -> None:
    log = Log()
    pages.fails = RuntimeError("secret")
    mover = drain(journal, pages, log)
    journal.row(entry(1).to_bytes())
    await mover.begin()
    await until(lambda: mover.down)

    await mover.end()

    assert mover.pending == 1
    assert log.lines[0][2] == {"reason": "RuntimeError"}


async def test_what_calls_cost_is_in_the_ledger_to_the_nano_dollar_whoever_died(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    await ledger.open()
    account = "usd:key/alice:total"
    for life in range(4):
        journal = claim(tmp_path)
        mover = Drain(journal, ledger, say=Log())
        await mover.drain()
        journal.held(1, 1000, (account,), NOTE)
        for number in range(2, 40):
            journal.held(number, 1000, (account,), NOTE)
            journal.settled(number, number, entry(number)._replace(charges={account: number}).to_bytes())
            if number % 7 == life:
                await mover.drain()
        crash(journal)
    journal = claim(tmp_path)

    await Drain(journal, ledger, say=Log()).drain()

    cost = 4 * (1000 + sum(range(2, 40)))
    assert journal.heritage.totals == {journal.owner: {account: cost}}
    assert await ledger.charged(account) == {journal.owner: cost}
    assert sum(row.cost for row in await ledger.rows(0, 2e9, most=1000)) == cost
    journal.close()
    await ledger.close()
