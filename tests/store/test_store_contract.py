"""What every store does with accounts, whatever it is made of. What needs a clock stands in test_store_time.py."""

import asyncio
import time

import pytest

from store.contract import Draw, Stamp, Store, Tell
from tests.store.stores import Opened
from tests.store.words import Owner


async def test_an_account_nobody_spoke_of_is_fresh_once_or_until_it_is_restored(store: Store) -> None:
    one, other = Owner(store, "here/1"), Owner(store, "here/2")

    before = [await one.tell(), await one.lease(5, spent=3), await other.tell()]
    await store.restore(one.account, {}, ends=time.time() + 60)
    after = [await one.tell(spent=3, keep=5), await other.tell()]

    assert [True, store.forgets, store.forgets] == [heard.fresh for heard in before]
    assert [(False, 3, 5)] * 2 == [(heard.fresh, heard.spent, heard.leased) for heard in after]


async def test_who_wants_nothing_gets_nothing(store: Store) -> None:
    heard = await Owner(store).tell(1000)

    assert (0, 0, 0, False) == (heard.granted, heard.leased, heard.spent, heard.wanted)


@pytest.mark.parametrize(
    ("limit", "least", "most", "granted"),
    [
        (1600, 1, 1000, 100),  # a sixteenth of what is there
        (1600, 1, 50, 50),  # never more than was asked for
        (1600, 700, 900, 700),  # the least, where that is more than a sixteenth
        (1600, 1600, 1600, 1600),  # all of it, if needed
        (1600, 1601, 2000, 0),  # never less than the least
        (1600, 0, 1000, 100),  # nothing is needed, but welcome
        (10, 0, 1000, 0),
        (10, 1, 1000, 1),
        (0, 1, 1, 0),
        (-5, 1, 1, 0),
        (1600, 10, 0, 0),  # most 0: nothing is wanted
        (9_000_000_000_000_000, 1, 9_000_000_000_000_000, 562_500_000_000_000),
    ],
)
async def test_a_grant_lies_between_least_and_most(
    store: Store, limit: int, least: int, most: int, granted: int
) -> None:
    heard = await Owner(store).tell(limit, least=least, most=most)

    assert (granted, granted) == (heard.granted, heard.leased)


async def test_what_is_granted_is_missing_for_the_others(store: Store) -> None:
    one, other = Owner(store, "here/1"), Owner(store, "here/2")

    assert 600 == (await one.lease(600)).granted
    assert 0 == (await other.lease(500)).granted
    heard = await other.lease(400)

    assert (400, 1000) == (heard.granted, heard.leased)


async def test_what_is_kept_no_longer_is_free_again(store: Store) -> None:
    one, other = Owner(store, "here/1"), Owner(store, "here/2")
    await one.lease(1000)

    heard = await one.tell(keep=300)

    assert 300 == heard.leased
    assert 700 == (await other.lease(700)).granted


async def test_what_is_spent_is_spent_for_all(store: Store) -> None:
    one, other = Owner(store, "here/1"), Owner(store, "here/2")
    await one.lease(600)
    await one.tell(spent=250, keep=350)

    heard = await other.lease(400)

    assert (400, 250, 750, 0) == (heard.granted, heard.spent, heard.leased, heard.own)


async def test_a_total_told_twice_counts_once(store: Store) -> None:
    owner = Owner(store)
    await owner.tell(spent=250)

    heard = await owner.tell(spent=250)

    assert (250, 250) == (heard.spent, heard.own)


async def test_a_total_never_shrinks(store: Store) -> None:
    owner = Owner(store)
    await owner.tell(spent=250)

    heard = await owner.tell(spent=100)

    assert (250, 250) == (heard.spent, heard.own)


async def test_each_account_has_its_own_figures(store: Store) -> None:
    stamp = Stamp("here/1", 1, 1)

    heard = await store.tell(stamp, [Tell("usd:a:total", 100, 7, 0, 10, 10), Tell("usd:b:total", 100, 8, 0, 20, 20)])

    assert [(10, 7, 7), (20, 8, 8)] == [(one.granted, one.spent, one.own) for one in heard]


