"""What holds for every plan, whatever goes wrong."""

from hypothesis import given, settings
from hypothesis import strategies as st
from playbook import World, failure, provider, route, stage

from config.schema import Breaker, Retry, Route
from core.faults import Fault

NAMES = "abcdef"
LEADING = [fault for fault in Fault if fault.next_target]

faults = st.sampled_from(list(Fault))
waits = st.none() | st.floats(0, 200)
failures = st.builds(lambda fault, wait: failure(fault, retry_after=wait), faults, waits)
stages = st.builds(
    lambda names, on, strategy: stage(*names, on=tuple(on), strategy=strategy),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4),
    st.lists(faults, max_size=2),
    st.sampled_from(["order", "round_robin", "weighted", "random", "least_loaded"]),
)
unconditional = st.builds(lambda names: stage(*names), st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))
retries = st.builds(Retry, attempts=st.integers(1, 6))


def chains(stages: st.SearchStrategy, **facts: st.SearchStrategy) -> st.SearchStrategy[Route]:
    return st.builds(
        lambda chain, retry, **rest: route(*chain, retry=retry, **rest),
        st.lists(stages, min_size=1, max_size=4),
        retries,
        **facts,
    )


def targets(chain: Route) -> set[str]:
    return {each.model for stage in chain.stages for each in stage.targets}


def bound(chain: Route) -> int:
    count = len(targets(chain)) if chain.fallback else 1
    return max(chain.retry.attempts if count == 1 else 0, count + 1)


@settings(max_examples=60, deadline=None)
@given(
    chain=chains(stages, fallback=st.booleans(), breaker=st.builds(Breaker, failures=st.integers(1, 4))),
    script=st.lists(failures, min_size=40, max_size=40),
    keys=st.integers(1, 3),
    tripped=st.sets(st.sampled_from(NAMES)),
)
def test_a_plan_always_ends_within_its_attempts(chain, script, keys, tripped):
    world = World(*(provider(name, keys=keys) for name in NAMES))
    world.trip(*tripped)

    tried = world.play(chain, *script)

    assert len(tried) <= bound(chain)
    assert world.exhausted is not None
    assert len(tried) == len(world.exhausted.failures)


@settings(max_examples=100, deadline=None)
@given(
    chain=chains(stages, fallback=st.booleans(), breaker=st.builds(Breaker, failures=st.integers(1, 4))),
    script=st.lists(failures, max_size=12),
    keys=st.integers(1, 3),
    tripped=st.sets(st.sampled_from(NAMES)),
)
def test_a_plan_that_begins_after_the_opening_says_the_same(chain, script, keys, tripped):
    told = []
    for planned in (True, False):
        world = World(*(provider(name, keys=keys) for name in NAMES))
        world.trip(*tripped)
        world.play(chain, *script, planned=planned)
        ended = world.exhausted
        told.append((world.attempts, world.now, ended and (ended.failures, ended.skipped, ended.retry_after)))

    assert told[0] == told[1]


@settings(max_examples=40, deadline=None)
@given(chain=chains(stages), script=st.lists(failures, min_size=40, max_size=40))
def test_no_target_is_tried_again_after_another(chain, script):
    tried = World().play(chain, *script)

    runs = [name for name, before in zip(tried, [None, *tried], strict=False) if name != before]
    assert len(runs) == len(set(runs))


@settings(max_examples=40, deadline=None)
@given(
    chain=chains(unconditional),
    script=st.lists(
        st.sampled_from([it for it in LEADING if it is not Fault.CONTEXT_LENGTH]), min_size=40, max_size=40
    ),
)
def test_every_target_is_tried_when_all_fail(chain, script):
    tried = World().play(chain, *script)

    assert targets(chain) == set(tried)


@settings(max_examples=40, deadline=None)
@given(
    chain=chains(stages, breaker=st.builds(Breaker, failures=st.integers(1, 3))),
    scripts=st.lists(st.lists(failures, max_size=6), max_size=6),
)
def test_nothing_is_left_in_flight(chain, scripts):
    world = World()

    for script in scripts:
        world.play(chain, *script)
        world.now += 10.0

    assert {0} >= {vitals.in_flight for vitals in world.vitals.targets().values()}
    assert not any(vitals.circuit.probing for vitals in world.vitals.targets().values())


@settings(max_examples=40, deadline=None)
@given(chain=chains(stages), script=st.lists(failures, min_size=40, max_size=40))
def test_no_attempt_begins_after_the_deadline(chain, script):
    world = World()
    deadline = world.now + chain.timeouts.total

    world.play(chain, *script)

    assert world.now < deadline
