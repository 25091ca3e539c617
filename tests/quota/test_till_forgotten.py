"""Tills whose Redis comes back empty, while some of them have nothing to say, and one is gone with its last rows."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from config.schema import Key
from quota.courier import QUESTIONS
from quota.hold import Hold
from quota.till import Till
from store.drain import Drain
from store.journal import Journal
from store.ledger_sqlite import SqliteLedger
from store.redis_node import SETTLE
from tests.quota.desk import Books, Forgetful, allowance, ask, granted, key, opened
from tests.store.ledger.entries import entry
from tests.store.redis_servers import Server, serving
from tests.store.test_outage import Log
from tests.store.test_redis_outage import at, url

ALICE = "usd:key/alice:total"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    with serving(server):
        yield server


class Process:
    """A till of its own, with a journal of its own on one machine, and the ledger of all."""

    def __init__(self, till: Till, journal: Journal, ledger: SqliteLedger) -> None:
        self.till, self.journal = till, journal
        self._drain = Drain(journal, ledger, say=Log())

    async def hold(self, who: Key, amount: int) -> Hold:
        """As soon as the store grants anything at all."""
        hold = await ask(self.till, who, amount, within=3 * SETTLE)
        assert isinstance(hold, Hold), hold
        return hold

    async def spend(self, who: Key, amount: int) -> None:
        row = entry(charges={ALICE: amount}, cost=amount).to_bytes()
        (await self.hold(who, amount)).settle(amount, 0, row)

    async def drain(self) -> None:
        await self._drain.drain()

    def die(self) -> None:
        """As by a signal: nothing is told any more, and the system lets go of the lock."""
        walk = self.till._courier._walk
        assert walk is not None
        walk.cancel()
        self.journal._slot.free()


@asynccontextmanager
async def process(server: Server, machine: Path, ledger: SqliteLedger, *, dies: bool = False) -> AsyncIterator[Process]:
    async with at(url(server), Log(), settle=SETTLE, deadline=0.5) as store:
        journal = await asyncio.to_thread(Journal.claim, machine)
        till = Till(store, journal, ledger=ledger)
        await till.begin()
        try:
            yield Process(till, journal, ledger)
        finally:
            if not dies:
                await till.end()
                await asyncio.to_thread(journal.close)


async def test_a_redis_that_comes_back_empty_makes_nobody_overspend(server: Server, tmp_path: Path) -> None:
    """What the dead had spent isn't in the ledger yet, and what the idle one holds is in nobody's books."""
    alice = key("alice", allowance(1000))
    async with AsyncExitStack() as stack:
        ledger = SqliteLedger(tmp_path / "ledger.db")
        await ledger.open()
        stack.push_async_callback(ledger.close)
        busy = await stack.enter_async_context(process(server, tmp_path / "a", ledger))
        idle = await stack.enter_async_context(process(server, tmp_path / "a", ledger))
        gone = await stack.enter_async_context(process(server, tmp_path / "a", ledger, dies=True))
        other = await stack.enter_async_context(process(server, tmp_path / "b", ledger))
        await busy.spend(alice, 300)
        await busy.drain()
        await idle.spend(alice, 100)
        held = await idle.hold(alice, 150)
        await gone.spend(alice, 200)
        await gone.hold(alice, 50)
        await asyncio.sleep(0.5)
        server.kill()
        gone.die()
        await asyncio.sleep(1.5)
        server.start()

        had = await spree(other.till, alice)

        assert had == 1000 - 300 - 100 - 150 - 200 - 50
        held.settle(150, 0, b"")


async def spree(till: Till, who: Key) -> int:
    """Takes whatever can be had, until for a while there is nothing any more."""
    had, until = 0, time.monotonic() + 5 * SETTLE
    while (left := until - time.monotonic()) > 0:
        hold = await ask(till, who, 10, within=left)
        if isinstance(hold, Hold):
            hold.settle(10, 0, b"")
            had, until = had + 10, time.monotonic() + SETTLE
        else:
            await asyncio.sleep(0.05)
    return had


class Counting(Forgetful):
    """*most*: how many accounts were restored at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.restoring = self.most = 0

    async def restore(self, account: str, spent: Mapping[str, int], ends: float) -> None:
        self.restoring += 1
        self.most = max(self.most, self.restoring)
        await asyncio.sleep(0)
        await super().restore(account, spent, ends)
        self.restoring -= 1


async def test_many_accounts_are_restored_without_keeping_the_store_from_its_calls() -> None:
    store = Counting()
    async with opened(store, ledger=Books({})) as till:
        keys = [key(f"k{number}", allowance(1000)) for number in range(300)]
        for hold in await asyncio.gather(*(granted(till, one, 10) for one in keys)):
            hold.settle(10, 0, b"")
        store.forget()
        async with asyncio.timeout(15):
            while len(store.restored) < len(keys):
                await asyncio.sleep(0.02)

    assert store.most == QUESTIONS


async def test_what_left_memory_before_the_ledger_had_it_is_told_again(tmp_path: Path) -> None:
    store, alice = Forgetful(), key("alice", allowance(1000))
    journal = Journal.claim(tmp_path)
    skipped = [0.0]
    books = Books({})
    async with opened(store, journal=journal, ledger=books, monotonic=lambda: time.monotonic() + skipped[0]) as till:
        (await granted(till, alice, 300)).settle(300, 0, b"a row that the ledger doesn't take")
        await asyncio.sleep(0.2)
        for _ in range(4):
            skipped[0] += 40
            till.ring()
            await asyncio.sleep(0.02)
        assert till._stock.allotments == {}

        store.forget()
        await asyncio.sleep(0.5)

        assert store.spent(ALICE) == 300
        assert not isinstance(await ask(till, alice, 701), Hold)
        (await granted(till, alice, 700)).settle(700, 0)
    assert store.spent(ALICE) == 1000
    journal.close()


async def test_whoever_waits_for_the_ledger_doesn_t_keep_the_store_busy() -> None:
    store, books = Forgetful(), Books({})
    alice = key("alice", allowance(1000))
    async with opened(store, ledger=books) as till:
        books.broken = True
        waiting = asyncio.create_task(granted(till, alice, 300))
        await asyncio.sleep(0.1)
        before = store.trips
        await asyncio.sleep(0.5)
        asked = store.trips - before
        books.broken = False
        (await waiting).settle(300, 0)

    assert asked < 30
