"""A key stands in the configuration or was made at run time: never both, since one would win in silence."""

import asyncio
from itertools import islice

from config.problems import printable
from config.schema import Config, Key
from store.contract import Store, StoreDown

AT_A_TIME = 64


async def clashes(config: Config, store: Store) -> tuple[str, ...]:
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


async def _clash(key: Key, store: Store) -> str:
    path = f"keys.{printable(key.name)}"
    if await store.key_named(key.name) is not None:
        return f"{path}: a key of this name was made at run time; revoke that one, or take another name here"
    if key.digest and (other := await store.key_of(key.digest)) is not None:
        return f"{path}: is the same key as {printable(other.name)}, which was made at run time"
    return ""
