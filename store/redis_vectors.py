"""Vectors of questions in Redis's vector sets (since 8.0), one for each room, in so many bytes altogether.

They all lie in one slot, so that each step is atomic and the bytes are counted. They aren't rounded (NOQUANT): whether
questions are alike is a matter of hundredths, and whoever looks compares what is stored again.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from core.secret import Secret
from store.outage import DEADLINE, Say
from store.redis_line import Plain, Step
from store.redis_trips import Trips
from store.scripts import LIKE_ADD, LIKE_DROP, LIKE_FORGET, LIKE_KNOWN, LIKE_READ, LIKE_ROOMS, LIKE_SETTLE, Script

PARTS: Final = ("rooms", "lasts", "sizes")
OVERHEAD: Final = (
    1000  # bytes of Redis's own for each question, about: its links in the graph, and places in three keys
)
SLACK: Final = 1e-3  # by which a score of Redis's may be too low
SCANNED: Final = b"200"  # questions that a step looks at which forgets some
FOUND: Final = "vectors of questions lie in Redis"
MISSING: Final = "this Redis has no vector sets (they came with 8.0): each process compares questions by itself"


class Near(NamedTuple):
    mark: bytes
    question: bytes
    vector: bytes


class RedisVectors:
    """*most* bytes. A vector is its numbers as 32-bit floats, of length one.

    Threads of Redis look for vectors and put them in their places, while it serves others: that takes milliseconds.
    Whether it has vector sets is asked once, and again whenever the server may be another one.
    """

    def __init__(self, url: Secret, say: Say, *, most: int, deadline: float = DEADLINE) -> None:
        self.most = most
        # Not those of answers: a look takes longer, and where it takes too long they go on.
        self._trips = Trips(url.reveal(), say, deadline=deadline)
        self._say = say
        self._keys = tuple(self._trips.key(f"{{like}}{part}") for part in PARTS)
        self._epoch: str | None = None  # for which is known whether there are vector sets
        self._there: bool | None = None

    async def open(self) -> None:
        """May raise StoreDown, and can be used all the same."""
        await self._trips.open()
        await self.there()

    async def close(self) -> None:
        await self._trips.close()

    async def there(self) -> bool:
        """Whether there are vector sets. Raises StoreDown, as all of it."""
        epoch = self._trips.epoch
        if epoch != self._epoch or self._there is None:
            there = bool(await self._run(LIKE_KNOWN))
            if there is not self._there:
                self._say("info", FOUND if there else MISSING)
            self._epoch, self._there = epoch, there
        return self._there

    async def nearest(self, room: bytes, vector: bytes, *, count: int, threshold: float) -> list[Near] | None:
        """Those whose cosine is about *threshold* at least. None: there are no vector sets."""
        if not await self.there():
            return None
        key = self._vectors(room)
        words = (b"VSIM", key, b"FP32", vector, b"WITHSCORES", b"COUNT", b"%d" % count)
        [reply] = await self._trips.run([Plain(words, (key,))])
        pairs = zip(reply.value[::2], reply.value[1::2], strict=True)
        marks = [mark for mark, score in pairs if 2 * float(score) - 1 >= threshold - SLACK]
        if not marks:
            return []
        found = await self._run(LIKE_READ, room, *marks)
        return [Near(mark, *one) for mark, one in zip(marks, found, strict=True) if one]

    async def add(self, room: bytes, mark: bytes, vector: bytes, question: bytes, *, seconds: float, most: int) -> bool:
        """*question* is a JSON object that has `key`, `route`, `model`, `target` and `tags`; *most* are remembered of a
        room. False: there are no vector sets.
        """
        if not await self.there():
            return False
        size = len(vector) + len(question) + OVERHEAD
        if size > self.most:
            return True
        numbers = (size, max(1, int(seconds * 1000)), most, self.most)
        key = self._vectors(room)
        put = (b"VADD", key, b"FP32", vector, mark, b"CAS", b"NOQUANT")
        await self._trips.run(
            [
                Step(LIKE_ADD, self._keys, (room, mark, question, *(b"%d" % one for one in numbers))),
                Plain(put, (key,)),
                Step(LIKE_SETTLE, self._keys, (room, mark)),
            ]
        )
        return True

    async def drop(self, room: bytes, mark: bytes) -> None:
        await self._run(LIKE_DROP, room, mark)

    async def forget(self, names: Mapping[str, str]) -> None:
        """*names*: key, route, model and tag, empty for any. Some questions after the others, each in its own time."""
        wanted = orjson.dumps(names)
        for room in await self._run(LIKE_ROOMS):
            cursor = b"0"
            while (cursor := await self._run(LIKE_FORGET, room, cursor, SCANNED, wanted)) != b"0":
                pass

    def _vectors(self, room: bytes) -> bytes:
        return self._trips.key("{like}vectors:") + room

    async def _run(self, script: Script, *args: bytes) -> Any:
        [reply] = await self._trips.run([Step(script, self._keys, args)])
        return reply.value
