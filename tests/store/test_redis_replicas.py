"""Redis behind Sentinel and as a cluster: failovers, replicas that must confirm, and slots that move."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.crc import key_slot

from core.secret import Secret
from store.contract import Draw, Stamp, StoreDown, Tell
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
        replica.pause()
        owner = Owner(store, "here/2")
        unconfirmed = await owner.lease(20)
        drawn = await draw(store, Draw("req:a:60", 5, 60.0, 5, 5))
        with pytest.raises(StoreDown, match="no replica"):
            await store.put_key(key())
        replica.go_on()
        until(lambda: has_replica(master), "the replica is back")
        after = await owner.tell()
        again = await draw(store, Draw("req:a:60", 5, 60.0, 5, 5))

    assert (0, True) == (unconfirmed.granted, unconfirmed.settling > 0)
    assert (0, True) == (drawn.granted, drawn.wait > 0)
    assert 10 == after.leased  # what wasn't confirmed went back with the next word
    assert 5 == again.granted


async def test_words_that_want_nothing_need_no_replica(pair: tuple[Server, Server]) -> None:
    master, replica = pair
    async with at(url(master), Log()) as store:
        replica.pause()
        heard = await Owner(store).tell(spent=4)
        replica.go_on()

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
    async with at(cluster.url, Log(), deadline=1.0) as store:
        tells = [Tell(f"usd:many{number}", 1000, number) for number in range(250)]

        heard = await store.tell(Stamp("here/1", 1, 1), tells)

    assert list(range(250)) == [one.own for one in heard]


async def test_slots_that_move_are_followed(redis_clustered: str) -> None:
    ports = [int(one.rsplit(":", 1)[1]) for one in redis_clustered.removeprefix("redis+cluster://").split(",")]
    clients = [Redis(port=port, protocol=2, decode_responses=True) for port in ports]
    ids = [client.execute_command("CLUSTER", "MYID") for client in clients]
    name = next(f"m{n}" for n in range(1000) if key_slot(f"switchyard:a:m{n}".encode()) < 5000)
    slot = key_slot(f"switchyard:a:{name}".encode())
    log = Log()
    async with at(redis_clustered, log) as store:
        owner = Owner(store, account=name)
        await owner.tell(spent=1)
        clients[1].execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0])
        clients[0].execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1])
        here = await owner.tell(spent=2)
        clients[0].execute_command("MIGRATE", "127.0.0.1", ports[1], f"switchyard:a:{name}", 0, 5000)
        asked = await owner.tell(spent=3)
        for client in (clients[1], clients[0], clients[2]):
            client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", ids[1])
        moved = await owner.tell(spent=4)
        straight = await owner.tell(spent=5)
    for client in clients:
        client.close()

    assert [(2, False), (3, False), (4, False), (5, False)] == [
        (one.spent, one.fresh) for one in (here, asked, moved, straight)
    ]
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
    async with at(f"redis+sentinel://{gone},{hosts.split(',')[0]}/{name}", Log(), deadline=1.0) as store:
        await granting(Owner(store, account=tmp_path.name))


async def test_a_master_that_sentinels_don_t_know_is_down(redis_watched: str) -> None:
    store = RedisStore(Secret(redis_watched.replace("mymaster", "yours")), Log())

    with pytest.raises(StoreDown):
        await store.open()
    await store.close()
