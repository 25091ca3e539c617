"""The metrics of answers that are kept: part of the table in telemetry/meters.py."""

from typing import Final

from telemetry.counters import Metric

NANO: Final = 1_000_000_000

CACHE: Final = (
    Metric(
        "switchyard_cache_calls_total",
        "counter",
        "Calls of routes that keep answers, by whether they got one (hit, miss, stale, bypass)",
        ("route", "outcome"),
    ),
    Metric(
        "switchyard_cache_saved_usd_total", "counter", "Dollars that kept answers would have cost", ("route",), per=NANO
    ),
    Metric("switchyard_cache_entries", "gauge", "Answers kept in memory"),
    Metric("switchyard_cache_bytes", "gauge", "Bytes of the answers kept in memory"),
    Metric("switchyard_cache_evicted_total", "counter", "Answers that went from memory for want of room"),
    Metric(
        "switchyard_cache_similar_total",
        "counter",
        "Looks for an answer to a question that means the same, by what came of them",
        ("route", "outcome"),
    ),
    Metric("switchyard_cache_trouble_total", "counter", "Times that the cache could not be reached"),
)
