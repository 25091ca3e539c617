"""What every store does with notices, whatever it is made of."""

import asyncio

import pytest
from redis import Redis

from core.secret import Secret
from store.board import LARGEST
from store.contract import Store
from store.redis_store import RedisStore
from store.sqlite import SWEEP, SqliteStore
from tests.store.stores import Clock, Opened, opened, silent


async def test_a_notice_is_found_by_how_its_name_begins(store: Store) -> None:
    await store.post("health/open/openai/gpt-4o", b"1", 60)
    await store.post("health/open/ollama/llama3:8b", b"2", 60)
    await store.post("health/probe/openai", b"3", 60)
    await store.post("healthy", b"4", 60)

    assert {"health/open/openai/gpt-4o": b"1", "health/open/ollama/llama3:8b": b"2"} == await store.posted(
        "health/open/"
    )
    assert {"health/probe/openai": b"3"} == await store.posted("health/probe/openai")
    assert 4 == len(await store.posted(""))
    assert {} == await store.posted("health/open/openai/gpt-4o/")


@pytest.mark.parametrize("name", ["a/Ünïcode/模型", "a/with space", "a/%_*?[]", "a/\U0010fffe"])
async def test_names_may_be_any_text(store: Store, name: str) -> None:
    await store.post(name, b"here", 60)

    assert {name: b"here"} == await store.posted("a/")
    assert {name: b"here"} == await store.posted(name)


@pytest.mark.parametrize("value", [b"", b"\x00\xff 12 \r\n", b"1 2", bytes(LARGEST)])
async def test_values_are_bytes(store: Store, value: bytes) -> None:
    await store.post("a", value, 60)

    assert {"a": value} == await store.posted("a")


async def test_a_value_that_is_too_large_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="at most 16384 bytes"):
        await store.post("a", bytes(LARGEST + 1), 60)

    assert {} == await store.posted("a")


async def test_a_notice_takes_the_place_of_the_former_one(store: Store) -> None:
    assert await store.post("a", b"1", 60)
    assert await store.post("a", b"2", 60)

    assert {"a": b"2"} == await store.posted("a")


async def test_who_asks_first_owns_the_name(opening: Opened) -> None:
    async with opening() as one, opening() as other:
        won = await asyncio.gather(
            *(each.post("a", b"%d" % at, 60, only_new=True) for at, each in ((1, one), (2, other)))
        )

        assert [False, True] == sorted(won)
        assert {"a": b"1" if won[0] else b"2"} == await one.posted("") == await other.posted("")


async def test_a_notice_runs_out_and_its_name_is_free_again(store: Store) -> None:
    await store.post("a", b"1", 0.05)
    await store.post("b", b"1", 0.05)
    await store.post("c", b"1", 60)

    await asyncio.sleep(0.07)

    assert {"c": b"1"} == await store.posted("")
    assert await store.post("a", b"2", 60, only_new=True)
    assert not await store.post("a", b"3", 60, only_new=True)
    assert {"a": b"2", "c": b"1"} == await store.posted("")


async def test_a_notice_that_is_put_up_again_hangs_for_its_new_time(store: Store) -> None:
    await store.post("a", b"1", 0.05)
    await store.post("a", b"2", 60)
    await store.post("b", b"1", 60)
    await store.post("b", b"2", 0.05)

    await asyncio.sleep(0.07)

    assert {"a": b"2"} == await store.posted("")


async def test_many_notices_are_found_at_once(store: Store) -> None:
    for number in range(250):
        await store.post(f"a/{number}", b"%d" % number, 60)

    assert {f"a/{number}": b"%d" % number for number in range(250)} == await store.posted("a/")


async def test_time_that_is_handed_in_ends_them(clocked: Store, clock: Clock) -> None:
    await clocked.post("a", b"1", 60)

    clock.move(59.9)
    before = await clocked.posted("")
    clock.move(0.1)

    assert {"a": b"1"} == before
    assert {} == await clocked.posted("")


async def test_what_has_run_out_is_swept(clocked: Store, clock: Clock) -> None:
    await clocked.post("a", b"1", 60)

    clock.move(SWEEP + 1)
    await clocked.post("b", b"1", 60)

    assert ["b"] == await kept(clocked)


async def test_in_redis_what_has_run_out_leaves_nothing_behind(redis_alone: str) -> None:
    url = Secret(f"{redis_alone}?prefix=gone:")
    async with opened(RedisStore(url, silent, deadline=5.0, settle=0.0)) as store:
        await store.post("a", b"1", 0.03)
        await asyncio.sleep(0.04)
        await store.post("b", b"1", 0.05)
        with Redis.from_url(redis_alone) as redis:
            after_a = redis.hkeys("gone:{board}notices")
            await asyncio.sleep(0.06)
            after_b = redis.keys("gone:{board}*")

    assert ([b"b"], []) == (after_a, after_b)


async def kept(store: Store) -> list[str]:
    if isinstance(store, SqliteStore):
        return await store._read(lambda sql: [name for (name,) in sql.execute("SELECT name FROM notices")])
    return list(store._notices)  # type: ignore[attr-defined]  # those of the memory, the only other one with a clock
