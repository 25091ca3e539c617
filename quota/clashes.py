"""A key stands in the configuration or was made at run time: never both, since one would win in silence."""

import asyncio
from itertools import islice
from typing import Protocol

from config.problems import printable
from config.schema import Config, Key
from store.contract import StoredKey, StoreDown

AT_A_TIME = 64


class Shelf(Protocol):
    """Where the keys that were made at run time are looked up: a store, or what reads its file."""

    async def keys(self, after: str, most: int) -> list[StoredKey]: ...

    async def key_named(self, name: str) -> StoredKey | None: ...

    async def key_of(self, digest: bytes) -> StoredKey | None: ...


async def clashes(config: Config, store: Shelf) -> tuple[str, ...]:
    """What is wrong with the keys of *config* beside those in *store*; nothing as long as it can't be reached."""
    found: list[str] = []
    keys = iter(config.keys.values())
    try:
        if not config.keys or not await store.keys("", 1):
            return ()
        while some := tuple(islice(keys, AT_A_TIME)):
            found += [problem for problem in await asyncio.gather(*(_clash(key, store) for key in some)) if problem]
    except StoreDown:
        return ()
    return tuple(found)


async def _clash(key: Key, store: Shelf) -> str:
    path = f"keys.{printable(key.name)}"
    if await store.key_named(key.name) is not None:
        return f"{path}: a key of this name was made at run time; revoke that one, or take another name here"
    if key.digest and (other := await store.key_of(key.digest)) is not None:
        return f"{path}: is the same key as {printable(other.name)}, which was made at run time"
    return ""
