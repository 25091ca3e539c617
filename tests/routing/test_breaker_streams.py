"""A call that tries an open target and streams: the next one may try as soon as it has content."""

from random import Random

from playbook import failure

from config.schema import Breaker
from core.faults import Fault
from routing.breaker import CLOSED, HALF_OPEN, OPEN, Circuit

POLICY = Breaker(failures=3, cooldown=30, max_cooldown=100, ratio=0.5, minimum=10, window=20)
BROKEN = failure(Fault.BROKEN)


def speaking() -> Circuit:
    made = Circuit(Random(1))
    for _ in range(POLICY.failures):
        made.failed(0.0, POLICY, BROKEN, probe=made.begin(0.0))
    made.begin(34.0)
    made.speaks()
    return made


def test_a_probe_that_speaks_lets_the_next_one_try():
    it = speaking()

    assert (HALF_OPEN, True, True, False) == (it.state, it.admits(34.0), it.begin(34.0), it.admits(34.0))


def test_a_stream_that_began_before_the_probe_decides_nothing():
    it = speaking()

    it.succeeded(35.0, POLICY, probe=False)
    it.failed(35.0, POLICY, BROKEN, probe=False)

    assert HALF_OPEN == it.state


def test_of_two_probes_the_second_counts_as_any_call_once_the_first_was_good():
    it = speaking()
    it.begin(34.0)

    it.succeeded(35.0, POLICY, probe=True)
    it.succeeded(35.0, POLICY, probe=True)
    closed = dict(it.transitions)
    for _ in range(POLICY.failures):
        it.failed(35.0, POLICY, BROKEN, probe=True)

    assert (1, OPEN) == (closed[CLOSED], it.state)


def test_of_two_probes_one_that_breaks_off_opens_once():
    it = speaking()
    second = it.begin(34.0)

    it.failed(35.0, POLICY, BROKEN, probe=True)
    it.failed(35.0, POLICY, BROKEN, probe=second)

    assert (OPEN, 2) == (it.state, it.transitions[OPEN])
