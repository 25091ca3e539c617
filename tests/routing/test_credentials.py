"""Which credential goes next, and which have to rest."""

import pytest
from playbook import failure

from core.faults import Fault, Reach
from core.secret import Secret
from routing.credentials import Credentials, CredentialVitals, Pause, Rest

ID = "lab/model"
LIMITED = failure(Fault.RATE_LIMITED)


def pool(count: int) -> Credentials:
    return Credentials([CredentialVitals(f"lab#{number}", Secret(str(number))) for number in range(count)])


def keyless() -> Credentials:
    return Credentials([CredentialVitals("lab", None)])


def test_they_are_known_by_their_names():
    assert ["lab#0", "lab#1"] == [each.name for each in pool(2).members]


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
def test_other_faults_say_nothing_about_a_lone_one(fault):
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


@pytest.mark.parametrize(("retry_after", "wait"), [(0.5, 0.5), (60.0, 60.0), (600.0, 600.0), (900.0, 600.0)])
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

    assert it.pause(4.0, ID) == Pause(1, 6.0, Fault.RATE_LIMITED)


@pytest.mark.parametrize(
    ("asked", "pause"), [((None,), (5.0, True)), ((None, 7.0), (7.0, False)), ((7.0, None), (7.0, False))]
)
def test_a_pause_is_guessed_where_nobody_asked_for_so_long_a_one(asked, pause):
    it = pool(1)

    for seconds in asked:
        it.told(0, failure(Fault.RATE_LIMITED, retry_after=seconds), 0.0, ID)

    told = it.pause(0.0, ID)
    assert (told.wait, told.guessed) == pause


@pytest.mark.parametrize(
    ("limited", "but", "next_one"),
    [((), 0, 1), ((), 1, 0), ((1,), 0, 2), ((1, 2), 0, 0), ((0,), 0, 1)],
)
def test_a_retry_goes_with_another_one_if_one_is_ready(limited, but, next_one):
    it = pool(3)

    for index in limited:
        it.told(index, LIMITED, 0.0, ID)

    assert Pause(next_one) == it.pause(0.0, ID, but=but)


def test_a_retry_without_keys_goes_without():
    assert Pause(-1) == keyless().pause(0.0, ID, but=-1)


def test_there_is_no_pause_while_one_is_ready():
    it = pool(2)

    it.told(0, LIMITED, 0.0, ID)

    assert it.pause(0.0, ID) == Pause(1)


def test_why_not_is_a_sentence_or_nothing():
    it = pool(1)

    before = it.why_not(0.0, ID)
    it.told(0, LIMITED, 0.0, ID)

    assert (before, it.why_not(0.5, ID)) == (None, "all its credentials rest for 5 s more (rate_limited)")


def test_a_provider_without_keys_has_one_nameless_credential():
    it = keyless()

    assert (it.pick(0.0, ID), it.pause(0.0, ID)) == (-1, Pause(-1))


def test_a_provider_without_keys_cools_down_as_well():
    it = keyless()

    it.told(-1, LIMITED, 0.0, ID)

    assert (it.pick(0.0, ID), it.pause(0.0, ID)) == (None, Pause(-1, 5.0, Fault.RATE_LIMITED, guessed=True))


def test_the_targets_it_remembers_are_bounded():
    it = CredentialVitals("lab", None)

    for number in range(1500):
        it.told(LIMITED, 0.0, f"lab/{number}")

    assert (len(it.cooling), it.rest(0.0, "lab/0"), it.rest(0.0, "lab/1499") is None) == (1000, None, False)


@pytest.mark.parametrize(
    ("reach", "free"),
    [
        (Reach.MODEL, {(0, "lab/other"), (1, ID), (1, "lab/other")}),
        (Reach.CREDENTIAL, {(1, ID), (1, "lab/other")}),
        (Reach.PROVIDER, set()),
    ],
)
def test_a_rate_limit_rests_what_it_reaches_for_as_long_as_it_says(reach, free):
    it = pool(2)

    it.told(0, failure(Fault.RATE_LIMITED, reach=reach, retry_after=7.0), 0.0, ID)

    def usable(now: float) -> set[tuple[int, str]]:
        names = {f"lab#{index}": index for index in (0, 1)}
        return {(names[name], id) for id in (ID, "lab/other") for name in names if name not in resting(it, now, id)}

    assert free == usable(6.9)
    assert 4 == len(usable(7.0))


