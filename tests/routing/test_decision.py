"""Decisions follow from what was seen, and can be made again."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playbook import CALL, World, route, stage

from config.schema import Balance
from core.target import Target
from core.wishes import Wishes
from routing.chance import chance, chances
from routing.decision import Decision, decide
from routing.outlook import Outlook, Rates
from routing.plan import plan
from routing.rendezvous import mark
from routing.strategies import STRATEGIES

NAMES = ("lab/a", "lab/b", "cloud/c", "cloud/d")


def decided(world, names=NAMES, *, turn=0, strategy="order", **wishes):
    part = stage(*names, strategy=strategy)
    call = CALL._replace(wishes=Wishes(**wishes)) if wishes else CALL
    return decide(part, 0, call, world.view(route(part)), turn=turn, now=world.now)


@given(strategy=st.sampled_from(sorted(STRATEGIES)), seed=st.integers(0, 2**63 - 1), turn=st.integers(0, 99))
def test_what_was_kept_gives_the_same_order_again(strategy, seed, turn):
    world = World()
    world.vitals.target("lab/b").in_flight = 3
    world.trip("cloud/d")

    made = decided(world, strategy=strategy, seed=seed, turn=turn, prefer=("cloud",))
    again = Decision.again(orjson.loads(orjson.dumps(made.kept())))

    assert [one.id for one in again.tried()] == [one.id for one in made.tried()]


def test_those_that_cannot_take_the_call_come_last_and_say_why():
    world = World()
    world.trip("lab/a")

    made = decided(world)

    assert [one.id for one in made.tried()] == ["lab/b", "cloud/c", "cloud/d", "lab/a"]
    assert ["overloaded"] == [each.fault.code for each in made.skipped]


def test_a_strategy_may_be_called_by_another_of_its_names():
    part = stage(*NAMES)
    call = CALL._replace(wishes=Wishes(strategy="Least-Busy"))

    made = decide(part, 0, call, World().view(route(part)), turn=0, now=0.0)

    assert made.strategy == "least_loaded"


def test_a_decision_keeps_the_weights_of_its_stage_and_who_sticks():
    weights = Balance(1, 2, 3)
    part = stage(*NAMES, strategy="consistent", weights=weights)
    made = decide(part, 0, CALL, World().view(route(part)), turn=0, now=0.0, caller="alice")
    again = Decision.again(orjson.loads(orjson.dumps(made.kept())))

    assert made.pick[2:4] == again.pick[2:4] == (mark("alice"), weights)


def test_a_plan_keeps_the_decisions_that_it_makes_for_a_caller():
    world, trail = World(), []
    chain = route(stage(*NAMES, strategy="consistent"))

    first = next(plan(chain, CALL, world.view(chain), 1e9, trail, caller="bob")).target

    assert [(one.tried()[0], one.pick.sticky) for one in trail] == [(first, mark("bob"))]


def test_a_view_says_what_a_call_will_cost():
    view = World().view(route("lab/a"), outlook=Outlook(rates=lambda _: Rates(10**6, 10**6, 0)))

    assert view.cost(Target("lab", "a"), CALL._replace(size=400)) == 400


@pytest.mark.parametrize(
    ("prefer", "order"),
    [
        (("cloud",), "cdab"),
        (("lab/b",), "bacd"),
        (("*/d", "lab/b"), "bdac"),
        (("nobody",), "abcd"),
        (("a*a*",), "abcd"),
    ],
)
def test_what_a_client_prefers_comes_first(prefer, order):
    assert "".join(one.model for one in decided(World(), prefer=prefer).tried()) == order


def test_a_call_may_name_its_strategy_and_its_seed():
    orders = {tuple(decided(World(), strategy="order", seed=seed).order) for seed in range(3)}
    named = [
        tuple(
            decide(
                stage(*NAMES),
                0,
                CALL._replace(wishes=Wishes("random", seed=seed)),
                World().view(route(stage(*NAMES))),
                turn=0,
                now=0.0,
            ).order
        )
        for seed in (1, 1, 2)
    ]

    assert orders == {(0, 1, 2, 3)}
    assert named[0] == named[1] != named[2]


@pytest.mark.parametrize(
    "draw", [lambda: [chance(42, number) for number in range(1000)], lambda: chances(42, 1000)], ids=["one", "many"]
)
def test_chance_is_even_and_repeats(draw):
    numbers = draw()

    assert numbers == draw()
    assert chances(42, 1000)[:7] == chances(42, 7)
    assert 0.46 < sum(numbers) / 1000 < 0.54
    assert 0.0 <= min(numbers) < 0.01
    assert 0.99 < max(numbers) < 1.0
