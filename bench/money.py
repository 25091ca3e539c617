"""What budgets, limits and the ledger cost: the gateway beside itself with fewer of them, in turns on the same core.

`switchyard` keeps a ledger and limits nothing, `bare` keeps none, `sqlite` and `redis` have budgets on three levels and
rates of the key, in either store. Redis is a real one, on the core of the load and the provider.
"""

import http.client
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from bench.process import cores, free_port, start, stop
from bench.report import Row, added, itself, paired
from bench.scenarios import Figures, Scenario, burst, rate, small
from bench.subject import Lab, Subject
from bench.targets import TARGETS, Site, Start, budgeted, switchyard

SIDES: Final = ("direct", "switchyard", "bare", "sqlite", "redis")
BUSY: Final = 3  # seconds
JUDGED: Final = ("sqlite", "redis")


def sides(redis: int) -> Mapping[str, Callable[[Site], Start]]:
    """The targets; *redis* is the port of one."""
    return {
        **TARGETS,
        "bare": partial(switchyard, more="ledger: off"),
        "redis": partial(budgeted, url=f"redis://127.0.0.1:{redis}"),
    }


@contextmanager
def redis() -> Iterator[int]:
    """The port of a Redis that keeps nothing on disk."""
    folder, port = Path(tempfile.mkdtemp(prefix="bench-redis")), free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = start(command, core=cores()[1], environment={}, log=folder / "log")
    try:
        yield port
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def scenarios() -> dict[str, Scenario]:
    return {"small": partial(_counted, small), "burst": burst, "rate": partial(_counted, _busy)}


def takes_part(target: str, scenario: str) -> bool:
    return target != "direct" or scenario == "rate"


def rows() -> list[Row]:
    """How `make bench-money` judges."""
    return [
        Row("ledger kept, CPU µs", "small", "cpu_us", paired, 1.25, 1.15, than=("bare", "small")),
        *(row for name in JUDGED for row in _rows(name)),
    ]


def _rows(name: str) -> list[Row]:
    plain = ("switchyard", "small")
    return [
        Row(f"{name}: small call, CPU µs", "small", "cpu_us", paired, 1.25, 1.15, of=name, than=plain),
        Row(
            f"{name}: chunk in a burst, CPU µs", "burst", "cpu_us", paired, 1.25, 1.1, of=name, than=(plain[0], "burst")
        ),
        Row(
            f"{name}: added at 100 calls/s, p50 µs",
            "rate",
            "p50_us",
            added,
            1.25,
            1.1,
            of=name,
            than=(plain[0], "rate"),
        ),
        Row(f"{name}: calls per trip to the store", "small", "per_trip", itself, 20, 200, at_least=True, of=name),
        Row(f"{name}: the same at 100 calls/s", "rate", "per_trip", itself, 20, 20, at_least=True, of=name),
    ]


def _busy(lab: Lab, subject: Subject) -> Figures:
    return rate(replace(lab, seconds=lab.seconds + BUSY), subject)


def _counted(load: Scenario, lab: Lab, subject: Subject) -> Figures:
    """The same, and how many calls there were to a trip to the store, once the key has been busy for a while: it is
    given little at first.
    """
    if subject.process is None:
        return load(lab, subject)
    seen: list[tuple[float, float]] = []
    timer = threading.Timer(BUSY if load is _busy else 0, lambda: seen.append(_seen(subject.port)))
    timer.start()
    figures = load(lab, subject)
    timer.join()
    (calls, trips), (more_calls, more_trips) = *seen, _seen(subject.port)
    if more_trips > trips:
        figures["per_trip"] = (more_calls - calls) / (more_trips - trips)
    return figures


def _seen(port: int) -> tuple[float, float]:
    """Finished calls, and trips to the store."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
    finally:
        connection.close()
    return _sum(page, "switchyard_key_calls_total"), _sum(page, "switchyard_store_operations_total")


def _sum(page: str, name: str) -> float:
    lines = [line for line in page.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
