"""The board in SQLite. Each of these is one step, inside the caller's transaction; *now* is the steady clock's."""

import sqlite3
from typing import Final

TABLES: Final = (
    "CREATE TABLE notices (name TEXT PRIMARY KEY, ends REAL NOT NULL, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX notices_by_end ON notices (ends)",
)
BEYOND: Final = "\U0010ffff"  # what no name goes on with

_PUT: Final = """INSERT INTO notices VALUES (:name, :ends, :value)
    ON CONFLICT DO UPDATE SET ends = excluded.ends, value = excluded.value
    WHERE NOT :only_new OR notices.ends <= :now"""
_FIND: Final = "SELECT name, value FROM notices WHERE name >= ? AND name < ? AND ends > ?"


def post(sql: sqlite3.Connection, name: str, value: bytes, ttl: float, *, only_new: bool, now: float) -> bool:
    bound = {"name": name, "ends": now + ttl, "value": value, "only_new": only_new, "now": now}
    return sql.execute(_PUT, bound).rowcount > 0


def posted(sql: sqlite3.Connection, prefix: str, now: float) -> dict[str, bytes]:
    return dict(sql.execute(_FIND, (prefix, prefix + BEYOND, now)).fetchall())
