"""The till: what calls of one process take, with a store behind it."""

import asyncio
import time

import pytest

from config.schema import Allowance, Budget, Config, Team
from config.signals import Alerts
from quota.hold import Hold
from quota.reports import Event
from quota.words import Need, Shortage
from tests.quota.desk import (
    MODEL,
    TARGET,
    Fragile,
    allowance,
    ask,
    granted,
    key,
    opened,
    refused,
)

ALICE = "usd:key/alice:total"


async def test_nobody_without_limits_is_held_up() -> None:
    store = Fragile()
    async with opened(store) as till:
        purse = till.purse(key(), TARGET, MODEL)

        hold = till.take(purse, Need(5, 5), b"")

        assert purse.free
        assert hold is not None
        hold.settle(5, 5, b"row")
        assert hold.purse.names == ()
    assert store.told == []


async def test_what_a_call_costs_is_told_and_nothing_stays_held() -> None:
    store, alice = Fragile(), key("alice", allowance(1000))
    async with opened(store) as till:
        hold = await granted(till, alice, 100)
        assert hold.purse.names == (ALICE,)
        hold.settle(70, 0, b"row")
        hold.settle(70, 0)
        hold.release()
        (standing,) = await till.standing("key/alice", alice.allowance)
        assert (standing.limit, standing.spent, standing.held, standing.resets_at) == (1000, 70, 0, None)
        assert not hold.extend(1)
        assert not await hold.stretch(1)
    assert (store.spent(ALICE), store.leased(ALICE)) == (70, 0)


async def test_every_level_pays_or_none_does() -> None:
    store = Fragile()
    alice = key("alice", allowance(1000), team="research", tags=("prod",), per_model=(("gpt-*", allowance(900)),))
    config = Config(
        teams={"research": Team(name="research", allowance=allowance(800))},
        allowances={
            "tag/prod": allowance(700),
            "target/openai/gpt-4o": allowance(600),
            "provider/openai": allowance(500),
            "service": allowance(400),
        },
    )
    async with opened(store, config) as till:
        (await granted(till, alice, 300)).settle(300, 0)

        shortage = await refused(till, alice, 200)

        assert (shortage.scope, shortage.kind, shortage.limit, shortage.spent) == ("service", "budget", 400, 300)
        purse = till.purse(alice, TARGET, MODEL)
        assert purse.names == (
            ALICE,
            "usd:key/alice/model/gpt-*:total",
            "usd:team/research:total",
            "usd:tag/prod:total",
            "usd:target/openai/gpt-4o:total",
            "usd:provider/openai:total",
            "usd:service:total",
        )
    assert {store.spent(name) for name in purse.names} == {300}
    assert {store.leased(name) for name in purse.names} == {0}


async def test_two_hundred_calls_at_once_get_what_fifty_can_pay() -> None:
    store, alice = Fragile(), key("alice", allowance(50_000))
    async with opened(store) as one, opened(store, owner="m/1") as other:
        answers = await asyncio.gather(*(ask(till, alice, 1000) for _ in range(100) for till in (one, other)))

        served = [hold for hold in answers if isinstance(hold, Hold)]
        assert len(served) == 50
        for hold in served:
            hold.settle(1000, 0)
        assert (await refused(one, alice, 1)).spent == 50_000
    assert (store.spent(ALICE), store.leased(ALICE)) == (50_000, 0)


async def test_a_burst_on_two_processes_gets_exactly_what_the_rate_allows() -> None:
    store, alice = Fragile(), key("alice", allowance(requests=60))
    async with opened(store) as one, opened(store, owner="m/1") as other:
        answers = await asyncio.gather(*(ask(till, alice) for _ in range(100) for till in (one, other)))

    shortages = [answer for answer in answers if isinstance(answer, Shortage)]
    assert len(shortages) == 140
    assert {(one.scope, one.kind, one.limit, one.per) for one in shortages} == {("key/alice", "requests", 60, "60")}
    assert all(55 < one.wait < 65 for one in shortages)


async def test_tokens_that_were_not_used_come_back() -> None:
    alice = key("alice", allowance(tokens=1000))
    async with opened(Fragile()) as till:
        for _ in range(5):
            (await granted(till, alice, 0, 500)).settle(0, 100)

        assert (await refused(till, alice, 0, 600)).kind == "tokens"
        assert till.limits(till.purse(alice, TARGET, MODEL)).requests is None
        limit, left, reset = till.limits(till.purse(alice, TARGET, MODEL)).tokens or (0, 0, 0.0)
        assert (limit, left) == (1000, 500)
        assert 55 < reset < 65


