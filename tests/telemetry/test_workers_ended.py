"""Workers that die again and again leave their figures behind, but not a file each."""

import os
import time

import orjson
import pytest

from telemetry.meters import Meters
from telemetry.snapshot import Snapshot
from telemetry.workers import ENDED, Tally

CALLS = b'switchyard_refused_total{code="404"} '
SECONDS = b'switchyard_call_seconds_count{route="none"} '
OPEN = b"switchyard_open_streams "


def value(page: bytes, name: bytes) -> float:
    return next((float(line.removeprefix(name)) for line in page.splitlines() if line.startswith(name)), 0.0)


def life_of_a_worker(directory, *, crashes: bool) -> None:
    """In a process of its own: count two, write it down, end one way or another."""
    pid = os.fork()
    if pid == 0:
        try:
            meters = Meters()
            meters.counter("switchyard_refused_total", "404").add(2)
            meters.histogram("switchyard_call_seconds", "").observe(1.0)
            meters.gauge("switchyard_open_streams").value = 7
            tally = Tally(meters, directory)
            tally.page()
            if not crashes:
                tally.close()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


@pytest.fixture
def survivor(tmp_path):
    return Tally(Meters(), tmp_path)


@pytest.mark.parametrize("crashes", [True, False], ids=["killed", "ended"])
def test_many_that_ended_leave_two_files_and_all_their_figures(tmp_path, survivor, crashes):
    seen = []
    for _ in range(12):
        life_of_a_worker(tmp_path, crashes=crashes)
        seen.append(value(survivor.page(), CALLS))

    page = survivor.page()

    assert [2 * number for number in range(1, 13)] == seen
    assert (24, 12, 0) == (value(page, CALLS), value(page, SECONDS), value(page, OPEN))
    assert len(list(tmp_path.glob("metrics-*.json"))) <= 3


def test_who_was_killed_while_adding_up_counts_nothing_twice(tmp_path):
    """Between writing the sum and removing what it is the sum of."""
    life_of_a_worker(tmp_path, crashes=True)
    (left,) = tmp_path.glob("metrics-*.json")
    _, _, series, *_ = orjson.loads(left.read_bytes())
    total = Snapshot.from_json(orjson.dumps((0, False, series, [left.name])))
    (tmp_path / ENDED).write_bytes(total.to_json())

    pages = [Tally(Meters(), tmp_path).page() for _ in range(2)]

    assert [2, 2] == [value(page, CALLS) for page in pages]
    assert not left.exists()


def test_a_worker_that_gets_the_number_of_a_dead_one_keeps_its_figures(tmp_path):
    """Numbers of processes come round again; here it is this process's own."""
    meters = Meters()
    meters.counter("switchyard_refused_total", "404").add(5)
    Tally(meters, tmp_path).page()

    page = Tally(Meters(), tmp_path).page()

    assert 5 == value(page, CALLS)


def test_starting_at_the_same_time_counts_nothing_twice_and_loses_nothing(tmp_path):
    for _ in range(3):
        life_of_a_worker(tmp_path, crashes=True)
    children = []
    for _ in range(6):
        pid = os.fork()
        if pid == 0:
            try:
                Tally(Meters(), tmp_path).page()
                time.sleep(0.2)
            finally:
                os._exit(0)
        children.append(pid)

    seen = [value(Tally(Meters(), tmp_path).page(), CALLS) for _ in range(20)]
    for pid in children:
        os.waitpid(pid, 0)

    assert [6] * 20 == seen
    assert 6 == value(Tally(Meters(), tmp_path).page(), CALLS)