def test_a_rate_limit_of_all_is_no_beginning_of_a_bad_credential():
    it = pool(1)

    it.told(0, failure(Fault.RATE_LIMITED, reach=Reach.CREDENTIAL, retry_after=7.0), 0.0, ID)
    it.told(0, failure(Fault.BAD_CREDENTIAL), 1.0, ID)

    assert Pause(0, 300.0, Fault.BAD_CREDENTIAL, guessed=True) == it.pause(1.0, ID)


def resting(it: Credentials, now: float, id: str) -> dict[str, Rest]:
    """Those that rest for this target, or for every one, by their names."""
    found = ((member.name, member.rest(now, id)) for member in it._members)
    return {name: rest for name, rest in found if rest is not None}


def outcomes(it: Credentials, script: str, *, fault: Fault = Fault.BROKEN, id: str = ID) -> None:
    """Calls one second after the other: `0` and `1` are failures of these credentials, `a` and `b` their successes."""
    for now, sign in enumerate(script):
        met = failure(fault) if sign.isdigit() else None
        it.told("01".find(sign) if met else "ab".find(sign), met, float(now), id)


@pytest.mark.parametrize(
    "fault", [Fault.BROKEN, Fault.UNREACHABLE, Fault.TIMEOUT, Fault.OVERLOADED, Fault.MODEL_NOT_FOUND]
)
def test_a_credential_that_fails_where_another_one_works_rests_for_that_target(fault):
    it = pool(2)

    outcomes(it, "0b0b0b0", fault=fault)

    assert {"lab#0": (fault, 36.0)} == {name: (rest.fault, rest.until) for name, rest in resting(it, 7.0, ID).items()}
    assert {} == resting(it, 7.0, "lab/other")
    assert [1, 1] == [it.pick(7.0, ID) for _ in range(2)]


@pytest.mark.parametrize(
    "script",
    [
        "0b0b0",  # the other one hasn't worked often enough
        "bbb000",  # the other one worked before, and who knows about now
        "0b0b0b1b0",  # the other one fails, too
        "0b0ba0b0",  # it works now and then
    ],
)
def test_else_it_is_not_the_credential(script):
    it = pool(2)

    outcomes(it, script)

    assert {} == resting(it, 9.0, ID)


@pytest.mark.parametrize("fault", [Fault.BAD_REQUEST, Fault.CONTENT_POLICY, Fault.CANCELLED, Fault.LIMITED])
def test_what_is_nobodys_or_the_callers_is_no_credentials(fault):
    it = pool(2)

    outcomes(it, "0b0b0b0b0", fault=fault)

    assert {} == resting(it, 9.0, ID)


def test_a_credential_that_fails_again_after_its_rest_rests_for_longer():
    it = pool(2)
    outcomes(it, "0b0b0b0")
    again = resting(it, 7.0, ID)["lab#0"].until

    for step in range(3):
        it.told(0, failure(Fault.BROKEN), again + step, ID)
        it.told(1, None, again + step, ID)
    it.told(0, failure(Fault.BROKEN), again + 3, ID)

    assert again + 62.0 == resting(it, again + 3, ID)["lab#0"].until


def test_the_streaks_it_remembers_are_bounded():
    it = pool(2)

    for number in range(1500):
        it.told(0, None, 0.0, f"lab/{number}")

    assert 1000 == len(it._members[0].streaks)


def test_a_credential_rests_as_long_as_there_is_anything_it_cannot_be_used_for():
    it = CredentialVitals("lab", None)
    before = it.rests(0.0)

    it.told(failure(Fault.RATE_LIMITED, retry_after=7.0), 0.0, ID)
    for_one = it.rests(6.9), it.rests(7.0)
    it.told(failure(Fault.BAD_CREDENTIAL), 8.0, ID)

    assert (False, (True, False), True) == (before, for_one, it.rests(9.0))
