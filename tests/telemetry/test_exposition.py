"""The page that Prometheus reads, and the sum of several processes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from telemetry.counters import Metric
from telemetry.exposition import CONTENT_TYPE, exposition, together
from telemetry.meters import METRICS, Meters
from telemetry.snapshot import Snapshot, merged

GPT = "openai/gpt-4o"
COUNTER = Metric("calls_total", "counter", "", ("route",))
values = st.dictionaries(st.tuples(st.sampled_from("abc")), st.lists(st.integers(0, 10**12), min_size=3, max_size=3))


def samples(page: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_values_survive_the_way_through_the_page(meters, finished):
    meters.count(finished())
    meters.count(finished(cost=3, total=70.0))

    found = samples(exposition([meters.snapshot()]))

    def value(name: str, **labels: str) -> float:
        return found[name, frozenset(labels.items())]

    assert value("switchyard_calls_total", route="smart", endpoint="chat", status="200", stream="true") == 2
    assert value("switchyard_tokens_total", target=GPT, kind="cache_write") == 60
    assert value("switchyard_cost_usd_total", target=GPT) == 1.500000003
    assert value("switchyard_call_seconds_bucket", route="smart", le="0.1") == 1
    assert value("switchyard_call_seconds_bucket", route="smart", le="1.0") == 2
    assert value("switchyard_call_seconds_bucket", route="smart", le="+Inf") == 2
    assert value("switchyard_call_seconds_count", route="smart") == 2
    assert value("switchyard_call_seconds_sum", route="smart") == pytest.approx(0.77)


def test_every_metric_of_the_table_is_on_the_page_with_its_type(meters):
    page = exposition([meters.snapshot()]).decode()

    shown = {family.name: family.type for family in text_string_to_metric_families(page)}

    assert {
        metric.name.removesuffix("_total") if metric.type == "counter" else metric.name: metric.type
        for metric in METRICS
    } == shown


def test_names_with_odd_characters_survive(finished):
    odd = 'a"b\\c\nd {é}'
    meters = Meters()
    meters.know(routes={odd}, targets={GPT}, providers=(), keys=())
    meters.count(finished(route=odd))

    found = samples(exposition([meters.snapshot()]))

    assert found["switchyard_call_seconds_count", frozenset({("route", odd)})] == 1


def test_the_content_type_is_the_text_formats():
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(values, st.booleans())))
def test_counters_of_the_living_and_the_dead_are_summed(processes):
    snapshots = [
        Snapshot(pid, {"calls_total": series}, living=living) for pid, (series, living) in enumerate(processes)
    ]
    every = [series for series, _ in processes]

    together = merged(COUNTER, snapshots)

    assert {
        labels: [sum(series[labels][column] for series in every if labels in series) for column in range(3)]
        for labels in {labels for series in every for labels in series}
    } == together


@pytest.mark.parametrize(("merge", "value"), [("sum", 7), ("max", 5), ("min", 2)])
def test_gauges_are_the_livings_alone(merge, value):
    gauge = Metric("load", "gauge", "", merge=merge)
    snapshots = [Snapshot(pid, {"load": {(): [load]}}, living=load < 10) for pid, load in enumerate((2, 5, 99))]

    together = merged(gauge, snapshots)

    assert {(): [value]} == together


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text("abc_"), values), st.booleans())
def test_a_snapshot_survives_its_file(series, living):
    snapshot = Snapshot(7, series, living=living)

    assert snapshot == Snapshot.from_json(snapshot.to_json())


@st.composite
def counted(draw):
    """Some series of every metric, of one process."""
    number = st.one_of(
        st.integers(0, 10**18), st.floats(0, 1e30), st.sampled_from([0, 1, 999_999, 1e6, 1234567.5, 1e16])
    )
    names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(["a", '"', "\\", "\n", "é"])
    series = {}
    for metric in METRICS:
        size = len(metric.bounds) + 2 if metric.type == "histogram" else 1
        labels = st.tuples(*[names] * len(metric.labels))
        values = st.lists(number, min_size=size, max_size=size)
        series[metric.name] = draw(st.dictionaries(labels, values, max_size=2))
    return Snapshot(1, series)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(counted(), min_size=1, max_size=2))
def test_the_page_is_as_the_library_writes_it(snapshots):
    assert exposition(snapshots) == generate_latest(together(snapshots))
