"""Answers in Redis: bytes under a mark, with names to forget them by, in so many bytes altogether.

They lie in some compartments of one slot each, so that a cluster spreads them and each step is atomic. A connection
and a breaker of their own keep a cache that is slow from delaying money.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import orjson

from core.secret import Secret
from store.outage import DEADLINE, Say
from store.redis_line import Step
from store.redis_trips import Reply, Trips
from store.scripts import ANSWER_FIGURES, ANSWER_FIND, ANSWER_FORGET, ANSWER_HAS, ANSWER_KEEP

COMPARTMENTS: Final = 16
PARTS: Final = ("answers", "names", "ranks", "ends", "state", "forgotten")
REMEMBERED: Final = 64  # of what was last forgotten, in each compartment
REMEMBERED_FOR: Final = 86_400.0  # seconds, which no call takes
OVERHEAD: Final = 400  # bytes of Redis's own for each answer, about


class Kept(NamedTuple):
    """*forgotten*: how often something was, so far, where this answer would lie."""

    value: bytes
    forgotten: int


class RedisAnswers:
    """*most* is for all compartments together."""

    def __init__(self, url: Secret, say: Say, *, most: int, deadline: float = DEADLINE) -> None:
        self.most = most
        self._trips = Trips(url.reveal(), say, deadline=deadline)
        self._keys = [
            tuple(self._trips.key(f"{{cache{number}}}{part}") for part in PARTS) for number in range(COMPARTMENTS)
        ]

    async def open(self) -> None:
        """May raise StoreDown, and can be used all the same."""
        await self._trips.open()

    async def close(self) -> None:
        await self._trips.close()

    async def find(self, mark: bytes) -> Kept:
        """Empty where there is none. Raises StoreDown, as all of it."""
        answers, _, ranks, _, state, _ = self.at(mark)
        [reply] = await self._trips.run([Step(ANSWER_FIND, (answers, ranks, state), (mark,))])
        value, forgotten = reply.value
        return Kept(value, int(forgotten))

    async def has(self, mark: bytes) -> bool:
        """It isn't wanted for that."""
        [reply] = await self._trips.run([Step(ANSWER_HAS, (self.at(mark)[0],), (mark,))])
        return bool(reply.value)

    async def keep(
        self,
        mark: bytes,
        value: bytes,
        names: Mapping[str, object],
        *,
        worth: float,
        made: float,
        ttl: float,
        seconds: float,
        since: int,
    ) -> bool:
        """*names*: key, route, model, target and tags. It lies there for *seconds*, fresh until *made* + *ttl*."""
        size = len(value) + OVERHEAD
        args = (
            mark,
            value,
            orjson.dumps({**names, "size": size}),
            b"%d" % size,
            b"%.9g" % worth,
            b"%d" % max(1, seconds * 1000),
            b"%d" % (self.most // COMPARTMENTS),
            b"%d" % since,
            b"%d" % (REMEMBERED_FOR * 1000),
            b"%.6f %.6f" % (made, ttl),
        )
        [reply] = await self._trips.run([Step(ANSWER_KEEP, self.at(mark), args)])
        return bool(reply.value)

    async def forget(self, names: Mapping[str, str]) -> int:
        """*names*: key, route, model and tag, empty for any. One compartment after the other, each in its own time."""
        args = (orjson.dumps(names), b"%d" % REMEMBERED, b"%d" % (REMEMBERED_FOR * 1000))
        count = 0
        for keys in self._keys:
            [reply] = await self._trips.run([Step(ANSWER_FORGET, keys, args)])
            count += int(reply.value)
        return count

    async def figures(self) -> tuple[int, int, int]:
        """Answers, their bytes, and how many had to go for want of room."""
        steps = [Step(ANSWER_FIGURES, (keys[1], keys[4]), ()) for keys in self._keys]
        replies = await self._trips.run(steps)
        answers, size, gone = (sum(int(reply.value[at]) for reply in replies) for at in range(3))
        return answers, size, gone

    def at(self, mark: bytes) -> tuple[bytes, ...]:
        """The keys of its compartment, as PARTS says."""
        return self._keys[mark[0] % COMPARTMENTS]

    def beside(self, number: int, name: bytes) -> bytes:
        """Another key of that compartment."""
        return self._trips.key(f"{{cache{number}}}") + name

    async def run(self, steps: Sequence[Step]) -> list[Reply]:
        """Other steps over what lies there, on the same connections."""
        return await self._trips.run(steps)
