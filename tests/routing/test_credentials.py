"""Which credential goes next, and which have to rest."""

import pytest
from playbook import failure

from core.faults import Fault
from core.secret import Secret
from routing.credentials import Credentials, CredentialVitals

ID = "lab/model"
LIMITED = failure(Fault.RATE_LIMITED)


def pool(count: int) -> Credentials:
    return Credentials([CredentialVitals(f"lab#{number}", Secret(str(number))) for number in range(count)])


def keyless() -> Credentials:
    return Credentials([CredentialVitals("lab", None)])


def test_credentials_take_turns():
    it = pool(3)

    assert [it.pick(0.0, ID) for _ in range(5)] == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(("count", "turns", "other"), [(1, 0, None), (2, 0, 1), (2, 1, 1), (3, 0, 1), (3, 1, 1)])
def test_another_one_is_never_the_same(count, turns, other):
    it = pool(count)
    for _ in range(turns):
        it.pick(0.0, ID)

    assert it.other(0, 0.0, ID) == other


def test_there_is_no_other_one_while_it_rests():
    it = pool(2)

    it.told(1, LIMITED, 0.0, ID)

    assert it.other(0, 0.0, ID) is None


def test_one_that_rests_is_passed_over():
    it = pool(3)

    it.told(1, LIMITED, 0.0, ID)

    assert [it.pick(0.0, ID) for _ in range(4)] == [0, 2, 0, 2]


def test_none_is_left_when_all_rest():
    it = pool(2)

    it.told(0, LIMITED, 0.0, ID)
    it.told(1, LIMITED, 0.0, ID)

    assert it.pick(0.0, ID) is None


def test_a_rate_limit_counts_for_its_target_only():
    it = pool(1)

    it.told(0, LIMITED, 0.0, ID)

    assert (it.pick(0.0, ID), it.pick(0.0, "lab/other")) == (None, 0)


@pytest.mark.parametrize("fault", [Fault.BAD_CREDENTIAL, Fault.OUT_OF_CREDIT])
def test_a_bad_credential_counts_for_every_target(fault):
    it = pool(1)

    it.told(0, failure(fault), 0.0, ID)

    assert it.pick(0.0, "lab/other") is None


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.BAD_REQUEST, Fault.CANCELLED, Fault.MODEL_NOT_FOUND])
def test_other_faults_say_nothing_about_it(fault):
    it = pool(1)

    it.told(0, failure(fault), 0.0, ID)

    assert it.pick(0.0, ID) == 0


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (Fault.RATE_LIMITED, [5, 10, 20, 40, 80, 120, 120]),
        (Fault.BAD_CREDENTIAL, [300, 600, 1200, 2400, 3600, 3600]),
        (Fault.OUT_OF_CREDIT, [1800, 3600, 3600]),
    ],
)
def test_rests_double_when_they_are_needed_again(fault, waits):
    it = pool(1)
    now = 0.0
    got = []

    for _ in waits:
        it.told(0, failure(fault), now, ID)
        got.append(it.pause(now, ID).wait)
        now += got[-1]

    assert got == waits
    assert it.pick(now, ID) == 0


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.BAD_CREDENTIAL])
def test_failures_of_the_same_moment_are_no_repetition(fault):
    it = pool(1)
    it.told(0, failure(fault), 0.0, ID)
    once = it.pause(0.0, ID)

    it.told(0, failure(fault), 0.0, ID)

    assert it.pause(0.0, ID) == once


@pytest.mark.parametrize(("retry_after", "wait"), [(0.5, 0.5), (60.0, 60.0), (900.0, 120.0)])
def test_a_rate_limit_lasts_as_long_as_the_provider_says(retry_after, wait):
    it = pool(1)

    it.told(0, failure(Fault.RATE_LIMITED, retry_after=retry_after), 0.0, ID)

    assert it.pause(0.0, ID).wait == wait


def test_the_longest_of_several_waits_counts():
    it = pool(1)

    for seconds in (60.0, 20.0):
        it.told(0, failure(Fault.RATE_LIMITED, retry_after=seconds), 0.0, ID)

    assert it.pause(0.0, ID).wait == 60.0


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.BAD_CREDENTIAL])
def test_a_success_clears_what_was_held_against_it(fault):
    it = pool(1)
    it.told(0, failure(fault), 0.0, ID)

    it.told(0, None, 0.0, ID)
    clear = it.pick(0.0, ID)
    it.told(0, failure(fault), 1000.0, ID)

    assert (clear, it.pause(1000.0, ID).wait) == (0, {Fault.RATE_LIMITED: 5.0}.get(fault, 300.0))


def test_the_pause_is_that_of_the_credential_that_is_ready_first():
    it = pool(3)

    for index, seconds in enumerate((30.0, 10.0, 20.0)):
        it.told(index, failure(Fault.RATE_LIMITED, retry_after=seconds), 0.0, ID)

    assert it.pause(4.0, ID) == (1, 6.0, Fault.RATE_LIMITED)


def test_there_is_no_pause_while_one_is_ready():
    it = pool(2)

    it.told(0, LIMITED, 0.0, ID)

    assert it.pause(0.0, ID) == (1, 0.0, None)


def test_why_not_is_a_sentence_or_nothing():
    it = pool(1)

    before = it.why_not(0.0, ID)
    it.told(0, LIMITED, 0.0, ID)

    assert (before, it.why_not(0.5, ID)) == (None, "all its credentials rest for 5 s more (rate_limited)")


def test_a_provider_without_keys_has_one_nameless_credential():
    it = keyless()

    assert (it.pick(0.0, ID), it.pause(0.0, ID)) == (-1, (-1, 0.0, None))


def test_a_provider_without_keys_cools_down_as_well():
    it = keyless()

    it.told(-1, LIMITED, 0.0, ID)

    assert (it.pick(0.0, ID), it.pause(0.0, ID)) == (None, (-1, 5.0, Fault.RATE_LIMITED))


def test_the_targets_it_remembers_are_bounded():
    it = CredentialVitals("lab", None)

    for number in range(1500):
        it.told(LIMITED, 0.0, f"lab/{number}")

    assert (len(it.cooling), it.rest(0.0, "lab/0"), it.rest(0.0, "lab/1499") is None) == (1000, None, False)
