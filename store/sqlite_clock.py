"""A clock that all processes of a machine share, and that nobody sets.

Unix time as it was when the file was first opened since the machine's start, and from there on as the seconds pass: a
clock that is put right in between lets nothing lapse, and no rate begin anew.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import orjson

BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def steady_clock(sql: sqlite3.Connection, boot: Path = BOOT) -> Callable[[], float]:
    """*boot* holds what differs with each start of the machine; where it can't be read, time is the system's."""
    try:
        started = boot.read_text(encoding="ascii").strip()
    except OSError:
        return time.time
    offset = _offset(sql, started)
    return lambda: time.monotonic() + offset


def _offset(sql: sqlite3.Connection, started: str) -> float:
    row = sql.execute("SELECT value FROM about WHERE name = 'clock'").fetchone()
    if row and (known := orjson.loads(row[0]))["boot"] == started:
        return float(known["offset"])
    offset = time.time() - time.monotonic()
    made = orjson.dumps({"boot": started, "offset": offset}).decode()
    sql.execute("INSERT OR REPLACE INTO about VALUES ('clock', ?)", (made,))
    return offset
