"""Which targets are passed over, and what becomes of a call when all are."""

import pytest
from playbook import CALL, World, failure, provider, route, stage

from core.faults import Fault
from routing.exhausted import Exhausted
from routing.plan import plan

F = Fault


def test_without_fallback_an_unavailable_target_is_still_passed_over():
    world = World()
    world.trip("cheap")

    assert ["dear"] == world.play(route("cheap", "dear", "free", fallback=False), F.TIMEOUT)


@pytest.mark.parametrize(("cause", "tried"), [(F.OVERLOADED, ["dear"]), (F.TIMEOUT, ["cheap"])])
def test_an_open_breaker_leads_where_its_fault_would(cause, tried):
    world = World()
    world.trip("cheap", fault=cause)

    assert tried == world.play(route("cheap", stage("dear", on=(F.OVERLOADED,))))


def test_what_can_never_take_the_call_leads_to_no_conditional_stage():
    world = World(provider("cheap", keys=0))

    tried = world.play(route("cheap", stage("dear", on=(F.OVERLOADED,))))

    assert ([], ["provider cheap is not configured"]) == (tried, [it.reason for it in world.exhausted.skipped])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("keyless", "provider keyless is not configured"),
        ("weak", "it can't see"),
        ("tripped", "its breaker is open for 30 s more (overloaded)"),
        ("limited", "all its credentials rest for 60 s more (rate_limited)"),
    ],
)
def test_a_target_that_cannot_take_the_call_is_skipped_with_a_reason(name, reason):
    world = World(provider("keyless", keys=0), provider("limited"))
    world.trip("tripped")
    world.vitals.target("tripped/tripped").circuit.until = world.now + 29.5
    world.pools["limited"].told(0, failure(F.RATE_LIMITED, retry_after=60), world.now, "limited/limited")

    tried = world.play(
        route(name, "dear"), F.TIMEOUT, fits=lambda it, _call: "it can't see" if it.model == "weak" else None
    )

    assert ["dear"] == tried
    assert [(name, reason)] == [(it.target.model, it.reason) for it in world.exhausted.skipped]


def test_who_is_known_to_serve_an_endpoint_is_asked_nothing_more():
    world = World()

    served = frozenset({("cheap", "chat"), ("dear", "embeddings")})
    tried = world.play(route("dear", "cheap"), fits=lambda it, _call: f"{it.id} was asked", serves=served)

    assert ["cheap"] == tried
    assert world.exhausted is None


def test_a_provider_that_is_not_in_the_config_is_skipped():
    world = World()
    chain = route("cheap")
    view = world.view(chain)
    del view.usable["cheap"]

    with pytest.raises(Exhausted) as caught:
        next(plan(chain, CALL, view, 1e9))

    assert "provider cheap is not configured" == caught.value.skipped[0].reason


def test_a_provider_that_needs_no_key_has_credential_minus_one():
    world = World(provider("local", keys=0, needs_key=False))

    world.play(route("local"))

    assert -1 == world.attempts[0].credential


@pytest.mark.parametrize(
    ("contexts", "tried"),
    [
        ({"a": 8, "b": 8, "c": 4, "d": 16}, ["a", "d"]),
        ({"a": 8, "b": 9, "c": 9, "d": 16}, ["a", "b", "d"]),
        ({"a": 8, "b": None, "c": 8, "d": None}, ["a", "b", "d"]),
        ({"a": None, "b": 1, "c": 2, "d": 1}, ["a", "b", "c"]),
        ({}, ["a", "b", "c", "d"]),
    ],
)
def test_a_context_that_was_too_small_leads_to_bigger_ones_only(contexts, tried):
    world = World()

    got = world.play(route(*"abcd"), *[F.CONTEXT_LENGTH] * 9, context=lambda it: contexts.get(it.model))

    assert tried == got


def test_a_target_with_too_small_a_context_is_skipped_with_a_reason():
    world = World()

    world.play(route("a", "b"), F.CONTEXT_LENGTH, context=lambda _it: 8)

    assert ["its context is no bigger than that of a/a, which was too small"] == [
        it.reason for it in world.exhausted.skipped
    ]


def test_a_target_with_too_small_a_context_is_not_reserved_an_attempt():
    sizes = {"a": 8, "b": 9, "c": 8}
    world = World()

    got = world.play(route(*"abc"), F.CONTEXT_LENGTH, *[F.BROKEN] * 9, context=lambda it: sizes[it.model])

    assert ["a", "b", "b", "b"] == got


def test_if_every_breaker_is_open_the_one_that_ends_first_gets_one_attempt():
    world = World(provider("off", keys=0))
    world.trip("cheap", cooldown=60)
    world.trip("dear", cooldown=20)

    tried = world.play(route("off", "cheap", "dear"), *[F.BROKEN] * 9)

    assert (["dear"], 2) == (tried, world.attempts[0].stage)
    assert 3 == len(world.exhausted.skipped)


def test_a_last_resort_is_tried_by_one_call_at_a_time():
    world = World()
    world.trip("cheap", "dear")
    chain = route(stage("cheap", "dear"))
    first = next(plan(chain, CALL, world.view(chain), world.now + chain.timeouts.total)).target
    world.vitals.target(first.id).begin(world.now)
    second = next(plan(chain, CALL, world.view(chain), world.now + chain.timeouts.total)).target
    world.vitals.target(second.id).begin(world.now)

    tried = world.play(chain)

    assert ({"cheap", "dear"}, []) == ({first.model, second.model}, tried)


def test_there_is_no_last_resort_without_a_credential():
    world = World()
    world.trip("cheap")
    chain = route("cheap")
    world.view(chain)
    world.pools["cheap"].told(0, failure(F.BAD_CREDENTIAL), world.now, "cheap/cheap")

    assert [] == world.play(chain)


def test_there_is_no_last_resort_where_something_else_than_breakers_is_in_the_way():
    world = World(provider("limited"))
    world.trip("cheap")
    world.pools["limited"].told(0, failure(F.RATE_LIMITED, retry_after=60), world.now, "limited/limited")

    assert [] == world.play(route("cheap", "limited"))


def test_a_success_of_the_last_resort_closes_its_breaker():
    world = World()
    world.trip("cheap")

    tried = [world.play(route("cheap")), world.play(route("cheap"), F.TIMEOUT)]

    assert [["cheap"], ["cheap"]] == tried
    assert world.vitals.target("cheap/cheap").available(world.now)


def test_a_target_being_probed_is_skipped_without_a_known_wait():
    world = World()
    world.trip("cheap")
    world.now += 60
    world.vitals.target("cheap/cheap").begin(world.now)

    world.play(route("cheap"))

    skipped = world.exhausted.skipped[0]
    assert (None, None) == (skipped.wait, world.exhausted.retry_after)
    assert "one call through at a time" in skipped.reason
