"""In which order targets are tried."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playbook import CALL, target

from core.target import Target
from routing.strategies import STRATEGIES, Pick
from routing.vitals import Vitals

# The 99.9 % quantiles of chi-square, by degrees of freedom.
CRITICAL = {1: 10.83, 2: 13.82, 3: 16.27}

TRIO = (target("a", weight=1.0), target("b", weight=2.0), target("c", weight=5.0))


def pick(*, seed: int = 11, turn: int = 0, vitals: Vitals | None = None) -> Pick:
    rng = Random(seed)
    return Pick(CALL, vitals or Vitals(rng), rng, turn, 0.0)


def names(ordered) -> str:
    return "".join(it.model for it in ordered)


def chi_square(counts: Counter, expected: dict[str, float]) -> float:
    return sum((counts[name] - count) ** 2 / count for name, count in expected.items())


@settings(deadline=None)
@given(
    strategy=st.sampled_from(sorted(STRATEGIES)),
    weights=st.lists(st.floats(0, 100), min_size=1, max_size=6),
    turn=st.integers(0, 1000),
    seed=st.integers(0, 1000),
)
def test_every_strategy_orders_and_never_filters(strategy, weights, turn, seed):
    targets = tuple(Target("lab", str(number), weight) for number, weight in enumerate(weights))

    ordered = STRATEGIES[strategy](targets, pick(turn=turn, seed=seed))

    assert sorted(it.id for it in ordered) == sorted(it.id for it in targets)


def test_order_is_as_written():
    assert STRATEGIES["order"](TRIO, pick()) is TRIO


def test_round_robin_begins_with_another_one_each_turn():
    assert [names(STRATEGIES["round_robin"](TRIO, pick(turn=turn))) for turn in range(4)] == [
        "abc",
        "bca",
        "cab",
        "abc",
    ]


def test_weighted_picks_in_proportion_to_weights():
    it = pick()

    firsts = Counter(STRATEGIES["weighted"](TRIO, it)[0].model for _ in range(1500))

    assert chi_square(firsts, {"a": 1500 / 8, "b": 1500 * 2 / 8, "c": 1500 * 5 / 8}) < CRITICAL[2]


def test_weighted_falls_back_in_proportion_to_weights_as_well():
    it = pick()

    orders = [names(STRATEGIES["weighted"](TRIO, it)) for _ in range(6000)]

    seconds = Counter(order[1] for order in orders if order[0] == "c")
    count = seconds.total()
    assert chi_square(seconds, {"a": count / 3, "b": count * 2 / 3}) < CRITICAL[1]


def test_a_weight_of_zero_is_a_last_resort():
    pair = (target("a", weight=0.0), target("b", weight=0.1))
    it = pick()

    assert {names(STRATEGIES[name](pair, it)) for name in ("weighted", "least_loaded") for _ in range(50)} == {"ba"}


def test_random_ignores_weights():
    it = pick()

    firsts = Counter(STRATEGIES["random"](TRIO, it)[0].model for _ in range(1500))

    assert chi_square(firsts, dict.fromkeys("abc", 500.0)) < CRITICAL[2]


@pytest.mark.parametrize(
    ("in_flight", "ordered"),
    [
        ({"a": 3, "b": 1}, "ba"),
        ({"a": 0, "b": 1}, "ab"),
        ({"a": 1, "b": 4}, "ab"),
        ({"a": 1, "b": 2}, "ba"),
    ],
)
def test_least_loaded_weighs_calls_under_way(in_flight, ordered):
    vitals = Vitals(Random(1))
    for name, count in in_flight.items():
        vitals.target(f"{name}/{name}").in_flight = count

    got = STRATEGIES["least_loaded"](TRIO[:2], pick(vitals=vitals))

    assert names(got) == ordered


def test_least_loaded_never_begins_with_the_most_loaded_and_falls_back_by_load():
    vitals = Vitals(Random(1))
    equal = tuple(target(name) for name in "abcd")
    for load, each in enumerate(equal):
        vitals.target(each.id).in_flight = load
    it = pick(vitals=vitals)

    orders = {names(STRATEGIES["least_loaded"](equal, it)) for _ in range(200)}

    assert orders == {"abcd", "bacd", "cabd"}


def test_least_loaded_spreads_evenly_among_equals():
    it = pick()
    equal = tuple(target(name) for name in "abcd")

    firsts = Counter(STRATEGIES["least_loaded"](equal, it)[0].model for _ in range(1500))

    assert chi_square(firsts, dict.fromkeys("abcd", 375.0)) < CRITICAL[3]
