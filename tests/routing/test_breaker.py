"""When a target is left alone, and how it comes back."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from playbook import failure

from config.schema import Breaker
from core.faults import Fault
from core.target import USUAL
from routing.breaker import CLOSED, HALF_OPEN, OPEN, Circuit
from routing.vitals import Vitals

POLICY = Breaker(failures=3, cooldown=30, max_cooldown=100, ratio=0.5, minimum=10, window=20)
BROKEN = failure(Fault.BROKEN)


def circuit() -> Circuit:
    return Circuit(Random(1))


def fail(circuit: Circuit, now: float = 0.0, *, times: int = 1, retry_after: float | None = None) -> None:
    for _ in range(times):
        probe = circuit.begin(now)
        circuit.failed(now, POLICY, failure(Fault.BROKEN, retry_after=retry_after), probe=probe)


def succeed(circuit: Circuit, now: float = 0.0, *, times: int = 1) -> None:
    for _ in range(times):
        circuit.succeeded(now, POLICY, probe=circuit.begin(now))


def opened() -> Circuit:
    made = circuit()
    fail(made, times=3)
    return made


def test_it_opens_after_failures_in_a_row():
    it = circuit()

    fail(it, times=2)
    before = it.admits(0.0)
    fail(it)

    assert (before, it.admits(0.0), it.state, it.cause) == (True, False, OPEN, Fault.BROKEN)


def test_a_success_starts_the_row_again():
    it = circuit()

    fail(it, times=2)
    succeed(it)
    fail(it, times=2)

    assert it.state == CLOSED


def test_it_opens_when_too_large_a_share_fails():
    it = circuit()

    for _ in range(5):
        succeed(it)
        fail(it)

    assert it.state == OPEN


def broken_by(fault: Fault, **facts: object) -> Circuit:
    made = circuit()
    for _ in range(3):
        made.failed(0.0, POLICY, failure(fault, **facts), probe=made.begin(0.0))
    return made


@pytest.mark.parametrize(
    ("pause", "state"),
    [(0.0, OPEN), (21.0, OPEN), (30.0, CLOSED), (41.0, CLOSED)],
)
def test_the_past_window_counts_as_far_as_it_reaches(pause, state):
    it = circuit()

    for _ in range(4):
        succeed(it, 0.0)
        fail(it, 0.0)
    succeed(it, pause)
    fail(it, pause, times=2)

    assert it.state == state


def test_the_cooldown_is_jittered_by_a_tenth():
    pauses = []

    for seed in range(50):
        it = Circuit(Random(seed))
        fail(it, 100.0, times=3)
        pauses.append(it.until - 100.0)

    assert 27.0 <= min(pauses) < 28.0
    assert 32.0 < max(pauses) <= 33.0


@pytest.mark.parametrize(("retry_after", "pause"), [(60.0, 60.0), (900.0, 100.0)])
def test_a_longer_retry_after_is_honoured_up_to_the_longest_cooldown(retry_after, pause):
    it = circuit()

    fail(it, times=3, retry_after=retry_after)

    assert it.until == pause


def test_after_the_cooldown_one_call_at_a_time_is_let_through():
    it = opened()

    early = it.admits(26.0)
    late = it.admits(34.0)
    probe = it.begin(34.0)

    assert (early, late, probe, it.admits(34.0), it.state) == (False, True, True, False, HALF_OPEN)


def test_the_success_of_a_probe_closes_it_and_forgets():
    it = opened()

    succeed(it, 34.0)
    fail(it, 34.0, times=2)

    assert it.state == CLOSED


def test_the_failure_of_a_probe_opens_it_for_twice_as_long_up_to_a_limit():
    it = opened()
    pauses = []

    for _ in range(3):
        now = it.until
        fail(it, now)
        pauses.append(it.until - now)

    assert 54.0 <= pauses[0] <= 66.0
    assert [90.0 <= pause <= 100.0 for pause in pauses[1:]] == [True, True]


def test_a_probe_that_learned_nothing_lets_the_next_one_through():
    it = opened()

    it.learned_nothing(probe=it.begin(34.0))

    assert (it.admits(34.0), it.state, it.begin(34.0)) == (True, HALF_OPEN, True)


def test_a_last_resort_that_fails_leaves_the_cooldown_as_it_is():
    it = opened()
    until = it.until

    fail(it, 5.0, times=9)

    assert (it.until, it.state, it.admits(5.0)) == (until, OPEN, False)


def test_a_last_resort_that_succeeds_closes_it():
    it = opened()

    succeed(it, 5.0)

    assert it.state == CLOSED


@pytest.mark.parametrize("state", [OPEN, HALF_OPEN])
def test_calls_from_before_it_opened_change_nothing(state):
    it = opened()
    probing = state == HALF_OPEN and it.begin(34.0)

    it.succeeded(34.0, POLICY, probe=False)
    it.failed(34.0, POLICY, BROKEN, probe=False)
    it.learned_nothing(probe=False)

    assert (it.state, it.probing) == (state, probing)


def test_transitions_are_counted():
    it = opened()

    fail(it, 34.0)
    succeed(it, it.until)

    assert it.transitions == {CLOSED: 1, OPEN: 2, HALF_OPEN: 2}


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.TIMEOUT, Fault.OVERLOADED])
def test_a_sign_of_life_ends_the_cooldown_after_what_was_passing(fault):
    it = broken_by(fault)

    it.lives(5.0)

    assert (HALF_OPEN, True, False) == (it.state, it.admits(5.0), it.probing)
    assert it.begin(5.0)
    assert not it.admits(5.0)


@pytest.mark.parametrize(
    ("fault", "facts"),
    [(Fault.BROKEN, {}), (Fault.OVERLOADED, {"retry_after": 20.0}), (Fault.UNREACHABLE, {"retry_after": 0.0})],
)
def test_a_sign_of_life_says_nothing_about_the_rest(fault, facts):
    it = broken_by(fault, **facts)
    until = it.until

    it.lives(5.0)

    assert (OPEN, until) == (it.state, it.until)


def test_a_sign_of_life_that_calls_contradict_is_not_believed_again():
    it = broken_by(Fault.OVERLOADED)
    it.lives(5.0)
    probe = it.begin(5.0)
    it.failed(5.0, POLICY, failure(Fault.OVERLOADED), probe=probe)
    until = it.until

    it.lives(6.0)

    assert (OPEN, until) == (it.state, it.until)
    assert until - 5.0 >= 54.0


def test_a_success_makes_signs_of_life_believed_again():
    it = broken_by(Fault.OVERLOADED)
    it.lives(5.0)
    succeed(it, 5.0)
    for _ in range(3):
        it.failed(6.0, POLICY, failure(Fault.OVERLOADED), probe=it.begin(6.0))

    it.lives(7.0)

    assert HALF_OPEN == it.state


@pytest.mark.parametrize("state", [CLOSED, HALF_OPEN, OPEN])
def test_a_sign_of_life_disturbs_nothing_that_is_under_way(state):
    it = circuit() if state is CLOSED else broken_by(Fault.OVERLOADED)
    probing = state is not CLOSED and it.begin(34.0 if state is HALF_OPEN else 5.0)
    before = (it.state, it.until, it.probing)

    it.lives(35.0)

    assert before == (it.state, it.until, it.probing) == (state, it.until, probing)


class Life(RuleBasedStateMachine):
    """A target under any interleaving of calls, as Vitals keep it."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.vitals = Vitals(Random(3)).target("lab/model")
        self.calls: list[bool] = []

    @rule(seconds=st.sampled_from([0.1, 5.0, 40.0, 300.0]))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def a_call_begins(self):
        if self.vitals.available(self.now):
            self.calls.append(self.vitals.begin(self.now))

    @rule()
    def a_last_resort_begins(self):
        if not self.vitals.circuit.probing:
            self.calls.append(self.vitals.begin(self.now))

    @rule()
    def the_provider_shows_a_sign_of_life(self):
        self.vitals.circuit.lives(self.now)

    @rule(
        seconds=st.floats(0.1, 100.0),
        cause=st.sampled_from([Fault.BROKEN, Fault.OVERLOADED]),
        strikes=st.integers(1, 9),
    )
    def others_warn(self, seconds, cause, strikes):
        self.vitals.circuit.warned(self.now + seconds, cause, strikes)

    @rule()
    def others_cheer(self):
        self.vitals.circuit.cheered(self.now)

    @rule(good=st.booleans(), fault=st.sampled_from([Fault.UNREACHABLE, Fault.OVERLOADED]))
    def a_question_is_asked(self, good, fault):
        if good:
            self.vitals.provider.presence.beat(USUAL)
        else:
            self.vitals.provider.presence.missed(fault, self.now, USUAL, every=10.0)

    @precondition(lambda self: self.calls)
    @rule(fault=st.none() | st.sampled_from(list(Fault)), which=st.integers(0, 1000))
    def a_call_ends(self, fault, which):
        probe = self.calls.pop(which % len(self.calls))
        self.vitals.end(self.now, fault and failure(fault), probe=probe, policy=POLICY, first_content=1.0)

    @invariant()
    def one_probe_at_most_is_under_way(self):
        assert sum(self.calls) == int(self.vitals.circuit.probing)

    @invariant()
    def what_is_in_flight_is_exact(self):
        assert self.vitals.in_flight == len(self.calls)

    @invariant()
    def the_question_and_its_reason_agree(self):
        assert self.vitals.available(self.now) == (self.vitals.why_not(self.now) is None)

    @invariant()
    def strikes_are_counted_from_zero(self):
        assert 0 <= self.vitals.circuit.strikes <= 9 + self.vitals.circuit.transitions[OPEN]

    @invariant()
    def it_never_stays_away_for_longer_than_allowed(self):
        assert self.vitals.circuit.until <= self.now + POLICY.max_cooldown


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


HEALTHY = 1000  # good calls in a window, before anything goes wrong


@pytest.mark.parametrize(
    ("policy", "calls"),
    [
        (POLICY, 2 * POLICY.minimum),
        (replace(POLICY, ratio=0.25), POLICY.minimum),
        (replace(POLICY, minimum=900), 1000),
    ],
)
def test_it_opens_when_too_many_of_the_latest_calls_fail_however_well_it_was_before(policy, calls):
    it = circuit()
    succeed(it, 1.0, times=HEALTHY)

    for number in range(HEALTHY):
        if it.state is OPEN:
            break
        it.succeeded(2.0, policy, probe=False) if number % 2 else it.failed(
            2.0, policy, failure(Fault.BROKEN), probe=False
        )

    assert abs(number - calls) <= 1


def test_who_fails_one_time_in_five_stays():
    it = circuit()
    rng = Random(5)

    for _ in range(20_000):
        if rng.random() < 0.2:
            it.failed(1.0, replace(POLICY, failures=99, minimum=20), failure(Fault.BROKEN), probe=False)
        else:
            succeed(it, 1.0)

    assert it.state is CLOSED
