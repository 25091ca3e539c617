"""OTLP over HTTP: finished calls as spans, and what they add up to as metrics. By OpenTelemetry's own exporters.

Not to be imported where OpenTelemetry isn't installed. Everything here waits for the network: it is for a thread.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics as names
from opentelemetry.semconv.attributes import error_attributes

from telemetry.collector import Collector
from telemetry.counters import OTHER
from telemetry.record import Record
from telemetry.spans import operation, placed, provider_name, spans
from telemetry.trace import Step, Trace

# The buckets that the conventions name.
SECONDS: Final = tuple(0.01 * 2**power for power in range(14))
FIRST: Final = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
TOKENS: Final = tuple(4**power for power in range(14))
MOST_MODELS: Final = 500  # clients may name some of them

# What the library has to say of a collector that is down, we say ourselves, once.
logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
logging.getLogger("opentelemetry").propagate = False


class Exporter:
    """*instance* is this process among those of the service."""

    def __init__(self, to: Collector, *, instance: str) -> None:
        self._to = to
        self._resource = Resource.create({"service.name": to.service, "service.instance.id": instance})
        base = ("" if to.endpoint is None else to.endpoint.reveal()).rstrip("/")
        said: dict[str, Any] = {
            "headers": {name: value.reveal() for name, value in to.headers.items()},
            "timeout": to.timeout,
            "compression": Compression.Gzip,
        }
        self._spans = OTLPSpanExporter(endpoint=f"{base}/v1/traces", **said)
        self._metrics = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", **said)
        self._figures = Figures(self._resource)

    def calls(self, records: Sequence[Record]) -> bool:
        """Tell of finished calls, and remember what they add up to. Whether the collector took them."""
        if self._to.metrics:
            for record in records:
                self._figures.count(record)
        told = [
            span
            for record in records
            if record.trace is not None and record.trace.sampled and self._to.traces
            for span in spans(record, record.trace, self._resource, content=self._to.content)
        ]
        return not told or self._spans.export(told) is SpanExportResult.SUCCESS

    def figures(self) -> bool:
        """Tell what all calls add up to. Whether the collector took it."""
        read = self._figures.reader.get_metrics_data() if self._to.metrics else None
        return read is None or self._metrics.export(read) is MetricExportResult.SUCCESS

    def close(self) -> None:
        """From any thread: nothing is tried again from now on."""
        self._spans.shutdown()  # type: ignore[no-untyped-call]  # the library's own omission
        self._metrics.shutdown()
        self._figures.close()


class Figures:
    """Metrics by the GenAI conventions: a client's for our attempts, a server's for our clients' calls."""

    def __init__(self, resource: Resource) -> None:
        self.reader = InMemoryMetricReader()
        self._provider = MeterProvider((self.reader,), resource, shutdown_on_exit=False)
        made = self._provider.get_meter("switchyard").create_histogram
        self._tokens = made(
            names.GEN_AI_CLIENT_TOKEN_USAGE,
            "{token}",
            "Tokens of an attempt",
            explicit_bucket_boundaries_advisory=TOKENS,
        )
        self._took = made(
            names.GEN_AI_CLIENT_OPERATION_DURATION, "s", "An attempt", explicit_bucket_boundaries_advisory=SECONDS
        )
        self._call = made(
            names.GEN_AI_SERVER_REQUEST_DURATION, "s", "A call", explicit_bucket_boundaries_advisory=SECONDS
        )
        self._first = made(
            names.GEN_AI_SERVER_TIME_TO_FIRST_TOKEN,
            "s",
            "From a call to the first content of its streamed answer",
            explicit_bucket_boundaries_advisory=FIRST,
        )
        self._models: set[str] = set()

    def count(self, record: Record) -> None:
        trace = record.trace
        if trace is None:
            return
        whose = self._of_call(record, trace)
        self._call.record(record.total / 1e3, whose)
        if record.stream and record.first is not None:
            self._first.record(record.first / 1e3, whose)
        for step in trace.steps:
            self._count_step(record, step)

    def close(self) -> None:
        self._provider.shutdown()

    def _of_call(self, record: Record, trace: Trace) -> dict[str, Any]:
        found = {
            gen_ai.GEN_AI_OPERATION_NAME: operation(record),
            gen_ai.GEN_AI_REQUEST_MODEL: self._known(record.route),
        }
        if trace.steps:
            last = trace.steps[-1]
            found[gen_ai.GEN_AI_PROVIDER_NAME] = provider_name(last)
            found[gen_ai.GEN_AI_RESPONSE_MODEL] = self._known(last.model)
        if record.fault:
            found[error_attributes.ERROR_TYPE] = record.fault
        return found

    def _count_step(self, record: Record, step: Step) -> None:
        found = {
            gen_ai.GEN_AI_OPERATION_NAME: operation(record),
            gen_ai.GEN_AI_PROVIDER_NAME: provider_name(step),
            gen_ai.GEN_AI_REQUEST_MODEL: self._known(step.model),
            **placed(step),
        }
        if step.usage is not None:
            for kind, count in (("input", step.usage.prompt), ("output", step.usage.completion)):
                self._tokens.record(count, {**found, gen_ai.GEN_AI_TOKEN_TYPE: kind})
        if step.fault:
            found[error_attributes.ERROR_TYPE] = step.fault
        self._took.record(step.ms / 1e3, found)

    def _known(self, model: str) -> str:
        """The first names that come get series of their own."""
        if model in self._models:
            return model
        if len(self._models) >= MOST_MODELS:
            return OTHER
        self._models.add(model)
        return model
