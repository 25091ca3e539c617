"""Who may begin, who waits, and whose turn it is."""

from math import inf

import pytest
from crowd import Crowd, Visitor
from hypothesis import given
from hypothesis import strategies as st

from core.target import ADAPTIVE, GRADIENT, OFF, Concurrency
from core.usage import Usage
from routing.gate import Gate
from routing.pace import TOLERANCE, WINDOW, Pace


class Someone(Visitor):
    """Remembers that it was called."""

    def __init__(self, key: str = "") -> None:
        super().__init__(None, key)
        self.called = False

    def enter(self) -> None:
        self.called = True


def gate(concurrency: Concurrency = ADAPTIVE, flying: int = 0) -> Gate:
    made = Gate()
    made.heed(concurrency, flying)
    return made


def joined(it: Gate, flying: int, *who: Someone, most: int = 100) -> list[bool]:
    return [it.join(each, most, flying) for each in who]


def refuse(it: Gate, *flying: int) -> None:
    for of in flying:
        it.refused(0.0, of)


@pytest.mark.parametrize(
    ("concurrency", "most"), [(ADAPTIVE, 2), (GRADIENT, 2), (OFF, inf), (Concurrency(9), 9), (Concurrency(2), 2)]
)
def test_what_is_learned_counts_unless_the_operator_says_otherwise(concurrency, most):
    it = gate(concurrency)

    refuse(it, 5, 5, 5)
    it.slow(1.0, 4, 0.5)

    assert most == it.most == it.room


def test_a_declared_limit_explains_no_refusal():
    assert [False] * 3 == [gate(Concurrency(9)).refused(0.0, 5) for _ in range(3)]


def test_nobody_overtakes_the_line():
    it = gate(Concurrency(2), 2)
    first, second = Someone(), Someone()

    assert [True, True] == joined(it, 2, first, second)
    assert (0, 2, False) == (it.room, it.waiting, first.called)
    it.let_in(1)

    assert (True, False, 0) == (first.called, second.called, it.room)


def test_a_place_is_kept_for_whoever_is_called():
    it = gate(Concurrency(2), 2)
    who = Someone()
    joined(it, 2, who)

    it.let_in(1)
    assert (True, 1) == (who.called, it.room)  # of two places, one is taken and one is kept
    it.taken()

    assert 2 == it.room


def test_a_place_that_is_given_back_goes_to_the_next():
    it = gate(Concurrency(1), 1)
    first, second = Someone(), Someone()
    joined(it, 1, first, second)
    it.let_in(0)

    it.given_back(0)

    assert (True, 0) == (second.called, it.waiting)


def test_where_there_is_room_nobody_waits():
    it = gate(Concurrency(2), 1)
    who = Someone()

    assert [True] == joined(it, 1, who)
    assert (True, 1, 0) == (who.called, it.room, it.waiting)


def test_a_line_has_an_end():
    it = gate(Concurrency(1), 1)

    assert [True, True, False] == joined(it, 1, Someone(), Someone(), Someone(), most=2)


def test_whoever_leaves_makes_way():
    it = gate(Concurrency(1), 1)
    who = Someone()
    joined(it, 1, who)

    it.leave(who)
    it.leave(who)

    assert (1, 0) == (it.room, it.waiting)


@pytest.mark.parametrize(("concurrency", "called"), [(OFF, 3), (ADAPTIVE, 3), (Concurrency(3), 2), (Concurrency(1), 0)])
def test_a_new_limit_lets_in_whom_it_has_room_for(concurrency, called):
    it = gate(Concurrency(1), 1)
    who = [Someone() for _ in range(3)]
    joined(it, 1, *who)

    it.heed(concurrency, 1)

    assert called == sum(each.called for each in who)


def test_the_time_between_two_turns_is_reckoned_from_what_calls_take():
    it = gate(Concurrency(2), 2)
    assert it.turn is None
    for took in (4.0, 9.0, 0.0):
        it.served(10.0, 2, took, None, None)
    joined(it, 2, Someone("a"), Someone("a"), Someone("a"))

    assert (2.5, 3, 1) == (it.turn, it.ahead("a", 1), it.ahead("b", 1))


