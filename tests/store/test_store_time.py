"""What time does to accounts and rates, in stores whose clock can be handed in."""

import pytest

from store.contract import AFTER_END, LEASE, SLOT_LEASE, SUBWINDOWS, WANTED, Draw, Store, life
from store.memory import SWEEP
from tests.store.stores import START, Clock
from tests.store.words import Owner, draw

RATE = "req:key/alice:60"
WIDTH = 60 / SUBWINDOWS


async def test_an_owner_that_says_nothing_for_long_is_lost_and_what_it_had_stays_taken(
    clocked: Store, clock: Clock
) -> None:
    one, other = Owner(clocked, "here/1"), Owner(clocked, "here/2")
    await one.lease(900)
    await other.lease(50)

    clock.move(LEASE)
    before = await other.tell(keep=50)
    clock.move(0.1)
    after = await other.lease(100, keep=50)

    assert (950, 0) == (before.leased, before.lost)
    assert (0, 950, 900) == (after.granted, after.leased, after.lost)


async def test_an_owner_that_speaks_again_is_lost_no_longer(clocked: Store, clock: Clock) -> None:
    owner = Owner(clocked)
    await owner.lease(900)
    clock.move(LEASE * 10)

    heard = await owner.tell(spent=100, keep=300)

    assert (100, 300, 0) == (heard.spent, heard.leased, heard.lost)


async def test_a_late_word_is_no_sign_of_life(clocked: Store, clock: Clock) -> None:
    owner = Owner(clocked)
    await owner.lease(900)
    clock.move(LEASE + 1)

    owner.number = 0
    late = await owner.tell(keep=900)
    heard = await Owner(clocked, "here/2").tell()

    assert late.late
    assert (900, 900) == (late.lost, heard.lost)


async def test_slots_of_a_lost_owner_come_back(clocked: Store, clock: Clock) -> None:
    one, other = Owner(clocked, "here/1"), Owner(clocked, "here/2")
    await one.tell(4, least=4, most=4, lapses=True)

    clock.move(SLOT_LEASE)
    before = await other.tell(4, least=1, most=1, lapses=True)
    clock.move(0.1)
    after = await other.tell(4, least=3, most=3, lapses=True)

    assert (0, 4) == (before.granted, before.leased)
    assert (3, 3, 0) == (after.granted, after.leased, after.lost)


async def test_an_owner_that_was_lost_says_what_slots_it_has_in_truth(clocked: Store, clock: Clock) -> None:
    one, other = Owner(clocked, "here/1"), Owner(clocked, "here/2")
    await one.tell(4, least=4, most=4, lapses=True)
    clock.move(SLOT_LEASE + 1)
    await other.tell(4, least=3, most=3, lapses=True)

    heard = await one.tell(4, keep=2, lapses=True)

    assert 5 == heard.leased
    assert 0 == (await other.tell(4, keep=3, least=1, most=1, lapses=True)).granted


async def test_a_heartbeat_keeps_slots(clocked: Store, clock: Clock) -> None:
    one, other = Owner(clocked, "here/1"), Owner(clocked, "here/2")
    await one.tell(4, least=4, most=4, lapses=True)
    for _ in range(3):
        clock.move(SLOT_LEASE - 1)
        await one.tell(4, keep=4, lapses=True)

    assert 0 == (await other.tell(4, least=1, most=1, lapses=True)).granted


async def test_a_refusal_is_remembered_for_a_moment(clocked: Store, clock: Clock) -> None:
    owner = Owner(clocked)
    await owner.lease(900)
    await Owner(clocked, "here/2").lease(200)

    clock.move(WANTED - 0.1)
    soon = await owner.tell(keep=900)
    clock.move(0.2)
    later = await owner.tell(keep=900)

    assert (True, False) == (soon.wanted, later.wanted)


async def test_a_clock_that_goes_back_loses_nobody_and_keeps_nobody_for_ever(clocked: Store, clock: Clock) -> None:
    one, other = Owner(clocked, "here/1"), Owner(clocked, "here/2")
    await one.tell(4, least=4, most=4, lapses=True)

    clock.move(-86400)
    before = await other.tell(4, lapses=True)
    clock.move(SLOT_LEASE + 1)
    after = await other.tell(4, lapses=True)

    assert (4, 0) == (before.leased, after.leased)


async def test_an_account_outlives_its_end_by_an_hour(clocked: Store, clock: Clock) -> None:
    ending, lasting = Owner(clocked, account="usd:a:day-1"), Owner(clocked, account="usd:a:total")
    ends = clock.now + 10
    await ending.tell(spent=5, ends=ends)
    await lasting.tell(spent=6)

    clock.move(10 + AFTER_END - 1)
    await lasting.tell()
    kept = await ending.tell(spent=0, ends=ends)
    clock.move(SWEEP + 1)
    await lasting.tell()
    swept = await ending.tell(spent=0, ends=ends)

    assert (False, 5) == (kept.fresh, kept.own)
    assert (True, 0) == (swept.fresh, swept.own)
    assert 6 == (await lasting.tell()).own


