"""A decision in words, and what would be decided: asked as often as one likes, nothing changes by it."""

import orjson
import pytest
from playbook import CALL, World, failure, provider, route, stage, target

from core.faults import Fault
from core.wishes import Wishes
from routing.decision import Decision
from routing.exhausted import Exhausted
from routing.plan import Attempt, most_attempts, plan
from routing.story import beginning, foreseen, onlooking, told
from routing.strategies import STRATEGIES

NAMES = ("lab/a", "lab/b", "cloud/c", "cloud/d")


def foretold(world, chain, call=CALL):
    return [told(one) for one in foreseen(chain, call, onlooking(world.view(chain)), caller="alice")]


def test_a_story_has_every_target_in_the_order_of_trial_and_the_reason_of_each_that_is_skipped():
    world, chain = World(), route(stage(*NAMES[:3], strategy="least_loaded"))
    world.vitals.target("lab/a").in_flight = 2
    world.trip("cloud/c")

    (found,) = foretold(world, chain, CALL._replace(wishes=Wishes(prefer=("lab/a",), seed=5)))

    assert {
        "stage": 0,
        "strategy": "least_loaded",
        "seed": 5,
        "turn": 0,
        "sticky": None,
        "weights": {"cost": 0.4, "quality": 0.4, "latency": 0.2},
        "candidates": [
            {"target": "lab/a", "place": 1, "verdict": "first", "seen": {"in_flight": 2}, "preferred": True},
            {"target": "lab/b", "place": 2, "verdict": "then", "seen": {"in_flight": 0}},
            {
                "target": "cloud/c",
                "place": None,
                "verdict": "skipped",
                "reason": "its breaker is open for 29 s more (overloaded)",
            },
        ],
    } == found


def test_weights_are_told_where_they_differ():
    world = World()
    part = stage("lab/a", "lab/b")
    chain = route(stage("lab/a"), type(part)(targets=(target("lab/a", weight=3.0), target("lab/b"))))

    first, second = foretold(world, chain)

    assert [{"target": "lab/a", "place": 1, "verdict": "first"}] == first["candidates"]
    assert [3.0, None] == [one.get("weight") for one in second["candidates"]]


def test_of_a_decision_that_was_cut_it_is_told_among_how_many():
    world, chain = World(), route(stage(*(f"lab/{number}" for number in range(60)), strategy="random"))
    (decision,) = foreseen(chain, CALL, onlooking(world.view(chain)), caller="")

    found = told(Decision.again(orjson.loads(orjson.dumps(decision.kept()))))

    assert (60, 24) == (found["among"], len(found["candidates"]))
    assert [one.id for one in decision.tried()][:24] == [one["target"] for one in found["candidates"]]


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_what_is_foreseen_is_what_a_plan_then_does(strategy):
    world = World()
    chain = route("lab/z", stage(*NAMES, strategy=strategy), stage(*NAMES[::-1], strategy=strategy))
    view = world.view(chain)
    for _ in range(5):
        before = foretold(world, chain), beginning(chain, CALL, onlooking(view), caller="alice")
        trail = []
        course = plan(chain, CALL, view, 1e9, trail, caller="alice")
        attempt = next(course)
        for _ in range(4):
            attempt = course.send(world.meet(chain, attempt, Fault.CONTEXT_LENGTH))

        assert before[1].target.id == "lab/z"
        assert before[0][1] == told(trail[0])


def test_asking_changes_neither_turns_nor_chance_nor_whose_key_is_next():
    world = World(provider("lab", keys=3))
    chain = route(stage("lab/a", "lab/b", strategy="round_robin"))
    view = world.view(chain)
    state = world.rng.getstate()

    asked = [beginning(chain, CALL, onlooking(view), caller="") for _ in range(3)]

    assert [("a", 0)] * 3 == [(one.target.model, one.credential) for one in asked]
    assert ({}, state) == (world.turns, world.rng.getstate())
    assert [("a", 0), ("b", 1), ("a", 2)] == [
        (one.target.model, one.credential) for one in (next(plan(chain, CALL, view, 1e9)) for _ in range(3))
    ]


def test_what_would_begin_is_an_attempt_or_why_there_is_none():
    world, chain = World(), route("lab/a")
    attempt = beginning(chain, CALL, onlooking(world.view(chain)), caller="")
    nothing = beginning(chain, CALL, onlooking(world.view(chain, fits=lambda *_: "no")), caller="")

    assert isinstance(attempt, Attempt)
    assert isinstance(nothing, Exhausted)
    assert ["no"] == [each.reason for each in nothing.skipped]


def test_what_would_begin_is_where_something_would_be_sent():
    world, chain = World(), route("lab/a", "lab/b")
    spent = failure(Fault.RATE_LIMITED)
    attempt = beginning(
        chain, CALL, onlooking(world.view(chain)), caller="", refuses=lambda one: spent if one.id == "lab/a" else None
    )

    assert "lab/b" == attempt.target.id


@pytest.mark.parametrize(
    ("chain", "most"),
    [
        (route("a"), 3),
        (route("a", "b"), 3),
        (route(stage("a", "b", "c"), "a"), 4),
        (route("a", "b", "c", fallback=False), 3),
        (route("a", "b", "c", most=2), 2),
        (route("a", most=9), 3),
    ],
)
def test_a_call_has_so_many_attempts_at_most(chain, most):
    assert most == most_attempts(chain)
