"""Where a second attempt goes beside one that is slow, and what follows if both fail."""

import pytest
from playbook import CALL, World, failure, provider, route, stage

from config.schema import Retry, Route
from core.faults import Failure, Fault
from routing.exhausted import Exhausted
from routing.plan import Attempt, plan
from routing.spares import Sparing

F = Fault


class Race:
    """A plan that is asked for spare attempts. *decided* is its trail."""

    def __init__(self, world: World, route: Route) -> None:
        self._world, self._route = world, route
        self.decided = []
        view = world.view(route)
        deadline = world.now + route.timeouts.total
        self.course = Sparing(route, CALL, view, deadline, self.decided)
        self.plan = plan(route, CALL, view, deadline, self.decided, course=self.course)
        self.first = next(self.plan)

    def spare(self) -> str | None:
        """The model that a second attempt goes to."""
        self.second = self.course.spare(self.first, self._world.now)
        return None if self.second is None else self.second.target.model

    def both(self, first: Fault, second: Fault) -> str | None:
        """Both fail; the model that is tried next."""
        assert self.second is not None
        self._told(self.second, failure(second))
        self.course.failed(self.second, failure(second))
        return self.fails(first)

    def fails(self, fault: Fault) -> str | None:
        self._told(self.first, failure(fault))
        try:
            self.first = self.plan.send(failure(fault))
        except Exhausted as exhausted:
            self.exhausted = exhausted
            return None
        return self.first.target.model

    def _told(self, attempt: Attempt, met: Failure) -> None:
        pool = self._world.pools[attempt.target.provider]
        pool.told(attempt.credential, met, self._world.now, attempt.target.id)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("chain", "model"),
    [
        (route("a", "b", "c"), "b"),
        (route(stage("a", "b"), "c"), "b"),
        (route(stage("a"), stage("b", "c", strategy="round_robin")), "b"),
        (route("a", stage("b", on=(F.TIMEOUT,))), "b"),
        (route("a", stage("b", on=(F.RATE_LIMITED,)), "c"), "c"),
        (route("a", stage("b", on=(F.RATE_LIMITED,))), None),
        (route("a"), None),
        (route("a", "b", fallback=False), None),
    ],
)
def test_it_goes_where_the_call_would_go_if_time_ran_out(world, chain, model):
    assert model == Race(world, chain).spare()


def test_it_counts_among_the_attempts_of_the_call(world):
    race = Race(world, route("a", "b"))

    race.spare()

    assert (2, "b", False, 0.0) == (race.second.number, race.second.target.model, race.second.retry, race.second.wait)
    assert "a" == race.both(F.BROKEN, F.BROKEN)
    assert race.fails(F.BROKEN) is None


def test_a_target_whose_breaker_is_not_closed_is_no_place_for_it(world):
    chain = route("a", "b", "c")
    world.view(chain)
    world.trip("b", cooldown=10.0)
    world.now += 20

    assert "c" == Race(world, chain).spare()


def test_a_target_that_rests_is_passed_over_but_may_be_tried_later(world):
    chain = route("a", "b", "c")
    world.view(chain)
    world.pools["b"].told(0, failure(F.RATE_LIMITED, retry_after=5.0), world.now, "b/b")
    race = Race(world, chain)

    assert "c" == race.spare()

    world.now += 6
    assert "b" == race.both(F.TIMEOUT, F.TIMEOUT)


def test_where_there_is_no_other_target_another_key_will_do(world):
    world.add(provider("a", keys=2))
    race = Race(world, route("a"))

    assert "a" == race.spare()
    assert {0, 1} == {race.first.credential, race.second.credential}


def test_another_key_that_rests_will_not_do(world):
    world.add(provider("a", keys=2))
    race = Race(world, route("a"))
    world.pools["a"].told(1 - race.first.credential, failure(F.RATE_LIMITED), world.now, "a/a")

    assert race.spare() is None


def test_a_target_whose_breaker_has_opened_meanwhile_is_not_asked_again(world):
    world.add(provider("a", keys=2))
    race = Race(world, route("a"))
    world.trip("a")

    assert race.spare() is None


def test_there_is_none_when_the_time_of_the_call_is_up(world):
    race = Race(world, route("a", "b"))
    world.now += 10_000

    assert race.spare() is None


def test_there_is_none_when_the_call_has_had_its_attempts(world):
    race = Race(world, route("a", "b", retry=Retry(attempts=3)))
    race.fails(F.BROKEN)
    race.fails(F.TIMEOUT)

    assert race.spare() is None


@pytest.mark.parametrize(
    ("first", "second", "then"),
    [
        (F.TIMEOUT, F.TIMEOUT, "c"),
        (F.BROKEN, F.BROKEN, "a"),
        (F.BROKEN, F.TIMEOUT, "c"),
        (F.TIMEOUT, F.BROKEN, "c"),
        (F.BROKEN, F.BAD_REQUEST, None),
        (F.CONTENT_POLICY, F.BROKEN, None),
        (F.LIMITED, F.BAD_CREDENTIAL, "c"),
    ],
)
def test_what_leaves_the_way_less_open_decides_how_it_goes_on(world, first, second, then):
    race = Race(world, route(stage("a", "b", "c"), stage("d"), retry=Retry(attempts=2)))
    assert "b" == race.spare()

    assert then == race.both(first, second)


def test_both_failures_are_told_once_each(world):
    race = Race(world, route("a", "b"))
    race.spare()

    race.both(F.CONTENT_POLICY, F.BROKEN)

    told = [(target.model, each.fault) for target, each in race.exhausted.failures]
    assert [("b", F.BROKEN), ("a", F.CONTENT_POLICY)] == told


def test_a_stage_is_put_in_order_once_whoever_asks_first(world):
    race = Race(world, route("a", stage("b", "c", "d", strategy="round_robin")))
    spare = race.spare()

    rest = [race.both(F.TIMEOUT, F.TIMEOUT), race.fails(F.TIMEOUT)]

    assert ["b", "c", "d"] == [spare, *rest]
    assert [1] == [decision.stage for decision in race.decided]


def test_without_a_spare_one_a_plan_is_what_it_always_is(world):
    race = Race(world, route("a", "b", retry=Retry(attempts=2)))

    assert ["a", "b"] == [race.fails(F.BROKEN), race.fails(F.TIMEOUT)]
