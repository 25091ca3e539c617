"""Clients' keys in SQLite. Each of these is one step, inside the caller's transaction."""

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

import orjson

from store.contract import KEPT_CHANGES, Changes, StoredKey, Taken

TABLES: Final = (
    """CREATE TABLE keys (
        name TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, fields TEXT NOT NULL, created REAL NOT NULL,
        changed REAL NOT NULL, former BLOB, former_until REAL NOT NULL, version INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX keys_by_former ON keys (former) WHERE former IS NOT NULL",
    "CREATE TABLE key_changes (version INTEGER PRIMARY KEY AUTOINCREMENT, digests TEXT NOT NULL)",
)

_KEY: Final = "SELECT name, digest, fields, created, changed, former, former_until, version FROM keys"


def key_of(sql: sqlite3.Connection, digest: bytes) -> StoredKey | None:
    return _one(sql, f"{_KEY} WHERE digest = ?", digest) or _one(sql, f"{_KEY} WHERE former = ?", digest)


def key_named(sql: sqlite3.Connection, name: str) -> StoredKey | None:
    return _one(sql, f"{_KEY} WHERE name = ?", name)


def keys(sql: sqlite3.Connection, after: str, most: int) -> list[StoredKey]:
    return [_key(row) for row in sql.execute(f"{_KEY} WHERE name > ? ORDER BY name LIMIT ?", (after, most))]


def put_key(sql: sqlite3.Connection, key: StoredKey) -> StoredKey:
    before = key_named(sql, key.name)
    if (before.version if before else 0) != key.version:
        raise Taken(f"the key {key.name!r} was made, changed or dropped by somebody else")
    if any((other := key_of(sql, digest)) and other.name != key.name for digest in _digests(key)):
        raise Taken("another key has this secret")
    version = _changed(sql, [*_digests(before), *_digests(key)])
    fields = orjson.dumps(key.fields)
    sql.execute(
        "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key.name,
            key.digest,
            fields.decode(),
            key.created,
            key.changed,
            key.former or None,
            key.former_until,
            version,
        ),
    )
    return key._replace(fields=orjson.loads(fields), version=version)


def drop_key(sql: sqlite3.Connection, name: str) -> bool:
    before = key_named(sql, name)
    if before:
        sql.execute("DELETE FROM keys WHERE name = ?", (name,))
        _changed(sql, _digests(before))
    return before is not None


def key_changes(sql: sqlite3.Connection, since: int) -> Changes:
    first, last = sql.execute("SELECT min(version), max(version) FROM key_changes").fetchone()
    if not (first or 1) - 1 <= since <= (last or 0):
        return Changes(last or 0, None)
    rows = sql.execute("SELECT digests FROM key_changes WHERE version > ? ORDER BY version", (since,))
    digests = (bytes.fromhex(digest) for (row,) in rows for digest in orjson.loads(row))
    return Changes(last or 0, tuple(dict.fromkeys(digests)))


def _changed(sql: sqlite3.Connection, digests: Iterable[bytes]) -> int:
    touched = orjson.dumps([digest.hex() for digest in digests]).decode()
    version = sql.execute("INSERT INTO key_changes (digests) VALUES (?)", (touched,)).lastrowid or 0
    sql.execute("DELETE FROM key_changes WHERE version <= ?", (version - KEPT_CHANGES,))
    return version


def _digests(key: StoredKey | None) -> list[bytes]:
    """All by which it can be found."""
    return [digest for digest in (key.digest, key.former) if digest] if key else []


def _one(sql: sqlite3.Connection, question: str, value: str | bytes) -> StoredKey | None:
    row = sql.execute(question, (value,)).fetchone()
    return _key(row) if row else None


def _key(row: tuple[Any, ...]) -> StoredKey:
    name, digest, fields, created, changed, former, former_until, version = row
    return StoredKey(name, digest, orjson.loads(fields), created, changed, former or b"", former_until, version)
