"""Buckets of histograms name a call that one can look at."""

import os
import re

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from telemetry.exposition import exposition
from telemetry.meters import Meters
from telemetry.trace import Trace
from telemetry.workers import Tally

SECONDS = "switchyard_call_seconds"
FIRST = "switchyard_first_content_seconds"


def named(page: bytes, metric: str) -> dict[str, tuple[dict[str, str], float]]:
    """The exemplars of *metric* by the upper end of their bucket."""
    samples = (sample for family in text_string_to_metric_families(page.decode()) for sample in family.samples)
    return {
        sample.labels["le"]: (sample.exemplar.labels, sample.exemplar.value)
        for sample in samples
        if sample.name == f"{metric}_bucket" and sample.exemplar
    }


@pytest.fixture
def counting(meters):
    meters.exemplars = True
    return meters


def test_a_bucket_names_the_latest_call_in_it(counting, finished):
    for number, total in enumerate((700.0, 60.0, 800.0)):
        record = finished(total=total)
        record.id = f"req_{number}"
        counting.count(record)

    page = exposition([counting.snapshot()], openly=True)

    assert {"1.0": ({"call_id": "req_2"}, 0.8), "0.1": ({"call_id": "req_1"}, 0.06)} == named(page, SECONDS)
    assert {"0.5": ({"call_id": "req_2"}, 0.3)} == named(page, FIRST)


@pytest.mark.parametrize(("flags", "expected"), [(1, {"trace_id": "a" * 32}), (0, {"call_id": "req_1"})])
def test_a_trace_that_somebody_keeps_is_the_better_name(counting, finished, flags, expected):
    record = finished(trace=Trace("a" * 32, "", flags))
    counting.count(record)

    assert {"1.0": (expected, 0.7)} == named(exposition([counting.snapshot()], openly=True), SECONDS)


@pytest.mark.parametrize("id", ["x" * 128, 'a"b', "a{b}", "a b", "a\\b", "é"])
def test_an_id_that_not_every_reader_takes_names_nothing(counting, finished, id):
    record = finished()
    record.id = id
    counting.count(record)

    assert {} == named(exposition([counting.snapshot()], openly=True), SECONDS)


def test_nothing_is_named_unless_somebody_asks(meters, finished):
    meters.count(finished())
    page = exposition([meters.snapshot()], openly=True)

    assert {} == named(page, SECONDS)
    assert page.endswith(b"# EOF\n")


def test_the_usual_format_has_none(counting, finished):
    counting.count(finished())

    assert re.search(rb"\} [0-9.]+ #", exposition([counting.snapshot()])) is None


def test_of_several_workers_the_newest_call_counts_even_of_one_that_has_ended(tmp_path, finished):
    tallies = []
    for number, (total, time) in enumerate([(700.0, 10.0), (800.0, 30.0), (60.0, 20.0)]):
        meters = Meters()
        meters.know(routes={"smart"}, targets={"openai/gpt-4o"}, providers={"openai"}, keys={"alice"})
        meters.exemplars = True
        record = finished(total=total)
        record.id, record.time = f"req_{number}", time
        meters.count(record)
        tallies.append(Tally(meters, tmp_path))
        tallies[-1].page()
        if number < 2:
            # As if it had been a process of its own, which has ended.
            (tmp_path / f"metrics-{os.getpid()}.json").rename(tmp_path / f"metrics-{2**22 + number}.json")

    found = named(tallies[-1].page(openly=True), SECONDS)

    assert {"1.0": ({"call_id": "req_1"}, 0.8), "0.1": ({"call_id": "req_2"}, 0.06)} == found
