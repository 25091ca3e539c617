"""Who writes where: each process has a slot of its own, which its successor takes over when it is gone.

A slot is a folder with a lock in it, which the operating system lets go of however its holder ends. The lock's file
also keeps what has to outlive all other files of the slot: how often it was taken, and the number of the next row.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

LOCK: Final = "lock"
RETIRED: Final = "retired"
MACHINE: Final = "machine"
WIDTH: Final = 48  # bytes of the lock's file, so that writing it anew needs no more room on the disk


def machine(directory: Path) -> str:
    """The name under which this state directory is known to the others; made once. Never copy the directory."""
    path = directory / MACHINE
    while True:
        with suppress(FileNotFoundError):
            return path.read_text().strip()
        draft = directory / f"{MACHINE}.{os.getpid()}-{secrets.token_hex(4)}"
        with draft.open("w") as file:
            file.write(secrets.token_hex(4) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # The first of several processes wins; the others read what it has made.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()


class Slot:
    """A slot that is ours until *free*, or until this process ends. *life* and *next_row* are as last kept."""

    __slots__ = ("_lock", "life", "name", "next_row", "path")

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.name = path.name
        self._lock = lock
        self.life, self.next_row = _kept(os.pread(lock, WIDTH, 0))

    @classmethod
    def lock(cls, path: Path) -> "Slot | None":
        """None where somebody lives, and where nobody may live any more."""
        path.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if (path / RETIRED).exists():
            os.close(descriptor)
            return None
        return cls(path, descriptor)

    def keep(self, life: int, next_row: int) -> None:
        """In place: less than a sector, and no new file, which a full disk would refuse."""
        self.life, self.next_row = life, next_row
        os.pwrite(self._lock, f"{life} {next_row}".ljust(WIDTH - 1).encode() + b"\n", 0)
        os.fsync(self._lock)

    def retire(self, reason: str) -> None:
        """Nobody takes it again; its files stay for whoever wants to look."""
        # That the file is there is what counts, even if a full disk leaves it empty.
        with suppress(OSError):
            (self.path / RETIRED).write_text(reason + "\n")
        self.free()

    def free(self) -> None:
        os.close(self._lock)


def free_slots(home: Path) -> Iterator[Slot]:
    """Ours to take, the lowest first, without end."""
    for number in count():
        if slot := Slot.lock(home / str(number)):
            yield slot


def _kept(text: bytes) -> tuple[int, int]:
    try:
        life, next_row = text.split()
        return int(life), int(next_row)
    except ValueError:
        return 0, 0