async def test_nothing_told_is_nothing_heard(store: Store) -> None:
    assert [] == await store.tell(Stamp("here/1", 1, 1), [])
    assert [] == await store.draw([])


async def test_more_than_the_limit_can_be_spent_but_nothing_more_leased(store: Store) -> None:
    owner = Owner(store)
    await owner.lease(1000)

    heard = await owner.tell(spent=1200, least=1, most=1)

    assert (0, 1200, 0) == (heard.granted, heard.spent, heard.leased)


async def test_a_limit_that_shrinks_holds_from_then_on(store: Store) -> None:
    one, other = Owner(store, "here/1"), Owner(store, "here/2")
    await one.lease(600)

    assert 0 == (await other.lease(1, limit=600)).granted
    assert 1 == (await other.lease(1, limit=601)).granted


@pytest.mark.parametrize(("life", "number"), [(2, 6), (3, 1), (3, 5)])
async def test_a_newer_word_counts(store: Store, life: int, number: int) -> None:
    owner = Owner(store)
    await owner.say(Stamp("here/1", 2, 5), Tell(owner.account, 1000, 100, 0, 300, 300))

    heard = await owner.say(Stamp("here/1", life, number), Tell(owner.account, 1000, 200, 50, 100, 100))

    assert (False, 100, 200, 150, 200) == (heard.late, heard.granted, heard.spent, heard.leased, heard.own)


@pytest.mark.parametrize(("life", "number"), [(2, 5), (2, 4), (1, 9), (0, 0)])
async def test_a_word_that_comes_late_changes_nothing(store: Store, life: int, number: int) -> None:
    owner = Owner(store)
    await owner.say(Stamp("here/1", 2, 5), Tell(owner.account, 1000, 100, 0, 300, 300))

    late = await owner.say(Stamp("here/1", life, number), Tell(owner.account, 1000, 200, 50, 100, 100))
    heard = await Owner(store, "here/2").tell()

    assert (True, 5, 0) == (late.late, late.number, late.granted)
    assert (100, 300, 100) == (late.spent, late.leased, late.own)
    assert (100, 300) == (heard.spent, heard.leased)


async def test_two_words_of_one_account_under_one_stamp_are_one_and_a_late_one(store: Store) -> None:
    tell = Tell("usd:key/alice:total", 1000, 0, 0, 10, 10)

    first, second = await store.tell(Stamp("here/1", 1, 1), [tell, tell])

    assert (False, True) == (first.late, second.late)
    assert (10, 10) == (first.leased, second.leased)


async def test_lateness_is_judged_for_each_account(store: Store) -> None:
    await Owner(store, account="usd:a:total").say(Stamp("here/1", 1, 9), Tell("usd:a:total", 100))

    heard = await store.tell(Stamp("here/1", 1, 5), [Tell("usd:a:total", 100), Tell("usd:b:total", 100)])

    assert [True, False] == [one.late for one in heard]


async def test_a_successor_says_anew_what_is_in_hand(store: Store) -> None:
    await Owner(store, life=1).lease(700)

    heard = await Owner(store, life=2).tell(spent=40, keep=20)

    assert (40, 20, 40) == (heard.spent, heard.leased, heard.own)


async def test_a_refusal_asks_everybody_to_give_back(store: Store) -> None:
    one, other = Owner(store, "here/1"), Owner(store, "here/2")
    before = await one.lease(900)

    refused = await other.lease(200)
    after = await one.tell(keep=900)

    assert (False, True, True) == (before.wanted, refused.wanted, after.wanted)


@pytest.mark.parametrize(("least", "spent"), [(1001, 0), (101, 900), (0, 0)])
async def test_nobody_is_asked_for_what_giving_back_could_not_provide(store: Store, least: int, spent: int) -> None:
    owner = Owner(store)

    heard = await owner.tell(spent=spent, keep=1000 - spent, least=least, most=2000)

    assert (0, False) == (heard.granted, heard.wanted)


