"""The files of a journal: of one size, laid out on the disk ahead of need, and written through memory.

What is written to a mapped file outlives the process at once, however it ends. That the disk has room is seen to when
a file is made: writing into a mapped file that has no room on the disk would kill the process.
"""

import mmap
import os
import threading
from array import array
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from store.records import FRAMED

SIZE: Final = 4 * 1024 * 1024
SUFFIX: Final = ".journal"
AGAIN: Final = 1.0  # seconds until a full disk is tried again


class Segment:
    """One file. *end* is where the next record goes, *rows* and *ends* are where rows begin and end, the first of which
    has the number *first_row*.

    *open*: how many holds stand in it that nobody has settled. *weight*: the place behind the last record that counts
    for an account. *through*: its records are on the disk before anybody relies on them.
    """

    __slots__ = ("end", "ends", "first_row", "map", "number", "open", "path", "rows", "through", "weight")

    def __init__(self, path: Path, number: int, map: mmap.mmap) -> None:
        self.path = path
        self.number = number
        self.map = map
        self.end = 0
        self.first_row = 0
        self.rows = array("I")
        self.ends = array("I")
        self.open = 0
        self.weight = 0
        self.through = False

    @property
    def next_row(self) -> int:
        return self.first_row + len(self.rows)

    def rows_between(self, since: int, until: int) -> list[bytes]:
        """From one index to before another."""
        data = self.map
        return [data[begin:end] for begin, end in zip(self.rows[since:until], self.ends[since:until], strict=True)]

    def payload(self, at: int) -> bytes:
        length = int.from_bytes(self.map[at : at + 4], "little")
        return self.map[at + FRAMED : at + FRAMED + length]

    def clear(self) -> None:
        """Zero what half a record left behind the end."""
        last = len(self.map[:].rstrip(b"\0"))
        if last > self.end:
            self.map[self.end : last] = bytes(last - self.end)

    def drop(self) -> None:
        self.map.close()
        self.path.unlink(missing_ok=True)


def made(directory: Path, number: int, size: int, *, through: bool) -> Segment:
    """A new file, all zeros, whose room on the disk is its own. Raises OSError."""
    path = directory / f"{number:010}{SUFFIX}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, size)
        if through:
            os.fsync(descriptor)
            sync_names(directory)
        return Segment(path, number, mmap.mmap(descriptor, size))
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def found(path: Path) -> Segment:
    """One that an earlier process has left. Raises OSError, or ValueError if it is empty."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return Segment(path, int(path.name.removesuffix(SUFFIX)), mmap.mmap(descriptor, 0))
    finally:
        os.close(descriptor)


def sync_names(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def paths(directory: Path) -> list[Path]:
    """The files of a slot, the oldest first."""
    return sorted(directory.glob(f"*{SUFFIX}"))


class Stock:
    """Keeps the next file ready, made by a thread, which also removes those that have served.

    *number* is that of the next file. *say* hears when the disk is full, and when it has room again; it is called in
    any thread.
    """

    def __init__(
        self, directory: Path, number: int, size: int, *, through: bool, say: Callable[[str, str], None]
    ) -> None:
        self.failing = False
        self._directory = directory
        self._number = number
        self._size = size
        self._through = through
        self._say = say
        self._ready: Segment | None = None
        self._served: deque[Segment] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._maker: threading.Thread | None = None

    def ahead(self) -> bool:
        """Whether a file is there for when this one is full; it is made now if the thread was too slow."""
        if self._ready is not None or (not self.failing and self._make()):
            return True
        self._stir()
        return False

    def take(self) -> Segment | None:
        """The next file; None while the disk is full."""
        if not self.ahead():
            return None
        with self._lock:
            taken, self._ready = self._ready, None
        self._stir()
        return taken

    def discard(self, segment: Segment) -> None:
        self._served.append(segment)
        self._stir()

    def close(self) -> None:
        """Removes what is still to be removed, and the file that nobody has begun."""
        self._closed = True
        if self._maker is not None:
            self._wake.set()
            self._maker.join()
        self._sweep()
        if self._ready is not None:
            self._ready.drop()
            self._ready = None

    def _stir(self) -> None:
        if self._maker is None:
            self._maker = threading.Thread(target=self._work, name="journal", daemon=True)
            self._maker.start()
        self._wake.set()

    def _work(self) -> None:
        while not self._closed:
            self._wake.wait(AGAIN if self.failing else None)
            self._wake.clear()
            self._sweep()
            if self._ready is None and not self._closed:
                self._make()

    def _make(self) -> bool:
        with self._lock:
            if self._ready is not None:
                return True
            try:
                self._ready = made(self._directory, self._number, self._size, through=self._through)
            except OSError as error:
                if not self.failing:
                    self._say("error", f"the journal can't have another file: {error.strerror}")
                self.failing = True
                return False
            self._number += 1
            if self.failing:
                self._say("info", "the journal has room again")
            self.failing = False
            return True

    def _sweep(self) -> None:
        # In order, so that what is left is without a gap, whenever we are interrupted.
        with suppress(OSError):
            while self._served:
                self._served[0].drop()
                self._served.popleft()
