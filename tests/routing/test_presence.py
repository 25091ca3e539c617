"""When a provider's targets are left alone because questions that cost nothing aren't answered."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playbook import World, failure, route, stage

from core.faults import Fault
from core.target import Thresholds
from routing.presence import Presence, tells
from routing.vitals import Vitals

POLICY = Thresholds(up=2, down=3)


def felt(it: Presence, script: str, now: float = 0.0) -> list[bool]:
    """Whether it is lost after each of some questions: `+` was answered, `-` was not."""
    lost = []
    for sign in script:
        if sign == "+":
            it.beat(POLICY)
        else:
            it.missed(Fault.UNREACHABLE, now, POLICY, every=10.0)
        lost.append(it.lost is not None)
    return lost


@pytest.mark.parametrize(
    ("script", "lost"),
    [
        ("--", "  "),
        ("---", "  x"),
        ("--+--+--", "        "),
        ("---+-++", "  xxxx "),
        ("---++--", "  xx   "),
        ("----++---", "  xxx   x"),
    ],
)
def test_so_many_in_a_row_take_it_away_and_bring_it_back(script, lost):
    assert [sign == "x" for sign in lost] == felt(Presence(), script)


def test_it_may_be_back_after_as_many_rounds_as_good_answers_are_needed():
    it = Presence()

    felt(it, "---", now=100.0)
    first = it.back
    felt(it, "-", now=110.0)

    assert (120.0, 130.0, 1) == (first, it.back, it.times)


@pytest.mark.parametrize(
    ("met", "telling"),
    [
        (failure(Fault.UNREACHABLE), True),
        (failure(Fault.TIMEOUT), True),
        (failure(Fault.OVERLOADED, status=503), True),
        (failure(Fault.BROKEN, status=502), True),
        (failure(Fault.BROKEN, status=500), False),
        (failure(Fault.BAD_CREDENTIAL, status=401), False),
        (failure(Fault.RATE_LIMITED, status=429), False),
        (failure(Fault.MODEL_NOT_FOUND, status=404), False),
    ],
)
def test_only_some_failures_say_that_nobody_is_there(met, telling):
    assert telling == tells(met)


@given(script=st.text("+-", max_size=30), up=st.integers(1, 4), down=st.integers(1, 4))
def test_it_is_lost_exactly_after_a_row_of_bad_ones_that_no_row_of_good_ones_followed(script, up, down):
    it, policy, lost = Presence(), Thresholds(up, down), False

    for end, sign in enumerate(script, 1):
        if sign == "+":
            it.beat(policy)
        else:
            it.missed(Fault.TIMEOUT, 0.0, policy, every=1.0)
        so_far = script[:end]
        lost = so_far.endswith("-" * down) or (lost and not so_far.endswith("+" * up))

        assert lost == (it.lost is not None)


# What it means for targets


def lose(world: World, provider: str) -> None:
    for _ in range(3):
        world.vitals.provider(provider).presence.missed(Fault.UNREACHABLE, world.now, POLICY, every=10.0)


def test_targets_of_a_lost_provider_are_skipped_with_a_reason():
    world = World()
    chain = route("lab/a", "dear")
    lose(world, "lab")
    lose(world, "dear")

    tried = world.play(route("lab/a", "cheap"))
    world.play(chain, Fault.BROKEN)

    assert ["cheap"] == tried
    [skipped] = [each for each in world.exhausted.skipped if each.target.id == "dear/dear"]
    assert ("its provider's probes fail (unreachable)", Fault.UNREACHABLE, 20.0, True) == skipped[1:5]


def test_a_lost_provider_leads_to_stages_for_that_fault():
    world = World()
    lose(world, "lab")

    assert ["dear"] == world.play(route("lab/a", stage("dear", on=(Fault.UNREACHABLE,))))
    assert [] == world.play(route("lab/a", stage("dear", on=(Fault.BROKEN,))), Fault.BROKEN)[1:]


def test_where_nothing_else_is_left_it_is_tried_and_a_success_brings_it_back():
    world = World()
    lose(world, "lab")
    presence = world.vitals.provider("lab").presence

    before, tried = presence.lost, world.play(route("lab/a"))

    assert (Fault.UNREACHABLE, ["a"], None) == (before, tried, presence.lost)
    assert [False, False, True] == felt(presence, "---")


def test_a_breaker_that_is_open_as_well_is_the_reason():
    world = World()
    lose(world, "lab")
    world.trip("lab/a")

    assert world.vitals.target("lab/a").why_not(world.now).startswith("its breaker is open")


def test_a_target_of_a_lost_provider_is_not_available():
    vitals = Vitals(Random(1))
    target = vitals.target("lab/a")
    before = target.available(0.0), target.why_not(0.0)

    felt(vitals.provider("lab").presence, "---")

    assert (True, None) == before
    assert (False, "its provider's probes fail (unreachable)") == (target.available(0.0), target.why_not(0.0))


def test_who_watches_is_told_whose_breaker_has_changed():
    world, told = World(), []
    world.trip("lab/a")
    world.vitals.watchers.append(told.append)

    world.trip("lab/b")

    assert ["lab/b"] == told
