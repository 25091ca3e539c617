"""What was seen when a call was made counts for it, also under another configuration."""

import pytest
from playbook import CALL, World, route, stage

from config.schema import Balance
from core.wishes import Wishes
from routing.decision import Decision, decide
from routing.hindsight import Hindsight
from routing.strategies import STRATEGIES

NAMES = ("lab/a", "lab/b", "cloud/c", "cloud/d")


def decided(world, *names, strategy="order", turn=0, seed=4, caller="", **facts) -> Decision:
    part = stage(*names or NAMES, strategy=strategy, **facts)
    call = CALL._replace(wishes=Wishes(seed=seed))
    return decide(part, 0, call, world.view(route(part)), turn=turn, now=world.now, caller=caller)


def ids(decision):
    return [one.id for one in decision.tried()]


def busy() -> World:
    world = World()
    for number, name in enumerate(NAMES):
        vitals = world.vitals.target(name)
        vitals.in_flight = 9 - number
        vitals.pulse.answered(world.now - 5, 0.3 * (number + 1), 10, 0.1 * (number + 1))
    return world


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_the_same_stage_decides_the_same_whatever_is_seen_now(strategy):
    then = decided(busy(), strategy=strategy, turn=3, caller="alice")

    found = Hindsight([then]).of(decided(World(), strategy=strategy, turn=0, caller="alice"))

    assert ids(then) == ids(found)


def test_another_strategy_goes_by_what_was_seen_then():
    then = decided(busy(), strategy="latency")

    found = Hindsight([then]).of(decided(World(), strategy="balanced", weights=Balance(0, 0, 1)))

    assert [row[0] for row in then.table] == [row[2] for row in found.table]
    assert "lab/a" == ids(found)[0]


def test_of_targets_that_are_new_and_stages_that_are_is_only_known_what_is_seen_now():
    then = decided(busy(), "lab/a", "lab/b", strategy="least_loaded", turn=7)
    now = decided(World(), "lab/b", "lab/new", strategy="least_loaded")._replace(stage=1)

    found = Hindsight([then]).of(now)

    assert [(8,), (0,)] == found.table
    assert 0 == found.pick.turn
    assert ids(now._replace(order=found.order)) == ids(found)


def test_without_any_decision_nothing_is_known():
    now = decided(World(), strategy="least_loaded")

    assert ids(now) == ids(Hindsight([]).of(now))
