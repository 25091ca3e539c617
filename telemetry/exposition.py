"""Metrics as Prometheus reads them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric as Exposed
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from telemetry import plain_page
from telemetry.counters import Example, Labels, Metric
from telemetry.meters import METRICS
from telemetry.snapshot import Snapshot, latest, merged

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
OPENMETRICS_TYPE = openmetrics.CONTENT_TYPE_LATEST
OPENMETRICS = "application/openmetrics-text"

Examples = Mapping[int, Example]


class _Together(Collector):
    """What several processes counted, as one."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self._snapshots = snapshots

    def collect(self) -> Iterable[Exposed]:
        return (_exposed(metric, self._snapshots) for metric in METRICS)


def exposition(snapshots: Sequence[Snapshot], *, openly: bool = False) -> bytes:
    """The page of metrics; *openly* in OpenMetrics' format, which alone has exemplars.

    Takes milliseconds: not for the loop's thread.
    """
    if not openly:
        return plain_page.page(METRICS, snapshots)
    page: bytes = openmetrics.generate_latest(together(snapshots))  # type: ignore[no-untyped-call]  # its own omission
    return page


def together(snapshots: Sequence[Snapshot]) -> CollectorRegistry:
    """What prometheus_client writes pages of."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Together(snapshots))
    return registry


def _exposed(metric: Metric, snapshots: Sequence[Snapshot]) -> Exposed:
    values = merged(metric, snapshots)
    if metric.type == "histogram":
        return _histogram(metric, values, latest(metric, snapshots))
    family = (CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily)(
        metric.name, metric.help, labels=metric.labels
    )
    for labels, (value,) in values.items():
        family.add_metric(labels, value / metric.per if metric.per > 1 else value)
    return family


def _histogram(metric: Metric, values: dict[Labels, list[float]], examples: Mapping[Labels, Examples]) -> Exposed:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    ends = [*(str(bound) for bound in metric.bounds), "+Inf"]
    for labels, (*counts, total) in values.items():
        found = examples.get(labels, {})
        named = [_exemplar(found.get(at)) for at in range(len(ends))]
        family.add_metric(labels, list(zip(ends, accumulate(counts), named, strict=True)), total)  # type: ignore[arg-type]  # None is taken
    return family


def _exemplar(example: Example | None) -> Exemplar | None:
    if example is None:
        return None
    kind, name, value, time = example
    return Exemplar({kind: name}, value, round(time, 3))
