"""The board in Redis: all notices in one slot, so that one trip finds them by how their names begin."""

from collections.abc import Mapping
from typing import Final

from store.board import sized
from store.redis_line import Step
from store.redis_trips import Trips
from store.scripts import POST, POSTED

PARTS: Final = ("notices", "order", "ends")


class Noticeboard:
    """The part of the contract that is store/board.py."""

    def __init__(self, trips: Trips) -> None:
        self._trips = trips
        self._keys = tuple(trips.key(f"{{board}}{part}") for part in PARTS)

    async def post(self, name: str, value: bytes, ttl: float, *, only_new: bool = False) -> bool:
        args = (name.encode(), sized(value), b"%d" % max(1, ttl * 1000), b"%d" % only_new)
        [reply] = await self._trips.run([Step(POST, self._keys, args)])
        return bool(reply.value)

    async def posted(self, prefix: str) -> Mapping[str, bytes]:
        [reply] = await self._trips.run([Step(POSTED, self._keys, (prefix.encode(),))])
        words = reply.value
        return {name.decode(): value for name, value in zip(words[::2], words[1::2], strict=True)}
