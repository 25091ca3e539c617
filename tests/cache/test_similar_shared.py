"""Vectors in Redis: shared, bounded, gone in time; and a Redis that has none, is away, or holds what isn't ours."""

import asyncio
import time
from contextlib import suppress

import orjson
import pytest

from cache.entry import Forgetting
from cache.similar import room_of
from store.contract import StoreDown
from store.redis_vectors import FOUND, MISSING
from tests.cache.similarities import add, in_redis, like, mark, vector
from tests.store.redis_servers import WITH_VECTORS, Clustered, Server, serving


class VectorCluster(Clustered):
    program = WITH_VECTORS


def left(server, prefix):
    return sorted(server.ask("KEYS", f"{prefix}{{like}}*"))


def counted(server, prefix):
    """The bytes that are counted, in all and one room after the other."""
    found = server.ask("HGETALL", f"{prefix}{{like}}sizes")
    sizes = {name: int(size) for name, size in found.items()}
    return sizes.pop("all", 0), sum(sizes.values())


async def test_what_one_process_learns_another_finds_and_forgets(server_with_vectors):
    port = server_with_vectors.port
    async with in_redis(port, prefix="a:") as one, in_redis(port, prefix="a:") as other:
        await add(one, 1, (1, 0))
        found = await like(other, (1, 0))
        await other.forget(Forgetting(key="alice"))
        after = await like(one, (1, 0))

    assert ([1], []) == (found, after)


async def test_a_cluster_does_it_too(tmp_path):
    with VectorCluster(tmp_path) as cluster:
        port = cluster.url.removeprefix("redis+cluster://127.0.0.1:")
        async with in_redis(port, scheme="redis+cluster") as place:
            await add(place, 1, (1, 0))
            await add(place, 2, (0, 1), partition=b"two")
            found = [await like(place, (1, 0)), await like(place, (0, 1), partition=b"two")]
            await place.forget(Forgetting())
            found.append(await like(place, (1, 0)))

    assert [[1], [2], []] == found


async def test_what_nobody_comes_to_sweep_goes_by_itself(server_with_vectors):
    async with in_redis(server_with_vectors.port, prefix="gone:") as place:
        await add(place, 1, (1, 0), ends=0.3)
        await add(place, 2, (0, 1), ends=0.2, partition=b"two")
        before = left(server_with_vectors, "gone:")
        await asyncio.sleep(0.4)

    assert (9, []) == (len(before), left(server_with_vectors, "gone:"))


async def test_what_has_ended_is_removed_where_others_stay(server_with_vectors):
    async with in_redis(server_with_vectors.port, prefix="ended:") as place:
        await add(place, 1, (1, 0), ends=0.1)
        await add(place, 2, (1, 0))
        await add(place, 3, (1, 0), partition=b"two", ends=0.1)
        await asyncio.sleep(0.15)
        await add(place, 4, (1, 0))
    rooms = [name for name in left(server_with_vectors, "ended:") if "vectors:" in name]
    total, parts = counted(server_with_vectors, "ended:")

    assert [2] == [server_with_vectors.ask("VCARD", name) for name in rooms]
    assert 0 < total == parts


async def test_every_byte_is_counted_and_given_back(server_with_vectors):
    async with in_redis(server_with_vectors.port, prefix="bytes:") as place:
        for number in range(6):
            await add(place, number % 4, (1, number), partition=b"%d" % (number % 2), key=f"k{number % 3}", most=2)
        total, parts = counted(server_with_vectors, "bytes:")
        for number in range(3):
            await place.forget(Forgetting(key=f"k{number}"))

    assert 4000 < total == parts
    assert [] == left(server_with_vectors, "bytes:")


async def test_one_that_is_too_large_is_not_kept(server_with_vectors):
    async with in_redis(server_with_vectors.port, room=2000, prefix="large:") as place:
        await add(place, 1, [1.0] * 400)
        await add(place, 2, (1, 0))
        found = [await like(place, [1.0] * 400), await like(place, (1, 0))]

    assert [[], [2]] == found


