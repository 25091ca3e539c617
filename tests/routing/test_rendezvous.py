"""Calls that belong together meet the same target; where one leaves, only its own go elsewhere."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playbook import CALL, target

from core.wishes import Wishes
from routing.pick import Pick
from routing.rendezvous import mark
from routing.sticky import PREFIX, prefix, session, sticky
from routing.strategies import STRATEGIES

SESSIONS = 4000
FIVE = tuple(target(name) for name in "abcde")


def first(strategy, targets, session, in_flight=()):
    table = [in_flight or [0] * len(targets)]
    return targets[STRATEGIES[strategy].order(targets, table, Pick(1, 0, mark(str(session))))[0]].model


@pytest.mark.parametrize("strategy", ["affinity", "consistent"])
def test_when_a_target_leaves_only_its_share_moves(strategy):
    before = [first(strategy, FIVE, each) for each in range(SESSIONS)]
    after = [first(strategy, FIVE[:-1], each) for each in range(SESSIONS)]

    assert [was for was, now in zip(before, after, strict=True) if was != now] == ["e"] * before.count("e")
    moved = Counter(now for was, now in zip(before, after, strict=True) if was == "e")
    # Five standard deviations of a binomial with a quarter of those that moved.
    assert all(abs(moved[name] - moved.total() / 4) < 5 * (moved.total() * 3 / 16) ** 0.5 for name in "abcd")


@pytest.mark.parametrize("strategy", ["affinity", "consistent"])
def test_shares_are_in_proportion_to_weights(strategy):
    targets = (target("a", weight=1.0), target("b", weight=3.0))

    share = sum(first(strategy, targets, each) == "b" for each in range(SESSIONS)) / SESSIONS

    assert abs(share - 0.75) < 5 * (0.75 * 0.25 / SESSIONS) ** 0.5


@given(order=st.permutations(FIVE), name=st.text())
def test_neither_the_order_of_targets_nor_the_call_matters(order, name):
    seeds = {STRATEGIES["consistent"].order(FIVE, [], Pick(seed, 0, mark(name)))[0] for seed in range(3)}

    assert {first("consistent", tuple(order), name)} == {FIVE[number].model for number in seeds}


def test_who_has_more_than_its_share_is_passed_over_until_it_has_not():
    home = first("affinity", FIVE, "me")
    away = first("affinity", tuple(each for each in FIVE if each.model != home), "me")

    def with_load(load, others):
        return first("affinity", FIVE, "me", [load if each.model == home else others for each in FIVE])

    assert [with_load(3, 0), with_load(4, 0), with_load(5, 4), with_load(60, 50), with_load(70, 50)] == [
        home,
        away,
        home,
        home,
        away,
    ]


def test_load_does_not_move_those_that_stick_strictly():
    home = first("consistent", FIVE, "me")

    assert home == first("consistent", FIVE, "me", [1000 if each.model == home else 0 for each in FIVE])


def test_whose_calls_belong_to_nobody_are_spread():
    orders = Counter(STRATEGIES["consistent"].order(FIVE, [], Pick(seed))[0] for seed in range(1000))

    assert all(140 < orders[number] < 260 for number in range(5))


# Who belongs together


def call(body=None, **wishes):
    return CALL._replace(body=body or {}, wishes=Wishes(**wishes))


SYSTEM = {"role": "system", "content": "You are kind."}
HELLO = {"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "image_url"}, "odd", {"text": 1}]}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (call({"user": "u", "prompt_cache_key": "k"}, session="s"), "s"),
        (call({"user": "u", "metadata": {"session_id": "m"}, "prompt_cache_key": "k"}), "k"),
        (call({"user": "u", "metadata": {"session_id": "m"}}), "m"),
        (call({"user": "u", "metadata": "odd"}), "u"),
        (call({"user": 7}), ""),
        (call(), ""),
    ],
)
def test_a_session_is_what_the_client_calls_so(one, expected):
    assert session(one) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"messages": [SYSTEM, HELLO, {"role": "user", "content": "again"}]}, "You are kind.Hello"),
        ({"messages": [SYSTEM, "odd", HELLO]}, "You are kind."),
        ({"messages": [{"role": "system", "content": None}]}, ""),
        ({"messages": [{"role": "user", "content": "x" * 9000}]}, "x" * PREFIX),
        ({"prompt": "Once"}, "Once"),
        ({"input": ["a", "b"]}, "['a', 'b']"),
        ({}, ""),
    ],
)
def test_a_prompt_begins_with_what_comes_up_to_the_first_message_of_the_user(body, expected):
    assert prefix(call(body)) == expected


def test_a_conversation_is_its_session_or_how_it_begins():
    begun = call({"messages": [SYSTEM, HELLO]})
    later = call({"messages": [SYSTEM, HELLO, {"role": "assistant", "content": "Hi"}, HELLO]})
    named = call({"messages": [SYSTEM, HELLO]}, session="s")

    marks = [sticky("conversation", one, "key") for one in (begun, later, named)]

    assert marks[0] == marks[1] != marks[2]
    assert [sticky("conversation", call(), "key"), sticky("conversation", named, "key")] == [0, mark("s")]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (call({"user": "u"}, session="s"), "s"),
        (call({"user": "u", "safety_identifier": "i"}), "i"),
        (call({"user": "u"}), "u"),
        (call({"user": 7}), "key"),
        (call({"prompt_cache_key": "k"}), "key"),
    ],
)
def test_a_person_is_the_clients_user_or_its_key(one, expected):
    assert sticky("person", one, "key") == mark(expected)


def test_nobody_is_nobody():
    assert sticky("person", call(), "") == 0


@given(text=st.text(st.characters()))
def test_a_mark_fits_into_a_ledger(text):
    assert 0 < mark(text) < 1 << 63


def test_each_of_many_wins_its_share_and_each_pair_is_even():
    many = tuple(target(f"model-{number}") for number in range(40))
    orders = [STRATEGIES["consistent"].order(many, [], Pick(1, 0, mark(str(each)))) for each in range(SESSIONS)]

    won = Counter(order[0] for order in orders)
    assert all(abs(won[number] - SESSIONS / 40) < 5 * (SESSIONS / 40) ** 0.5 for number in range(40))
    places = [{number: place for place, number in enumerate(order)} for order in orders]
    for one in range(0, 40, 3):
        for other in range(one + 1, 40, 3):
            ahead = sum(place[one] < place[other] for place in places)
            assert abs(ahead - SESSIONS / 2) < 5 * (SESSIONS / 4) ** 0.5
