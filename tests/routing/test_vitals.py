"""What is remembered of targets, providers and credentials."""

from math import inf
from random import Random

import pytest
from playbook import failure, provider

from config.schema import Breaker
from core.faults import Blame, Fault
from core.secret import Secret
from core.target import Concurrency
from routing.vitals import TargetVitals, Vitals

FRAGILE = Breaker(failures=1)


def vitals(**facts: int) -> Vitals:
    return Vitals(Random(1), **facts)


def attempt(it: TargetVitals, fault: Fault | None = None, *, first_content: float | None = None) -> None:
    probe = it.begin(5.0)
    it.end(5.0, fault and failure(fault), probe=probe, policy=FRAGILE, first_content=first_content)


@pytest.mark.parametrize("fault", list(Fault))
def test_only_faults_of_the_target_open_its_breaker(fault):
    it = vitals().target("lab/model")

    attempt(it, fault)

    guilty = fault.blame is Blame.TARGET and fault is not Fault.RATE_LIMITED
    assert it.available(5.0) == (not guilty)


@pytest.mark.parametrize("fault", list(Fault))
def test_failures_are_counted_unless_the_caller_is_to_blame(fault):
    it = vitals().target("lab/model")

    attempt(it, fault)

    counted = fault.blame in {Blame.TARGET, Blame.US}
    assert (it.attempts, it.failed, it.in_flight) == (1, int(counted), 0)
    assert it.last_failure == (failure(fault) if counted else None)


def test_the_first_content_is_a_decaying_average():
    it = vitals().target("lab/model")

    for seconds in (1.0, 2.0):
        attempt(it, first_content=seconds)

    assert it.first_content == pytest.approx(1.2)


@pytest.mark.parametrize(("known", "given_up", "then"), [(1.0, 2.0, 1.2), (1.0, 0.5, 1.0), (None, 2.0, None)])
def test_being_given_up_for_a_quicker_one_makes_a_target_slower_never_quicker(known, given_up, then):
    it = vitals().target("lab/model")
    if known is not None:
        attempt(it, first_content=known)

    it.slower_than(5.0, given_up)

    assert it.first_content == (then and pytest.approx(then))


def test_failures_and_answers_in_one_piece_say_nothing_about_the_first_content():
    it = vitals().target("lab/model")

    attempt(it, first_content=1.0)
    attempt(it)
    attempt(it, Fault.BROKEN, first_content=90.0)

    assert it.first_content == 1.0


def test_a_provider_knows_when_it_worked_last():
    it = vitals()
    for now, fault in ((1.0, None), (2.0, failure(Fault.BROKEN))):
        target = it.target("lab/one")
        target.end(now, fault, probe=target.begin(now), policy=FRAGILE)

    assert (1.0, -inf) == (it.provider("lab").worked, it.provider("other").worked)


def test_a_sign_of_life_is_for_the_targets_of_that_provider():
    it = vitals()
    names = ["lab/one", "lab/two", "laboratory/one", "other/lab/one"]
    for name in names:
        target = it.target(name)
        target.end(0.0, failure(Fault.UNREACHABLE), probe=target.begin(0.0), policy=FRAGILE)

    it.lives("lab", 1.0)

    assert [True, True, False, False] == [it.target(name).available(1.0) for name in names]


def together(it: TargetVitals, *faults: Fault | None, policy: Breaker = FRAGILE) -> None:
    """Attempts that were all under way when the first of them ended."""
    probes = [it.begin(5.0) for _ in faults]
    for probe, fault in zip(probes, faults, strict=True):
        it.end(6.0, fault and failure(fault), probe=probe, policy=policy, took=1.0)


def test_refusals_that_others_under_way_explain_open_no_breaker():
    it = vitals().target("lab/model")

    together(it, *[Fault.OVERLOADED] * 6, None, None, policy=Breaker(failures=3))

    assert (True, 2, 2) == (it.available(7.0), it.gate.most, it.gate.room)


def test_a_target_that_takes_nothing_has_a_breaker_and_no_limit():
    it = vitals().target("lab/model")

    together(it, *[Fault.OVERLOADED] * 9, policy=Breaker(failures=3))

    assert (False, inf, inf) == (it.available(7.0), it.gate.most, it.gate.room)


def test_timeouts_are_the_breakers_business_as_well():
    it = vitals().target("lab/model")

    together(it, *[Fault.TIMEOUT] * 3, *[None] * 7, policy=Breaker(failures=4))
    limit = it.gate.most
    together(it, *[Fault.TIMEOUT] * 4, policy=Breaker(failures=4))

    assert (5, False, inf) == (limit, it.available(7.0), it.gate.most)


def test_what_the_operator_says_of_limits_holds_for_old_and_new_targets():
    it = vitals()
    old = it.target("lab/old")

    it.heed(lambda name: Concurrency(3 if name == "lab/old" else 5))

    assert (3, 5) == (old.gate.room, it.target("lab/new").gate.room)


def test_whoever_has_a_line_stays():
    it = vitals(most=1)
    it.heed(lambda _id: Concurrency(1))
    busy = it.target("lab/busy")
    busy.gate.join(Someone(), 9, 1)

    it.target("lab/new")

    assert it.target("lab/busy") is busy


class Someone:
    key, level, number = "", 1, 0

    def enter(self) -> None: ...

    def leave(self) -> None: ...


def test_a_target_keeps_its_vitals():
    it = vitals()

    assert it.target("lab/model") is it.target("lab/model")
    assert list(it.targets()) == ["lab/model"]


def test_the_targets_idle_for_longest_make_room_and_busy_ones_stay():
    it = vitals(most=3)
    for now, name in enumerate(["busy", "old", "new"]):
        probe = it.target(f"lab/{name}").begin(float(now))
        if name != "busy":
            it.target(f"lab/{name}").end(float(now), None, probe=probe, policy=FRAGILE)

    it.target("lab/newest")

    assert list(it.targets()) == ["lab/busy", "lab/new", "lab/newest"]


def test_a_pool_has_a_credential_for_each_key():
    it = vitals()

    it.pool(provider("lab", keys=2))
    it.pool(provider("local", keys=0))

    assert {name: made.secret for name, made in it.credentials().items()} == {
        "lab#1": Secret("lab-0"),
        "lab#2": Secret("lab-1"),
        "local": None,
    }


def test_a_credential_keeps_its_vitals_over_a_reload():
    it = vitals()
    it.pool(provider("lab")).told(0, failure(Fault.BAD_CREDENTIAL), 0.0, "lab/model")

    again = it.pool(provider("lab"))

    assert again.pick(1.0, "lab/model") is None


def test_a_replaced_secret_starts_afresh():
    it = vitals()
    it.credential("lab#1", Secret("bad")).told(failure(Fault.BAD_CREDENTIAL), 0.0, "lab/model")

    fresh = it.credential("lab#1", Secret("good"))

    assert fresh.rest(1.0, "lab/model") is None
