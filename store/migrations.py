"""How the ledger's tables came to be: a list that only grows, each step applied once and in order.

Older programs go on while the tables are already new: a step leaves what they read and write as it was, or takes it
away, so that what they write waits in their journals.
"""

from typing import Final, NamedTuple

from store.tally import FIGURES

MIGRATE: Final = "run: python proxy.py migrate"
LOCK: Final = 0x5377697463687964  # what PostgreSQL locks while somebody migrates: "Switchyd"
PLACES: Final = 1024  # calls of one microsecond that the first table of SQLite had room for
SCHEMA: Final = "switchyard"  # of PostgreSQL, whose database may be shared with others


class Step(NamedTuple):
    """*name* is what it is called in the record of what was applied. Statements of one step are applied together."""

    name: str
    sqlite: tuple[str, ...]
    postgres: tuple[str, ...]


_FIGURES = ", ".join(f"{name} BIGINT NOT NULL" for name in FIGURES if name != "saved")
_GROUP = "key TEXT NOT NULL, team TEXT NOT NULL, route TEXT NOT NULL, target TEXT NOT NULL, tags TEXT NOT NULL"
_CALL = f"id TEXT NOT NULL, {_GROUP}"
_ORDER = "time DOUBLE PRECISION NOT NULL, tie BIGINT GENERATED ALWAYS AS IDENTITY"
_HOURS = f"hour BIGINT NOT NULL, {_GROUP}, {_FIGURES}, PRIMARY KEY (hour, key, team, route, target, tags)"
_OWNERS = "owner TEXT NOT NULL PRIMARY KEY, last BIGINT NOT NULL"
_CHARGED = "account TEXT NOT NULL, owner TEXT NOT NULL, spent BIGINT NOT NULL, touched BIGINT NOT NULL"
_BLOCKS = (
    "CREATE TABLE blocks (number INTEGER PRIMARY KEY, since REAL NOT NULL, until REAL NOT NULL, keys TEXT NOT NULL,"
    " body BLOB NOT NULL)"
)
_IN_BLOCKS = (
    "INSERT INTO blocks (since, until, keys, body)"  # noqa: S608
    f" SELECT at / {PLACES} / 1e6, at / {PLACES} / 1e6 + 1e-6, char(10) || json_quote(key) || char(10),"
    " CAST('[' || CAST(body AS TEXT) || ']' AS BLOB) FROM calls ORDER BY at"
)
_OPINIONS = (
    "call TEXT NOT NULL, judge TEXT NOT NULL, time DOUBLE PRECISION NOT NULL, called DOUBLE PRECISION NOT NULL,"
    " target TEXT NOT NULL, task TEXT NOT NULL, score DOUBLE PRECISION NOT NULL, label TEXT NOT NULL,"
    " PRIMARY KEY (call, judge)"
)

STEPS: Final = (
    Step(
        "the first tables",
        sqlite=(
            # *at* is microseconds since the epoch, times 1024, plus something that makes it unique: rows lie in the
            # order of time, which saves an index.
            f"CREATE TABLE calls (at INTEGER PRIMARY KEY, {_CALL}, output INTEGER, body BLOB NOT NULL)",
            "CREATE INDEX calls_key ON calls (key, at)",
            f"CREATE TABLE hours ({_HOURS}) WITHOUT ROWID",
            "CREATE INDEX hours_key ON hours (key, hour)",
            "CREATE INDEX hours_team ON hours (team, hour)",
            f"CREATE TABLE owners ({_OWNERS}) WITHOUT ROWID",
            f"CREATE TABLE charged ({_CHARGED}, PRIMARY KEY (account, owner)) WITHOUT ROWID",
            "CREATE INDEX charged_touched ON charged (touched)",
        ),
        postgres=(
            f"CREATE TABLE switchyard.calls ({_ORDER}, {_CALL}, output BIGINT, body BYTEA NOT NULL)",
            "CREATE INDEX calls_time ON switchyard.calls (time, tie)",
            "CREATE INDEX calls_key ON switchyard.calls (key, time, tie)",
            f"CREATE TABLE switchyard.hours ({_HOURS})",
            "CREATE INDEX hours_key ON switchyard.hours (key, hour)",
            "CREATE INDEX hours_team ON switchyard.hours (team, hour)",
            f"CREATE TABLE switchyard.owners ({_OWNERS})",
            f"CREATE TABLE switchyard.charged ({_CHARGED}, PRIMARY KEY (account, owner))",
            "CREATE INDEX charged_touched ON switchyard.charged (touched)",
        ),
    ),
    Step(
        "rows in blocks",
        sqlite=(
            _BLOCKS,
            _IN_BLOCKS,
            "DROP TABLE calls",
            "CREATE INDEX blocks_until ON blocks (until)",
        ),
        postgres=(),
    ),
    Step(
        "what is said of answers",
        sqlite=(
            f"CREATE TABLE opinions ({_OPINIONS}) WITHOUT ROWID",
            "CREATE INDEX opinions_time ON opinions (time)",
        ),
        postgres=(
            f"CREATE TABLE switchyard.opinions ({_OPINIONS})",
            "CREATE INDEX opinions_time ON switchyard.opinions (time)",
        ),
    ),
    Step(
        "what the cache saved",
        sqlite=("ALTER TABLE hours ADD COLUMN saved BIGINT NOT NULL DEFAULT 0",),
        postgres=("ALTER TABLE switchyard.hours ADD COLUMN saved BIGINT NOT NULL DEFAULT 0",),
    ),
)


def missing(applied: int) -> tuple[tuple[int, Step], ...]:
    """The steps that come after the first *applied* ones, with their numbers. None where the tables are newer."""
    return tuple(enumerate(STEPS, 1))[applied:]
