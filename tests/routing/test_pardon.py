"""Of a stage at most half is left alone, however many of its breakers are open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playbook import CALL, World, route, stage

from core.faults import Fault
from routing.plan import plan

NAMES = "abcdefg"
FOUR = route(stage("a", "b", "c", "d"), "last")


def world(*tripped: str) -> World:
    """The breaker of the last of *tripped* closes first."""
    made = World()
    for place, name in enumerate(tripped):
        made.trip(name, cooldown=400.0 / 2**place)
    return made


@pytest.mark.parametrize(
    ("tripped", "tried"),
    [
        ("", "abcd"),
        ("a", "bcd"),
        ("ab", "cd"),
        ("abc", "dc"),  # one beyond half
        ("cba", "da"),
        ("abcd", "dc"),
    ],
)
def test_those_beyond_half_are_tried_after_the_others_the_soonest_first(tripped, tried):
    it = world(*tripped)

    got = it.play(FOUR, *[Fault.TIMEOUT] * 9)

    assert [*tried, "last"] == got
    assert {*"abcd"} - {*tried} == {each.target.model for each in it.exhausted.skipped}


def test_one_in_any_case_may_be_left_alone():
    assert ["last"] == world("a").play(route(stage("a"), "last"))
    assert ["b", "last"] == world("a", "b").play(route(stage("a", "b"), "last"), Fault.TIMEOUT)


def test_whoever_is_tried_so_is_tried_by_one_call_at_a_time():
    it = world("a", "b", "c")
    course = plan(FOUR, CALL, it.view(FOUR), it.now + 60)
    second = course.send(it.meet(FOUR, next(course), Fault.TIMEOUT))
    it.vitals.target(second.target.id).begin(it.now)

    assert "c" == second.target.model
    assert ["d", "last"] == it.play(FOUR, Fault.TIMEOUT)


def test_a_success_closes_its_breaker():
    it = world("a", "b", "c")

    assert ["d", "c"] == it.play(FOUR, Fault.TIMEOUT)
    assert it.vitals.target("c/c").available(it.now)


def test_a_failure_does_not_prolong_its_cooldown():
    it = world("a", "b", "c")
    until = it.vitals.target("c/c").circuit.until

    it.play(FOUR, Fault.TIMEOUT, Fault.TIMEOUT)

    assert until == it.vitals.target("c/c").circuit.until


@given(
    names=st.lists(st.sampled_from(NAMES), min_size=2, max_size=7, unique=True),
    tripped=st.sets(st.sampled_from(NAMES)),
)
def test_never_more_than_half_is_left_alone(names, tripped):
    it = world(*sorted(tripped))

    tried = it.play(route(stage(*names)), *[Fault.TIMEOUT] * 9)

    away = {*names} - {*tried}
    assert len(away) <= max(1, len(names) // 2)
    assert away <= tripped
    closed = [name for name in tried if name not in tripped]
    assert closed == tried[: len(closed)]
