"""Counters, histograms and their bounds."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.counters import MOST, Counter, Family, Histogram, Metric

BOUNDS = (0.1, 1.0, 10.0)


@pytest.mark.parametrize(
    ("value", "counts"),
    [(0, [1, 0, 0, 0]), (0.1, [1, 0, 0, 0]), (0.11, [0, 1, 0, 0]), (10, [0, 0, 1, 0]), (11, [0, 0, 0, 1])],
)
def test_a_bucket_includes_its_upper_end(value, counts):
    histogram = Histogram(BOUNDS)

    histogram.observe(value)

    assert [*counts, value] == histogram.values()


@given(st.lists(st.integers(0, 20)))
def test_every_observation_is_in_one_bucket(values):
    histogram = Histogram(BOUNDS)

    for value in values:
        histogram.observe(value)

    assert len(values) == sum(histogram.counts)
    assert sum(values) == histogram.sum
    assert [sum(bisect_left(BOUNDS, value) == index for value in values) for index in range(4)] == histogram.counts


def test_a_counter_adds_up():
    counter = Counter()

    counter.add()
    counter.add(3)

    assert counter.values() == [4]


def test_a_series_is_made_once():
    family = Family(Metric("calls", "counter", "", ("route",)), Counter)

    assert family.child(("smart",)) is family.child(("smart",))
    assert family.child(("smart",)) is not family.child(("other",))


def test_too_many_series_become_one():
    family = Family(Metric("calls", "counter", "", ("route", "key")), Counter)

    for number in range(MOST + 500):
        family.child((f"route-{number}", "alice")).add()

    assert len(family.series) == MOST + 1
    assert family.series["other", "other"].value == 500
