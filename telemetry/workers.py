"""One page of metrics from several processes.

Each worker writes what it has counted to a file of its own, once a second, before each scrape and at its end. A page
is always made from files, never from what another worker might have counted meanwhile: each file only grows, and so
does what is served, whichever worker is asked.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

from telemetry.exposition import exposition
from telemetry.meters import Meters
from telemetry.snapshot import Snapshot

EVERY = 1.0  # seconds


def swept(directory: Path) -> Path:
    """The directory, made if need be and without what an earlier run left. For the parent, before it forks."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in directory.glob("metrics-*"):
        path.unlink(missing_ok=True)
    return directory


class Tally:
    """Adds up what the workers of one run have counted. *directory* is theirs alone; None if there is one process.

    Made in each worker, after it was forked.
    """

    __slots__ = ("_directory", "_lock", "_meters", "_stopped", "_thread")

    def __init__(self, meters: Meters, directory: Path | None = None) -> None:
        self._meters = meters
        self._directory = directory
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="metrics", daemon=True)

    def start(self) -> None:
        if self._directory is not None:
            self._thread.start()

    def close(self) -> None:
        """The last word of this worker."""
        if self._directory is not None:
            self._stopped.set()
            if self._thread.is_alive():
                self._thread.join()
            self._write(self._directory, living=False)

    def page(self) -> bytes:
        """The metrics of all workers. Takes milliseconds and the disk: not for the loop's thread."""
        if self._directory is None:
            return exposition([self._meters.snapshot()])
        own = self._write(self._directory)
        return exposition([own, *_others(self._directory, own.pid)])

    def _write_on(self) -> None:
        directory = self._directory
        while directory is not None and not self._stopped.wait(EVERY):
            self._write(directory)

    def _write(self, directory: Path, *, living: bool = True) -> Snapshot:
        """The snapshot written. Its file is replaced as a whole, so that nobody reads half of one."""
        with self._lock:
            own = self._meters.snapshot()._replace(living=living)
            path = directory / f"metrics-{own.pid}.json"
            draft = path.with_suffix(".draft")
            # A full disk makes this worker's figures old at the others; it is no reason to serve none.
            with suppress(OSError):
                draft.write_bytes(own.to_json())
                draft.replace(path)
            return own


def _others(directory: Path, pid: int) -> list[Snapshot]:
    paths = [path for path in sorted(directory.glob("metrics-*.json")) if path.name != f"metrics-{pid}.json"]
    found = [Snapshot.from_json(path.read_bytes()) for path in paths]
    return [each if _runs(each.pid) else each._replace(living=False) for each in found]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
