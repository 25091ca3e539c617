"""Keys and their holders; and a store that counts how often it is asked for a key, and can be out of reach or slow."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from config.schema import Config, Route
from core.errors import Refusal
from quota.keys import Keyring
from quota.stored_keys import reading
from store.contract import Changes, StoredKey, StoreDown
from store.memory import MemoryStore
from tests.store.stores import START

SOON = 1.0  # seconds within which a key stops: what everybody is promised


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


def digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def stored(name: str = "alice", secret: str = "secret", **fields: Any) -> StoredKey:
    return StoredKey(name, digest(secret), fields, START, START)


read_key = reading(Config(routes={"m": Route(name="m", stages=())}))


async def refusal(ring: Keyring, secret: str, now: float = START) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await ring.recognise(f"Bearer {secret}", now)
    return caught.value


async def name(ring: Keyring, secret: str, now: float = START) -> str:
    return (await ring.recognise(f"Bearer {secret}", now)).name


async def until_refused(ring: Keyring, secret: str) -> float:
    """How long it took, in real seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() < began + 5:
        try:
            await ring.recognise(f"Bearer {secret}", START)
        except Refusal:
            return loop.time() - began
        await asyncio.sleep(0.01)
    raise AssertionError("it goes on")
