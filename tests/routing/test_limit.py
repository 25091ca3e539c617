"""What is learned of how many calls a target takes at a time, from scripts and from servers that are played."""

from math import inf

import pytest
from crowd import Crowd
from hypothesis import given
from hypothesis import strategies as st

from core.target import GRADIENT
from routing.limit import AGAIN, MOST_PATIENCE, Limit


def learned(*refused: int, now: float = 0.0) -> Limit:
    """A limit after so many refusals, each of one of so many calls."""
    limit = Limit()
    for flying in refused:
        limit.refused(now, flying)
    return limit


def serve(limit: Limit, calls: int, *, now: float = 1.0) -> None:
    """As many good calls while the limit is in use."""
    for _ in range(calls):
        limit.served(now, int(limit.most) if limit.most < inf else 1)


@pytest.mark.parametrize(
    ("refused", "most"),
    [
        ([], inf),
        ([50], inf),  # chance
        ([50, 50], inf),
        ([50, 49, 48], 43),
        (range(50, 4, -1), 4),  # four of fifty were taken
        ([3, 2, 2], 1),
        ([1] * 9, inf),  # nobody else was there
    ],
)
def test_the_limit_goes_where_a_burst_of_refusals_ends(refused, most):
    assert most == learned(*refused).most


@pytest.mark.parametrize(("flying", "explained"), [(1, False), (2, True), (30, True)])
def test_a_refusal_is_explained_by_others_that_are_under_way(flying, explained):
    assert explained is learned(9, 9).refused(0.0, flying)


def test_a_share_of_failures_that_may_be_chance_is_no_limit():
    limit = Limit()
    for call in range(1, 1000):
        (limit.refused if call % 10 == 0 else limit.served)(0.0, 30)

    assert limit.most == inf


def test_more_failures_than_chance_are_a_limit():
    limit = Limit()
    for call in range(1, 40):
        (limit.refused if call % 3 == 0 else limit.served)(0.0, 30)

    assert limit.most == 27


def test_it_grows_by_one_for_each_round_of_good_calls_and_ends_at_twice_what_was_refused():
    limit = learned(5, 5, 5)
    seen = [limit.most]
    while limit.most < inf:
        before = limit.most
        while limit.most == before:
            serve(limit, 1)
        seen.append(limit.most)

    assert [4, 5, 6, 7, 8, inf] == seen


def test_good_calls_that_leave_room_are_no_reason_to_grow():
    limit = learned(5, 5, 5)
    for _ in range(100):
        limit.served(1.0, 3)

    assert limit.most == 4


def test_a_step_that_is_refused_is_taken_back_and_the_next_one_waits_longer():
    limit = learned(5, 5, 5)
    waited = []
    for _ in range(7):
        calls = 0
        while limit.most == 4:
            serve(limit, 1)
            calls += 1
        assert limit.refused(1.0, 5)
        waited.append(calls)

    assert [4, 8, 16, 32, 64, 64, 64] == waited
    assert (MOST_PATIENCE, 4) == (waited[-1] / 4, limit.most)


def test_what_was_let_in_before_a_step_was_taken_back_is_no_new_sign():
    limit = learned(5, 5, 5)
    serve(limit, 4)
    limit.refused(1.0, 5)

    for _ in range(5):
        assert limit.refused(1.0, 5)

    assert limit.most == 4


def test_after_a_while_one_round_is_enough():
    limit = learned(5, 5, 5)
    for _ in range(3):
        while limit.most == 4:
            serve(limit, 1)
        limit.refused(1.0, 5)

    serve(limit, 4, now=1.0 + AGAIN)

    assert limit.most == 5


def test_timeouts_of_calls_that_were_under_way_together_count_once():
    limit = Limit()
    for flying in range(20, 0, -1):
        limit.slow(10.0, flying, began=5.0)

    assert limit.most == int(0.7 * 18)
    limit.slow(20.0, 10, began=11.0)
    assert limit.most == 7


