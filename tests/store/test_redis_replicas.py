"""Redis behind Sentinel and as a cluster: failovers, replicas that must confirm, and slots that move."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.crc import key_slot

from core.secret import Secret
from store.contract import Draw, Stamp, StoreDown, Tell
from store.outage import DEADLINE
from store.redis_store import RedisStore
from tests.store.redis_servers import Clustered, Server, Watched, free_port, has_replica, serving, until
from tests.store.test_outage import Log
from tests.store.test_redis_outage import at, back, url
from tests.store.words import Owner, draw, key

SETTLE = 0.3


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with Watched(tmp_path_factory.mktemp("watched")) as watched:
        yield watched


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clustered]:
    with Clustered(tmp_path_factory.mktemp("cluster"), replicas=1) as cluster:
        yield cluster


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    master = Server(tmp_path)
    with serving(master):
        replica = Server(tmp_path, f"replicaof 127.0.0.1 {master.port}")
        with serving(replica):
            until(lambda: has_replica(master), "a replica is online")
            yield master, replica


async def granting(owner: Owner, amount: int = 1) -> None:
    """Until it grants again."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        try:
            if (await owner.lease(amount)).granted:
                return
        except StoreDown:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError("it grants nothing")


async def test_a_grant_that_no_replica_confirms_is_none(pair: tuple[Server, Server]) -> None:
    master, replica = pair
    async with at(url(master), Log(), deadline=0.3) as store:
        await granting(Owner(store, "here/1"), 10)
        with replica.paused():
            owner = Owner(store, "here/2")
            unconfirmed = await owner.lease(20)
            drawn = await draw(store, Draw("req:a:60", 5, 60.0, 5, 5))
            with pytest.raises(StoreDown, match="no replica"):
                await store.put_key(key())
        until(lambda: has_replica(master), "the replica is back")
        after = await owner.tell()
        again = await draw(store, Draw("req:a:60", 5, 60.0, 5, 5))

    assert (0, True) == (unconfirmed.granted, unconfirmed.settling > 0)
    assert (0, True) == (drawn.granted, drawn.wait > 0)
    assert 10 == after.leased  # what wasn't confirmed went back with the next word
    assert 5 == again.granted


async def test_words_that_want_nothing_need_no_replica(pair: tuple[Server, Server]) -> None:
    master, replica = pair
    async with at(url(master), Log(), deadline=DEADLINE) as store:
        with replica.paused():
            heard = await Owner(store).tell(spent=4)

    assert (4, 0.0) == (heard.spent, heard.settling)


async def test_a_master_alone_without_replicas_grants_again(pair: tuple[Server, Server]) -> None:
    master, replica = pair
    async with at(url(master), Log()) as store:
        await Owner(store).tell()
        replica.kill()
        await granting(Owner(store, life=2))


async def test_a_failover_by_sentinels_forgets_nothing_that_was_granted(watched: Watched) -> None:
    log = Log()
    async with at(watched.url, log, settle=SETTLE) as store:
        await asyncio.sleep(SETTLE)
        one, other = Owner(store, "here/1"), Owner(store, "here/2")
        await granting(one, 600)
        epoch = store.epoch
        watched.master.kill()
        took = await back(other, within=15)
        first = await other.lease(401)
        changed = store.epoch
        await granting(Owner(store, "here/3"))
        too_much = await other.lease(401)

    assert took < 10
    assert epoch != changed
    assert (0, True) == (first.granted, first.settling > 0)
    assert (0, 0.0) == (too_much.granted, too_much.settling)
    assert ["the store is down", "the store is back"] == [
        text for text in log.texts if "is" in text and "new" not in text
    ]


