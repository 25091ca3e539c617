"""A file that nobody else may read, made without touching what this process has locked."""

import errno
import os
from pathlib import Path
from threading import Lock

_MAKING = Lock()


def make(path: Path) -> None:
    """Empty, for ourselves alone, unless it is there. Raises OSError where it can't be used.

    One that is there isn't opened: a process that closes any descriptor of a file loses all its locks on it, those of
    SQLite's other connections included. Then others take themselves for the last ones, and clear away what is in use.
    https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    """
    with _MAKING:
        try:
            os.close(os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            return
        except FileExistsError:
            pass
    wrong = errno.EISDIR if path.is_dir() else 0 if os.access(path, os.R_OK | os.W_OK) else errno.EACCES
    if wrong:  # SQLite would only say that it couldn't
        raise OSError(wrong, os.strerror(wrong), str(path))
