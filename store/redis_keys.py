"""Clients' keys in Redis: all in one slot, since a change touches several of them at once."""

from typing import Any, Final

import orjson

from store.contract import KEPT_CHANGES, Changes, StoredKey, StoreDown, Taken
from store.redis_line import Step
from store.redis_trips import Trips
from store.scripts import KEY_CHANGES, KEY_DROP, KEY_FIND, KEY_LIST, KEY_PUT, Script

KEPT: Final = b"%d" % KEPT_CHANGES
NONE: Final = b"-"


class ClientKeys:
    """The part of the contract about clients' keys. A change counts when a replica has it, where there are any."""

    def __init__(self, trips: Trips) -> None:
        self._trips = trips
        parts = ("names", "digests", "order", "changes", "version", "floor")
        self._names, self._digests, self._order, self._changes, self._version, self._floor = self._all = tuple(
            trips.key(f"{{keys}}{part}") for part in parts
        )

    async def key_of(self, digest: bytes) -> StoredKey | None:
        return await self._found(b"", digest.hex().encode())

    async def key_named(self, name: str) -> StoredKey | None:
        return await self._found(name.encode(), b"") if name else None

    async def put_key(self, key: StoredKey) -> StoredKey:
        text = orjson.dumps([key.name, key.fields, key.created, key.changed, key.former_until])
        digest, former = key.digest.hex().encode(), key.former.hex().encode() or NONE
        version = await self._change(KEY_PUT, key.name.encode(), b"%d" % key.version, digest, former, text, KEPT)
        if version < 0:
            raise Taken("another key has this secret")
        if version == 0:
            raise Taken(f"the key {key.name!r} was made, changed or dropped by somebody else")
        return _read(b"%d %b %b %b" % (version, digest, former, text))

    async def drop_key(self, name: str) -> bool:
        return bool(await self._change(KEY_DROP, name.encode(), KEPT))

    async def keys(self, after: str = "", most: int = 100) -> list[StoredKey]:
        found = await self._asked(KEY_LIST, (self._names, self._order), after.encode(), b"%d" % most)
        return [_read(one) for one in found]

    async def key_changes(self, since: int) -> Changes:
        answer = await self._asked(KEY_CHANGES, (self._changes, self._version, self._floor), b"%d" % since)
        version, known, changed = answer
        if not known:
            return Changes(version, None)
        digests = dict.fromkeys(one.partition(b":")[2] for one in changed)
        return Changes(version, tuple(bytes.fromhex(digest.decode()) for digest in digests))

    async def _found(self, name: bytes, digest: bytes) -> StoredKey | None:
        found = await self._asked(KEY_FIND, (self._names, self._digests), name, digest)
        return None if found is None else _read(found)

    async def _asked(self, script: Script, keys: tuple[bytes, ...], *args: bytes) -> Any:
        [reply] = await self._trips.run([Step(script, keys, args)])
        return reply.value

    async def _change(self, script: Script, *args: bytes) -> int:
        [reply] = await self._trips.run([Step(script, self._all, args)], confirm=True)
        if not reply.answer.confirmed:
            raise StoreDown("no replica confirmed the change")
        changed: int = reply.value
        return changed


def _read(stored: bytes) -> StoredKey:
    version, digest, former, text = stored.split(b" ", 3)
    name, fields, created, changed, former_until = orjson.loads(text)
    return StoredKey(
        name=name,
        digest=bytes.fromhex(digest.decode()),
        fields=fields,
        created=created,
        changed=changed,
        former=b"" if former == NONE else bytes.fromhex(former.decode()),
        former_until=former_until,
        version=int(version),
    )
