"""What a plan does about targets that have all the calls they take."""

import pytest
from playbook import CALL, World, failure, provider, route, stage, target

from config.schema import Queue, Route
from core.faults import Fault
from core.target import ADAPTIVE, Concurrency
from routing.exhausted import Exhausted
from routing.plan import Attempt, plan

F = Fault


class Busy(World):
    """Targets that take one call at a time; those of *full* have it."""

    def __init__(self, *full: str, most: int = 1) -> None:
        super().__init__()
        self.vitals.heed(lambda _id: Concurrency(most))
        for name in full:
            self.vitals.target(target(name).id).begin(self.now)

    def gate(self, name: str):
        return self.vitals.target(target(name).id).gate

    def begins(self, route: Route, *script: Fault, **facts) -> list[tuple[str, bool]]:
        """The models tried, and whether each stands in line first."""
        self.play(route, *script, **facts)
        return [(attempt.target.model, attempt.queued) for attempt in self.attempts]

    def meet(self, route: Route, attempt: Attempt, met):
        """Whoever stands in line gets there; a fault `busy` is the line's."""
        if met is not F.BUSY:
            return super().meet(route, attempt, met)
        self.attempts.append(attempt)
        return failure(F.BUSY, retry_after=7.0)


def test_a_full_target_is_passed_over():
    assert [("dear", False)] == Busy("cheap").begins(route("cheap", "dear"))


def test_where_all_are_full_the_call_stands_in_line_for_the_first():
    assert [("cheap", True)] == Busy("cheap", "dear").begins(route("cheap", "dear"))


def test_where_all_are_full_the_call_stands_in_line_where_the_wait_is_shortest():
    world = Busy("cheap", "dear")
    world.gate("cheap").seconds, world.gate("dear").seconds = 9.0, 2.0

    assert [("dear", True)] == world.begins(route("cheap", "dear"))


def test_a_line_that_is_full_comes_last():
    world = Busy("cheap", "dear")
    world.gate("cheap")._line.size = 3

    assert [("dear", True)] == world.begins(route("cheap", "dear", queue=Queue(most=3)))


def test_why_it_was_passed_over_is_told():
    world = Busy("cheap")
    world.play(route("cheap"), F.BUSY)

    assert ["it has 1 calls under way, all it takes now"] == [each.reason for each in world.exhausted.skipped]


def test_whoever_waited_in_vain_is_told_when_to_come_back():
    world = Busy("cheap", "dear")

    tried = world.begins(route("cheap", "dear"), F.BUSY)

    assert ([("cheap", True)], F.BUSY, 7.0) == (tried, world.exhausted.failure.fault, world.exhausted.retry_after)


def test_a_call_that_was_refused_for_all_the_others_there_waits_for_one_of_them_to_end():
    world = World()
    world.vitals.heed(lambda _id: ADAPTIVE)
    vitals = world.vitals.target("cheap/cheap")
    for _ in range(9):
        vitals.begin(world.now)
    for _ in range(2):
        vitals.gate.refused(world.now, 9)

    world.play(route("cheap"), F.OVERLOADED)

    assert [(False, False, 0.0), (True, False, 0.0)] == [(it.queued, it.retry, it.wait) for it in world.attempts]
    assert vitals.available(world.now)


@pytest.mark.parametrize(
    ("fault", "tried"),
    [
        (F.OVERLOADED, ["cheap", "dear", "cheap"]),
        (F.BROKEN, ["cheap", "dear"]),
        (F.TIMEOUT, ["cheap", "dear"]),
        (F.BAD_REQUEST, ["cheap"]),
        (F.CONTENT_POLICY, ["cheap"]),
    ],
)
def test_what_goes_wrong_after_standing_in_line_leads_to_the_next_line_as_to_the_next_target(fault, tried):
    assert tried == Busy("cheap", "dear").play(route("cheap", "dear"), *[fault] * 9)


@pytest.mark.parametrize("fault", [F.BAD_REQUEST, F.CONTENT_POLICY])
def test_what_leads_nowhere_leads_to_no_line(fault):
    assert [("cheap", False)] == Busy("dear").begins(route("cheap", "dear"), fault)


def test_without_fallback_a_call_stands_in_line_all_the_same():
    assert [("cheap", True)] == Busy("cheap", "dear").begins(route("cheap", "dear", fallback=False))


def test_a_target_whose_credentials_rest_has_no_line():
    world = Busy("cheap")
    chain = route("cheap")
    world.view(chain)
    world.pools["cheap"].told(0, failure(F.BAD_CREDENTIAL), world.now, "cheap/cheap")

    assert [] == world.play(chain)


def test_a_target_that_broke_down_meanwhile_has_no_line():
    world = Busy("cheap")
    chain = route("cheap", "dear")
    course = plan(chain, CALL, world.view(chain), world.now + 600)
    assert "dear" == next(course).target.model
    world.trip("cheap")

    with pytest.raises(Exhausted):
        course.send(failure(F.TIMEOUT))


def test_a_context_that_was_too_small_leads_to_no_line_of_one_as_small():
    world = Busy("dear")

    assert [("cheap", False)] == world.begins(route("cheap", "dear"), F.CONTEXT_LENGTH, context=lambda _it: 8)


@pytest.mark.parametrize("on", [F.OVERLOADED, F.BUSY])
def test_a_full_target_leads_where_an_overloaded_one_would(on):
    assert [("spare", False)] == Busy("cheap").begins(route("cheap", stage("spare", on=(on,))))


def test_a_full_target_leads_nowhere_else():
    assert [("cheap", True)] == Busy("cheap").begins(route("cheap", stage("spare", on=(F.TIMEOUT,))))


def test_a_probe_of_a_target_that_was_down_needs_no_place():
    world = Busy()
    world.trip("cheap")
    world.now += 60
    world.vitals.target("cheap/cheap").in_flight = 5

    assert [("cheap", False)] == world.begins(route("cheap"))


def test_a_lone_keyless_target_has_a_line():
    world = Busy("local")
    world.add(provider("local", keys=0, needs_key=False))

    assert [("local", True)] == world.begins(route("local"))
