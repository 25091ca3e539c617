"""The product's metrics: the table of them, and their series.

Labels take only names that the operator has configured; everything else is "other", and no name at all "none".
What clients write never becomes a series.
"""

import os
import time
from collections.abc import Callable, Collection, Container, Mapping, Sequence

from telemetry.cached import CACHE
from telemetry.counters import OTHER, Counter, Family, Gauge, Histogram, Labels, Metric
from telemetry.counting import NONE, Counting, Lost
from telemetry.exemplars import exemplars
from telemetry.process import open_files, resident_bytes
from telemetry.record import Record
from telemetry.signals import SIGNALS
from telemetry.snapshot import Snapshot

NANO = 1_000_000_000
CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
FIRST_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)

BREAKER = {"closed": 0, "half_open": 1, "open": 2}

METRICS = (
    Metric(
        "switchyard_calls_total",
        "counter",
        "Finished calls by the status that the client got",
        ("route", "endpoint", "status", "stream"),
    ),
    Metric(
        "switchyard_attempts_total",
        "counter",
        "Attempts by what went wrong (none: nothing)",
        ("target", "fault"),
    ),
    Metric(
        "switchyard_tokens_total",
        "counter",
        "Tokens by kind; reasoning is part of output, the other kinds do not overlap",
        ("target", "kind"),
    ),
    Metric("switchyard_cost_usd_total", "counter", "Dollars that answers cost", ("target",), per=NANO),
    Metric(
        "switchyard_estimated_usage_total",
        "counter",
        "Answers whose usage was estimated because the provider gave none",
        ("target",),
    ),
    Metric(
        "switchyard_unclassified_errors_total",
        "counter",
        "Providers' errors that nothing but their status explained",
        ("provider", "status"),
    ),
    Metric("switchyard_key_calls_total", "counter", "Finished calls by key", ("key",)),
    Metric("switchyard_key_cost_usd_total", "counter", "Dollars by key", ("key",), per=NANO),
    Metric(
        "switchyard_call_seconds",
        "histogram",
        "Seconds from a call's arrival to the end of its answer",
        ("route",),
        bounds=CALL_SECONDS,
    ),
    Metric(
        "switchyard_first_content_seconds",
        "histogram",
        "Seconds to the first content of a streamed answer",
        ("target",),
        bounds=FIRST_SECONDS,
    ),
    Metric("switchyard_in_flight", "gauge", "Calls under way", ("route",)),
    Metric("switchyard_target_in_flight", "gauge", "Attempts under way", ("target",)),
    Metric(
        "switchyard_target_limit",
        "gauge",
        "Attempts that a target takes at a time, while there is a limit",
        ("target",),
    ),
    Metric("switchyard_queued", "gauge", "Calls that wait for a target that is full", ("target",)),
    Metric(
        "switchyard_queue_refused_total", "counter", "Calls that did not get their turn at a full target", ("target",)
    ),
    Metric(
        "switchyard_queue_seconds",
        "histogram",
        "Seconds that calls waited for a full target, whether or not they got their turn",
        ("target",),
        bounds=FIRST_SECONDS,
    ),
    Metric("switchyard_breaker_state", "gauge", "0 closed, 1 half-open, 2 open", ("target",), merge="max"),
    Metric("switchyard_breaker_transitions_total", "counter", "Changes of a breaker's state", ("target", "to")),
    Metric(
        "switchyard_provider_up", "gauge", "1 if the last probe of a provider went well, else 0", ("provider",), "min"
    ),
    Metric(
        "switchyard_provider_ejected",
        "gauge",
        "1 while failed probes keep a provider's targets from being tried, else 0",
        ("provider",),
        "max",
    ),
    Metric(
        "switchyard_credential_resting",
        "gauge",
        "1 while an API key of a provider rests, for some target or for all, else 0",
        ("credential",),
        "max",
    ),
    Metric("switchyard_probes_total", "counter", "Probes by what went wrong (none: nothing)", ("provider", "fault")),
    Metric("switchyard_retries_total", "counter", "Attempts at the same target again", ("target",)),
    Metric("switchyard_fallbacks_total", "counter", "Attempts at another target than the one before", ("route",)),
    Metric("switchyard_continued_total", "counter", "Times that a broken answer was gone on with", ("route",)),
    Metric(
        "switchyard_hedges_total",
        "counter",
        "Second attempts beside a slow one, by what became of them (won, lost, failed)",
        ("route", "outcome"),
    ),
    Metric("switchyard_refused_total", "counter", "Calls refused before any attempt, by status", ("code",)),
    Metric("switchyard_client_gone_total", "counter", "Calls whose client left before the end of the answer"),
    Metric(
        "switchyard_broken_streams_total", "counter", "Streamed answers that failed after they had begun", ("target",)
    ),
    Metric("switchyard_shadow_calls_total", "counter", "Copies of calls by what went wrong", ("route", "fault")),
    Metric(
        "switchyard_shadow_dropped_total", "counter", "Copies of calls that weren't sent, and why", ("route", "reason")
    ),
    Metric("switchyard_shadow_cost_usd_total", "counter", "Dollars that copies of calls cost", ("route",), per=NANO),
    Metric(
        "switchyard_shadow_first_content_seconds",
        "histogram",
        "Seconds to the first content of a shadow's streamed answer",
        ("route",),
        bounds=FIRST_SECONDS,
    ),
    Metric(
        "switchyard_canary_stage", "gauge", "The stage of a route's canary; 0 if it gets no calls", ("route",), "max"
    ),
    Metric(
        "switchyard_config_generation_info", "gauge", "1, with the hash of the active configuration", ("hash",), "max"
    ),
    Metric("switchyard_config_reloads_total", "counter", "Reloads by result (ok, failed)", ("result",)),
    Metric(
        "switchyard_config_last_reload_ok", "gauge", "1 if the last reload went well, 0 if it was refused", merge="min"
    ),
    Metric(
        "switchyard_event_loop_lag_seconds",
        "gauge",
        "The longest that anything due had to wait in the last ten seconds",
        merge="max",
    ),
    Metric(
        "switchyard_journal_full", "gauge", "1 while the journal has no room for calls that cost money", merge="max"
    ),
    Metric("switchyard_log_dropped_total", "counter", "Log lines that could not be written"),
    Metric("switchyard_store_operations_total", "counter", "Trips to the store of budgets and limits"),
    Metric("switchyard_store_up", "gauge", "1 if the last trip to the store reached it, else 0", merge="min"),
    Metric("switchyard_budget_debt_usd_total", "counter", "Dollars that calls cost above what was held", per=NANO),
    Metric("switchyard_bound_violations_total", "counter", "Calls that cost more than what was held for them"),
    Metric("switchyard_ledger_pending_rows", "gauge", "Finished calls that the ledger hasn't taken yet"),
    Metric("switchyard_ledger_up", "gauge", "1 if the ledger took what it was last given, else 0", merge="min"),
    Metric(
        "switchyard_answer_flaws_total",
        "counter",
        "Answers in which a fault was found, by the fault",
        ("target", "flaw"),
    ),
    Metric("switchyard_feedback_total", "counter", "Opinions of answers, up or down", ("target", "verdict")),
    Metric(
        "switchyard_quality",
        "gauge",
        "How good the answers of a target are at a task, from 0 to 1, where anything was seen of it",
        ("target", "task"),
        merge="max",
    ),
    *CACHE,
    Metric("switchyard_open_streams", "gauge", "Streamed answers under way"),
    Metric("switchyard_connections", "gauge", "Open connections from clients"),
    *SIGNALS,
    Metric("process_resident_memory_bytes", "gauge", "Resident memory"),
    Metric("process_cpu_seconds_total", "counter", "Processor time, user and system"),
    Metric("process_open_fds", "gauge", "Open file descriptors"),
    Metric("process_start_time_seconds", "gauge", "Unix time of the start", merge="min"),
)


