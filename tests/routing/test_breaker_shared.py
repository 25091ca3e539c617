"""What a breaker remembers after it has closed, and what it hears from others."""

from random import Random

import pytest
from test_breaker import circuit, fail, opened, succeed

from core.faults import Fault
from routing.breaker import CLOSED, HALF_OPEN, OPEN, Circuit


def flap(it: Circuit, now: float, *, well: float) -> tuple[float, float]:
    """It fails, comes back at once when it may, and is well for a while: for how long it was left alone, and now."""
    fail(it, now, times=3)
    pause = it.until - now
    succeed(it, it.until)
    return pause, it.until + well


@pytest.mark.parametrize(
    ("well", "pauses"),
    [
        (1.0, [30, 60, 100, 100]),  # fails again after a short success
        (31.0, [30, 30, 30, 30]),  # is forgiven one opening for each cooldown
        (20.0, [30, 60, 100, 100]),
    ],
)
def test_who_fails_again_after_a_short_success_is_left_alone_for_longer(well, pauses):
    it, now, got = Circuit(Random(1)), 0.0, []
    for _ in pauses:
        pause, now = flap(it, now, well=well)
        got.append(pause)

    assert [pytest.approx(pause, rel=0.101) for pause in pauses] == got


def test_what_was_held_against_it_is_forgiven_with_time():
    it, now = Circuit(Random(1)), 0.0
    for _ in range(5):
        _, now = flap(it, now, well=1.0)

    strikes = []
    for well in (0.0, 60.0, 600.0):
        fail(it, now + well, times=3)
        strikes.append(it.strikes)
        succeed(it, it.until)
        now = it.until

    assert [6, 5, 1] == strikes


def test_what_others_met_opens_it_as_if_it_had_met_it_itself():
    it = circuit()

    it.warned(25.0, Fault.OVERLOADED, 2)
    early, late = it.admits(24.0), it.admits(25.0)
    fail(it, 25.0)

    assert (False, True, OPEN, Fault.BROKEN, 3) == (early, late, it.state, it.cause, it.strikes)
    assert it.until - 25.0 >= 90.0


def test_a_sign_of_life_counts_after_what_others_met():
    it = circuit()
    it.warned(25.0, Fault.OVERLOADED, 1)

    it.lives(5.0)

    assert (HALF_OPEN, True) == (it.state, it.admits(5.0))


@pytest.mark.parametrize("state", [OPEN, HALF_OPEN])
def test_a_warning_changes_nothing_where_a_call_is_trying(state):
    it = opened()
    it.begin(34.0 if state is HALF_OPEN else 5.0)
    before = (it.state, it.until, it.strikes, it.heard)

    it.warned(999.0, Fault.OVERLOADED, 9)

    assert before == (it.state, it.until, it.strikes, it.heard) == (state, it.until, 1, False)


@pytest.mark.parametrize(("until", "late"), [(999.0, True), (1.0, False)])
def test_a_warning_makes_a_cooldown_longer_but_never_shorter(until, late):
    it = opened()
    own = it.until

    it.warned(until, Fault.OVERLOADED, 3)

    assert (OPEN, until if late else own, Fault.BROKEN, 3, 1) == (
        it.state,
        it.until,
        it.cause,
        it.strikes,
        it.transitions[OPEN],
    )


def test_a_warning_opens_again_what_nobody_has_tried_yet():
    it = opened()
    it.cheered(5.0)

    it.warned(60.0, Fault.OVERLOADED, 2)

    assert (OPEN, 60.0, True) == (it.state, it.until, it.heard)


def test_where_others_got_through_a_call_may_try():
    it = opened()

    it.cheered(5.0)

    assert (HALF_OPEN, True, True, False) == (it.state, it.admits(5.0), it.begin(5.0), it.admits(5.0))


@pytest.mark.parametrize("state", [CLOSED, HALF_OPEN, OPEN])
def test_it_changes_nothing_where_a_call_is_trying_or_all_may(state):
    it = circuit() if state is CLOSED else opened()
    probing = state is not CLOSED and it.begin(34.0 if state is HALF_OPEN else 5.0)
    before = (it.state, it.until, it.probing)

    it.cheered(35.0)

    assert before == (it.state, it.until, it.probing) == (state, it.until, probing)


def test_somebody_may_be_told_of_each_change():
    told = []
    it = Circuit(Random(1), lambda: told.append((it.state, it.heard)))

    fail(it, times=3)
    succeed(it, it.until)
    it.warned(999.0, Fault.OVERLOADED, 1)
    it.cheered(500.0)
    succeed(it, 500.0)
    fail(it, 501.0, times=3)

    assert [
        (OPEN, False),
        (HALF_OPEN, False),
        (CLOSED, False),
        (OPEN, True),
        (HALF_OPEN, True),
        (CLOSED, True),
        (OPEN, False),
    ] == told
