"""The values of all metrics at one moment, as plain numbers that can be added, written and read again."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Self

import orjson

from telemetry.counters import Labels, Metric

Values = Mapping[Labels, list[float]]

_MERGE: Mapping[str, Callable[[Iterable[float]], float]] = {"sum": sum, "max": max, "min": min}


class Snapshot(NamedTuple):
    """*series*: metric -> labels -> values (one, or a histogram's counts and its sum).

    *living* is whether the process still runs: the gauges of a dead one say nothing any more. *holds* names the files
    of other processes that have been added to this one.
    """

    pid: int
    series: Mapping[str, Values]
    living: bool = True
    holds: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        series = {name: [(labels, values) for labels, values in each.items()] for name, each in self.series.items()}
        return orjson.dumps((self.pid, self.living, series, self.holds))

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        pid, living, series, holds = orjson.loads(data)
        found = {name: {tuple(labels): values for labels, values in each} for name, each in series.items()}
        return cls(pid, found, living, tuple(holds))


def merged(metric: Metric, snapshots: Iterable[Snapshot]) -> dict[Labels, list[float]]:
    """One metric over several processes: what was counted is counted for ever, gauges are the living ones' alone."""
    gauge = metric.type == "gauge"
    together: dict[Labels, list[list[float]]] = {}
    for snapshot in snapshots:
        if snapshot.living or not gauge:
            for labels, values in snapshot.series.get(metric.name, {}).items():
                together.setdefault(labels, []).append(values)
    merge = _MERGE[metric.merge if gauge else "sum"]
    return {labels: [merge(column) for column in zip(*rows, strict=True)] for labels, rows in together.items()}
