"""What is remembered of the last hour at a target, held against the very numbers that it was told."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.live import BOUNDS, EACH, ENOUGH, NEVER, SLOT, STEP, WINDOW, Live, percentile, total

TIMES = st.floats(min_value=0.001, max_value=300.0)


def answer(live, now, took=1.0, first=None, output=0, cost=0, route="m"):
    weight = live.answered(now)
    if weight:
        live.look(took, first, output, cost, route=route, weight=weight)


def told(*answers, now=0.0):
    live = Live()
    for took, first, output in answers:
        answer(live, now, took, first, output, 1000)
    return live.seen(now)


def test_nothing_was_seen_of_who_was_never_called():
    seen = Live().seen(5.0)

    assert NEVER == seen
    assert percentile(seen.first, 0.5) is None
    assert seen.seconds is None
    assert seen.usual_cost is None


@given(st.lists(TIMES, min_size=1, max_size=ENOUGH), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_wrong_by_one_step_at_most(times, share):
    seen = told(*((each, None, 0) for each in times))
    ordered = sorted(times)
    exact = ordered[math.ceil(share * len(ordered)) - 1] * 1e3

    found = percentile(seen.whole, share)

    assert exact / STEP * 0.999 <= found <= exact * STEP * 1.001


def test_where_there_is_much_to_see_a_part_stands_for_all():
    rng, live = Random(7), Live()
    for _ in range(20_000):
        answer(live, 0.0, rng.lognormvariate(0.0, 0.5), None, 100, 5)

    seen = live.seen(0.0)

    assert (20_000, 5) == (seen.calls, seen.usual_cost)
    assert abs(sum(seen.whole) - 20_000) < ENOUGH + EACH
    assert 1000 == pytest.approx(percentile(seen.whole, 0.5), rel=0.1)
    assert 1000 * math.exp(1.645 * 0.5) == pytest.approx(percentile(seen.whole, 0.95), rel=0.1)


def test_the_pace_of_a_stream_is_that_after_its_first_content():
    stream, whole, short = told((3.0, 1.0, 100)), told((4.0, None, 100)), told((4.0, 1.0, 5))

    assert 50 == pytest.approx(percentile(stream.pace, 0.5), rel=0.12)
    assert 25 == pytest.approx(percentile(whole.pace, 0.5), rel=0.12)
    assert percentile(short.pace, 0.5) is None
    assert 1000 == pytest.approx(percentile(stream.first, 0.5), rel=0.12)
    assert percentile(whole.first, 0.5) is None


def test_who_answers_faster_takes_fewer_seconds_whatever_was_seen_of_it():
    streams = told((3.0, 1.0, 100))
    wholes = told((4.0, None, 100))
    shorts = told((4.0, None, 3))

    assert 1 + 300 / 50 == pytest.approx(streams.seconds, rel=0.12)
    assert 300 / 25 == pytest.approx(wholes.seconds, rel=0.12)
    assert 4 == pytest.approx(shorts.seconds, rel=0.12)


def test_failures_count_as_errors_only_where_the_caller_is_not_to_blame():
    live = Live()
    answer(live, 0.0, cost=2000)
    live.failed(0.0, route="m", blamed=True)
    live.failed(0.0, route="n", blamed=False)

    seen = live.seen(0.0)

    assert (3, 1, 2000) == (seen.calls, seen.errors, seen.usual_cost)
    assert {"m": 2, "n": 1} == seen.routes


@pytest.mark.parametrize(
    ("later", "calls"), [(0.0, 1), (SLOT + 1, 1), (WINDOW - 1, 1), (WINDOW + SLOT + 1, 0), (10 * WINDOW, 0)]
)
def test_an_hour_later_it_is_forgotten(later, calls):
    live = Live()
    answer(live, 100.0)

    assert calls == live.seen(100.0 + later).calls


@given(st.lists(st.floats(min_value=0.0, max_value=2 * WINDOW), min_size=1, max_size=60))
def test_what_is_seen_is_what_came_within_about_an_hour(moments):
    live, moments = Live(), sorted(moments)
    for now in moments:
        answer(live, now, cost=1)
    end = moments[-1]

    seen = live.seen(end)

    assert sum(each > end - WINDOW + 2 * SLOT for each in moments) <= seen.calls
    assert seen.calls <= sum(each >= end - WINDOW - SLOT for each in moments)
    assert seen.calls == seen.cost == sum(seen.whole)


def test_what_several_have_seen_adds_up():
    one, other = told((1.0, 0.5, 100)), told((2.0, None, 0), (2.0, None, 0))

    both = total([one, other, NEVER])

    assert (3, 3000, {"m": 3}) == (both.calls, both.cost, both.routes)
    assert 3 == sum(both.whole)
    assert 1 == sum(both.first)


def test_who_is_slower_than_any_bucket_is_as_slow_as_the_last_one():
    seen = told((1e9, None, 0))

    assert BOUNDS[-1] == percentile(seen.whole, 0.5)


def test_an_answer_that_nobody_counted_is_not_looked_at():
    live = Live()
    live.look(1.0, None, 0, 5, route="m", weight=1)

    assert NEVER == live.seen(0.0)


def test_moments_without_calls_take_nothing_away():
    live = Live()
    answer(live, 0.0)

    seen = [live.seen(now).calls for now in (SLOT + 1, 2 * SLOT + 2, 3 * SLOT + 3)]

    assert [1, 1, 1] == seen
