"""A Redis that may have forgotten something grants nothing until it has been told all again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.contract import Draw, Stamp, Tell
from tests.store.redis_servers import Server, serving
from tests.store.test_outage import Log
from tests.store.test_redis_outage import at, back, url
from tests.store.words import Owner, draw, key

SETTLE = 0.5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    with serving(server):
        yield server


async def test_a_new_redis_grants_nothing_for_a_while(server: Server) -> None:
    async with at(url(server), Log(), settle=SETTLE) as store:
        owner = Owner(store)
        first = await owner.lease(10, spent=7)
        drawn = await draw(store, Draw("req:a:60", 5, 60.0))
        await asyncio.sleep(first.settling + 0.02)
        second = await owner.lease(10, spent=7)

    assert (0, 7, False) == (first.granted, first.spent, first.wanted)
    assert 0 < first.settling <= SETTLE
    assert (0, 5) == (drawn.granted, drawn.left)
    assert 0 < drawn.wait <= SETTLE
    assert (10, 0.0) == (second.granted, second.settling)


async def test_who_comes_later_waits_for_what_is_left_only(server: Server) -> None:
    async with at(url(server), Log(), settle=SETTLE) as first:
        await asyncio.sleep(SETTLE)
        async with at(url(server), Log(), settle=SETTLE) as second:
            assert first.epoch == second.epoch
            assert 10 == (await Owner(second).lease(10)).granted


async def test_a_redis_that_begins_anew_is_told_all_again(server: Server) -> None:
    log = Log()
    async with at(url(server), log, settle=SETTLE) as store:
        owner = Owner(store)
        await owner.tell(spent=300)
        epoch = store.epoch
        server.kill()
        server.start()
        await back(owner, within=5)
        changed = store.epoch
        forgotten = await owner.lease(10)
        told = await owner.lease(10, spent=300)
        await asyncio.sleep(SETTLE)
        after = await owner.lease(700, spent=300)

    assert epoch != changed
    assert (0, 0) == (forgotten.granted, forgotten.spent)
    assert forgotten.settling > 0
    assert (0, 300) == (told.granted, told.spent)
    assert (700, 0.0) == (after.granted, after.settling)
    assert 2 == sum("may have forgotten" in text for text in log.texts)


async def test_a_redis_that_kept_its_state_is_asked_all_the_same(tmp_path: Path) -> None:
    """What it wrote to the disk may be older than what it was told."""
    server = Server(tmp_path, "appendonly yes", "appendfsync everysec")
    with serving(server):
        async with at(url(server), Log(), settle=SETTLE) as store:
            owner = Owner(store)
            await asyncio.sleep(SETTLE)
            await store.restore(owner.account, {}, ends=2e9)
            before = await owner.lease(400)
            epoch = store.epoch
            server.kill()
            server.start()
            await back(owner, within=5)
            heard = await owner.lease(10, keep=400)
            await store.restore(owner.account, {"there/1": 7}, ends=2e9)
            restored = await owner.tell(keep=400)

    assert epoch != store.epoch
    assert (0, True) == (heard.granted, heard.settling > 0)
    assert [(False, 0), (True, 0), (False, 7)] == [(one.fresh, one.spent) for one in (before, heard, restored)]


async def test_a_redis_that_is_emptied_is_noticed_by_the_next_word(server: Server) -> None:
    async with at(url(server), Log(), settle=SETTLE) as store:
        await asyncio.sleep(SETTLE)
        owner = Owner(store)
        before = await owner.lease(10)
        epoch = store.epoch
        server.ask("FLUSHALL")

        heard = await owner.lease(10)

        assert 10 == before.granted
        assert epoch != store.epoch
        assert (0, True, True) == (heard.granted, heard.fresh, heard.settling > 0)


async def test_units_drawn_of_an_emptied_redis_don_t_count(server: Server) -> None:
    async with at(url(server), Log(), settle=SETTLE) as store:
        await asyncio.sleep(SETTLE)
        server.ask("FLUSHALL")
        lost = await draw(store, Draw("req:a:60", 5, 60.0, 5, 5))
        await asyncio.sleep(lost.wait + 0.02)

        again = await draw(store, Draw("req:a:60", 5, 60.0, 5, 5))

    assert (0, True) == (lost.granted, lost.wait > 0)
    assert 5 == again.granted  # what nobody got went back


async def test_who_has_nothing_to_say_hears_of_it_in_time_too(server: Server) -> None:
    async with at(url(server), Log(), settle=2.0) as store:
        await Owner(store).tell()
        epoch = store.epoch
        server.kill()
        server.start()
        await asyncio.sleep(1.3)

        assert epoch != store.epoch


async def test_changes_of_keys_are_unknown_to_a_redis_that_forgot_some(server: Server) -> None:
    async with at(url(server), Log()) as store:
        before = await store.put_key(key("alice"))
        server.ask("FLUSHALL")
        empty = await store.key_changes(before.version)
        after = [await store.put_key(key(f"n{number}", bytes([number]) * 32)) for number in range(5)]
        filled = await store.key_changes(before.version)
        since = await store.key_changes(after[2].version)

    assert (None, None) == (empty.digests, filled.digests)
    assert (b"\x03" * 32, b"\x04" * 32) == since.digests


def later(server: Server, account: str, owner: str, seconds: float) -> None:
    """Makes what an owner said of an account older."""
    name = f"switchyard:a:{account}"
    life, number, spent, leased, seen = server.ask("HGET", name, f"o:{owner}").split()
    server.ask(
        "HSET", name, f"o:{owner}", f"{life} {number} {spent} {leased} {int(seen) - int(seconds * 1000)}", "c", 0
    )


async def test_what_a_lost_owner_had_counts_until_it_speaks(server: Server) -> None:
    async with at(url(server), Log()) as store:
        gone, other = Owner(store, "gone/1"), Owner(store, "here/1")
        await gone.lease(700)
        later(server, other.account, "gone/1", 59)
        before = await other.tell()
        later(server, other.account, "gone/1", 2)
        lost = await other.lease(400)
        told = await gone.tell(spent=50)
        after = await other.lease(400)

    assert (0, 700) == (before.lost, before.leased)
    assert (0, 700, 700) == (lost.granted, lost.lost, lost.leased)
    assert (50, 0, 0) == (told.spent, told.leased, told.lost)
    assert 400 == after.granted


async def test_slots_of_a_lost_owner_come_back(server: Server) -> None:
    async with at(url(server), Log()) as store:
        gone, other = Owner(store, "gone/1", account="run:a"), Owner(store, "here/1", account="run:a")
        await gone.tell(10, least=8, most=8, lapses=True)
        later(server, "run:a", "gone/1", 14)
        before = await other.tell(10, least=5, most=5, lapses=True)
        later(server, "run:a", "gone/1", 2)
        after = await other.tell(10, least=5, most=5, lapses=True)
        back = await gone.tell(10, keep=3, lapses=True)

    assert (0, 8) == (before.granted, before.leased)
    assert (5, 0, 5) == (after.granted, after.lost, after.leased)
    assert 8 == back.leased


async def test_two_processes_agree_on_what_was_forgotten(server: Server) -> None:
    async with at(url(server), Log(), settle=SETTLE) as one, at(url(server), Log(), settle=SETTLE) as other:
        await asyncio.gather(*(Owner(one, f"here/{number}").tell() for number in range(20)))
        server.ask("FLUSHALL")
        await Owner(one, life=2).tell()
        await Owner(other, life=2).tell()

        await asyncio.gather(*(Owner(one, f"here/{number}", life=2).tell() for number in range(20)))

        assert one.epoch == other.epoch


@pytest.mark.parametrize("limit", [2**53 - 1, 2**53 + 1, 10**17 + 3, 2**61 + 1])
async def test_sums_are_exact_however_large(server: Server, limit: int) -> None:
    async with at(url(server), Log()) as store:
        one, other = Owner(store, "here/1"), Owner(store, "here/2")
        await one.tell(limit, spent=limit - 100)
        await one.tell(limit, spent=limit - 99)

        assert 0 == (await other.lease(100, limit)).granted
        heard = await other.lease(99, limit)

    assert (99, limit - 99, 99) == (heard.granted, heard.spent, heard.leased)


async def test_nobody_has_more_in_hand_than_can_be_counted(server: Server) -> None:
    async with at(url(server), Log()) as store:
        owner = Owner(store)
        much = await owner.lease(2**53, 2**62)
        more = await owner.tell(2**62, keep=2**53, least=1, most=1)
        huge = await Owner(store, "here/2").tell(2**70, least=1, most=2**70)

        with pytest.raises(ValueError, match="in hand"):
            await owner.tell(keep=2**53 + 1)
        with pytest.raises(ValueError, match="have spent"):
            await owner.tell(spent=2**62 + 1)

    assert (2**53, 0, 2**53) == (much.granted, more.granted, huge.granted)


async def test_what_ended_is_forgotten_an_hour_later(server: Server) -> None:
    async with at(url(server), Log()) as store:
        await store.tell(Stamp("here/1", 1, 1), [Tell("usd:a", 10, ends=2e9), Tell("usd:b", 10)])
        await store.draw([Draw("req:a:60", 10, 60.0)])

    assert 2e9 + 3600 == server.ask("PEXPIRETIME", "switchyard:a:usd:a") / 1000
    assert -1 == server.ask("PEXPIRETIME", "switchyard:a:usd:b")
    assert 60 <= server.ask("TTL", "switchyard:r:req:a:60") <= 65
