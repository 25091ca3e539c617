"""A name, or a key, that is both in the configuration and in the store."""

from config.schema import Config, Key
from quota.clashes import AT_A_TIME, clashes
from store.contract import StoredKey
from store.memory import MemoryStore
from tests.quota.watched import WatchedStore, digest, stored
from tests.store.stores import Clock, opened


def written(*names: str) -> Config:
    return Config(keys={name: Key(name=name, digest=digest(f"secret of {name}")) for name in names})


async def test_a_name_in_both_is_told_of():
    async with opened(MemoryStore()) as store:
        await store.put_key(stored("bob"))

        found = await clashes(written("alice", "bob", "carol"), store)

    assert ("keys.bob: a key of this name was made at run time; revoke that one, or take another name here",) == found


async def test_a_key_in_both_is_told_of():
    async with opened(MemoryStore()) as store:
        await store.put_key(stored("robert", "secret of bob"))

        found = await clashes(written("alice", "bob"), store)

    assert ("keys.bob: is the same key as robert, which was made at run time",) == found


async def test_a_key_that_isnt_set_clashes_with_none():
    async with opened(MemoryStore()) as store:
        await store.put_key(StoredKey("robert", b"", {}, 0.0, 0.0))

        assert () == await clashes(Config(keys={"bob": Key(name="bob", digest=b"", disabled=True)}), store)


async def test_all_of_many_are_told_of():
    names = [f"key-{number:03}" for number in range(2 * AT_A_TIME + 1)]
    async with opened(MemoryStore()) as store:
        for name in names[::2]:
            await store.put_key(stored(name, name))

        found = await clashes(written(*names), store)

    assert names[::2] == [problem.split(":")[0].removeprefix("keys.") for problem in found]


async def test_without_keys_in_the_store_nothing_more_is_asked():
    async with opened(WatchedStore(Clock())) as store:
        assert () == await clashes(written("alice"), store)

    assert 0 == store.reads


async def test_a_store_that_cant_be_reached_stops_nobody():
    async with opened(WatchedStore(Clock())) as store:
        await store.put_key(stored("bob"))
        store.down = True

        assert () == await clashes(written("alice"), store)
