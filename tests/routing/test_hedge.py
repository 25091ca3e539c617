"""When an attempt counts as slow, and how many second ones a route may have."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Hedge
from routing.hedge import BURST, LEAST, MOST_KNOWN, RECENT, HedgeBudget, Hedges, Times

SECONDS = st.floats(min_value=0, max_value=1e6)
SHARES = st.floats(min_value=0.001, max_value=1)


def times(*seconds: float) -> Times:
    known = Times()
    for each in seconds:
        known.add(each)
    return known


def test_a_few_times_say_nothing():
    assert times(*range(LEAST - 1)).quantile(0.5) is None


@pytest.mark.parametrize(("share", "within"), [(0.01, 1), (0.5, 10), (0.9, 18), (0.95, 19), (0.99, 20), (1.0, 20)])
def test_a_quantile_is_what_that_share_stays_within(share, within):
    assert within == times(*reversed(range(1, 21))).quantile(share)


def test_old_times_are_forgotten():
    known = times(*[100.0] * RECENT, *[1.0] * RECENT)

    assert known.quantile(0.99) == 1.0


def test_a_new_time_is_seen_at_once():
    known = times(*[1.0] * LEAST)
    assert [known.quantile(0.5), known.quantile(0.99)] == [1.0, 1.0]

    known.add(7.0)

    assert known.quantile(0.99) == 7.0


@given(st.lists(SECONDS, min_size=LEAST, max_size=3 * RECENT), SHARES)
def test_at_least_the_share_of_recent_times_is_within_the_quantile(seconds, share):
    within = times(*seconds).quantile(share)

    recent = seconds[-RECENT:]
    assert within in recent
    assert sum(each <= within for each in recent) >= math.floor(share * len(recent))


@given(SHARES, st.lists(st.booleans(), max_size=400))
def test_hedges_are_never_more_than_their_share_of_the_calls(share, wanted):
    budget = HedgeBudget()
    hedges = 0
    for calls, wants in enumerate(wanted, 1):
        budget.enter(share)
        if wants and budget.allows:
            budget.take()
            hedges += 1

        assert hedges <= share * calls + 1e-3


def test_what_a_quiet_time_leaves_over_has_an_end():
    budget = HedgeBudget()
    for _ in range(1000):
        budget.enter(0.5)

    taken = 0
    while budget.allows:
        budget.take()
        taken += 1

    assert taken == BURST


def test_shares_add_up_without_a_rest():
    budget = HedgeBudget()
    for _ in range(20):
        assert not budget.allows
        budget.enter(0.05)

    assert budget.allows


def test_a_fixed_time_needs_nothing_known():
    assert 0.8 == Hedges().patience(Hedge(seconds=0.8), "lab/model", stream=True)


def test_streams_and_whole_answers_are_timed_apart():
    hedges = Hedges()
    for _ in range(LEAST):
        hedges.times("lab/model", stream=True).add(0.2)

    assert 0.2 == hedges.patience(Hedge(), "lab/model", stream=True)
    assert hedges.patience(Hedge(), "lab/model", stream=False) is None


def test_a_route_keeps_its_budget():
    hedges = Hedges()

    assert hedges.budget("a") is hedges.budget("a")
    assert hedges.budget("a") is not hedges.budget("b")


def test_names_that_clients_made_up_are_forgotten_in_the_end():
    hedges = Hedges()
    first = hedges.times("lab/0", stream=True)
    for number in range(1, MOST_KNOWN + 1):
        hedges.times(f"lab/{number}", stream=True)

    assert hedges.times("lab/0", stream=True) is not first
