"""The metrics of what is told to the outside: alerts, spans and reports that are sent."""

from typing import Final

from telemetry.counters import Metric

SIGNALS: Final = (
    Metric("switchyard_alerts_firing", "gauge", "Alerts that stand, by kind", ("kind",), merge="max"),
    Metric(
        "switchyard_alerts_sent_total",
        "counter",
        "Messages to the webhook of alerts, by result (delivered, lost)",
        ("result",),
    ),
    Metric("switchyard_otel_exported_total", "counter", "Finished calls that the OpenTelemetry collector was told of"),
    Metric("switchyard_otel_lost_total", "counter", "Finished calls that the OpenTelemetry collector was not told of"),
    Metric("switchyard_otel_up", "gauge", "1 if the OpenTelemetry collector took what it was last given", merge="min"),
)