async def test_a_restored_total_counts_as_told(store: Store) -> None:
    owner = Owner(store)

    await store.restore(owner.account, {"here/1": 100, "there/1": 300}, ends=time.time() + 60)
    heard = await owner.tell(keep=5)

    assert (False, 400, 100, 5, False) == (heard.fresh, heard.spent, heard.own, heard.leased, heard.late)


async def test_restoring_makes_no_total_smaller(store: Store) -> None:
    owner = Owner(store)
    await owner.lease(50, spent=500)

    await store.restore(owner.account, {"here/1": 100}, ends=time.time() + 60)
    await store.restore(owner.account, {}, ends=time.time() + 60)
    heard = await owner.tell(spent=500, keep=50)

    assert (500, 50, 500) == (heard.spent, heard.leased, heard.own)


async def test_a_restored_total_is_no_word_that_others_could_be_late_for(store: Store) -> None:
    owner = Owner(store)
    await store.restore(owner.account, {"here/1": 100}, ends=time.time() + 60)

    heard = await owner.say(Stamp("here/1", 0, 0), Tell(owner.account, 1000, 120))

    assert (False, 120) == (heard.late, heard.own)


async def test_names_are_taken_as_they_are(store: Store) -> None:
    one = Owner(store, "here:1/{2}", account="usd:key/ä {x}*'\":total@Europe/Berlin")
    other = Owner(store, "here:1/{2}", account="usd:key/ä {y}*'\":total@Europe/Berlin")

    await one.tell(spent=3)

    assert (3, 0) == ((await one.tell()).own, (await other.tell()).own)


async def test_another_process_sees_the_same(opening: Opened) -> None:
    async with opening() as here, opening() as there:
        await Owner(here, "here/1").lease(400, spent=100)

        heard = await Owner(there, "there/1").tell()

    assert (100, 400) == (heard.spent, heard.leased)


async def test_many_at_once_never_get_more_than_there_is(store: Store) -> None:
    owners = [Owner(store, f"here/{number}") for number in range(40)]

    heard = await asyncio.gather(*(owner.lease(30) for owner in owners))

    assert 33 * 30 == sum(one.granted for one in heard)


async def test_a_mark_is_set_once(opening: Opened) -> None:
    ends = time.time() + 60

    async with opening() as here, opening() as there:
        answers = [await here.once("a", ends), await there.once("a", ends), await there.once("b", ends)]

    assert [True, False, True] == answers


async def test_a_mark_that_ended_can_be_set_again(store: Store) -> None:
    ends = time.time() + 0.1
    await store.once("a", ends)

    await asyncio.sleep(0.15)

    assert await store.once("a", ends + 60)
    assert not await store.once("a", ends + 60)


async def test_one_of_many_sets_a_mark(store: Store) -> None:
    answers = await asyncio.gather(*(store.once("a", time.time() + 60) for _ in range(20)))

    assert 1 == sum(answers)


async def test_an_epoch_has_a_name_and_stays(opening: Opened) -> None:
    async with opening() as here:
        epoch = here.epoch
        await Owner(here).tell()

        assert epoch
        assert epoch == here.epoch


async def test_words_and_draws_go_in_one_trip(store: Store) -> None:
    names = [f"usd:key/{number}:total" for number in range(130)]
    tells = [Tell(name, 1000, number, 0, 10, 10) for number, name in enumerate(names)]
    draws = [Draw(f"req:key/{number}:60", number, 60.0) for number in range(130)]

    heard, drawn = await store.exchange(Stamp("here/1", 1, 1), tells, draws)
    again = await store.exchange(Stamp("here/1", 1, 2), (), ())

    assert ([10] * 130, list(range(130))) == ([one.granted for one in heard], [one.spent for one in heard])
    assert [0, *[1] * 129] == [one.granted for one in drawn]
    assert ([], []) == again
