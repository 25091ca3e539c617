"""Vectors of questions in Redis's vector sets (since 8.0), one for each room, in so many bytes altogether.

They all lie in one slot, so that each step is atomic and the bytes are counted. They aren't rounded (NOQUANT): whether
questions are alike is a matter of hundredths, and whoever looks compares what is stored again.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from store.outage import Say
from store.redis_line import Step
from store.redis_trips import Trips
from store.scripts import LIKE_ADD, LIKE_DROP, LIKE_FIND, LIKE_FORGET, LIKE_ROOMS, Script

PARTS: Final = ("rooms", "lasts", "sizes")
OVERHEAD: Final = (
    1000  # bytes of Redis's own for each question, about: its links in the graph, and places in three keys
)
SLACK: Final = 1e-3  # by which a score of Redis's may be too low
SCANNED: Final = b"200"  # questions that a step looks at which forgets some
NOWHERE: Final = b"0" * 32  # a room that nobody has


class Near(NamedTuple):
    mark: bytes
    question: bytes
    vector: bytes


class RedisVectors:
    """On *trips* of somebody else. *most* bytes. A vector is its numbers as 32-bit floats, of length one.

    Whether there are vector sets is found out by using them, and again whenever the server may be another one.
    """

    def __init__(self, trips: Trips, say: Say, *, most: int) -> None:
        self.most = most
        self._trips = trips
        self._say = say
        self._keys = tuple(trips.key(f"{{like}}{part}") for part in PARTS)
        self._without: str | None = None  # the epoch in which there are none
        self._said: bool | None = None

    async def look(self) -> None:
        """Find out, and say so. Raises StoreDown, as all of it."""
        await self.nearest(NOWHERE, b"\0\0\x80\x3f", count=1, threshold=1.0)

    async def nearest(self, room: bytes, vector: bytes, *, count: int, threshold: float) -> list[Near] | None:
        """Those whose cosine is about *threshold* at least. None: there are no vector sets."""
        if self._lacking:
            return None
        least = b"%.9g" % ((1 + threshold) / 2 - SLACK)
        found = await self._run(LIKE_FIND, room, vector, b"%d" % count, least)
        if not self._known(found is not None):
            return None
        return [Near(*found[at : at + 3]) for at in range(0, len(found), 3)]

    async def add(self, room: bytes, mark: bytes, vector: bytes, question: bytes, *, seconds: float, most: int) -> bool:
        """*question* is a JSON object that has `key`, `route`, `model`, `target` and `tags`; *most* are remembered of a
        room. False: there are no vector sets.
        """
        if self._lacking:
            return False
        size = b"%d" % (len(vector) + len(question) + OVERHEAD)
        life = b"%d" % max(1, seconds * 1000)
        added = await self._run(LIKE_ADD, room, mark, vector, question, size, life, b"%d" % most, b"%d" % self.most)
        return self._known(added >= 0)

    async def drop(self, room: bytes, mark: bytes) -> None:
        await self._run(LIKE_DROP, room, mark)

    async def forget(self, names: Mapping[str, str]) -> None:
        """*names*: key, route, model and tag, empty for any. Some questions after the others, each in its own time."""
        wanted = orjson.dumps(names)
        for room in await self._run(LIKE_ROOMS):
            cursor = b"0"
            while (cursor := await self._run(LIKE_FORGET, room, cursor, SCANNED, wanted)) != b"0":
                pass

    @property
    def _lacking(self) -> bool:
        return self._without == self._trips.epoch

    def _known(self, there: bool) -> bool:
        self._without = None if there else self._trips.epoch
        if there is not self._said:
            self._said = there
            self._say(
                "info", "vectors lie in Redis" if there else "this Redis has no vector sets: each process compares"
            )
        return there

    async def _run(self, script: Script, *args: bytes) -> Any:
        [reply] = await self._trips.run([Step(script, self._keys, args)])
        return reply.value
