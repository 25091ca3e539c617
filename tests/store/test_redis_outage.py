"""A Redis that is slow, stopped, gone or back: nobody waits for it longer than the deadline."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.exceptions import AuthenticationError, BusyLoadingError, OutOfMemoryError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeout

from core.secret import Secret
from store.contract import Draw, StoreDown
from store.outage import DEADLINE
from store.redis_line import Line, reason
from store.redis_node import Node, Terms
from store.redis_places import Single
from store.redis_store import RedisStore
from store.redis_url import Login, read
from tests.store.redis_servers import Proxy, Server, serving
from tests.store.test_outage import Log
from tests.store.words import Owner

UNHURRIED = 2.0  # a deadline for what isn't about deadlines, on a busy machine
SLACK = 0.06  # for a busy machine, above the deadline


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    with serving(server):
        yield server


@asynccontextmanager
async def at(url: str, log: Log, *, settle: float = 0.0, deadline: float = UNHURRIED) -> AsyncIterator[RedisStore]:
    store = RedisStore(Secret(url), log, settle=settle, deadline=deadline)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def url(server: Server | Proxy) -> str:
    return f"redis://127.0.0.1:{server.port}"


async def down(store: RedisStore) -> float:
    """How long it took to say that it is down."""
    begun = time.perf_counter()
    with pytest.raises(StoreDown):
        await store.once("mark", time.time() + 60)
    return time.perf_counter() - begun


async def back(owner: Owner, within: float) -> float:
    begun = time.perf_counter()
    while True:
        try:
            await owner.tell()
        except StoreDown:
            assert time.perf_counter() - begun < within
            await asyncio.sleep(0.01)
        else:
            return time.perf_counter() - begun


async def test_a_stopped_redis_costs_the_deadline_three_times_and_then_nothing(server: Server) -> None:
    log = Log()
    async with at(url(server), log, deadline=DEADLINE) as store:
        await Owner(store).tell()
        with server.paused():
            slow = [await down(store) for _ in range(3)]
            quick = sorted([await down(store) for _ in range(50)])
        took = await back(Owner(store, life=2), within=5)

    assert max(slow) < DEADLINE + SLACK
    assert quick[25] < 0.001
    assert took < 1.0
    assert ["the store is down", "the store is back"] == log.texts[1:]


async def test_many_at_once_don_t_wait_longer_than_one(server: Server) -> None:
    async with at(url(server), Log(), deadline=DEADLINE) as store:
        with server.paused():
            took = await asyncio.gather(*(down(store) for _ in range(100)))

    assert max(took) < DEADLINE + 2 * SLACK


async def test_a_redis_that_is_not_there_is_down_at_the_start_and_found_later(server: Server) -> None:
    server.kill()
    log = Log()
    store = RedisStore(Secret(url(server)), log, settle=0.0)

    with pytest.raises(StoreDown, match="can't be reached"):
        await store.open()
    server.start()
    took = await back(Owner(store), within=5)
    await store.close()

    assert took < 1.0


async def test_latency_adds_no_more_than_the_deadline(server: Server) -> None:
    async with Proxy(server.port).standing() as proxy, at(url(proxy), Log(), deadline=DEADLINE) as store:
        await Owner(store).tell()
        proxy.latency = 0.5
        took = [await down(store) for _ in range(5)]
        proxy.latency = 0.0
        await back(Owner(store, life=2), within=5)

    assert max(took) < DEADLINE + SLACK


async def test_a_slow_way_to_a_connection_is_gone_to_its_end(server: Server) -> None:
    """Opening takes several answers, here longer than the deadline: who waits gives up, the connection comes about."""
    async with Proxy(server.port).standing() as proxy:
        proxy.latency = 0.08
        place = read(url(proxy))
        marks: list[bytes] = []
        node = Single(Terms(place, Log(), DEADLINE, 0.0), lambda node: marks.append(node.mark), name="it").nodes[0]
        with pytest.raises(StoreDown):
            await node.run((), asyncio.get_running_loop().time() + DEADLINE)
        await asyncio.sleep(0.3)
        proxy.latency = 0.0
        await node.run((), asyncio.get_running_loop().time() + DEADLINE)
        await node.close()

    assert (1, 1) == (len(marks), proxy.accepted)


async def test_an_answer_that_came_too_late_is_nobody_elses(server: Server) -> None:
    async with Proxy(server.port).standing() as proxy, at(url(proxy), Log(), deadline=DEADLINE) as store:
        await Owner(store).tell(spent=7)
        proxy.latency = 0.15
        with pytest.raises(StoreDown):
            await store.key_named("alice")
        proxy.latency = 0.0
        heard = await Owner(store, "here/2").tell()

    assert 7 == heard.spent


async def test_connections_are_few_however_many_ask(server: Server) -> None:
    async with at(url(server), Log(), deadline=5.0) as store:
        await asyncio.gather(*(Owner(store, f"here/{number}").tell() for number in range(300)))

        assert len(server.ask("CLIENT", "LIST").splitlines()) <= 8 + 1


async def test_a_connection_that_the_server_closed_is_replaced_without_failing(server: Server) -> None:
    async with at(url(server), Log()) as store:
        await Owner(store).tell(spent=5)
        server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await asyncio.sleep(0.05)

        assert 5 == (await Owner(store, life=2).tell()).spent


async def test_who_is_cancelled_leaves_no_answer_behind(server: Server) -> None:
    async with Proxy(server.port).standing() as proxy, at(url(proxy), Log(), deadline=2.0) as store:
        await Owner(store).tell(spent=9)
        proxy.latency = 0.1
        task = asyncio.create_task(store.key_named("alice"))
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        proxy.latency = 0.0

        assert 9 == (await Owner(store, "here/2").tell()).spent


async def test_scripts_that_the_server_forgot_are_sent_again(server: Server) -> None:
    async with at(url(server), Log()) as store:
        await Owner(store).tell(spent=3)
        server.ask("SCRIPT", "FLUSH")

        heard = await Owner(store, life=2).lease(10)

    assert (3, 10) == (heard.spent, heard.granted)


async def test_a_full_redis_is_down_and_says_why(server: Server) -> None:
    log = Log()
    async with at(url(server), log) as store:
        server.ask("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreDown, match="OOM"):
            await Owner(store).tell()


async def test_a_replica_is_no_store(server: Server, tmp_path: Path) -> None:
    replica = Server(tmp_path, f"replicaof 127.0.0.1 {server.port}")
    with serving(replica):
        store = RedisStore(Secret(url(replica)), Log())
        with pytest.raises(StoreDown, match="READONLY"):
            await store.open()
        await store.close()


async def test_passwords_are_used_and_never_shown(tmp_path: Path) -> None:
    server = Server(tmp_path, "requirepass hush-hush")
    log = Log()
    with serving(server):
        async with at(f"redis://:hush-hush@127.0.0.1:{server.port}/2", log) as store:
            await Owner(store).tell()
        for wrong in (":hush-wrong@", ""):
            refused = RedisStore(Secret(f"redis://{wrong}127.0.0.1:{server.port}"), log)
            with pytest.raises(StoreDown) as error:
                await refused.open()
            assert "hush" not in f"{error.value!r} {error.value.__cause__!r}"
            for _ in range(3):
                await down(refused)
            await refused.close()

    assert "the store is down" in log.texts
    assert "hush" not in repr(log.lines)


async def test_a_store_that_is_not_open_is_down(server: Server) -> None:
    store = RedisStore(Secret(url(server)), Log())

    with pytest.raises(StoreDown, match="isn't open"):
        await store.draw([Draw("req:a:60", 1, 60.0)])
    await store.close()


async def test_a_login_that_may_not_ask_what_is_needed_is_refused_by_name(server: Server) -> None:
    server.ask("ACL", "SETUSER", "few", "on", ">hush", "~*", "+@all", "-info")
    store = RedisStore(Secret(f"redis://few:hush@127.0.0.1:{server.port}"), Log())

    with pytest.raises(StoreDown, match="NOPERM"):
        await store.open()
    await store.close()


@pytest.fixture
async def node(server: Server) -> AsyncIterator[Node]:
    node = Single(Terms(read(url(server)), Log(), 1.0, 0.0), lambda node: None, name="it").nodes[0]
    yield node
    await node.close()


async def test_a_connection_that_comes_for_who_is_cancelled_just_then_is_kept(node: Node) -> None:
    line = await node._take()
    waiting = asyncio.create_task(node._take())
    await asyncio.sleep(0)
    await node._hand(line)
    waiting.cancel()

    assert [True] == [
        isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(waiting, return_exceptions=True)
    ]
    assert node._idle == [line]


async def test_who_is_cancelled_gets_no_connection(node: Node) -> None:
    line = await node._take()
    waiting = [asyncio.create_task(node._take()) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await node._hand(line)

    assert line is await waiting[1]
    await node._hand(line)


async def test_who_is_cancelled_gets_no_error(node: Node) -> None:
    more = asyncio.create_task(node._take())
    await asyncio.sleep(0)
    more.cancel()
    node._refuse(ConnectionError("gone"))
    with pytest.raises(asyncio.CancelledError):
        await more


async def test_a_closed_connection_is_not_alive(server: Server) -> None:
    line = await Line.open(("127.0.0.1", server.port), Login(), None)
    alive = await line.alive()
    await line.close()

    assert (True, False) == (alive, await line.alive())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BusyLoadingError("Redis is loading the dataset in memory"), "it is still reading its state"),
        (AuthenticationError("invalid username-password pair"), "it refuses the username or password"),
        (OutOfMemoryError("command not allowed", status_code="OOM"), "it says OOM"),
        (ResponseError("ERR odd"), "it says ERR odd"),
        (RedisTimeout("Timeout reading"), "no answer in time"),
        (TimeoutError(), "no answer in time"),
        (RedisConnectionError("hush"), "it can't be reached"),
        (OSError("hush"), "it can't be reached"),
    ],
)
def test_what_went_wrong_is_said_in_a_few_words(error: Exception, words: str) -> None:
    assert words == reason(error)
