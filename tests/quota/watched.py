"""A store in memory that counts how often it is asked for a key, and can be out of reach or slow."""

import asyncio
from collections.abc import Callable

from store.contract import Changes, StoredKey, StoreDown
from store.memory import MemoryStore


class WatchedStore(MemoryStore):
    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.down = False
        self.reads = 0
        self.waits: asyncio.Event | None = None  # what an answer to `key_of` is held back for
        self.under_way = 0
        self.most_under_way = 0

    async def key_of(self, digest: bytes) -> StoredKey | None:
        self.reads += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            found = await super().key_of(digest)
            if self.waits is not None:
                await self.waits.wait()
            self._reach()
            return found
        finally:
            self.under_way -= 1

    async def key_changes(self, since: int) -> Changes:
        self._reach()
        return await super().key_changes(since)

    async def put_key(self, key: StoredKey) -> StoredKey:
        self._reach()
        return await super().put_key(key)

    def _reach(self) -> None:
        if self.down:
            raise StoreDown("out of reach")
