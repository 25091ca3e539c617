"""What is kept of a decision stays small, and the same follows from it again."""

from random import Random

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.schema import BALANCE, Balance
from core.target import Target
from routing.candidates import Skipped
from routing.chance import chance
from routing.decision import MOST_KEPT, Decision, ordered
from routing.pick import Pick
from routing.scores import LOOKS
from routing.strategies import STRATEGIES

LARGEST = 8_000  # bytes of a decision among 500 with ordinary names
COUNTS = st.integers(2, 30) | st.sampled_from([24, 25, 60, 300, 500])
KINDS = {
    "quality": lambda rng: round(rng.random(), 4),
    "headroom": lambda rng: rng.random(),
    "local": lambda rng: rng.randrange(2),
    "match": lambda rng: rng.randrange(4),
    "in_flight": lambda rng: rng.choice([0, 0, 0, 1, 7]),
    "idle": lambda rng: rng.choice([None, 3, 59, 61, 4000]),
    "latency": lambda rng: rng.choice([None, 0, 100, 109, 110, rng.randrange(10**5)]),
    "cost": lambda rng: rng.choice([None, 0, 5, rng.randrange(10**12)]),
}
LOOKING = [seed for seed in range(1000) if chance(seed, 2) < LOOKS]  # of calls that look at one
EVEN = {"latency": 100, "idle": 3, "in_flight": 0, "cost": 5, "quality": 0.5, "local": 1, "match": 1}


def made(strategy, count, rng, *, balance=BALANCE, sticky=0, likes=0.0):
    targets = [
        Target(f"provider-{number % 7}", f"model-{number}", rng.choice([1.0, 1.0, 0.0, 3.5])) for number in range(count)
    ]
    reads = STRATEGIES[strategy].reads
    table = [[KINDS[name](rng) for _ in targets] for name in reads]
    liked = frozenset(number for number in range(count) if rng.random() < likes)
    pick = Pick(rng.getrandbits(63), rng.randrange(1000), sticky, balance)
    order = ordered(strategy, targets, table, pick, preferred=liked)
    return Decision(0, strategy, pick, targets, table, liked, order, [])


def again(decision):
    return Decision.again(orjson.loads(orjson.dumps(decision.kept())))


@settings(deadline=None)
@given(
    strategy=st.sampled_from(sorted(STRATEGIES)),
    count=COUNTS,
    rng=st.randoms(use_true_random=False),
    balance=st.sampled_from([Balance(), Balance(1, 0, 0), Balance(0, 0, 3), Balance(0, 1, 1)]),
    sticky=st.sampled_from([0, 1, 2**62 + 5]),
    likes=st.sampled_from([0.0, 0.01, 0.3, 1.0]),
)
@example(strategy="latency", count=25, rng=Random(2), balance=Balance(), sticky=0, likes=0.0)  # two are there by chance
def test_what_was_kept_gives_the_same_first_targets_again(strategy, count, rng, balance, sticky, likes):
    decision = made(strategy, count, rng, balance=balance, sticky=sticky, likes=likes)

    found = again(decision)

    assert [one.id for one in decision.tried()][:MOST_KEPT] == [one.id for one in found.tried()]
    assert orjson.dumps(decision.kept()) == orjson.dumps(found.kept())


def looking(strategy, seed, liked=frozenset()):
    """Among equals, of which the one before the last has been slow."""
    reads, last = STRATEGIES[strategy].reads, MOST_KEPT + 8
    targets = [Target("lab", f"model-{number}") for number in range(last + 1)]
    table = [[EVEN[name]] * len(targets) for name in reads]
    table[reads.index("latency")][last - 1], table[reads.index("idle")][last - 1] = 1000, 60
    pick = Pick(seed)
    order = ordered(strategy, targets, table, pick, preferred=liked)
    return Decision(0, strategy, pick, targets, table, liked, order, [])


@pytest.mark.parametrize("seed", LOOKING)
@pytest.mark.parametrize("strategy", ["latency", "balanced", "local_first", "capability_match"])
def test_what_was_kept_of_a_look_tells_as_well_who_came_next_by_chance(strategy, seed):
    decision = looking(strategy, seed)
    liking = looking(strategy, seed, frozenset(range(20, 30)))

    kept, told = again(decision).tried(), again(liking).tried()

    assert "model-31" == kept[0].model
    assert [one.id for one in decision.tried()][:MOST_KEPT] == [one.id for one in kept]
    assert [one.id for one in liking.tried()][:MOST_KEPT] == [one.id for one in told]


def test_what_was_kept_before_the_second_was_named_can_be_read(rng):
    decision = made("latency", 60, rng)
    *kept, whole = orjson.loads(orjson.dumps(decision.kept()))

    found = Decision.again([*kept, whole[:4]])

    assert decision.tried()[0] == found.tried()[0]
    assert {one.id for one in decision.tried()[:MOST_KEPT]} == {one.id for one in found.tried()}


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_what_is_kept_of_many_targets_is_small(strategy, rng):
    away = [
        Skipped(Target("provider-1", f"other-{number}"), "the model lacks vision and tools") for number in range(500)
    ]
    decision = made(strategy, 500, rng)._replace(skipped=away)

    assert len(orjson.dumps(decision.kept())) < LARGEST
    assert [one.id for one in decision.tried()][:MOST_KEPT] == [one.id for one in again(decision).tried()][:MOST_KEPT]


def test_what_was_kept_by_another_version_is_not_taken_for_a_decision(rng):
    kept = made("order", 2, rng).kept()

    for wrong in ([], [*kept[:1], "by_the_moon", *kept[2:]], 7):
        with pytest.raises((KeyError, TypeError, ValueError)):
            Decision.again(wrong)


@pytest.fixture
def rng():

    return Random(5)
