"""Questions as vectors, wherever they lie: places of one kind, for tests."""

import time
from contextlib import asynccontextmanager
from itertools import count

from cache.entry import Labels
from cache.similar import Asked, Similar, Vector
from cache.similar_shared import SharedSimilar
from core.secret import Secret
from store.redis_vectors import RedisVectors

PREFIXES = count()
ROOM = 1 << 20


class Here:
    """cache.similar.Similar, as one asks the other."""

    def __init__(self, room=ROOM):
        self.similar = Similar(room)

    async def nearest(self, partition, vector, *, now, threshold):
        return self.similar.nearest(partition, vector, now=now, threshold=threshold)

    async def add(self, partition, vector, asked, *, now, most):
        self.similar.add(partition, vector, asked, most=most)
        return True

    async def forget(self, names):
        self.similar.forget(names)


@asynccontextmanager
async def in_redis(port, *, room=ROOM, say=lambda *_, **__: None, prefix=None, deadline=5.0, login="", scheme="redis"):
    url = f"{scheme}://{login}127.0.0.1:{port}?prefix={prefix or f'v{next(PREFIXES)}:'}"
    vectors = RedisVectors(Secret(url), say, most=room, deadline=deadline)
    await vectors.open()
    try:
        yield SharedSimilar(vectors)
    finally:
        await vectors.close()


def mark(number):
    return number.to_bytes(24, "big")


def vector(*numbers):
    return Vector(numbers, "p/embed")


async def add(place, number, numbers, *, partition=b"one", most=100, ends=60.0, by="p/embed", **labels):
    named = {"key": "alice", "route": "m", "model": "m", "target": "p/x", "tags": ("blue",), **labels}
    asked = Asked(f"question {number}", mark(number), Labels(**named), time.time() + ends)
    return await place.add(partition, Vector(numbers, by), asked, now=time.time(), most=most)


async def like(place, numbers, *, partition=b"one", threshold=0.9, by="p/embed"):
    """The numbers of those that are alike."""
    near = await place.nearest(partition, Vector(numbers, by), now=time.time(), threshold=threshold)
    return None if near is None else [int.from_bytes(one.asked.mark, "big") for one in near]