def test_a_step_after_which_calls_time_out_is_taken_back():
    limit = learned(5, 5, 5)
    serve(limit, 4)

    limit.slow(3.0, 5, began=2.0)

    assert limit.most == 4


def test_a_timeout_that_may_be_chance_is_no_limit():
    limit = Limit()

    limit.slow(3.0, 5, began=2.0)

    assert limit.most == inf


@pytest.mark.parametrize(("flying", "share", "most"), [(20, 0.5, 10), (20, 0.99, 18), (1, 0.5, inf)])
def test_slowness_takes_as_much_as_would_be_fast(flying, share, most):
    limit = Limit()

    limit.slower(1.0, flying, share)

    assert limit.most == most


def test_a_step_after_which_calls_are_slower_is_taken_back():
    limit = learned(5, 5, 5)
    serve(limit, 4)

    limit.slower(1.0, 5, 0.5)

    assert limit.most == 4


SIGNS = st.sampled_from(["served", "refused", "slow", "slower"])


@given(st.lists(st.tuples(SIGNS, st.integers(1, 60), st.floats(0, 20)), max_size=300))
def test_whatever_happens_it_lets_at_least_one_in_and_never_grows_on_bad_signs(story):
    limit = Limit()
    now = 0.0
    for what, flying, passed in story:
        now += passed
        before = limit.most
        match what:
            case "served":
                limit.served(now, flying)
                assert limit.most >= before
            case "refused":
                limit.refused(now, flying)
            case "slow":
                limit.slow(now, flying, now - 1.0)
            case "slower":
                limit.slower(now, flying, 0.6)
        assert what == "served" or limit.most <= before
        assert limit.most == inf or (limit.most >= 1 and limit.most == int(limit.most))


# Servers that are played


@pytest.mark.parametrize(("clients", "capacity"), [(50, 4), (3, 1), (60, 40), (300, 100)])
def test_the_limit_settles_at_what_the_server_takes(clients, capacity):
    crowd = Crowd(clients, capacity)
    crowd.run(20)
    refused, good = crowd.refused, crowd.good

    crowd.run(60)

    assert capacity * 0.95 <= crowd.most <= capacity + 1
    assert crowd.refused - refused < 0.07 * (crowd.good - good)
    assert crowd.good - good > 0.9 * capacity * 60


def test_the_limit_follows_a_server_that_takes_more_and_then_less():
    crowd = Crowd(60, 4)
    seen = []
    for capacity in (4, 40, 5):
        crowd.capacity = capacity
        crowd.run(60)
        seen.append(crowd.most)

    assert [4, 40, 5] == [pytest.approx(most, abs=1) for most in seen]


def test_a_server_that_takes_everybody_gets_everybody():
    crowd = Crowd(20, 30)

    crowd.run(60)

    assert (inf, 0) == (crowd.most, crowd.refused)


@pytest.mark.parametrize("strays", [0.01, 0.02, 0.05])
def test_failures_by_chance_hardly_cost_any_calls(strays):
    free, limited = Crowd(30, 1000), Crowd(30, 1000, strays=strays)
    for crowd in (free, limited):
        crowd.run(100)

    assert limited.good > free.good * (1 - 2 * strays)


def test_timeouts_lead_to_a_limit_at_which_calls_come_in_time():
    crowd = Crowd(50, 8, queues=True, patience=2.5)
    crowd.run(100)
    late, good = crowd.refused, crowd.good

    crowd.run(100)

    assert crowd.refused - late < 0.2 * (crowd.good - good)


@pytest.mark.parametrize(("clients", "capacity"), [(50, 8), (100, 30)])
def test_a_server_that_gets_slower_is_asked_for_about_as_much_as_it_does_at_a_time(clients, capacity):
    crowd = Crowd(clients, capacity, queues=True, concurrency=GRADIENT)
    crowd.run(100)
    good = crowd.good

    crowd.run(100)

    assert capacity <= crowd.most <= 3 * capacity
    assert crowd.good - good > 0.95 * capacity * 100