async def test_many_are_forgotten_one_part_after_the_other(server_with_vectors):
    async with in_redis(server_with_vectors.port, prefix="many:") as place:
        for number in range(450):
            await add(place, number, (1, number / 1000), most=1000, key=("alice", "bob")[number % 2])
        await place.forget(Forgetting(key="alice"))
        rest = await like(place, (1, 0))
    [room] = [name for name in left(server_with_vectors, "many:") if "vectors:" in name]

    assert 225 == server_with_vectors.ask("VCARD", room)
    assert {1} == {number % 2 for number in rest}


async def test_a_vector_whose_question_is_dropped_is_gone(server_with_vectors):
    async with in_redis(server_with_vectors.port, prefix="dropped:") as place:
        await add(place, 1, (1, 0))
        await add(place, 2, (1, 0))
        await place.drop(b"one", vector(1, 0), mark(1))
        found = await like(place, (1, 0))

    assert [2] == found


@pytest.mark.parametrize("said", [b"", b"{}", b"[1]", b'{"text": 1}', b"\xff", b"12 {", b'7 {"key": "k"}'])
async def test_what_another_version_wrote_is_nothing(server_with_vectors, said):
    async with in_redis(server_with_vectors.port, prefix="odd:") as place:
        await add(place, 1, (1, 0))
        questions = f"odd:{{like}}questions:{room_of(b'one', vector(1, 0)).decode()}"
        server_with_vectors.ask("HSET", questions, mark(1), said)
        found = await like(place, (1, 0))
        server_with_vectors.ask("DEL", *left(server_with_vectors, "odd:"))

    assert [] == found


def heard(lines):
    """What is said of vector sets."""
    return lambda level, text, **fields: lines.append(text) if text in (FOUND, MISSING) else None


async def test_a_redis_without_vector_sets_says_so_once(redis):
    lines = []
    async with in_redis(redis.rsplit(":", 1)[1], say=heard(lines)) as place:
        said = [await add(place, 1, (1, 0)), await like(place, (1, 0)), await like(place, (1, 0))]
        await place.forget(Forgetting())

    assert [False, None, None] == said
    assert [MISSING] == lines


@pytest.mark.parametrize("command", ["VADD", "VSIM", "VEMB", "VREM"])
async def test_nor_are_there_any_for_whoever_may_not_use_them(server_with_vectors, command):
    user = f"no-{command.lower()}"
    server_with_vectors.ask("ACL", "SETUSER", user, "on", ">secret", "~*", "+@all", f"-{command.lower()}")
    async with in_redis(server_with_vectors.port, login=f"{user}:secret@") as place:
        said = [await add(place, 1, (1, 0)), await like(place, (1, 0))]

    assert [False, None] == said


async def test_another_server_in_its_place_is_asked_anew(tmp_path):
    lines = []
    old = Server(tmp_path)
    with serving(old):
        async with in_redis(old.port, say=heard(lines)) as place:
            first = await like(place, (1, 0))
            old.kill()
            with serving(Server(tmp_path, port=old.port, program=WITH_VECTORS)):
                async with asyncio.timeout(10):
                    while first is None:
                        with suppress(StoreDown):
                            first = await like(place, (1, 0))
                        await asyncio.sleep(0.05)
                await add(place, 1, (1, 0))
                found = await like(place, (1, 0))

    assert ([1], [MISSING, FOUND]) == (found, lines)


async def test_a_redis_that_does_not_answer_is_not_waited_for(tmp_path):
    server = Server(tmp_path, program=WITH_VECTORS)
    with serving(server):
        async with in_redis(server.port, deadline=0.05) as place:
            async with asyncio.timeout(5):
                while await _down(add(place, 1, (1, 0))):
                    await asyncio.sleep(0.01)
            with server.paused():
                began = time.monotonic()
                down = [await _down(like(place, (1, 0))) for _ in range(5)]
                took = time.monotonic() - began

    assert [True] * 5 == down
    assert took < 1.0


async def _down(asked):
    try:
        await asked
    except StoreDown:
        return True
    return False


def test_a_room_is_one_partitions_of_one_model_and_one_length():
    rooms = [room_of(*one) for one in [(b"a", vector(1)), (b"b", vector(1)), (b"a", vector(1, 2))]]
    named = [vector(1)._replace(model=name) for name in ("x", "x 1", "")]

    assert 6 == len({*rooms, *(room_of(b"a", one) for one in named)})
    assert all(orjson.dumps(room.decode()) == b'"%b"' % room for room in rooms)
