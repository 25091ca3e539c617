"""In which order targets are tried."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playbook import target

from config.schema import Balance
from core.target import Target
from routing.pick import Pick
from routing.strategies import ALIASES, STRATEGIES, strategy_named

# The 99.9 % quantiles of chi-square, by degrees of freedom.
CRITICAL = {1: 10.83, 2: 13.82, 3: 16.27}

TRIO = (target("a", weight=1.0), target("b", weight=2.0), target("c", weight=5.0))


def order(strategy, targets, table=None, pick=None):
    return STRATEGIES[strategy].order(targets, table or [], pick or Pick(11))


def names(strategy, targets, table=None, pick=None) -> str:
    return "".join(targets[number].model for number in order(strategy, targets, table, pick))


def firsts(strategy, targets, table=None, *, times=1500) -> Counter:
    return Counter(targets[order(strategy, targets, table, Pick(seed))[0]].model for seed in range(times))


def flying(*counts):
    return [counts]


def chi_square(counts: Counter, expected: dict[str, float]) -> float:
    return sum((counts[name] - count) ** 2 / count for name, count in expected.items())


def column(name):
    numbers = {"quality": st.floats(0, 1), "headroom": st.floats(0, 1)}.get(name, st.integers(0, 10**15))
    known = numbers if name == "in_flight" else st.none() | numbers
    return st.just(name).flatmap(lambda _: known)


@settings(deadline=None)
@given(data=st.data())
def test_every_strategy_orders_and_never_filters(data):
    strategy = data.draw(st.sampled_from(sorted(STRATEGIES)))
    weights = data.draw(st.lists(st.floats(0, 100), min_size=1, max_size=6))
    targets = tuple(Target("lab", str(number), weight) for number, weight in enumerate(weights))
    row = st.tuples(*map(column, STRATEGIES[strategy].reads))
    table = data.draw(st.lists(row, min_size=len(targets), max_size=len(targets)))
    balance = data.draw(st.sampled_from([Balance(), Balance(1, 0, 0), Balance(0, 0, 3)]))
    seed, turn, sticky = (data.draw(st.integers(0, most)) for most in (2**63 - 1, 1000, 2))

    table = list(zip(*table, strict=True))
    got = order(strategy, targets, table, Pick(seed, turn, sticky, balance))

    assert sorted(got) == list(range(len(targets)))
    assert list(got) == list(order(strategy, targets, table, Pick(seed, turn, sticky, balance)))


def test_order_is_as_written():
    assert names("order", TRIO) == "abc"


def test_round_robin_begins_with_another_one_each_turn():
    assert [names("round_robin", TRIO, pick=Pick(1, turn)) for turn in range(4)] == ["abc", "bca", "cab", "abc"]


def test_weighted_picks_in_proportion_to_weights():
    got = firsts("weighted", TRIO)

    assert chi_square(got, {"a": 1500 / 8, "b": 1500 * 2 / 8, "c": 1500 * 5 / 8}) < CRITICAL[2]


def test_weighted_falls_back_in_proportion_to_weights_as_well():
    orders = [names("weighted", TRIO, pick=Pick(seed)) for seed in range(6000)]

    seconds = Counter(order[1] for order in orders if order[0] == "c")
    count = seconds.total()
    assert chi_square(seconds, {"a": count / 3, "b": count * 2 / 3}) < CRITICAL[1]


@pytest.mark.parametrize("strategy", ["weighted", "least_loaded", "consistent", "affinity"])
def test_a_weight_of_zero_is_a_last_resort(strategy):
    pair = (target("a", weight=0.0), target("b", weight=0.1))

    assert {names(strategy, pair, flying(0, 0), Pick(seed, 0, seed)) for seed in range(50)} == {"ba"}


def test_random_ignores_weights():
    assert chi_square(firsts("random", TRIO), dict.fromkeys("abc", 500.0)) < CRITICAL[2]


@pytest.mark.parametrize(
    ("in_flight", "ordered"), [((3, 1), "ba"), ((0, 1), "ab"), ((1, 4), "ab"), ((1, 2), "ba"), ((None, 2), "ab")]
)
def test_least_loaded_weighs_calls_under_way(in_flight, ordered):
    assert names("least_loaded", TRIO[:2], flying(*in_flight)) == ordered


def test_least_loaded_never_begins_with_the_most_loaded_and_falls_back_by_load():
    equal = tuple(target(name) for name in "abcd")

    orders = {names("least_loaded", equal, flying(0, 1, 2, 3), Pick(seed)) for seed in range(200)}

    assert orders == {"abcd", "bacd", "cabd"}


def test_least_loaded_spreads_evenly_among_equals():
    equal = tuple(target(name) for name in "abcd")

    got = firsts("least_loaded", equal, flying(0, 0, 0, 0))

    assert chi_square(got, dict.fromkeys("abcd", 375.0)) < CRITICAL[3]


# Names


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("order", "order"),
        ("Round-Robin", "round_robin"),
        ("roundrobin", "round_robin"),
        (" weighted round robin ", "weighted"),
        ("least-loaded", "least_loaded"),
        ("cost_optimized", "cost"),
        ("COST-OPTIMIZED", "cost"),
        ("cost-based", "cost"),
        ("cheapest", "cost"),
        ("latency_optimized", "latency"),
        ("latency-based", "latency"),
        ("fastest", "latency"),
        ("quality_optimized", "quality"),
        ("local-first", "local_first"),
        ("capability-match", "capability_match"),
        ("wieghted", None),
        ("", None),
    ],
)
def test_a_strategy_is_known_by_what_others_call_it(said, meant):
    assert strategy_named(said) == meant


def test_every_other_name_means_a_strategy_and_is_none_itself():
    assert set(ALIASES.values()) <= set(STRATEGIES)
    assert not set(ALIASES) & set(STRATEGIES)