def test_without_a_limit_there_are_no_turns():
    it = gate()
    it.served(10.0, 2, 4.0, None, None)

    assert it.turn is None


def test_a_target_that_is_out_begins_afresh():
    it = gate()
    refuse(it, 5, 5, 5)

    it.forget()
    it.let_in(0)

    assert inf == it.room


def slowed(it: Gate, seconds: float, *, of: int, stream: bool, output: int = 100, calls: int = WINDOW) -> None:
    for _ in range(calls):
        first = seconds if stream else None
        took = seconds if stream else seconds * output
        it.served(1e6, of, took, first, Usage(output=output))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("concurrency", "seconds", "most"),
    [(GRADIENT, 1.4, inf), (GRADIENT, 3.0, 10), (ADAPTIVE, 3.0, inf), (GRADIENT, 1.8, 16)],
)
def test_slower_answers_are_a_limit_where_the_operator_says_so(stream, concurrency, seconds, most):
    it = gate(concurrency)

    slowed(it, 1.0, of=1, stream=stream)
    slowed(it, seconds, of=20, stream=stream)

    assert most == it.most == it.room


def test_short_answers_in_one_piece_say_nothing():
    it = gate(GRADIENT)

    slowed(it, 1.0, of=1, stream=False)
    slowed(it, 9.0, of=20, stream=False, output=3)

    assert inf == it.most


def test_calls_that_began_before_the_limit_was_reduced_are_not_compared():
    it = gate(GRADIENT)
    slowed(it, 1.0, of=1, stream=True)
    slowed(it, 3.0, of=20, stream=True)
    most = it.most

    # They have been under way since long before.
    for _ in range(WINDOW):
        it.served(1e6 + 1, 9, 9.0, 9.0, Usage(output=100))

    assert most == it.most


def test_reading_the_same_settings_again_changes_nothing():
    it = gate(GRADIENT)
    slowed(it, 1.0, of=1, stream=True)

    it.heed(GRADIENT, 0)
    slowed(it, 3.0, of=20, stream=True)

    assert it.most < inf


@pytest.mark.parametrize(
    ("windows", "share"),
    [
        ([(1.0, 9)], 1.0),
        ([(1.0, 9), (1.4, 9)], 1.0),
        ([(1.0, 9), (3.0, 9)], TOLERANCE / 3),
        ([(0.01, 9), (0.09, 9)], 1.0),  # nobody minds
        ([(1.0, 9), (3.0, 1), (3.0, 9)], 1.0),  # alone, it is as fast as it gets
        ([(2.0, 9), (1.0, 9), (2.0, 9)], 1.0),  # one window may be luck
        ([(2.0, 9), *[(1.0, 9)] * 9, (2.0, 9)], pytest.approx(TOLERANCE / 2, rel=0.1)),
    ],
)
def test_how_much_slower_it_is_than_at_best(windows, share):
    pace = Pace(0.1)
    for seconds, flying in windows:
        told = [pace.took(seconds, flying) for _ in range(WINDOW)]

    assert [1.0] * (WINDOW - 1) == told[:-1]
    assert share == told[-1]


@given(st.integers(1, 40), st.integers(1, 10), st.integers(0, 2**32), st.booleans())
def test_nobody_is_forgotten_and_nobody_begins_beyond_a_declared_limit(clients, most, seed, strays):
    crowd = Crowd(clients, 1000, concurrency=Concurrency(most), seed=seed, strays=0.2 * strays)
    highest = 0
    for _ in range(40):
        crowd.run(0.25)
        highest = max(highest, crowd.vitals.in_flight)

    gate = crowd.vitals.gate
    assert highest <= most
    assert gate.waiting == 0 or crowd.vitals.in_flight == most
    assert crowd.good > 0