async def test_a_failover_in_a_cluster_is_followed(cluster: Clustered) -> None:
    """The others go on meanwhile."""
    first = cluster.servers[0]
    by_node = {key_slot(f"switchyard:a:usd:{number}".encode()) * 3 // 16384: f"usd:{number}" for number in range(20)}
    log = Log()
    async with at(cluster.url, log, settle=SETTLE) as store:
        await asyncio.sleep(SETTLE)
        on_first, elsewhere = Owner(store, account=by_node[0]), Owner(store, "here/2", account=by_node[2])
        await granting(on_first, 600)
        epoch = store.epoch
        first.kill()
        with pytest.raises(StoreDown):
            await on_first.tell(keep=600)
        meanwhile = await elsewhere.lease(10)
        await back(on_first, within=15)
        await granting(Owner(store, "here/3", account=by_node[0]))
        heard = await on_first.tell(keep=600)

    assert 10 == meanwhile.granted
    assert epoch != store.epoch
    assert 601 == heard.leased


async def test_a_batch_goes_to_all_servers_of_a_cluster(cluster: Clustered) -> None:
    async with at(cluster.url, Log()) as store:
        tells = [Tell(f"usd:many{number}", 1000, number) for number in range(250)]

        heard = await store.tell(Stamp("here/1", 1, 1), tells)

    assert list(range(250)) == [one.own for one in heard]


def begin_moving(cluster: Clustered, slot: int, there: int, here: int = 0) -> None:
    servers = cluster.servers
    servers[there].ask("CLUSTER", "SETSLOT", slot, "IMPORTING", servers[here].ask("CLUSTER", "MYID"))
    servers[here].ask("CLUSTER", "SETSLOT", slot, "MIGRATING", servers[there].ask("CLUSTER", "MYID"))


def end_moving(cluster: Clustered, slot: int, there: int) -> None:
    for server in (cluster.servers[there], *cluster.servers):
        server.ask("CLUSTER", "SETSLOT", slot, "NODE", cluster.servers[there].ask("CLUSTER", "MYID"))


def name_on(node: int) -> str:
    """An account that a new cluster of three keeps there."""
    return next(f"m{n}" for n in range(1000) if key_slot(f"switchyard:a:m{n}".encode()) * 3 // 16384 == node)


async def test_slots_that_move_are_followed(clustered: Clustered) -> None:
    name = name_on(0)
    slot = key_slot(f"switchyard:a:{name}".encode())
    log = Log()
    async with at(clustered.url, log) as store:
        owner = Owner(store, account=name)
        await owner.tell(spent=1)
        begin_moving(clustered, slot, 1)
        here = await owner.tell(spent=2)
        clustered.servers[0].ask("MIGRATE", "127.0.0.1", clustered.servers[1].port, f"switchyard:a:{name}", 0, 5000)
        asked = await owner.tell(spent=3)
        end_moving(clustered, slot, 1)
        moved = await owner.tell(spent=4)
        straight = await owner.tell(spent=5)

    assert [2, 3, 4, 5] == [one.spent for one in (here, asked, moved, straight)]
    assert not [text for text in log.texts if "down" in text]


async def test_a_cluster_that_is_not_there_is_down(tmp_path: Path) -> None:
    for address in (f"redis+cluster://127.0.0.1:{free_port()}", f"redis+sentinel://127.0.0.1:{free_port()}/mymaster"):
        store = RedisStore(Secret(address), Log())
        with pytest.raises(StoreDown):
            await store.open()
        with pytest.raises(StoreDown):
            await store.key_named("alice")
        await store.close()


async def test_sentinels_that_few_of_are_left_are_asked_all_the_same(redis_watched: str, tmp_path: Path) -> None:
    """But that there are no replicas is believed to most of them only."""
    hosts, _, name = redis_watched.removeprefix("redis+sentinel://").partition("/")
    gone = ",".join(f"127.0.0.1:{free_port()}" for _ in range(3))
    async with at(f"redis+sentinel://{gone},{hosts.split(',')[0]}/{name}", Log()) as store:
        await granting(Owner(store, account=tmp_path.name))


async def test_a_master_that_sentinels_don_t_know_is_down(redis_watched: str) -> None:
    store = RedisStore(Secret(redis_watched.replace("mymaster", "yours")), Log())

    with pytest.raises(StoreDown):
        await store.open()
    await store.close()


async def test_keys_whose_slot_is_on_its_way_are_to_be_asked_for_again(clustered: Clustered) -> None:
    slot = key_slot(b"switchyard:{keys}names")
    here = slot * 3 // 16384
    there = (here + 1) % 3
    async with at(clustered.url, Log()) as store:
        begin_moving(clustered, slot, there, here)
        with pytest.raises(StoreDown, match="moving"):
            await store.key_named("alice")
        clustered.servers[here].ask("CLUSTER", "SETSLOT", slot, "STABLE")
        clustered.servers[there].ask("CLUSTER", "SETSLOT", slot, "STABLE")
        await store.put_key(key("alice"))
        begin_moving(clustered, slot, there, here)
        names = "switchyard:{keys}names"
        clustered.servers[here].ask("MIGRATE", "127.0.0.1", clustered.servers[there].port, names, 0, 5000)
        with pytest.raises(StoreDown, match="moving"):
            await store.key_named("alice")
        rest = [f"switchyard:{{keys}}{part}" for part in ("digests", "order", "changes", "version", "floor")]
        clustered.servers[here].ask("MIGRATE", "127.0.0.1", clustered.servers[there].port, "", 0, 5000, "KEYS", *rest)
        end_moving(clustered, slot, there)

        assert "alice" == (await store.keys())[0].name


async def test_nobody_waits_longer_than_the_deadline_for_where_a_slot_is(clustered: Clustered) -> None:
    name = name_on(1)
    slot = key_slot(f"switchyard:a:{name}".encode())
    store = RedisStore(Secret(clustered.url), Log(), deadline=0.1, settle=0.0)
    await store.open()
    owner = Owner(store, account=name)
    await owner.tell()
    begin_moving(clustered, slot, 2, 1)
    clustered.servers[1].ask("MIGRATE", "127.0.0.1", clustered.servers[2].port, f"switchyard:a:{name}", 0, 5000)
    end_moving(clustered, slot, 2)
    await asyncio.sleep(0.15)  # it was looked for a moment ago
    with clustered.servers[0].paused():
        begun = time.perf_counter()
        with pytest.raises(StoreDown, match="who has what"):
            await owner.tell()
        took = time.perf_counter() - begun
        assert store._trips._places
        await store._trips._places.close()
    await store.close()

    assert took < 0.2


async def test_a_batch_fails_where_one_of_its_servers_does(clustered: Clustered) -> None:
    async with at(clustered.url, Log(), deadline=DEADLINE) as store:
        tells = [Tell(f"usd:part{number}", 1000) for number in range(20)]
        await store.tell(Stamp("here/1", 1, 1), tells)
        with clustered.servers[0].paused(), pytest.raises(StoreDown, match="no answer in time"):
            await store.tell(Stamp("here/1", 1, 2), tells)


async def test_one_server_of_a_cluster_is_no_store(clustered: Clustered) -> None:
    has_mark = clustered.servers[key_slot(b"switchyard:{}mark") * 3 // 16384]
    for server in clustered.servers:
        store = RedisStore(Secret(url(server)), Log())
        if server is has_mark:
            await store.open()
        else:
            with pytest.raises(StoreDown, match="MOVED"):
                await store.open()
        with pytest.raises(StoreDown):
            await store.tell(Stamp("here/1", 1, 1), [Tell(name_on(node), 1) for node in range(3)])
        await store.close()


async def test_a_replica_that_joins_is_asked_from_then_on(tmp_path: Path) -> None:
    master = Server(tmp_path)
    with serving(master):
        async with at(url(master), Log(), deadline=0.3) as store:
            await granting(Owner(store, "here/1"))
            replica = Server(tmp_path, f"replicaof 127.0.0.1 {master.port}")
            with serving(replica):
                until(lambda: has_replica(master), "a replica is online")
                await asyncio.sleep(1.2)
                await Owner(store, "here/2").tell()
                with replica.paused():
                    heard = await Owner(store, "here/3").lease(1)

    assert (0, True) == (heard.granted, heard.settling > 0)


async def test_a_master_that_was_a_replica_in_between_is_noticed(tmp_path: Path) -> None:
    server = Server(tmp_path)
    with serving(server):
        async with at(url(server), Log(), settle=SETTLE) as store:
            await asyncio.sleep(SETTLE)
            await granting(Owner(store, "here/1"))
            epoch = store.epoch
            server.ask("REPLICAOF", "127.0.0.1", free_port())
            server.ask("REPLICAOF", "NO", "ONE")
            await asyncio.sleep(1.6)

    assert epoch != store.epoch
