"""What the till makes of a journal: the next life, what others left behind, and a disk without room."""

import asyncio
import time
from pathlib import Path

from config.schema import Config, Team
from quota.journal import NoJournal
from store.journal import Journal, JournalFull
from tests.quota.desk import Books, Forgetful, Fragile, allowance, granted, key, opened, refused

ALICE = "usd:key/alice:total"
RED = "usd:team/red:total"


class Crammed(NoJournal):
    """On a disk that can be full."""

    def __init__(self, owner: str, life: int) -> None:
        super().__init__(owner, life)
        self.rows: list[bytes] = []

    def held(self, number: int, amount: int, accounts: tuple[str, ...], note: bytes) -> None:
        if self.full:
            raise JournalFull

    def grown(self, number: int, more: int) -> None:
        if self.full:
            raise JournalFull

    def row(self, row: bytes) -> None:
        self.rows.append(row)


def killed(journal: Journal) -> None:
    """As by a signal: nothing is closed, but the system lets go of the lock."""
    journal._slot.free()


async def test_a_killed_process_is_settled_by_its_successor(tmp_path: Path) -> None:
    store, alice = Fragile(), key("alice", allowance(1000))
    first = Journal.claim(tmp_path)
    async with opened(store, journal=first) as till:
        (await granted(till, alice, 300)).settle(200, 0, b"row")
        await granted(till, alice, 400)
        killed(first)
        second = Journal.claim(tmp_path)
        assert second.owner == first.owner

        async with opened(store, journal=second) as successor:
            (standing,) = await successor.standing("key/alice", alice.allowance)
            assert (standing.spent, standing.held) == (600, 0)
            assert (await refused(successor, alice, 401)).spent == 600
            (await granted(successor, alice, 400)).settle(400, 0, b"row")
        assert (store.spent(ALICE), store.leased(ALICE)) == (1000, 0)
        second.close()


async def test_what_was_told_in_an_earlier_life_is_not_told_again_as_less(tmp_path: Path) -> None:
    store, alice = Fragile(), key("alice", allowance(1000))
    for cost in (100, 200, 300):
        journal = Journal.claim(tmp_path)
        async with opened(store, journal=journal) as till:
            (await granted(till, alice, 300)).settle(cost, 0, b"row")
        while batch := journal.take(100):
            journal.drained(batch.mark)
        journal.close()

    assert store.spent(ALICE) == 600


async def test_whoever_never_comes_back_is_spoken_for(tmp_path: Path) -> None:
    store = Forgetful()
    alice = key("alice", allowance(1000), team="red")
    config = Config(teams={"red": Team(name="red", allowance=allowance(5000))})
    lost, found = Journal.claim(tmp_path), Journal.claim(tmp_path)
    skipped = [0.0]
    async with opened(store, config, journal=lost) as till:
        (await granted(till, alice, 300)).settle(200, 0)
        await granted(till, alice, 400)
        killed(lost)
        found.adopt(0.0)
        assert found.adopt(10.0) == [lost.owner]

        async with opened(store, config, journal=found, monotonic=lambda: time.monotonic() + skipped[0]) as other:
            (standing,) = await other.standing("team/red")
            assert (standing.spent, standing.held) == (600, 0)
            store.forget()
            skipped[0] += 5
            await other.standing("team/red")
            await asyncio.sleep(0.1)
            assert store.spent(RED) == 600
            assert store.spent(ALICE) == 600
    found.close()


async def test_a_disk_without_room_refuses_what_costs_money_and_nothing_else(tmp_path: Path) -> None:
    journal = Crammed("m/0", 1)
    alice = key("alice", allowance(10**9))
    async with opened(Fragile(), journal=journal) as till:
        hold = await granted(till, alice, 10)
        await granted(till, alice, 10)
        journal.full = True

        assert (await refused(till, alice, 10)).down
        assert not hold.extend(5)
        (await granted(till, key("bob", allowance(concurrent=2)))).release(b"row")
    assert journal.rows == [b"row"]


async def test_spending_that_came_to_light_later_corrects_the_journal(tmp_path: Path) -> None:
    store, alice = Fragile(), key("alice", allowance(1000, when_down="open"))
    journal = Journal.claim(tmp_path)
    async with opened(store, journal=journal) as till:
        (await granted(till, alice, 100)).settle(100, 0)
    while batch := journal.take(100):
        journal.drained(batch.mark)
    journal.close()
    journal = Journal.claim(tmp_path)
    journal.heritage.totals[journal.owner].clear()
    store.broken = True
    async with opened(store, journal=journal) as till:
        (await granted(till, alice, 50)).settle(50, 0)
        store.broken = False
        while till.down:
            await asyncio.sleep(0.05)
        (standing,) = await till.standing("key/alice", alice.allowance)
        assert standing.spent == 150
    killed(journal)
    after = Journal.claim(tmp_path)
    assert after.heritage.totals[after.owner][ALICE] == 150
    after.close()


class Unreadable(NoJournal):
    """On a disk that can't be read for a while."""

    def __init__(self, owner: str, life: int) -> None:
        super().__init__(owner, life)
        self.looks: list[float] = []

    def adopt(self, *, patience: float) -> list[str]:
        self.looks.append(patience)
        if len(self.looks) == 1:
            raise OSError("it hangs")
        return []


async def test_those_who_are_gone_are_looked_for_again_after_a_look_that_failed() -> None:
    store, journal, alice = Forgetful(), Unreadable("m/0", 1), key("alice", allowance(1000))
    async with opened(store, journal=journal, ledger=Books({})) as till:
        store.settling = 1.0
        assert (await refused(till, alice, 10, within=0.8)).down
        store.settling = 0.0
        (await granted(till, alice, 10)).settle(10, 0)

    assert journal.looks[:2] == [0.0, 0.0]


async def test_a_store_that_finds_itself_back_is_told_at_once() -> None:
    store, alice = Forgetful(), key("alice", allowance(1000))
    async with opened(store, ledger=Books({})) as till:
        (await granted(till, alice, 300)).settle(300, 0)
        store.broken = True
        await asyncio.sleep(1.5)
        assert till.down
        store.broken = False
        store.forget()
        await asyncio.sleep(0.4)

        assert store.spent(ALICE) == 300