async def test_tokens_beyond_the_bound_are_made_up_for() -> None:
    alice = key("alice", allowance(tokens=1000))
    async with opened(Fragile()) as till:
        (await granted(till, alice, 0, 100)).settle(0, 950)

        assert (await refused(till, alice, 0, 100)).kind == "tokens"
        await granted(till, alice, 0, 50)


async def test_no_more_calls_run_at_a_time_than_there_are_slots() -> None:
    store, alice = Fragile(), key("alice", allowance(concurrent=3))
    async with opened(store) as one, opened(store, owner="m/1") as other:
        holds = [await granted(till, alice) for till in (one, other, one)]

        shortage = await refused(other, alice)

        assert (shortage.kind, shortage.limit, shortage.held) == ("concurrent", 3, 3)
        holds[0].release()
        await granted(other, alice)


async def test_whoever_waits_for_a_slot_gets_the_next_that_is_free() -> None:
    alice = key("alice", allowance(concurrent=1))
    async with opened(Fragile()) as one, opened(Fragile(), owner="m/1"):
        hold = await granted(one, alice)
        asyncio.get_running_loop().call_later(0.1, hold.release)

        assert isinstance(await ask(one, alice), Shortage)  # its own process holds it: nobody else will give it back


@pytest.mark.parametrize("share", [1.0, 0.5])
async def test_money_that_lies_idle_elsewhere_is_given_back_in_time(share: float) -> None:
    store, alice = Fragile(), key("alice", allowance(1000))
    async with opened(store) as one, opened(store, owner="m/1") as other:
        (await granted(one, alice, 900)).settle(0, 0)
        asked = time.monotonic()

        await granted(other, alice, int(1000 * share))

        assert time.monotonic() - asked < 0.5


async def test_what_others_really_hold_is_not_waited_for_any_longer() -> None:
    store, alice = Fragile(), key("alice", allowance(1000, per="day", when_spent="cheap"))
    async with opened(store) as one, opened(store, owner="m/1") as other:
        await granted(one, alice, 900)
        asked = time.monotonic()

        shortage = await refused(other, alice, 200)

        assert time.monotonic() - asked < 0.6
        assert (shortage.held, shortage.needed, shortage.per, shortage.when_spent) == (900, 200, "day", "cheap")
        assert shortage.resets is not None
        assert 0 < shortage.wait <= 86400


async def test_a_busy_key_rarely_needs_the_store() -> None:
    store, alice = Fragile(), key("alice", allowance(10**12, requests=10**6, concurrent=1000))
    async with opened(store) as till:
        waited = 0
        for _ in range(100):
            for _ in range(20):
                purse = till.purse(alice, TARGET, MODEL)
                hold = till.take(purse, Need(1000, 0), b"")
                waited += hold is None
                (hold or await granted(till, alice, 1000)).settle(300, 0)
            await asyncio.sleep(0.005)

        assert waited < 20
        assert store.trips <= 2000 / 20


async def test_a_cost_above_the_hold_is_debt_and_stops_the_next_call() -> None:
    said: list[str] = []
    store, alice = Fragile(), key("alice", allowance(1000))
    async with opened(store, say=said.append) as till:
        (await granted(till, alice, 1000)).settle(1200, 0)

        assert (await refused(till, alice, 1)).spent == 1200
        assert (till.debt, till.debts) == (200, 1)
    assert "200 nano-dollars more" in said[0]
    assert store.spent(ALICE) == 1200


async def test_a_hold_grows_as_long_as_there_is_money() -> None:
    alice = key("alice", allowance(1000))
    async with opened(Fragile()) as till:
        hold = await granted(till, alice, 100)

        assert await hold.stretch(600)
        assert hold.cost == 700
        assert not await hold.stretch(301)
        assert await hold.stretch(300)
        hold.settle(1000, 0)
        assert till.debt == 0


async def test_a_client_that_leaves_while_waiting_takes_nothing_along() -> None:
    store, alice = Fragile(), key("alice", allowance(1000))
    store.slow = 0.05
    async with opened(store) as till:
        waiting = asyncio.create_task(ask(till, alice, 1000))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        await granted(till, alice, 1000)


