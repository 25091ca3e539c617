"""The page of metrics in Prometheus' own text format, as prometheus_client writes it, in a fraction of its time.

With hundreds of targets there are tens of thousands of lines, and it makes several objects for each. Here a line is a
prepared beginning and a number; tests/telemetry holds both pages against each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

from prometheus_client.utils import floatToGoString

from telemetry.counters import Labels, Metric
from telemetry.snapshot import Snapshot, merged

LARGE: Final = 1e6  # from where on Go writes an exponent
_LE: Final = "le"  # the label of a bucket's end


def page(metrics: Iterable[Metric], snapshots: Sequence[Snapshot]) -> bytes:
    lines: list[str] = []
    for metric in metrics:
        told = metric.help.replace("\\", r"\\").replace("\n", r"\n")
        lines.append(f"# HELP {metric.name} {told}\n# TYPE {metric.name} {metric.type}\n")
        values = merged(metric, snapshots)
        lines += _histogram(metric, values) if metric.type == "histogram" else _plain(metric, values)
    return "".join(lines).encode()


def _plain(metric: Metric, values: Mapping[Labels, list[float]]) -> list[str]:
    name, per = metric.name, metric.per
    return [
        f"{name}{_braced(metric.labels, labels)} {_number(value / per if per > 1 else value)}\n"
        for labels, (value,) in values.items()
    ]


def _histogram(metric: Metric, values: Mapping[Labels, list[float]]) -> list[str]:
    name, lines = metric.name, []
    for labels, (*counts, total) in values.items():
        sums = list(accumulate(counts))
        starts = _buckets(name, metric.labels, labels, metric.bounds)
        lines += [f"{start}{_number(count)}\n" for start, count in zip(starts, sums, strict=True)]
        braced = _braced(metric.labels, labels)
        lines.append(f"{name}_count{braced} {_number(sums[-1])}\n{name}_sum{braced} {_number(total)}\n")
    return lines


def _number(value: float) -> str:
    number = float(value)
    if -LARGE < number < LARGE:
        return repr(number)
    shown: str = floatToGoString(number)  # type: ignore[no-untyped-call]  # the library's own omission
    return shown


@lru_cache(maxsize=20_000)
def _braced(names: Labels, labels: Labels) -> str:
    pairs = ",".join([f'{name}="{_escaped(value)}"' for name, value in sorted(zip(names, labels, strict=True))])
    return f"{{{pairs}}}" if pairs else ""


@lru_cache(maxsize=4_000)
def _buckets(name: str, names: Labels, labels: Labels, bounds: tuple[float, ...]) -> tuple[str, ...]:
    """How the line of each bucket begins."""
    ends = [*map(str, bounds), "+Inf"]
    return tuple(f"{name}_bucket{_braced((*names, _LE), (*labels, end))} " for end in ends)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
