"""One page from several real processes."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from telemetry import workers
from telemetry.meters import Meters
from telemetry.workers import Tally, swept

CALLS = b'switchyard_refused_total{code="404"} '
END = b"\0"
OPEN = b"switchyard_open_streams "


def value(page: bytes, name: bytes) -> float:
    """Of the sample with this *name*, or 0 if the page has none yet."""
    return next((float(line.removeprefix(name)) for line in page.splitlines() if line.startswith(name)), 0.0)


class Worker:
    """A forked process that counts and serves pages as it is told."""

    def __init__(self, directory) -> None:
        self._orders, orders = os.pipe()
        answers, self._answers = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._work(directory)
            finally:
                os._exit(0)
        self._tell, self._told = orders, answers

    def _work(self, directory) -> None:
        meters = Meters()
        tally = Tally(meters, directory)
        tally.start()
        while order := os.read(self._orders, 1):
            if order == b"c":
                meters.counter("switchyard_refused_total", "404").add()
                meters.gauge("switchyard_open_streams").value += 1
                os.write(self._answers, END)
            elif order == b"p":
                os.write(self._answers, tally.page() + END)
            else:
                tally.close()
                os._exit(0)

    def ask(self, order: bytes) -> bytes:
        os.write(self._tell, order)
        answer = b""
        while not answer.endswith(END):
            answer += os.read(self._told, 65_536)
        return answer.removesuffix(END)

    def end(self) -> None:
        os.write(self._tell, b"e")
        os.waitpid(self.pid, 0)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@pytest.fixture
def hire(tmp_path):
    hired: list[Worker] = []

    def make() -> Worker:
        hired.append(Worker(tmp_path))
        return hired[-1]

    yield make
    for worker in hired:
        try:
            worker.kill()
        except (ProcessLookupError, ChildProcessError):
            continue


def test_any_worker_serves_the_sum_of_all_and_never_goes_back(hire: Callable[[], Worker]):
    workers = [hire() for _ in range(3)]
    served = []

    for turn in range(30):
        workers[turn % 3].ask(b"c")
        served.append(value(workers[(turn * 7 + 1) % 3].ask(b"p"), CALLS))
    last = [worker.ask(b"p") for worker in workers][-1]

    assert sorted(served) == served
    assert value(last, CALLS) == 30
    assert value(last, OPEN) == 30


@pytest.mark.parametrize("leave", [Worker.end, Worker.kill], ids=["ended", "killed"])
def test_what_a_worker_counted_outlives_it_and_what_it_did_does_not(hire, leave):
    leaver, stayer = hire(), hire()
    for worker in (leaver, leaver, stayer):
        worker.ask(b"c")
    leaver.ask(b"p")

    leave(leaver)
    page = stayer.ask(b"p")

    assert value(page, CALLS) == 3
    assert value(page, OPEN) == 1


def test_a_worker_writes_without_being_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "EVERY", 0.01)
    tally = Tally(Meters(), tmp_path)
    path = tmp_path / f"metrics-{os.getpid()}.json"

    tally.start()
    deadline = time.monotonic() + 2
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    found = path.exists()
    tally.close()

    assert found


def test_one_process_needs_no_files(meters, finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tally = Tally(meters)
    tally.start()
    meters.count(finished())

    page = tally.page()
    tally.close()

    assert b'switchyard_key_calls_total{key="alice"} 1.0' in page
    assert list(tmp_path.iterdir()) == []


def test_closing_what_never_started_is_fine(meters, tmp_path):
    Tally(meters, tmp_path).close()

    assert [f"metrics-{os.getpid()}.json"] == [path.name for path in tmp_path.iterdir()]


def test_a_disk_that_takes_nothing_leaves_our_own_figures(meters, tmp_path):
    tally = Tally(meters, tmp_path / "missing")
    meters.counter("switchyard_refused_total", "404").add()

    page = tally.page()

    assert value(page, CALLS) == 1


def test_an_earlier_runs_files_are_swept_away(tmp_path):
    directory = tmp_path / "a" / "b"
    swept(directory)
    (directory / "metrics-1.json").write_text("old")
    (directory / "metrics-1.draft").write_text("old")
    (directory / "state.sqlite").write_text("ours")

    swept(directory)

    assert ["state.sqlite"] == [path.name for path in directory.iterdir()]