async def test_a_client_that_leaves_in_the_very_moment_it_is_served_takes_nothing_along() -> None:
    alice = key("alice", allowance(1000))
    async with opened(Fragile()) as till:
        waiting = asyncio.create_task(ask(till, alice, 1000))
        while not till._queue.waiters:
            await asyncio.sleep(0)
        future = till._queue.waiters[0].future
        while not future.done():
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        await granted(till, alice, 1000)


async def test_watchers_hear_of_shares_and_of_refusals_once() -> None:
    heard: list[Event] = []
    alice = key("alice", allowance(1000))
    async with opened(Fragile(), Config(alerts=Alerts(at=(0.95, 0.5)))) as till:
        till.watchers.append(heard.append)
        for _ in range(3):
            (await granted(till, alice, 200)).settle(200, 0)
        await till.standing("key/alice", alice.allowance)
        for _ in range(2):
            await refused(till, alice, 500)
        (await granted(till, alice, 400)).settle(400, 0)
        await till.standing("key/alice", alice.allowance)

    assert [(event.scope, event.spent, event.kind) for event in heard] == [
        ("key/alice", 600, "share"),
        ("key/alice", 600, "refused"),
        ("key/alice", 1000, "share"),
    ]


async def test_another_limit_holds_from_the_next_call_on() -> None:
    store = Fragile()
    async with opened(store) as till:
        (await granted(till, key("alice", allowance(1000, requests=10)), 900)).settle(800, 0)

        assert (await refused(till, key("alice", allowance(800, requests=10)), 100)).limit == 800
        assert (await refused(till, key("alice", allowance(9000, requests=1)), 1)).kind == "requests"
        await granted(till, key("alice", allowance(9000, requests=20)), 5000)


async def test_a_budget_begins_anew_with_its_window_and_calls_settle_in_their_own() -> None:
    now = [86400.0 * 20_000 + 5]
    store, alice = Fragile(), key("alice", allowance(1000, per="day"))
    async with opened(store, clock=lambda: now[0]) as till:
        purse = till.purse(alice, TARGET, MODEL)
        hold = await granted(till, alice, 1000)
        now[0] += 86400

        assert till.take(purse, Need(1, 0), b"") is None
        (await granted(till, alice, 1000)).settle(1000, 0)
        hold.settle(600, 0)
        assert isinstance(await till.wait(purse, Need(0, 0), b"", within=1.0), Hold)
    assert (store.spent("usd:key/alice:day-2024-10-04"), store.spent("usd:key/alice:day-2024-10-05")) == (600, 1000)


async def test_keys_that_nobody_uses_leave_nothing_behind() -> None:
    skipped = [0.0]
    store = Fragile()
    async with opened(store, monotonic=lambda: time.monotonic() + skipped[0]) as till:
        for number in range(50):
            (await granted(till, key(f"k{number}", allowance(1000, requests=5, concurrent=2)), 10)).settle(10, 0)
        await asyncio.sleep(0.2)
        for _ in range(4):
            skipped[0] += 40
            till.ring()
            await asyncio.sleep(0.02)

        assert (len(till._stock.allotments), len(till._stock.rates)) == (0, 0)
        assert till._purses == {}
        assert store.leased("usd:key/k7:total") == 0
        (await granted(till, key("k7", allowance(1000)), 10)).settle(10, 0)
    assert store.spent("usd:key/k7:total") == 20


async def test_a_report_reads_the_budgets_that_are_configured() -> None:
    config = Config(
        keys={"alice": key("alice", allowance(5), per_model=(("a*", allowance(4)),))},
        teams={"red": Team(name="red", allowance=allowance(3))},
        allowances={"service": Allowance(budgets=(Budget(limit=2), Budget(limit=1, per="month")))},
    )
    async with opened(Fragile(), config) as till:
        found = {
            scope: [one.limit for one in await till.standing(scope)]
            for scope in ("key/alice", "key/alice/model/a*", "key/bob", "team/red", "team/blue", "service", "tag/x")
        }

    assert found == {
        "key/alice": [5],
        "key/alice/model/a*": [4],
        "key/bob": [],
        "team/red": [3],
        "team/blue": [],
        "service": [2, 1],
        "tag/x": [],
    }


async def test_more_can_never_be_had_than_the_limit_says() -> None:
    async with opened(Fragile()) as till:
        assert (await refused(till, key("alice", allowance(1000)), 1001)).needed == 1001
        assert (await refused(till, key("bob", allowance(tokens=10)), 0, 11)).needed == 11
