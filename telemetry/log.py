"""Writes log lines in a thread of its own, so that no call ever waits for a log.

A full disk, a closed pipe or a reader that has stopped reading costs lines, which are counted; never a call.
"""

import fcntl
import math
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import Any, NamedTuple

from telemetry.record import TROUBLE, Record, as_json, as_text, line, moment, sentence

LIMIT = 100_000  # lines waiting to be written
EVERY = 0.1  # seconds between batches
PATIENCE = 2.0  # seconds that close waits for a reader who does not read
STDERR = 2

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
LEAST = {"debug": 0, "info": 0, "warning": TROUBLE, "error": math.inf}  # the status from which calls are told

# Each write may wait for the interpreter's lock, so few and big ones are what keeps up. Files keep them whole. Pipes do
# so up to PIPE_BUF bytes, which one line may pass: workers that share one take turns.
BIG = 65_536

Turn = Callable[[int], AbstractContextManager[object]]


class Notice(NamedTuple):
    """Something that happened, other than a call."""

    time: float
    level: str
    message: str
    fields: dict[str, Any]


def _keeps_whole(fd: int) -> bool:
    try:
        return stat.S_ISREG(os.fstat(fd).st_mode)
    except OSError:
        return False


@contextmanager
def _turn(fd: int) -> Iterator[None]:
    with suppress(OSError):  # what is closed keeps nobody
        fcntl.lockf(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.lockf(fd, fcntl.LOCK_UN)


def _teller(format: str, *, content: bool) -> Callable[[Record], bytes]:
    if format != "json":
        return lambda record: as_text(record, content=content).encode()
    return partial(as_json, content=True) if content else as_json


class Scribe:
    """*format* is json or text; *content* is whether what was asked and answered may be written.

    *put* and *event* may be called at any time, before *start* too, and from any thread. A process made by
    fork calls *start* for itself; what its parent had not written yet stays the parent's.
    """

    __slots__ = (
        "_fd",
        "_json",
        "_least",
        "_lost",
        "_pid",
        "_said",
        "_stopped",
        "_thread",
        "_threshold",
        "_turn",
        "_waiting",
    )

    def __init__(
        self, *, format: str = "json", level: str = "info", content: bool = False, fd: int = STDERR, alone: bool = False
    ) -> None:
        self._json = format == "json"
        self._threshold = LEVELS[level]
        self._said = _teller(format, content=content)
        self._least = LEAST[level]
        self._fd = fd
        self._turn: Turn = nullcontext if alone or _keeps_whole(fd) else _turn
        self._waiting: deque[Record | Notice] = deque()
        self._lost = 0
        self._pid = os.getpid()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def dropped(self) -> int:
        """Lines that were never written."""
        return self._lost

    def put(self, *records: Record) -> None:
        room = max(0, LIMIT - len(self._waiting))
        self._waiting.extend(records[:room])
        self._lost += len(records[room:])

    def event(self, level: str, message: str, **fields: object) -> None:
        if LEVELS[level] < self._threshold:
            return
        if len(self._waiting) >= LIMIT:
            self._lost += 1
            return
        self._waiting.append(Notice(time.time(), level, message, fields))

    def start(self) -> None:
        """Begin to write, in this process."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._waiting = deque()
            self._lost = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is waiting, as far as somebody reads it."""
        self._stopped.set()
        if self._thread is None:
            self._write_waiting()
            return
        self._thread.join(PATIENCE)
        self._thread = None

    def _write_on(self) -> None:
        stopped = self._stopped
        while not stopped.wait(EVERY):
            self._write_waiting()
        self._write_waiting()

    def _write_waiting(self) -> None:
        """All that waits now; what comes in the meantime is for the next time."""
        waiting, said, least = self._waiting, self._said, self._least
        batch: list[bytes] = []
        size = 0
        for _ in range(len(waiting)):
            item = waiting.popleft()
            try:
                if isinstance(item, Notice):
                    text = self._told(item)
                elif item.status >= least:
                    text = said(item)
                else:
                    continue
            except Exception:  # noqa: BLE001  (one line that can't be written must not end all others)
                self._lost += 1
                continue
            size += len(text) + 1
            if size > BIG and batch:
                self._write(batch)
                batch = []
                size = len(text) + 1
            batch.append(text)
        if batch:
            self._write(batch)

    def _told(self, notice: Notice) -> bytes:
        fields = {"time": moment(notice.time), "level": notice.level, "message": notice.message, **notice.fields}
        return line(fields) if self._json else sentence(fields).encode()

    def _write(self, batch: list[bytes]) -> None:
        with self._turn(self._fd):
            self._write_now(batch)

    def _write_now(self, batch: list[bytes]) -> None:
        rest = memoryview(b"\n".join((*batch, b"")))
        deadline = time.monotonic() + PATIENCE
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                # Whoever shares the stream with us may have made it non-blocking.
                if time.monotonic() > deadline:
                    break
                time.sleep(0.01)
            except OSError:
                break
        if rest:
            self._lost += len(batch)
