"""Which attempts follow which faults."""

import pytest
from playbook import CALL, World, failure, play, provider, route, stage

from config.schema import Breaker, Retry, Timeouts
from core.faults import Blame, Fault
from routing.exhausted import Exhausted
from routing.plan import plan

F = Fault
CHAIN = route("cheap", "dear")


@pytest.mark.parametrize(
    ("faults", "tried"),
    [
        ([], ["cheap"]),
        ([F.BROKEN], ["cheap", "cheap"]),
        ([F.BROKEN] * 9, ["cheap", "cheap", "dear"]),
        ([F.OVERLOADED] * 9, ["cheap", "cheap", "dear"]),
        ([F.UNREACHABLE] * 9, ["cheap", "cheap", "dear"]),
        ([F.TIMEOUT] * 9, ["cheap", "dear"]),
        ([F.TIMEOUT, F.BROKEN, F.BROKEN], ["cheap", "dear", "dear"]),
        ([F.RATE_LIMITED], ["cheap", "dear"]),
        ([F.BAD_CREDENTIAL] * 9, ["cheap", "dear"]),
        ([F.OUT_OF_CREDIT] * 9, ["cheap", "dear"]),
        ([F.MODEL_NOT_FOUND] * 9, ["cheap", "dear"]),
        ([F.CONTEXT_LENGTH] * 9, ["cheap", "dear"]),
        ([F.CONTENT_POLICY] * 9, ["cheap"]),
        ([F.BAD_REQUEST] * 9, ["cheap"]),
        ([F.CANCELLED] * 9, ["cheap"]),
        ([F.BROKEN, F.BAD_REQUEST], ["cheap", "cheap"]),
    ],
)
def test_attempts_follow_faults(faults, tried):
    assert tried == play(CHAIN, *faults)


@pytest.mark.parametrize(
    ("attempts", "tried"),
    [(1, 1), (2, 2), (3, 3), (7, 7)],
)
def test_a_lone_target_gets_all_its_retries(attempts, tried):
    lone = route("cheap", retry=Retry(attempts=attempts))

    assert ["cheap"] * tried == play(lone, *[F.BROKEN] * 20)


def test_a_target_is_not_tried_again_in_a_later_stage():
    again = route(stage("cheap", "dear"), "cheap", "free")

    assert ["cheap", "dear", "free"] == play(again, *[F.TIMEOUT] * 9)


def test_without_fallback_only_the_first_target_is_tried_with_its_retries():
    alone = route("cheap", "dear", fallback=False)

    assert ["cheap"] * 3 == play(alone, *[F.BROKEN] * 9)


@pytest.mark.parametrize(
    ("fault", "tried"),
    [
        (F.TIMEOUT, ["cheap", "dear"]),
        (F.MODEL_NOT_FOUND, ["cheap", "free", "dear"]),
        (F.CONTENT_POLICY, ["cheap", "mild", "meek"]),
        (F.BAD_REQUEST, ["cheap"]),
        (F.CANCELLED, ["cheap"]),
    ],
)
def test_a_stage_with_on_is_tried_after_those_faults_only(fault, tried):
    chain = route(
        stage("cheap"),
        stage("free", on=(F.MODEL_NOT_FOUND, F.BAD_REQUEST, F.CANCELLED)),
        stage("mild", "meek", on=(F.CONTENT_POLICY,)),
        stage("dear"),
    )

    assert tried == play(chain, *[fault] * 9)


def test_content_policy_skips_the_rest_of_a_stage_that_does_not_name_it():
    chain = route(stage("cheap", "same"), stage("mild", on=(F.CONTENT_POLICY,)))

    assert ["cheap", "mild"] == play(chain, F.CONTENT_POLICY)


def test_attempts_are_numbered_and_say_where_they_belong():
    world = World()

    world.play(CHAIN, F.BROKEN, F.BROKEN)

    assert [(1, 0, False), (2, 0, True), (3, 1, False)] == [(it.number, it.stage, it.retry) for it in world.attempts]


def test_only_retries_wait():
    world = World()

    world.play(CHAIN, F.BROKEN, F.BROKEN)

    waits = [it.wait for it in world.attempts]
    assert 0.0 == waits[0] == waits[2]
    assert 0.0 < waits[1] <= 0.5


def test_a_retry_waits_as_long_as_the_target_asks():
    world = World()

    world.play(route("cheap"), failure(F.OVERLOADED, retry_after=4.0))

    assert 4.0 <= world.attempts[1].wait <= 4.4


def test_a_long_retry_after_goes_to_the_next_target_at_once():
    world = World()

    tried = world.play(CHAIN, failure(F.OVERLOADED, retry_after=11.0))

    assert (["cheap", "dear"], 0.0) == (tried, world.attempts[1].wait)


