"""What strategies read."""

import pytest
from playbook import CALL, World, provider, route, stage, target

from config.schema import Breaker
from core.wishes import Wishes
from routing.columns import COLUMNS, Sight
from routing.outlook import Outlook, Rates

NAMES = ("lab/a", "lab/b", "home/c")


def read(column, world, call=CALL, now=1000.0, **outlook):
    view = world.view(route(stage(*NAMES)), outlook=Outlook(**outlook))
    targets = [target(name) for name in NAMES]
    return COLUMNS[column](Sight(targets, [world.vitals.targets().get(name) for name in NAMES], call, view, now))


@pytest.fixture
def world() -> World:
    it = World(provider("home", keys=0, needs_key=False, local=True))
    it.vitals.target("lab/a").pulse.answered(990.5, 2.5, 100, 0.5)
    it.vitals.target("lab/b").in_flight = 3
    return it


def prices(of):
    return Rates(10**6, 10**6, 0) if of.model == "a" else None


WISHES = {"wishes": Wishes(capabilities=frozenset({"code"}))}
ABLE = {"a": frozenset({"tools", "code"}), "b": frozenset({"tools"})}


def able(of):
    return ABLE.get(of.model, frozenset())


def quality(of, task, _now):
    return 0.9 if (of.model, task) == ("b", "analysis") else 0.1


def left(of, _now):
    return {"a": 0.4, "c": 0.9}.get(of.model)


@pytest.mark.parametrize(
    ("column", "call", "known", "expected"),
    [
        ("in_flight", {}, {}, [0, 3, 0]),
        ("latency", {}, {}, [500 + 300 * 20, None, None]),
        ("latency", {"max_output": 10}, {}, [700, None, None]),
        ("idle", {}, {}, [9.5, None, None]),
        ("cost", {"size": 400}, {"rates": prices}, [400, None, 0]),
        ("cost", {"size": 400}, {"rates": lambda _: Rates(10**6, 0, 0)}, [100, 100, 100]),
        ("quality", {}, {}, [0.5, 0.5, 0.5]),
        ("quality", {"wishes": Wishes(task="analysis")}, {"quality": quality}, [0.1, 0.9, 0.1]),
        ("local", {}, {}, [0, 0, 1]),
        ("match", {"needs": frozenset({"tools"})}, {"capabilities": able}, [1, 1, 0]),
        ("match", {"needs": frozenset({"tools"}), **WISHES}, {"capabilities": able}, [2, 1, 0]),
        ("match", {"wishes": Wishes(task="analysis")}, {"quality": quality}, [0, 1, 0]),
        ("headroom", {}, {}, [None, None, None]),
        ("headroom", {}, {"declared": left}, [0.4, None, 0.9]),
    ],
)
def test_a_column_says_of_each_target(world, column, call, known, expected):
    assert list(read(column, world, CALL._replace(**call), **known)) == expected


def test_a_target_that_has_fallen_silent_looks_slow(world):
    it = world.vitals.target("lab/a")
    it.begin(990.5)
    it.begin(995.0)

    silent = read("latency", world)[0]
    it.end(999.5, None, probe=False, policy=Breaker())
    heard = read("latency", world)[0]

    assert (silent, heard) == (500 + 8000 * 2 + 300 * 20, 500 + 300 * 20)


def test_headroom_is_the_tighter_of_what_provider_and_operator_allow(world):
    for name, remaining in (("lab/a", "90"), ("lab/b", "30")):
        headers = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": remaining}
        world.vitals.target(name).rooms.told(0, headers, 1000.0, 0.0, number=0, tokens=0)

    assert [read("headroom", world), read("headroom", world, declared=left)] == [[0.9, 0.3, None], [0.4, 0.3, 0.9]]
