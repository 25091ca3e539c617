"""Clients' keys in the memory of one process, as a store keeps them."""

from collections import deque
from collections.abc import Iterator
from itertools import islice

import orjson

from store.contract import KEPT_CHANGES, Changes, StoredKey, Taken


class Keybook:
    def __init__(self) -> None:
        self._by_name: dict[str, StoredKey] = {}
        self._names: dict[bytes, str] = {}  # by digest and by former digest
        self._version = 0
        self._changes: deque[tuple[bytes, ...]] = deque(maxlen=KEPT_CHANGES)  # of the last versions

    def of(self, digest: bytes) -> StoredKey | None:
        name = self._names.get(digest)
        return None if name is None else self._by_name[name]

    def named(self, name: str) -> StoredKey | None:
        return self._by_name.get(name)

    def put(self, key: StoredKey) -> StoredKey:
        before = self._by_name.get(key.name)
        if (before.version if before else 0) != key.version:
            raise Taken(f"the key {key.name!r} was made, changed or dropped by somebody else")
        if any(self._names.get(digest, key.name) != key.name for digest in digests(key)):
            raise Taken("another key has this secret")
        self._forget(before)
        version = self._changed(*digests(before), *digests(key))
        kept = key._replace(fields=orjson.loads(orjson.dumps(key.fields)), version=version)
        self._by_name[key.name] = kept
        self._names.update(dict.fromkeys(digests(kept), key.name))
        return kept

    def drop(self, name: str) -> bool:
        before = self._by_name.get(name)
        self._forget(before)
        if before:
            self._changed(*digests(before))
        return before is not None

    def page(self, after: str, most: int) -> list[StoredKey]:
        return [self._by_name[name] for name in sorted(self._by_name) if name > after][:most]

    def changes(self, since: int) -> Changes:
        forgotten = self._version - len(self._changes)
        if not forgotten <= since <= self._version:
            return Changes(self._version, None)
        touched = (one for change in islice(self._changes, since - forgotten, None) for one in change)
        return Changes(self._version, tuple(dict.fromkeys(touched)))

    def _changed(self, *touched: bytes) -> int:
        self._version += 1
        self._changes.append(touched)
        return self._version

    def _forget(self, key: StoredKey | None) -> None:
        for digest in digests(key):
            del self._names[digest]
        if key:
            del self._by_name[key.name]


def digests(key: StoredKey | None) -> Iterator[bytes]:
    """All by which it can be found, each once."""
    if key:
        yield key.digest
        if key.former and key.former != key.digest:
            yield key.former
