"""Keys that were made at run time: the store knows them all, and a process those that it has met.

What is remembered is dropped when the store tells of a change, and it is asked for changes a few times a second: so a
key that was revoked stops on every process within a second. While the store can't be reached, those remembered go on.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from typing import Final

from config.problems import ConfigErrors
from config.schema import Config, Key
from config.stored import Names, stored_key
from core.errors import Refusal
from store.contract import Changes, Store, StoredKey, StoreDown

POLL: Final = 0.25  # seconds between two questions for changes
MOST_KNOWN: Final = 10_000
MOST_STRANGERS: Final = 10_000
STRANGER: Final = 5.0  # seconds for which it is remembered that there is no such key
MOST_READS: Final = 32  # under way at a time; the others wait in line

ReadKey = Callable[[StoredKey], Key]
Trouble = Callable[[str, str], None]


def reading(config: Config) -> ReadKey:
    """How keys are read under *config*."""
    names = Names.of(config)
    return lambda key: stored_key(key.name, key.digest, key.fields, names)


class Answer(Enum):
    UNKNOWN = "unknown"  # the store has to be asked


UNKNOWN: Final = Answer.UNKNOWN


class StoredKeys:
    """Outlives a reload. *clock* is one that nobody sets.

    *trouble* is told the name of a key that can't be used under this configuration, and why: it counts as disabled.
    """

    def __init__(
        self,
        store: Store,
        read_key: ReadKey,
        clock: Callable[[], float],
        *,
        trouble: Trouble = lambda _name, _why: None,
    ) -> None:
        # Whether everybody needs a key: once one was made at run time, and as long as nobody knows whether one was.
        self.demanded = True
        self.heard: float | None = None  # when the store last told what changed
        self._store = store
        self._read_key = read_key
        self._clock = clock
        self._trouble = trouble
        self._stored: OrderedDict[bytes, StoredKey] = OrderedDict()
        self._keys: dict[bytes, Key] = {}  # of those, what this configuration makes of them
        self._strangers: dict[bytes, float] = {}
        self._reading: dict[bytes, asyncio.Task[Key | Answer | None]] = {}
        self._gate = asyncio.Semaphore(MOST_READS)
        self._since: int | None = None
        self._epoch = ""
        self._drops = 0
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        await self.look()
        self._task = asyncio.get_running_loop().create_task(self._go_on_looking())

    async def end(self) -> None:
        tasks = [task for task in (self._task, *self._reading.values()) if task is not None]
        self._task = None
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def adopt(self, read_key: ReadKey) -> None:
        """A new configuration, by which keys are read anew when they are next used."""
        self._read_key = read_key
        self._keys.clear()

    def known(self, digest: bytes) -> Key | Answer | None:
        """From memory. None: there is no such key. UNKNOWN: `find` it."""
        key = self._keys.get(digest)
        if key is None:
            return self._read_anew(digest)
        self._stored.move_to_end(digest)
        return key

    async def find(self, digest: bytes) -> Key | None:
        """One read of the store, however many ask meanwhile. Raises Refusal while it can't be reached.

        The reading has a task of its own, so that callers need none.
        """
        reading = self._reading.get(digest)
        if reading is None:
            reading = asyncio.get_running_loop().create_task(self._find(digest))
            self._reading[digest] = reading
        found = await asyncio.shield(reading)
        if found is UNKNOWN:
            raise unreachable()
        return found

    async def named(self, name: str) -> Key | None:
        """By its name, from the store. Raises StoreDown."""
        stored = await self._store.key_named(name)
        return None if stored is None else self._key(stored.digest, stored)

    async def look(self) -> None:
        """Ask the store what has changed, and forget that."""
        try:
            changes = await self._store.key_changes(self._since or 0)
        except StoreDown:
            return
        epoch = self._store.epoch
        if epoch != self._epoch:
            # It may have lost what it was told, and count its changes anew.
            changes = Changes(changes.version, None)
            self._epoch = epoch
        self._forget(changes)
        self.demanded = changes.version > 0 or (self.demanded and self._since is not None)
        self._since = changes.version
        self.heard = self._clock()

    async def _go_on_looking(self) -> None:
        while True:
            await asyncio.sleep(POLL)
            await self.look()

    def _forget(self, changes: Changes) -> None:
        since = self._since or 0
        if changes.digests is None or changes.version < since:
            self._drops += 1
            for memory in (self._stored, self._keys, self._strangers):
                memory.clear()
            return
        self._drops += bool(changes.digests)
        for digest in changes.digests:
            for memory in (self._stored, self._keys, self._strangers):
                memory.pop(digest, None)

    def _read_anew(self, digest: bytes) -> Key | Answer | None:
        stored = self._stored.get(digest)
        if stored is not None:
            key = self._keys[digest] = self._key(digest, stored)
            return key
        until = self._strangers.get(digest)
        return None if until is not None and self._clock() < until else UNKNOWN

    async def _find(self, digest: bytes) -> Key | Answer | None:
        try:
            async with self._gate:
                drops = self._drops
                stored = await self._store.key_of(digest)
        except StoreDown:
            return UNKNOWN
        finally:
            self._reading.pop(digest, None)
        if stored is not None and digest not in {stored.digest, stored.former}:
            stored = None
        key = None if stored is None else self._key(digest, stored)
        # What was read before a change, and comes after it was told of, must not be remembered.
        if drops == self._drops:
            self._remember(digest, stored, key)
        return key

    def _remember(self, digest: bytes, stored: StoredKey | None, key: Key | None) -> None:
        if stored is None or key is None:
            # Strangers have a memory of their own: whoever guesses drives out nobody who is known.
            self._strangers.pop(digest, None)
            if len(self._strangers) >= MOST_STRANGERS:
                del self._strangers[next(iter(self._strangers))]
            self._strangers[digest] = self._clock() + STRANGER
            return
        if len(self._stored) >= MOST_KNOWN:
            oldest, _ = self._stored.popitem(last=False)
            self._keys.pop(oldest, None)
        self._stored[digest] = stored
        self._keys[digest] = key

    def _key(self, digest: bytes, stored: StoredKey) -> Key:
        """*stored* as it is good for who has sent *digest*, which may be that of before a rotation."""
        try:
            key = self._read_key(stored)
        except ConfigErrors as errors:
            self._trouble(stored.name, str(errors))
            return Key(name=stored.name, digest=digest, disabled=True, stored=True)
        if digest == stored.digest:
            return key
        until = stored.former_until
        return replace(key, digest=digest, expires=until if key.expires is None else min(key.expires, until))


def unreachable() -> Refusal:
    """What somebody is told whose key nobody here has met while the store can't be reached."""
    return Refusal(
        503,
        "Whether this API key is good can't be found out at the moment.",
        code="key_store_unavailable",
        headers={"retry-after": "1"},
    )