async def test_a_great_many_ended_accounts_are_swept(clocked: Store, clock: Clock) -> None:
    owners = [Owner(clocked, account=f"usd:{number}:day-1") for number in range(1200)]
    for owner in owners:
        await owner.tell(ends=clock.now + 10)

    clock.move(AFTER_END + SWEEP + 11)
    for _ in range(4):
        await Owner(clocked, account="usd:a:total").tell()

    assert (await owners[0].tell(ends=clock.now + 10)).fresh
    assert (await owners[-1].tell(ends=clock.now + 10)).fresh


async def test_a_mark_ends(clocked: Store, clock: Clock) -> None:
    ends = clock.now + 60
    answers = [await clocked.once("a", ends)]
    clock.move(59)
    answers += [await clocked.once("a", ends + 60)]
    clock.move(1)
    answers += [await clocked.once("a", ends + 60), await clocked.once("a", ends + 60)]
    clock.move(SWEEP + 61)
    answers += [await clocked.once("b", ends + 6000), await clocked.once("a", ends + 6000)]

    assert [True, False, True, False, True, True] == answers


async def test_units_count_for_their_window_and_for_as_long_as_they_may_be_used(clocked: Store, clock: Clock) -> None:
    await draw(clocked, Draw(RATE, 5, 60.0, 5, 5))

    clock.move(60 + life(60.0))
    within = await draw(clocked, Draw(RATE, 5, 60.0))
    clock.move(WIDTH)
    after = await draw(clocked, Draw(RATE, 5, 60.0))

    assert (0, 1) == (within.granted, after.granted)


async def test_there_is_no_double_burst_at_a_windows_edge(clocked: Store, clock: Clock) -> None:
    clock.now = clock.now // 60 * 60 + 59.5
    first = await draw(clocked, Draw(RATE, 5, 60.0, 5, 5))

    clock.move(1)
    second = await draw(clocked, Draw(RATE, 5, 60.0, 1, 1))

    assert (5, 0) == (first.granted, second.granted)


@pytest.mark.parametrize(("least", "gone"), [(1, 0), (2, 0), (3, 20), (5, 20), (6, 40)])
async def test_a_refused_draw_is_granted_when_it_was_told_and_not_before(
    clocked: Store, clock: Clock, least: int, gone: float
) -> None:
    start = clock.now
    for units in (2, 3, 1):
        await draw(clocked, Draw(RATE, 6, 60.0, units, units))
        clock.move(20)

    refused = await draw(clocked, Draw(RATE, 6, 60.0, least, least))
    clock.move(refused.wait - 0.001)
    before = await draw(clocked, Draw(RATE, 6, 60.0, least, least))
    clock.move(0.002)
    after = await draw(clocked, Draw(RATE, 6, 60.0, least, least))

    assert (0, 0, least) == (refused.granted, before.granted, after.granted)
    assert gone + 60 < clock.now - start <= gone + 60 + life(60.0) + WIDTH + 0.01


async def test_a_rate_is_reset_when_it_was_told_and_not_before(clocked: Store, clock: Clock) -> None:
    await draw(clocked, Draw(RATE, 6, 60.0, 2, 2))
    clock.move(20)
    reset = (await draw(clocked, Draw(RATE, 6, 60.0, 2, 2))).reset

    clock.move(reset - 0.001)
    before = await draw(clocked, Draw(RATE, 6, 60.0, 0, 0))
    clock.move(0.002)
    after = await draw(clocked, Draw(RATE, 6, 60.0, 0, 0))

    assert (4, 6) == (before.left, after.left)
    assert 0 == after.reset


async def test_units_of_a_window_that_has_passed_cannot_go_back(clocked: Store, clock: Clock) -> None:
    old = await draw(clocked, Draw(RATE, 6, 60.0, 6, 6))
    clock.move(70)
    await draw(clocked, Draw(RATE, 6, 60.0, 6, 6))

    drawn = await draw(clocked, Draw(RATE, 6, 60.0, 1, 1, back=((old.slot, 6),)))

    assert 0 == drawn.granted


async def test_a_clock_that_goes_back_makes_nobody_wait_longer_than_a_window(clocked: Store, clock: Clock) -> None:
    await draw(clocked, Draw(RATE, 6, 60.0, 6, 6))

    clock.move(-86400)
    refused = await draw(clocked, Draw(RATE, 6, 60.0, 1, 1))
    clock.move(refused.wait + 0.001)

    assert 0 < refused.wait <= 60 + life(60.0) + WIDTH
    assert 1 == (await draw(clocked, Draw(RATE, 6, 60.0, 1, 1))).granted


async def test_a_rate_that_is_used_all_the_time_gives_as_much_as_it_says(clocked: Store, clock: Clock) -> None:
    granted = 0
    while clock.now < START + 600:
        granted += (await draw(clocked, Draw(RATE, 60, 60.0))).granted
        clock.move(0.25)

    # Ten minutes of sixty, but for what slots and lives cost: (60 + 1 + 1) seconds each.
    assert 570 <= granted <= 600


async def test_rates_nobody_uses_are_swept(clocked: Store, clock: Clock) -> None:
    await draw(clocked, Draw(RATE, 60, 60.0, 60, 60))

    clock.move(7200)
    await draw(clocked, Draw("req:other:60", 60, 60.0))

    assert 60 == (await draw(clocked, Draw(RATE, 60, 60.0, 60, 60))).granted
