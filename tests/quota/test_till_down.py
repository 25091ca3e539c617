"""The till where its store can't be reached, has forgotten what it was told, or grants nothing yet."""

import asyncio

import pytest

from quota.hold import Hold
from quota.words import Need, Shortage
from store.contract import StoreDown
from tests.quota.desk import TARGET, Books, Forgetful, Fragile, allowance, ask, granted, key, opened, refused

ALICE = "usd:key/alice:total"


@pytest.mark.parametrize(
    ("conduct", "first", "second"),
    [("allotment", True, False), ("closed", False, False), ("open", True, True)],
)
async def test_a_store_that_is_down_is_met_as_the_budget_says(conduct: str, first: bool, second: bool) -> None:
    store, alice = Fragile(), key("alice", allowance(1000, when_down=conduct))
    said: list[str] = []
    async with opened(store, when_down=conduct, say=said.append) as till:
        (await granted(till, alice, 600)).settle(100, 0)
        store.broken = True
        till.ring()
        while not till.down:
            await asyncio.sleep(0.01)

        answers = [await ask(till, alice, cost) for cost in (500, 5000)]

        assert [isinstance(answer, Hold) for answer in answers] == [first, second]
        assert all(answer.down for answer in answers if isinstance(answer, Shortage))
        if first:
            answers[0].settle(500, 0)  # type: ignore[union-attr]
        with pytest.raises(StoreDown):
            await till.standing("key/alice", alice.allowance)
        store.broken = False
        while till.down:
            await asyncio.sleep(0.05)
        (standing,) = await till.standing("key/alice", alice.allowance)
        assert standing.spent == (600 if first else 100)
        if isinstance(answers[1], Hold):
            answers[1].settle(0, 0)
    assert [said[0], said[-1]] == ["the store can't be reached: it is unplugged", "the store is reached again"]


@pytest.mark.parametrize(
    ("conduct", "expected"),
    [("allotment", [False, True]), ("closed", [True, True]), ("open", [False, False])],
)
async def test_what_would_be_met_there_is_foretold(conduct: str, expected: list[bool]) -> None:
    store, alice = Fragile(), key("alice", allowance(1000, when_down=conduct))
    async with opened(store, when_down=conduct) as till:
        (await granted(till, alice, 600)).settle(100, 0)
        store.broken = True
        till.ring()
        while not till.down:
            await asyncio.sleep(0.01)

        purse = till.purse(alice, TARGET, "m")
        moment = await till.look([purse], within=0.1)
        told = [till.foreseen(purse, Need(cost), moment) for cost in (500, 5000)]
        left = purse.money[0].free

    assert expected == [one is not None and one.down for one in told]
    assert 500 == left


async def test_what_a_store_does_not_say_in_time_is_not_known() -> None:
    store, alice = Fragile(), key("alice", allowance(1000))
    async with opened(store) as till:
        purse = till.purse(alice, TARGET, "m")
        moment = await till.look([purse], within=0.0)

        assert till.foreseen(purse, Need(900), moment) is None
        assert till.foreseen(purse, Need(1001), moment) is not None


async def test_limits_without_a_store_are_met_as_the_till_was_told() -> None:
    store, alice = Fragile(), key("alice", allowance(requests=5, tokens=500, concurrent=1))
    store.broken = True
    async with opened(store, when_down="open") as till:
        (await granted(till, alice, 0, 400)).settle(0, 10)
        await granted(till, alice, 0, 500)
    async with opened(store, when_down="allotment") as till:
        shortage = await refused(till, alice, 0, 100)
        assert (shortage.down, shortage.kind) == (True, "concurrent")
    async with opened(store) as till:
        assert (await refused(till, key("bob", allowance(requests=5)))).down


async def test_a_store_that_forgot_everything_is_told_again_and_asks_the_ledger() -> None:
    store, alice, bob = Forgetful(), key("alice", allowance(1000)), key("bob", allowance(1000))
    said: list[str] = []
    books = Books({"usd:key/bob:total": {"m/7": 400}, ALICE: {"m/0": 50}})
    async with opened(store, ledger=books, say=said.append) as till:
        books.broken = True
        waiting = asyncio.create_task(granted(till, alice, 300))
        await asyncio.sleep(0.15)
        books.broken = False
        (await waiting).settle(300, 0)
        (standing,) = await till.standing("key/alice", alice.allowance)
        assert standing.spent == 350
        store.forget()

        (standing,) = await till.standing("key/alice", alice.allowance)

        assert standing.spent == 350
        assert (await refused(till, alice, 651)).limit == 1000
        assert (await refused(till, bob, 601)).spent == 400
        await granted(till, bob, 600)
    assert any("may have forgotten" in sentence for sentence in said)


async def test_nothing_is_granted_while_the_store_settles() -> None:
    store, alice = Forgetful(), key("alice", allowance(1000))
    store.settling = 20.0
    async with opened(store, ledger=Books({})) as till:
        shortage = await refused(till, alice, 1, within=0.2)

        assert shortage.down
        store.settling = 0.0
        await granted(till, alice, 1)
