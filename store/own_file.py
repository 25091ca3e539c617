"""A file that nobody else may read, made without touching what this process has locked."""

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

_MAKING = Lock()


def make(path: Path) -> None:
    """Empty, for ourselves alone, unless it is there.

    One that is there isn't opened: a process that closes any descriptor of a file loses all its locks on it, those of
    SQLite's other connections included. Then others take themselves for the last ones, and clear away what is in use.
    https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    """
    with _MAKING, suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