class Meters:
    """Made once in each process that serves calls, after it was forked.

    All of it belongs to the loop's thread, but for *snapshot*, which may be taken in any. *exemplars*: histograms name
    a call for each of their buckets.
    """

    __slots__ = ("_counters", "_counting", "_gauges", "_histograms", "_known", "_watched", "exemplars")

    def __init__(self) -> None:
        self._counters = {each.name: Family(each, Counter) for each in METRICS if each.type == "counter"}
        self._gauges = {each.name: Family(each, Gauge) for each in METRICS if each.type == "gauge"}
        self._histograms = {each.name: Family(each, _maker(each)) for each in METRICS if each.type == "histogram"}
        self._known: dict[str, Container[str]] = {"route": (), "target": (), "provider": (), "key": ()}
        self._watched: dict[str, Callable[[], float]] = {
            "process_resident_memory_bytes": resident_bytes,
            "process_cpu_seconds_total": time.process_time,
            "process_open_fds": open_files,
        }
        self.exemplars = False
        self._counting = Counting(self.counter, self.histogram)
        self.gauge("process_start_time_seconds").value = time.time()

    def know(
        self, *, routes: Container[str], targets: Container[str], providers: Container[str], keys: Container[str]
    ) -> None:
        """The names that may be labels from now on. A model that isn't among *targets* counts as provider/other."""
        self._known = {"route": routes, "target": targets, "provider": providers, "key": keys}
        self._counting.forget()

    def watch(self, name: str, read: Callable[[], float]) -> None:
        """Take a metric without labels from *read*, which is called in any thread, whenever somebody looks."""
        self._watched[name] = read

    def counter(self, name: str, *labels: str) -> Counter:
        """Labels in the order of the table. Keep the series where it is used often."""
        family = self._counters[name]
        return family.series.get(labels) or family.child(self._allowed(name, labels))

    def gauge(self, name: str, *labels: str) -> Gauge:
        family = self._gauges[name]
        return family.series.get(labels) or family.child(self._allowed(name, labels))

    def forget(self, name: str, *labels: str) -> None:
        """A gauge that nobody sets any more is shown no longer."""
        self._gauges[name].series.pop(labels, None)

    def keep(self, name: str, gauges: Collection[Gauge]) -> None:
        """Of this metric, *gauges* are all that is shown from now on."""
        family = self._gauges[name]
        kept = {id(gauge) for gauge in gauges}
        family.series = {labels: gauge for labels, gauge in family.series.items() if id(gauge) in kept}

    def histogram(self, name: str, *labels: str) -> Histogram:
        family = self._histograms[name]
        return family.series.get(labels) or family.child(self._allowed(name, labels))

    def counted(self, name: str) -> Mapping[Labels, Counter]:
        """All series of a counter."""
        return self._counters[name].series

    def count(self, *records: Record) -> Sequence[Lost]:
        """All that finished calls imply. Returns those that couldn't be counted, and why."""
        return self._counting.count(records, exemplars=self.exemplars)

    def breaker(self, target: str, state: str) -> None:
        """A breaker is closed, half_open or open from now on."""
        self.gauge("switchyard_breaker_state", target).value = BREAKER[state]
        self.counter("switchyard_breaker_transitions_total", target, state).value += 1

    def generation(self, hash: str) -> None:
        """The configuration with this hash is the active one."""
        family = self._gauges["switchyard_config_generation_info"]
        active = Gauge()
        active.value = 1
        family.series = {(hash,): active}

    def started(self) -> None:
        """The first configuration is in force, and there was no reload yet."""
        for result in ("ok", "failed"):
            self.counter("switchyard_config_reloads_total", result)
        self.gauge("switchyard_config_last_reload_ok").value = 1

    def reloaded(self, *, ok: bool) -> None:
        self.counter("switchyard_config_reloads_total", "ok" if ok else "failed").value += 1
        self.gauge("switchyard_config_last_reload_ok").value = int(ok)

    def snapshot(self) -> Snapshot:
        """What has been counted up to now. Safe in any thread."""
        series = {name: family.values() for name, family in self._counters.items()}
        series |= {name: family.values() for name, family in self._gauges.items()}
        series |= {name: family.values() for name, family in self._histograms.items()}
        for name, read in list(self._watched.items()):
            series[name] = {(): [read()]}
        examples = {name: found for name, family in self._histograms.items() if (found := exemplars(family))}
        return Snapshot(os.getpid(), series, examples=examples)

    def _allowed(self, name: str, labels: Labels) -> Labels:
        """*labels* with whatever is not a configured name replaced."""
        names = _LABELS[name]
        if len(names) != len(labels):
            raise KeyError(f"{name} has the labels {names}")
        return tuple(self._name(label, value) for label, value in zip(names, labels, strict=True))

    def _name(self, label: str, value: str) -> str:
        if not value:
            return NONE
        known = self._known.get(label)
        if known is None or value in known:
            return value
        provider, slash, _ = value.partition("/")
        if label == "target" and slash and provider in self._known["provider"]:
            return f"{provider}/{OTHER}"
        return OTHER


_LABELS = {each.name: each.labels for each in METRICS}


def _maker(metric: Metric) -> Callable[[], Histogram]:
    return lambda: Histogram(metric.bounds)
