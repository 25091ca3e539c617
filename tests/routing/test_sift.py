"""Sifting many targets at once says the same of each as asking for each."""

from hypothesis import given
from hypothesis import strategies as st
from playbook import CALL, World, failure, provider, route, stage

from core.faults import Fault
from core.target import Concurrency, Target, Thresholds
from core.wishes import Wishes
from routing.bench import Bench
from routing.candidates import kept_away, sift
from routing.outlook import Outlook

PROVIDERS = ("one", "two", "free", "off")
TARGETS = [Target(name, model) for name in PROVIDERS for model in "ab"]
TROUBLES = st.sampled_from(["nothing", "seen", "tripped", "limited", "benched", "over", "full", "gone", "by hand"])


def trouble(world, target, what):
    pool = world.pools[target.provider]
    match what:
        case "seen":
            world.vitals.target(target.id)
        case "tripped":
            world.trip(target.id)
        case "over":
            world.trip(target.id, cooldown=0.1)
            world.vitals.target(target.id).circuit.until = world.now - 1
        case "full":
            world.vitals.target(target.id).gate.heed(Concurrency(1), 0)
            world.vitals.target(target.id).begin(world.now)
        case "limited":
            pool.told(0, failure(Fault.RATE_LIMITED, retry_after=9), world.now, target.id)
        case "gone":
            world.vitals.provider(target.provider).presence.missed(
                Fault.UNREACHABLE, world.now, Thresholds(down=1), every=10.0
            )
        case "by hand":
            world.vitals.benches.put(target.id, Bench(world.now + 5.0, ""))
        case "benched":
            pool.told(0, failure(Fault.BAD_CREDENTIAL), world.now, target.id)


@given(
    troubles=st.tuples(*[TROUBLES] * len(TARGETS)),
    unfit=st.none() | st.sampled_from(TARGETS),
    wishes=st.sampled_from(
        [CALL.wishes, Wishes(prefer=("one",)), Wishes(avoid=("two",), max_latency=0.5), Wishes(local=True)]
    ),
    needs=st.sampled_from([frozenset(), frozenset({"tools"}), frozenset({"tools", "vision"})]),
    size=st.sampled_from([100, 100_000]),
    later=st.sampled_from([0.0, 10.0, 1e6]),
)
def test_sifting_is_asking_for_each(troubles, unfit, wishes, needs, size, later):
    world = World(
        provider("one"), provider("two", keys=2), provider("free", keys=0, needs_key=False), provider("off", keys=0)
    )
    for target, what in zip(TARGETS, troubles, strict=True):
        trouble(world, target, what)
    fits = None if unfit is None else lambda target, _call: "it can't" if target.provider == unfit.provider else None
    able = {"one/a": frozenset({"tools", "vision"}), "two/a": frozenset({"tools"})}
    outlook = Outlook(capabilities=lambda target: able.get(target.id, frozenset()))
    contexts = {"one/b": 10, "two/b": 100_000}
    view = world.view(route(stage("one/a")), fits=fits, outlook=outlook, context=lambda target: contexts.get(target.id))
    body = {"messages": [{"role": "user", "content": "x" * size}]}
    call, now = CALL._replace(wishes=wishes, needs=needs, size=size, body=body), world.now + later

    got = sift(TARGETS, call, view, now)

    asked = {target.id: kept_away(target, call, view, now) for target in TARGETS}
    assert [target.id for target in got.able] == [id for id, away in asked.items() if away is None]
    assert got.skipped == [away for away in asked.values() if away is not None]
    assert len(got.seen) == len(got.able)
    known = world.vitals.targets()
    assert all(one is None or one is known[target.id] for target, one in zip(got.able, got.seen, strict=True))


def test_whose_provider_is_gone_is_skipped_whole():
    world = World(provider("one"), provider("two"))
    trouble(world, TARGETS[0], "gone")

    got = sift(TARGETS[:4], CALL, world.view(route(stage("one/a", "two/a"))), world.now)

    assert ["two/a", "two/b"] == [target.id for target in got.able]
    assert ["one/a", "one/b"] == [each.target.id for each in got.skipped]
