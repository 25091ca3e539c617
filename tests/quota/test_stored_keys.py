"""Keys that were made at run time: found once, remembered, and forgotten as soon as they change."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from config.problems import ConfigErrors, Problem
from config.schema import Key
from core.errors import Refusal
from quota import stored_keys
from quota.keys import ANYONE, Keyring, Stranger
from quota.stored_keys import POLL, STRANGER, UNKNOWN, StoredKeys
from server.drive import Drive
from store.contract import StoredKey
from store.memory_keys import Keybook
from tests.quota.watched import SOON, WatchedStore, digest, name, read_key, refusal, stored, until_refused
from tests.store.stores import START, Clock, opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(clock: Clock) -> AsyncIterator[WatchedStore]:
    async with opened(WatchedStore(clock)) as store:
        yield store


@pytest.fixture
async def keys(store: WatchedStore, clock: Clock) -> AsyncIterator[StoredKeys]:
    keys = StoredKeys(store, read_key, clock)
    await keys.begin()
    yield keys
    await keys.end()


@pytest.fixture
def ring(keys: StoredKeys) -> Keyring:
    return Keyring([Key(name="written", digest=digest("written"))], keys)


async def test_a_key_costs_one_read_and_is_known_from_then_on(store, keys, ring):
    await store.put_key(stored(models=["m"]))

    with pytest.raises(Stranger) as stranger:
        ring.identify("Bearer secret", START)
    asked = await ring.ask(stranger.value, START)
    known = ring.identify("bearer  secret ", START)

    assert asked is known
    assert ("alice", digest("secret"), ("m",), True) == (known.name, known.digest, known.models, known.stored)
    assert 1 == store.reads


async def test_whoever_is_remembered_is_refused_once_the_key_is_gone(store, keys, ring):
    await store.put_key(stored())
    who = await ring.recognise("Bearer secret", START)
    known = ring.identify("Bearer secret", START, who.digest)

    await store.drop_key("alice")
    await keys.look()

    assert known is who
    with pytest.raises(Stranger):
        ring.identify("Bearer secret", START, who.digest)


async def test_keys_of_the_configuration_need_no_store(store, ring):
    store.down = True

    assert "written" == ring.identify("Bearer written", START).name
    assert 0 == store.reads


async def test_many_who_ask_at_once_share_one_read(store, ring):
    await store.put_key(stored())
    store.waits = asyncio.Event()

    asking = [asyncio.create_task(name(ring, "secret")) for _ in range(20)]
    await asyncio.sleep(0.01)
    asking[0].cancel()
    store.waits.set()
    names = await asyncio.gather(*asking[1:])

    assert ["alice"] * 19 == names
    assert asking[0].cancelled()
    assert 1 == store.reads


async def test_many_different_keys_are_read_a_few_at_a_time(store, ring, monkeypatch):
    for number in range(100):
        await store.put_key(stored(f"key-{number}", f"secret-{number}"))

    names = await asyncio.gather(*(name(ring, f"secret-{number}") for number in range(100)))

    assert [f"key-{number}" for number in range(100)] == names
    assert store.most_under_way <= stored_keys.MOST_READS


@pytest.mark.parametrize(
    "wrong", ["Secret", digest("secret").hex(), "sha256:" + digest("secret").hex(), digest("secret").decode("latin-1")]
)
async def test_whatever_isnt_the_secret_is_refused_above_all_its_hash(store, ring, wrong):
    await store.put_key(stored())

    refused = await refusal(ring, wrong)

    assert (401, "invalid_api_key") == (refused.status, refused.code)


async def test_who_guesses_the_same_again_costs_one_read(store, ring, clock):
    for _ in range(5):
        assert 401 == (await refusal(ring, "guess")).status
    assert 1 == store.reads

    clock.move(STRANGER)

    assert 401 == (await refusal(ring, "guess")).status
    assert 2 == store.reads


async def test_guesses_drive_out_nobody_and_are_forgotten(store, keys, ring, monkeypatch):
    monkeypatch.setattr(stored_keys, "MOST_STRANGERS", 10)
    await store.put_key(stored())
    await name(ring, "secret")

    for number in range(50):
        await refusal(ring, f"guess-{number}")

    assert len(keys._strangers) == 10
    assert "alice" == ring.identify("Bearer secret", START).name


async def test_those_who_come_often_are_remembered_longest(store, keys, ring, monkeypatch):
    monkeypatch.setattr(stored_keys, "MOST_KNOWN", 2)
    for number in range(3):
        await store.put_key(stored(f"key-{number}", f"{number}"))
    await name(ring, "0")
    await name(ring, "1")

    ring.identify("Bearer 0", START)
    await name(ring, "2")

    assert UNKNOWN is keys.known(digest("1"))
    assert ["key-0", "key-2"] == [ring.identify(f"Bearer {number}", START).name for number in (0, 2)]
    assert len(keys._keys) == len(keys._stored) == 2


async def revoke(store: WatchedStore, key: StoredKey) -> None:
    await store.drop_key(key.name)


async def disable(store: WatchedStore, key: StoredKey) -> None:
    await store.put_key(key._replace(fields={"disabled": True}))


async def rotate(store: WatchedStore, key: StoredKey) -> None:
    await store.put_key(key._replace(digest=digest("new")))


@pytest.mark.parametrize("stop", [revoke, disable, rotate])
async def test_a_key_stops_within_a_second(store, ring, stop):
    made = await store.put_key(stored())
    await name(ring, "secret")

    await stop(store, made)

    assert await until_refused(ring, "secret") < SOON


async def test_a_key_that_is_made_works_within_a_second_for_who_tried_before(store, keys, ring):
    await refusal(ring, "secret")

    await store.put_key(stored())
    await asyncio.sleep(2 * POLL)

    assert "alice" == await name(ring, "secret")


async def test_a_change_that_comes_while_a_key_is_read_isnt_missed(store, keys, ring):
    made = await store.put_key(stored())
    await keys.look()
    store.waits = asyncio.Event()
    asking = asyncio.create_task(name(ring, "secret"))
    await asyncio.sleep(0.01)

    await store.drop_key(made.name)
    await keys.look()
    store.waits.set()
    await asking

    assert 401 == (await refusal(ring, "secret")).status


async def test_what_a_store_may_have_forgotten_is_forgotten(store, keys, ring):
    await store.put_key(stored())
    await keys.look()
    await name(ring, "secret")

    store.epoch = "another"
    store._keys = Keybook()
    await store.put_key(stored("bob", "other"))
    await keys.look()

    assert 401 == (await refusal(ring, "secret")).status
    assert "bob" == await name(ring, "other")


async def test_when_too_much_has_changed_all_is_forgotten(store, keys, ring):
    made = await store.put_key(stored())
    await name(ring, "secret")
    await refusal(ring, "guess")

    await store.put_key(made._replace(fields={"disabled": True}))
    keys._since = made.version + 10  # as if the store had lost what it knew
    await keys.look()

    assert [UNKNOWN, UNKNOWN] == [keys.known(digest(secret)) for secret in ("secret", "guess")]
    assert "disabled" in (await refusal(ring, "secret")).message


async def test_after_a_rotation_the_former_key_works_until_its_time(store, keys, ring):
    made = await store.put_key(stored("alice", "old"))
    await name(ring, "old")

    await store.put_key(made._replace(digest=digest("new"), former=made.digest, former_until=START + 60))
    await keys.look()

    assert ["alice", "alice"] == [await name(ring, secret, START + 59) for secret in ("old", "new")]
    assert "expired" in (await refusal(ring, "old", START + 60)).message
    assert "alice" == await name(ring, "new", START + 60)


@pytest.mark.parametrize("expires", ["2027-01-15T08:00:30Z", None, "2030-01-01"])
async def test_the_former_key_doesnt_outlive_the_key_itself(store, ring, expires):
    fields = {"expires": expires} if expires else {}
    await store.put_key(stored("alice", "new", **fields)._replace(former=digest("old"), former_until=START + 60))

    key = await ring.recognise("Bearer old", START)

    assert START + (30 if expires and expires.startswith("2027") else 60) == key.expires


async def test_while_the_store_is_down_known_keys_go_on_and_others_wait(store, keys, ring):
    made = await store.put_key(stored())
    await store.put_key(stored("bob", "other"))
    await keys.look()
    await name(ring, "secret")

    store.down = True
    await asyncio.sleep(2 * POLL)
    refused = await refusal(ring, "other")

    assert (503, "key_store_unavailable", "1") == (refused.status, refused.code, refused.headers["retry-after"])
    assert "alice" == await name(ring, "secret")

    store.down = False
    await store.drop_key(made.name)

    assert "bob" == await name(ring, "other")
    assert await until_refused(ring, "secret") < SOON


async def test_without_any_key_everybody_is_anyone_until_one_is_made(store, keys):
    ring = Keyring([], keys)
    assert ANYONE == ring.identify(None, START)

    made = await store.put_key(stored())
    await keys.look()

    with pytest.raises(Refusal):
        ring.identify(None, START)

    await store.drop_key(made.name)
    await keys.look()

    with pytest.raises(Refusal):
        # Revoking the last key must not open the door to everybody.
        ring.identify(None, START)


async def test_as_long_as_nobody_knows_whether_there_are_keys_one_is_demanded(store, clock):
    store.down = True
    keys = StoredKeys(store, read_key, clock)
    await keys.begin()
    ring = Keyring([], keys)

    assert 503 == (await refusal(ring, "secret")).status
    assert keys.heard is None

    store.down = False
    await keys.look()
    await keys.end()

    assert ANYONE == ring.identify(None, START)
    assert START == keys.heard


async def test_a_guarded_ring_demands_a_key_even_without_any():
    with pytest.raises(Refusal):
        Keyring([], guarded=True).identify(None, START)


async def test_a_key_that_cant_be_used_counts_as_disabled_and_somebody_is_told(store, clock):
    told: list[tuple[str, str]] = []
    keys = StoredKeys(store, read_key, clock, trouble=lambda name, why: told.append((name, why)))
    ring = Keyring([], keys)
    await store.put_key(stored(team="gone"))

    refused = await refusal(ring, "secret")

    assert (401, "This API key has been disabled.") == (refused.status, refused.message)
    assert ["alice"] == [name for name, _ in told]
    assert "gone" in told[0][1]


async def test_a_new_configuration_reads_keys_anew_without_asking_the_store(store, keys, ring):
    await store.put_key(stored())
    await name(ring, "secret")

    def refused(key: StoredKey) -> Key:
        raise ConfigErrors((Problem("", 0, "team", "is gone"),))

    keys.adopt(refused)
    assert "disabled" in (await refusal(ring, "secret")).message

    keys.adopt(read_key)
    assert "alice" == ring.identify("Bearer secret", START).name
    assert 1 == store.reads


async def test_what_a_key_may_use_follows_its_changes(store, keys, ring):
    made = await store.put_key(stored(models=["m"]))
    before = await ring.recognise("Bearer secret", START)
    assert [True, False] == [ring.allows(before.models, "m"), ring.allows(before.models, "n")]

    await store.put_key(made._replace(fields={"models": ["n"]}))
    await keys.look()
    after = await ring.recognise("Bearer secret", START)

    assert [False, True] == [ring.allows(after.models, "m"), ring.allows(after.models, "n")]


@pytest.mark.plain
async def test_a_call_that_has_no_task_can_ask_too(store, ring):
    await store.put_key(stored())
    found: list[str] = []
    ended = asyncio.Event()

    class Caller(Drive):
        def over(self) -> None:
            ended.set()

    async def call() -> None:
        found.append(await name(ring, "secret"))

    Caller(asyncio.get_running_loop()).drive(call())
    await asyncio.wait_for(ended.wait(), 1)

    assert ["alice"] == found


class Confused(WatchedStore):
    """Answers with a key that nobody asked for."""

    async def key_of(self, digest: bytes) -> StoredKey | None:
        return await self.key_named("alice")


async def test_a_store_that_answers_with_another_key_opens_nothing(clock):
    async with opened(Confused(clock)) as store:
        await store.put_key(stored())
        ring = Keyring([], StoredKeys(store, read_key, clock))

        assert 401 == (await refusal(ring, "guess")).status


async def test_the_end_waits_for_no_reading(store, keys, ring):
    store.waits = asyncio.Event()
    asking = asyncio.create_task(name(ring, "secret"))
    await asyncio.sleep(0.01)

    await keys.end()

    with pytest.raises(asyncio.CancelledError):
        await asking
