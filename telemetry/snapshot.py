"""The values of all metrics at one moment, as plain numbers that can be added, written and read again."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Self

import orjson

from telemetry.counters import Example, Labels, Metric

Examples = Mapping[Labels, Mapping[int, Example]]
Values = Mapping[Labels, list[float]]

_MERGE: Mapping[str, Callable[[Iterable[float]], float]] = {"sum": sum, "max": max, "min": min}


class Snapshot(NamedTuple):
    """*series*: metric -> labels -> values (one, or a histogram's counts and its sum).

    *living* is whether the process still runs: the gauges of a dead one say nothing any more. *holds* names the files
    of other processes that have been added to this one. *examples*: histogram -> labels -> bucket -> example.
    """

    pid: int
    series: Mapping[str, Values]
    living: bool = True
    holds: tuple[str, ...] = ()
    examples: Mapping[str, Examples] = {}

    def to_json(self) -> bytes:
        series = {name: [(labels, values) for labels, values in each.items()] for name, each in self.series.items()}
        examples = [
            (name, labels, tuple(found.items()))
            for name, each in self.examples.items()
            for labels, found in each.items()
        ]
        return orjson.dumps((self.pid, self.living, series, self.holds, examples))

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        pid, living, series, holds, *more = orjson.loads(data)
        found = {name: {tuple(labels): values for labels, values in each} for name, each in series.items()}
        examples: dict[str, dict[Labels, dict[int, Example]]] = {}
        for name, labels, buckets in more[0] if more else ():
            examples.setdefault(name, {})[tuple(labels)] = {bucket: tuple(one) for bucket, one in buckets}
        return cls(pid, found, living, tuple(holds), examples)


def merged(metric: Metric, snapshots: Iterable[Snapshot]) -> dict[Labels, list[float]]:
    """One metric over several processes: what was counted is counted for ever, gauges are the living ones' alone."""
    gauge = metric.type == "gauge"
    together: dict[Labels, list[list[float]]] = {}
    for snapshot in snapshots:
        if snapshot.living or not gauge:
            for labels, values in snapshot.series.get(metric.name, {}).items():
                together.setdefault(labels, []).append(values)
    merge = _MERGE[metric.merge if gauge else "sum"]
    return {
        labels: rows[0] if len(rows) == 1 else [merge(column) for column in zip(*rows, strict=True)]
        for labels, rows in together.items()
    }


def latest(metric: Metric, snapshots: Iterable[Snapshot]) -> dict[Labels, dict[int, Example]]:
    """The examples of a histogram over several processes: the newest for each bucket."""
    together: dict[Labels, dict[int, Example]] = {}
    for snapshot in snapshots:
        for labels, found in snapshot.examples.get(metric.name, {}).items():
            kept = together.setdefault(labels, {})
            kept.update({at: one for at, one in found.items() if at not in kept or kept[at][3] < one[3]})
    return together
