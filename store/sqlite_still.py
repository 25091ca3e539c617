"""The keys in a store's file for who only looks: no file is made or written, whether somebody serves or not."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from store import sqlite_keys
from store.contract import StoredKey, StoreDown

Answer = TypeVar("Answer")


class StillKeys:
    """Of the file at *path*. What can't be read raises StoreDown."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def keys(self, after: str, most: int) -> list[StoredKey]:
        return await asyncio.to_thread(self._read, lambda sql: sqlite_keys.keys(sql, after, most))

    async def key_named(self, name: str) -> StoredKey | None:
        return await asyncio.to_thread(self._read, lambda sql: sqlite_keys.key_named(sql, name))

    async def key_of(self, digest: bytes) -> StoredKey | None:
        return await asyncio.to_thread(self._read, lambda sql: sqlite_keys.key_of(sql, digest))

    def _read(self, look: Callable[[sqlite3.Connection], Answer]) -> Answer:
        try:
            with closing(sqlite3.connect(self._address(), uri=True, isolation_level=None)) as sql:
                return look(sql)
        except sqlite3.DatabaseError as error:
            raise StoreDown(f"{self._path}: {error}") from error

    def _address(self) -> str:
        """Only who reads a file as one that never changes needs none beside it; where there is one, it is in use."""
        used = Path(f"{self._path}-wal").exists()
        return f"file:{quote(str(self._path.absolute()))}?mode=ro{'' if used else '&immutable=1'}"
