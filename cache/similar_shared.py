"""Questions that were answered, in the Redis that all processes share: it finds a few, which are compared again."""

from typing import TYPE_CHECKING, Any

import orjson

from cache.entry import Forgetting, Labels
from cache.similar import NEAREST, Asked, Like, Vector, room_of, unit
from store.redis_vectors import Near, RedisVectors

if TYPE_CHECKING:
    import numpy as np


class SharedSimilar:
    """As cache.similar.Similar. None, or False, where this Redis has no vector sets. All of it may raise StoreDown."""

    def __init__(self, vectors: RedisVectors) -> None:
        self._vectors = vectors

    async def nearest(self, partition: bytes, vector: Vector, *, now: float, threshold: float) -> list[Like] | None:
        """The best first; none below *threshold*."""
        made = unit(vector)
        if made is None:
            return []
        room = room_of(partition, vector)
        near = await self._vectors.nearest(room, made.tobytes(), count=NEAREST, threshold=threshold)
        if near is None:
            return None
        likes = [like for one in near if (like := _compared(one, made)) is not None]
        likes = [one for one in likes if one.score >= threshold and now < one.asked.ends]
        return sorted(likes, key=lambda one: -one.score)

    async def add(self, partition: bytes, vector: Vector, asked: Asked, *, now: float, most: int) -> bool:
        """*most* are remembered of one partition."""
        made = unit(vector)
        if made is None:
            return True
        room, seconds = room_of(partition, vector), asked.ends - now
        return await self._vectors.add(room, asked.mark, made.tobytes(), question(asked), seconds=seconds, most=most)

    async def drop(self, partition: bytes, vector: Vector, mark: bytes) -> None:
        await self._vectors.drop(room_of(partition, vector), mark)

    async def forget(self, names: Forgetting) -> None:
        await self._vectors.forget(names._asdict())


def question(asked: Asked) -> bytes:
    """As it is kept."""
    return orjson.dumps({"text": asked.text, "ends": asked.ends, **asked.labels._asdict()})


def _compared(near: Near, vector: "np.ndarray[Any, Any]") -> Like | None:
    """None for what another version may have written."""
    from cache.arrays import np  # noqa: PLC0415  (as in cache/similar.py)

    try:
        said = orjson.loads(near.question)
        labels = Labels(said["key"], said["route"], said["model"], said["target"], tuple(said["tags"]))
        asked = Asked(str(said["text"]), near.mark, labels, float(said["ends"]))
        stored = np.frombuffer(near.vector, dtype="<f4")
        score = float(stored @ vector / np.linalg.norm(stored))
    except (ValueError, TypeError, KeyError):
        return None
    return Like(score, asked)
