"""One page of metrics from several processes.

Each worker writes what it has counted to a file of its own, once a second, before each scrape and at its end. A page
is always made from files, never from what another worker might have counted meanwhile: each file only grows, and so
does what is served, whichever worker is asked. What ended workers have counted is added up in one file by whoever
takes their place, so that a worker that dies again and again doesn't leave a file each time.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from telemetry.counters import Labels
from telemetry.exposition import exposition
from telemetry.meters import METRICS, Meters
from telemetry.snapshot import Snapshot, latest, merged

EVERY = 1.0  # seconds
ENDED = "metrics-ended.json"


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

    __slots__ = ("_directory", "_folded", "_lock", "_meters", "_stopped", "_thread")

    def __init__(self, meters: Meters, directory: Path | None = None) -> None:
        self._meters = meters
        self._directory = directory
        self._folded = False
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

    def page(self, *, openly: bool = False) -> bytes:
        """The metrics of all workers, *openly* in OpenMetrics' format.

        Takes milliseconds and the disk: not for the loop's thread.
        """
        return exposition(self._all(), openly=openly)

    def sums(self, *names: str) -> dict[str, dict[Labels, float]]:
        """What some metrics, which are no histograms, amount to for all workers. Not for the loop's thread."""
        snapshots = self._all()
        wanted = [metric for metric in METRICS if metric.name in names]
        return {
            metric.name: {labels: values[0] for labels, values in merged(metric, snapshots).items()}
            for metric in wanted
        }

    def _all(self) -> list[Snapshot]:
        if self._directory is None:
            return [self._meters.snapshot()]
        own = self._write(self._directory)
        return [own, *_others(self._directory, own.pid)]

    def _write_on(self) -> None:
        directory = self._directory
        while directory is not None and not self._stopped.wait(EVERY):
            self._write(directory)

    def _write(self, directory: Path, *, living: bool = True) -> Snapshot:
        """The snapshot written. Its file is replaced as a whole, so that nobody reads half of one."""
        with self._lock:
            own = self._meters.snapshot()._replace(living=living)
            # A full disk makes this worker's figures old at the others; it is no reason to serve none.
            with suppress(OSError):
                if not self._folded:
                    _fold(directory)
                    self._folded = True
                _replace(directory / f"metrics-{own.pid}.json", own)
            return own


def _others(directory: Path, pid: int) -> list[Snapshot]:
    try:
        with _locked(directory, fcntl.LOCK_SH):
            found = _read(directory)
    except FileNotFoundError:
        return []
    found.pop(f"metrics-{pid}.json", None)
    held = {name for each in found.values() for name in each.holds}
    return [
        each if _runs(each.pid) else each._replace(living=False) for name, each in found.items() if name not in held
    ]


def _fold(directory: Path) -> None:
    """Add the files of workers that have ended up in one.

    For a worker that hasn't written yet: if there is a file of its number, it is somebody's who had that number before.
    """
    with _locked(directory, fcntl.LOCK_EX):
        files = _read(directory)
        before = files.pop(ENDED, Snapshot(0, {}, living=False))
        for name in before.holds:
            # Whoever added them up was killed before it had removed them.
            (directory / name).unlink(missing_ok=True)
            files.pop(name, None)
        ended = {name: each for name, each in files.items() if each.pid == os.getpid() or not _runs(each.pid)}
        if not ended and not before.holds:
            return
        together = [before, *ended.values()]
        series = {metric.name: merged(metric, together) for metric in METRICS if metric.type != "gauge"}
        examples = {metric.name: found for metric in METRICS if (found := latest(metric, together))}
        total = Snapshot(0, series, living=False, holds=tuple(ended), examples=examples)
        _replace(directory / ENDED, total)
        for name in ended:
            (directory / name).unlink()
        _replace(directory / ENDED, total._replace(holds=()))


@contextmanager
def _locked(directory: Path, how: int) -> Iterator[None]:
    """Many may read at a time; who moves what others read does so alone."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _read(directory: Path) -> dict[str, Snapshot]:
    return {path.name: Snapshot.from_json(path.read_bytes()) for path in sorted(directory.glob("metrics-*.json"))}


def _replace(path: Path, snapshot: Snapshot) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(snapshot.to_json())
    draft.replace(path)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
