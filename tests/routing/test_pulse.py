"""How fast a target is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.pulse import FADES, LONGEST, UNKNOWN, Pulse, moved


def pulse(*answers, gap=1.0) -> Pulse:
    """After *answers*: (seconds, tokens, first), or seconds until it failed."""
    it = Pulse()
    for number, answer in enumerate(answers, 1):
        if isinstance(answer, tuple):
            it.answered(number * gap, *answer)
        else:
            it.failed(number * gap, answer)
    return it


def shown(it: Pulse) -> tuple:
    return None if it.first is None else round(it.first, 4), round(it.pace, 4)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], (None, 0.0)),
        ([(2.5, 100, 0.5)], (0.5, 0.02)),
        ([(2.5, 3, 0.5)], (0.5, 0.0)),  # a few tokens say nothing about the pace
        ([(2.0, 100)], (0.4, 0.016)),  # in one piece: a guess of how it divides
        ([(2.0, 0)], (2.0, 0.0)),  # embeddings
        ([(2.5, 100, 0.5), (4.6, 100, 0.6)], (0.6, 0.04)),  # slower at once
        ([(2.5, 100, 0.5), (9.0, 100, 9.0)], (1.0, 0.018)),  # a lone peak is twice as slow at most
        ([(2.5, 100, 0.5), (0.2, 1, 0.2)], (0.47, 0.02)),  # faster bit by bit
        ([(2.0, 0), (4.0, 100)], (2.0, 0.02)),
        ([(2.0, 100), (4.0, 100)], (0.8, 0.032)),  # both parts change alike
        ([(2.0, 100), (1.0, 100)], (0.38, 0.0152)),
        ([(0.0, 0), (0.0, 0)], (0.0, 0.0)),
        ([(0.0, 0), (1.0, 0, 1.0)], (1.0, 0.0)),
        ([0.01], (UNKNOWN, 0.0)),
        ([30.0], (30.0, 0.0)),
        ([(2.5, 100, 0.5), 0.01], (1.0, 0.04)),
        ([(2.5, 100, 0.5), 30.0], (30.0, 0.04)),
        ([30.0, 30.0, 30.0], (LONGEST, 0.0)),
    ],
)
def test_a_pulse_follows_answers_and_failures(answers, expected):
    assert shown(pulse(*answers)) == expected


@pytest.mark.parametrize(
    ("answers", "given_up", "first"),
    [([], 9.0, None), ([(2.5, 100, 0.5)], 0.4, 0.5), ([(2.5, 100, 0.5)], 0.8, 0.8), ([(2.5, 100, 0.5)], 9.0, 1.0)],
)
def test_who_is_given_up_for_a_quicker_one_is_slower_than_that_and_never_faster(answers, given_up, first):
    it = pulse(*answers)

    it.slower_than(5.0, given_up)

    assert it.first == first


def test_a_stream_tells_of_its_first_content_at_once_and_of_its_pace_at_the_end():
    it = Pulse()

    it.opened(1.0, 0.5)
    opened = shown(it)
    it.paced(4.0, 2.0, 100)
    it.opened(5.0, 0.8)

    assert (opened, shown(it), it.heard) == ((0.5, 0.0), (0.8, 0.02), 5.0)


@pytest.mark.parametrize(
    ("silence", "in_flight", "expected"), [(1.4, 9, 0.5), (1.5, 9, 0.5), (2.5, 1, 1.5), (2.5, 9, 9.5)]
)
def test_who_is_silent_looks_slow_and_the_slower_the_more_calls_wait(silence, in_flight, expected):
    it = pulse((2.5, 100, 0.5))
    it.heard = 10.0

    assert it.quiet(10.0 + silence, in_flight) == pytest.approx(expected)


def test_who_never_answered_is_as_slow_as_it_is_silent():
    it = Pulse()
    it.heard = 10.0

    assert it.quiet(12.0, 3) == 6.0


@pytest.mark.parametrize(("share", "leaves"), [(100, False), (2, True)])
def test_who_fails_often_is_slow_and_who_fails_seldom_is_not(share, leaves):
    it = pulse(*[0.01 if number % share == share - 1 else (1.0, 1, 1.0) for number in range(300)], gap=0.01)

    assert (it.first > 3) == leaves


def test_whoever_was_slow_is_fast_again_in_seconds():
    it = pulse(*[(9.0, 1, 9.0)] * 9, *[(1.0, 1, 1.0)] * 60, gap=0.5)

    assert it.first < 1.5


@given(average=st.floats(0, 100), new=st.floats(0, 100), gap=st.floats(0, 1e6))
def test_an_average_stays_between_what_was_and_what_is(average, new, gap):
    got = moved(average, new, gap)

    assert min(average, new) - 1e-9 <= got <= max(average, new) + 1e-9


# What a client that left has seen


@pytest.mark.parametrize(
    ("answers", "waited", "tokens", "expected"),
    [
        ([], 1.0, 0, (None, 0.0)),
        ([], 9.0, 0, (9.0, 0.0)),  # it may have been dead from the start
        ([(2.5, 100, 0.5)], 0.4, 0, (0.5, 0.02)),
        ([(2.5, 100, 0.5)], 0.8, 0, (0.8, 0.02)),
        ([(2.5, 100, 0.5)], 60.0, 0, (1.0, 0.02)),
        ([(2.5, 100, 0.5)], 2.4, 100, (0.5, 0.02)),
        ([(2.5, 100, 0.5)], 3.75, 100, (0.75, 0.03)),  # both parts change alike
        ([(0.0, 0)], 60.0, 0, (0.0, 0.0)),
    ],
)
def test_who_lets_clients_wait_until_they_leave_is_slow(answers, waited, tokens, expected):
    it = pulse(*answers)

    it.given_up(5.0, waited, tokens)

    assert shown(it) == expected


# Well again


@pytest.mark.parametrize(("gap", "expected"), [(FADES, 0.5), (FADES - 1, 21.15)])
@pytest.mark.parametrize("opens", [True, False])
def test_the_first_good_answer_long_after_a_failure_says_what_it_is_now(gap, expected, opens):
    it = pulse((0.5, 1, 0.5), 30.0)

    if opens:
        it.opened(2.0 + gap, 0.5)
    else:
        it.answered(2.0 + gap, 0.5, 1, 0.5)

    assert (it.first, it.at) == (pytest.approx(expected), 2.0)


def test_another_look_is_due_until_an_answer_fits_what_is_believed():
    it = pulse((9.0, 1, 9.0))

    seen = []
    for number in range(14):
        it.opened(20.0 + number, 1.0)
        seen.append(it.at)

    assert [1.0] * 12 + [32.0, 33.0] == seen
    assert it.first < 1.1