@pytest.mark.parametrize("fault", [F.RATE_LIMITED, F.BAD_CREDENTIAL, F.OUT_OF_CREDIT])
def test_what_is_the_keys_fault_is_retried_at_once_with_another_one(fault):
    world = World(provider("cheap", keys=2))

    tried = world.play(CHAIN, fault)

    assert ["cheap", "cheap"] == tried
    assert [(0, 0.0), (1, 0.0)] == [(it.credential, it.wait) for it in world.attempts]


def test_a_rate_limit_is_waited_for_only_where_nothing_else_is_left():
    world = World()
    world.trip("dear")

    tried = world.play(CHAIN, failure(F.RATE_LIMITED, retry_after=3.0))

    assert ["cheap", "cheap"] == tried
    assert 3.0 <= world.attempts[1].wait <= 3.3


def test_a_rate_limit_that_names_no_time_is_waited_for_no_longer_than_a_retry_may_be():
    world = World()

    tried = world.play(route("cheap", retry=Retry(attempts=3, max_backoff=0.5)), F.RATE_LIMITED, F.RATE_LIMITED)

    assert ["cheap", "cheap", "cheap"] == tried
    assert all(0.5 <= it.wait <= 0.55 for it in world.attempts[1:])


def test_a_rate_limit_is_waited_for_where_the_next_stage_is_for_other_faults():
    chain = route("cheap", stage("dear", on=(F.OVERLOADED,)))

    assert ["cheap", "cheap"] == play(chain, failure(F.RATE_LIMITED, retry_after=3.0))


@pytest.mark.parametrize("retry_after", [10.5, 3600.0])
def test_a_long_rate_limit_is_not_waited_for(retry_after):
    assert ["cheap"] == play(route("cheap"), failure(F.RATE_LIMITED, retry_after=retry_after))


def test_a_credential_that_others_exhausted_meanwhile_is_not_waited_for_if_there_is_another_target():
    world = World()
    course = plan(CHAIN, CALL, world.view(CHAIN), world.now + CHAIN.timeouts.total)
    first = next(course)
    met = world.meet(CHAIN, first, F.BROKEN)
    world.pools["cheap"].told(0, failure(F.RATE_LIMITED), world.now, first.target.id)

    assert "dear" == course.send(met).target.model


def test_no_retry_begins_that_would_pass_the_deadline():
    hasty = route("cheap", timeouts=Timeouts(total=2.0))

    assert ["cheap"] == play(hasty, failure(F.OVERLOADED, retry_after=3.0))


def test_no_target_is_tried_after_the_deadline():
    world = World()
    chain = route("cheap", "dear")
    course = plan(chain, CALL, world.view(chain), world.now + chain.timeouts.total)
    met = world.meet(chain, next(course), F.TIMEOUT)
    world.now += 600.0

    with pytest.raises(Exhausted):
        course.send(met)


def test_the_retry_budget_of_the_process_forbids_retries_but_no_fallback():
    world = World()
    for _ in range(3):
        world.budget.retries += 1

    assert ["cheap", "dear"] == world.play(CHAIN, F.BROKEN)


def test_a_target_whose_breaker_has_just_opened_is_not_retried():
    fragile = route("cheap", retry=Retry(attempts=5), breaker=Breaker(failures=2))

    assert ["cheap", "cheap"] == play(fragile, *[F.BROKEN] * 9)


def test_attempts_saved_by_an_unavailable_target_go_to_retries_but_never_beyond_the_bound():
    world = World()
    world.trip("dear", cooldown=0.01)
    course = plan(CHAIN, CALL, world.view(CHAIN), world.now + CHAIN.timeouts.total)
    attempt = next(course)
    tried = []

    # The cooldown ends while the first target is retried for the last time.
    with pytest.raises(Exhausted):
        while True:
            tried.append(attempt.target.model)
            world.now += 5.0 if len(tried) == 3 else 0.0
            world.vitals.target("dear/dear").circuit.until = 1e9 if len(tried) < 3 else 0.0
            attempt = course.send(failure(F.BROKEN))

    assert ["cheap"] * 3 == tried


def test_stages_of_several_targets_take_turns_of_their_own():
    world = World()
    pair = route(stage("a", "b", strategy="round_robin"), stage("c", "d", strategy="round_robin"))

    tried = [world.play(pair, F.TIMEOUT, F.TIMEOUT) for _ in range(2)]

    assert [["a", "b", "c"], ["b", "a", "d"]] == tried


@pytest.mark.parametrize(
    ("script", "wait"),
    [
        ([F.TIMEOUT, F.TIMEOUT], None),
        ([failure(F.OVERLOADED, retry_after=40.0), failure(F.OVERLOADED, retry_after=20.0)], 20.0),
        ([F.TIMEOUT, F.RATE_LIMITED, F.RATE_LIMITED], 10.0),
    ],
)
def test_the_smallest_known_wait_is_passed_on(script, wait):
    world = World()

    world.play(CHAIN, *script)

    assert wait == world.exhausted.retry_after


def test_every_fault_that_leads_nowhere_is_the_callers_or_nobodys():
    assert {Blame.CALLER, Blame.NOBODY} == {fault.blame for fault in Fault if not fault.next_target}
