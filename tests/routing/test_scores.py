"""Strategies that know what they want, and how those share the calls who are equally good."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playbook import target

from config.schema import BALANCE, Balance
from routing.pick import Pick
from routing.scores import AHEAD, balance, expected, middle
from routing.strategies import STRATEGIES

QUARTET = tuple(target(name) for name in "abcd")


def firsts(strategy, table, *, times=400, balance=BALANCE) -> Counter:
    targets = QUARTET[: len(table)]
    order = STRATEGIES[strategy].order
    columns = list(zip(*table, strict=True))
    return Counter(targets[order(targets, columns, Pick(seed, balance=balance))[0]].model for seed in range(times))


def order(strategy, table, *, seed=3, balance=BALANCE) -> str:
    numbers = STRATEGIES[strategy].order(
        QUARTET[: len(table)], list(zip(*table, strict=True)), Pick(seed, balance=balance)
    )
    return "".join(QUARTET[number].model for number in numbers)


# The fastest


def test_the_fastest_comes_first_and_the_others_by_their_times():
    assert order("latency", [(900, 1, 0), (300, 1, 0), (2000, 1, 0)]) == "bac"


def test_who_is_nearly_as_fast_shares_the_calls():
    got = firsts("latency", [(1000, 1, 0), (1090, 1, 0), (1200, 1, 0)])

    assert (got["a"] > 120, got["b"] > 120, got["c"]) == (True, True, 0)


def test_of_equally_fast_ones_the_less_loaded_comes_first():
    assert firsts("latency", [(1000, 1, 5), (1000, 1, 2)]) == {"b": 400}


def test_who_was_never_tried_gets_a_share_but_no_more_than_a_quarter():
    got = firsts("latency", [(300, 1, 0), (None, None, 0), (None, None, 0)], times=1000)

    assert 200 < got["b"] + got["c"] < 300
    assert abs(got["b"] - got["c"]) < 60


def test_one_call_at_a_time_tries_who_was_never_tried():
    assert firsts("latency", [(300, 1, 0), (None, None, 1)]) == {"a": 400}


def test_where_nobody_was_tried_everybody_gets_a_share():
    got = firsts("latency", [(None, None, 0)] * 4, times=1000)

    assert all(190 < got[name] < 310 for name in "abcd")


def test_who_was_not_heard_of_for_long_gets_a_look_now_and_then():
    got = firsts("latency", [(300, 1, 0), (3000, 11, 0), (3000, 9, 0), (3000, 90, 1)], times=5000)

    assert 25 < got["b"] < 85
    assert got["a"] + got["b"] == 5000


def test_who_was_slow_is_forgiven_with_time_but_a_fast_one_stays_fast():
    got, usual = expected((100, 1000, 5000, 5000, None), (9999, 0, 0, 300, None))

    assert got[:3] == [100, 1000, 5000]
    assert 2000 < got[3] < 3000
    assert got[4] == usual == 1000


# The cheapest, the best, the freest


def test_the_cheapest_comes_first_and_the_unknown_last():
    assert order("cost", [(None, 0), (500, 0), (499, 0), (0, 0)]) == "dcba"


def test_equally_cheap_ones_share_the_calls_by_load():
    assert firsts("cost", [(5, 4), (5, 1), (6, 0)]) == {"b": 400}


def test_the_best_comes_first_and_who_is_nearly_as_good_shares():
    got = firsts("quality", [(0.9, 0), (0.89, 0), (0.8, 0), (None, 0)])

    assert set(got) == {"a", "b"}
    assert order("quality", [(0.1, 0), (0.9, 0), (None, 0)]) == "bac"


def test_most_headroom_comes_first_and_who_tells_of_no_limit_has_none():
    assert order("headroom", [(0.1, 0), (0.6, 0), (0.3, 0)]) == "bca"
    assert set(firsts("headroom", [(0.95, 0), (None, 0), (0.5, 0)])) == {"a", "b"}


# The balance


ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 10**12),
        st.none() | st.floats(0, 1),
        st.none() | st.integers(0, 10**6),
        st.none() | st.integers(0, 10**4),
        st.integers(0, 100),
    ),
    min_size=1,
    max_size=4,
)


@given(rows=ROWS, weights=st.tuples(*[st.floats(0.001, 1000)] * 3))
def test_a_balance_is_above_nothing_and_far_from_what_is_preferred(rows, weights):
    got = balance(list(zip(*rows, strict=True)), Pick(1, balance=Balance(*weights)))

    assert all(-1e-9 <= one < AHEAD / 10 for one in got)


@given(rows=ROWS, factor=st.integers(1, 1000))
def test_neither_units_nor_the_sum_of_weights_matter(rows, factor):
    columns = list(zip(*rows, strict=True))
    scaled = [
        [None if one is None else one * factor for one in column] if number in {0, 2} else column
        for number, column in enumerate(columns)
    ]

    one = balance(columns, Pick(1))
    other = balance(scaled, Pick(1, balance=Balance(4, 4, 2)))

    assert other == pytest.approx(one)


@pytest.mark.parametrize(
    ("weights", "first"),
    [(Balance(1, 0, 0), "a"), (Balance(0, 1, 0), "b"), (Balance(0, 0, 1), "c"), (Balance(1, 1, 1), "d")],
)
def test_weights_say_what_counts(weights, first):
    table = [(100, 0.2, 5000, 0, 0), (9000, 0.95, 5000, 0, 0), (9000, 0.2, 300, 0, 0), (1000, 0.8, 800, 0, 0)]

    assert order("balanced", table, balance=weights)[0] == first


def test_equals_are_spread_by_load_and_chance():
    idle = firsts("balanced", [(100, 0.5, 400, 0, 0), (101, 0.5, 440, 0, 0), (100, 0.49, None, None, 0)])
    busy = firsts("balanced", [(100, 0.5, 400, 0, 9), (100, 0.5, 400, 0, 3)])

    assert all(idle[name] > 90 for name in "abc")
    assert busy == {"b": 400}


def test_what_nobody_knows_counts_as_what_is_usual():
    table = [(100, 0.5, 400, 0, 0), (None, 0.5, 400, 0, 0), (10_000, 0.5, 400, 0, 0), (300, 0.5, 400, 0, 0)]

    assert order("balanced", table, balance=Balance(1, 0, 0)) in {"abdc", "adbc"}


@pytest.mark.parametrize("strategy", ["local_first", "capability_match"])
def test_what_is_preferred_comes_before_any_balance(strategy):
    table = [
        (0, 0, 1.0, 1, 0, 0),
        (1, 900, 0.1, 9000, 0, 7),
        (1, 100, 0.9, 100, 0, 0),
        (None, 0, 1.0, 1, 0, 0),
    ]

    assert order(strategy, table)[:2] == "cb"


def test_the_middle_is_of_what_is_known():
    assert (middle([]), middle([None]), middle([3, None, 1, 2]), middle([1, 2])) == (None, None, 2, 1)


@pytest.mark.parametrize(
    ("strategy", "rows", "looks"),
    [
        ("balanced", [(1, 0.5, 300, 0, 0), (1, 0.5, 9000, 11, 0)], True),
        ("balanced", [(1, 0.5, 300, 0, 0), (1, 0.5, 9000, 9, 0)], False),  # it was heard a moment ago
        ("balanced", [(1, 0.5, 300, 0, 0), (1, 0.5, 9000, 11, 1)], False),  # somebody is looking
        ("balanced", [(1, 0.5, 300, 0, 0), (9, 0.5, 9000, 11, 0)], False),  # it would be too dear, however fast
        ("local_first", [(1, 1, 0.5, 300, 0, 0), (1, 1, 0.5, 9000, 11, 0)], True),
        ("local_first", [(1, 1, 0.5, 300, 0, 0), (0, 1, 0.5, 9000, 11, 0)], False),
    ],
)
def test_a_balance_looks_now_and_then_at_who_would_be_as_good_if_it_were_well_again(strategy, rows, looks):
    got = firsts(strategy, rows, times=4000)

    assert (15 < got["b"] < 80) if looks else got["b"] == 0
