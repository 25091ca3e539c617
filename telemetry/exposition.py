"""Metrics as Prometheus reads them."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric as Exposed
from prometheus_client.registry import Collector

from telemetry.counters import Metric
from telemetry.meters import METRICS
from telemetry.snapshot import Snapshot, merged

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class _Together(Collector):
    """What several processes counted, as one."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self._snapshots = snapshots

    def collect(self) -> Iterable[Exposed]:
        return (_exposed(metric, self._snapshots) for metric in METRICS)


def exposition(snapshots: Sequence[Snapshot]) -> bytes:
    """The page of metrics. Takes milliseconds: not for the loop's thread."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Together(snapshots))
    return generate_latest(registry)


def _exposed(metric: Metric, snapshots: Sequence[Snapshot]) -> Exposed:
    values = merged(metric, snapshots)
    if metric.type == "histogram":
        return _histogram(metric, values)
    family = (CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily)(
        metric.name, metric.help, labels=metric.labels
    )
    for labels, (value,) in values.items():
        family.add_metric(labels, value / metric.per if metric.per > 1 else value)
    return family


def _histogram(metric: Metric, values: dict[tuple[str, ...], list[float]]) -> Exposed:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    ends = [*(str(bound) for bound in metric.bounds), "+Inf"]
    for labels, (*counts, total) in values.items():
        family.add_metric(labels, list(zip(ends, accumulate(counts), strict=True)), total)
    return family
