"""Opaque state between the turns of a client that doesn't send it back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.remembered import _LARGEST, _OVERHEAD, Recollection, Remembered


def place(id="c1", *, provider="p", key="alice"):
    return (provider, key, id)


def test_what_was_said_is_found_by_the_id_of_its_call():
    memory = Remembered()

    memory.keep("p", "alice", {"c1": {"thought": [1, "é"]}, "c2": {}})

    assert memory.find(place()) == {"thought": [1, "é"]}
    assert memory.find(place("c2")) == {}
    assert memory.find(place("c3")) is None


@pytest.mark.parametrize(
    "other", [place(key="bob"), place(key=""), place(provider="q"), place("C1"), ("palice", "", "c1")]
)
def test_nobody_finds_what_was_said_to_others(other):
    memory = Remembered()

    memory.keep("p", "alice", {"c1": {"secret": 1}})

    assert memory.find(other) is None
    assert Recollection(memory, other[0], other[1]).recall(other[2]) is None


def test_a_client_recalls_its_own():
    memory = Remembered()
    memory.keep("p", "alice", {"c1": {"a": 1}})

    assert Recollection(memory, "p", "alice").recall("c1") == {"a": 1}


def test_what_is_found_is_a_copy():
    memory = Remembered()
    state = {"a": [1]}
    memory.keep("p", "alice", {"c1": state})

    state["a"].append(2)
    memory.find(place())["a"].append(3)

    assert memory.find(place()) == {"a": [1]}


def test_the_last_word_counts():
    memory = Remembered()

    memory.keep("p", "alice", {"c1": {"a": "x" * 1000}})
    memory.keep("p", "alice", {"c1": {"a": 2}})

    assert memory.find(place()) == {"a": 2}
    assert memory._size == _OVERHEAD + 2 + len(b'{"a":2}')


def deep():
    state = {}
    for _ in range(300):
        state = {"a": state}
    return state


@pytest.mark.parametrize("state", [{"a": "x" * _LARGEST}, deep()], ids=["large", "deep"])
def test_what_can_not_be_kept_is_not_and_takes_what_was_there_before_along(state):
    memory = Remembered()
    memory.keep("p", "alice", {"c1": {"old": 1}})

    memory.keep("p", "alice", {"c1": state, "c2": {"a": 1}})

    assert memory.find(place()) is None
    assert memory.find(place("c2")) == {"a": 1}


def test_what_was_used_last_stays_longest():
    memory = Remembered(3 * (_OVERHEAD + 20))
    for id in ("c1", "c2", "c3"):
        memory.keep("p", "alice", {id: {"a": 1}})

    memory.find(place("c1"))
    memory.keep("p", "alice", {"c4": {"a": 1}})

    assert [memory.find(place(id)) is not None for id in ("c1", "c2", "c3", "c4")] == [True, False, True, True]


def test_many_tiny_states_have_a_bound_too():
    memory = Remembered(100_000)

    for number in range(2_000):
        memory.keep("p", "alice", {f"{number}": {}})

    assert len(memory._kept) < 100_000 / _OVERHEAD


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "22", "333"]), st.text(max_size=600)), max_size=30)
)
def test_its_size_is_that_of_what_it_holds_and_never_above_the_bound(said):
    memory = Remembered(2_500)

    for key, id, text in said:
        memory.keep("p", key, {id: {"s": text}})

    held = sum(_OVERHEAD + len(id) + len(data) for (_, _, id), data in memory._kept.items())
    assert held == memory._size
    assert memory._size <= 2_500
