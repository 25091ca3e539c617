"""Which call stands for a bucket of a histogram, so that one can go from a slow second to the call that took it."""

import re
from typing import Final

from telemetry.counters import Example, Family, Histogram, Labels
from telemetry.record import Record

# All labels of an exemplar together may have 128 characters, and not every reader takes quotes and braces in them.
NAME: Final = re.compile(r"[A-Za-z0-9_.:/@+=-]{1,100}")


def exemplify(record: Record, seconds: Histogram, first: Histogram) -> None:
    """By its trace if it has one that somebody keeps, else by its id."""
    trace = record.trace
    kind, name = ("call_id", record.id) if trace is None or not trace.sampled else ("trace_id", trace.id)
    if NAME.fullmatch(name) is None:
        return  # clients may choose their ids
    now = record.time + record.total / 1000
    seconds.exemplify(kind, name, record.total / 1000, now)
    if record.stream and record.first is not None:
        first.exemplify(kind, name, record.first / 1000, now)


def exemplars(family: Family[Histogram]) -> dict[Labels, dict[int, Example]]:
    """Those of all series that have any."""
    return {labels: dict(each.examples) for labels, each in list(family.series.items()) if each.examples}
