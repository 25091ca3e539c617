"""Strategies on paper: they do what they are for, and the same each time."""

import json
from random import Random
from xml.etree import ElementTree as ET

import pytest

from bench import simulate
from bench.decisions import MOST, measured, slow, table
from bench.simulated import Simulation
from routing.strategies import STRATEGIES

NAMES = ("random", "cost", "latency", "quality", "headroom", "affinity", "balanced", "local_first")


@pytest.fixture(scope="module")
def found():
    asked, rng = simulate.calls(900, 4, Random(1)), Random(2)
    return simulate.compared([simulate.sites(route, 8, rng, 60.0) for route in range(4)], asked, NAMES)


def test_nobody_loses_a_call(found):
    assert {each.calls for each in found.values()} == {900}
    assert {each.errors for each in found.values()} == {0}


def test_each_strategy_is_better_than_chance_at_what_it_is_for(found):
    chance = found["random"]

    assert found["cost"].cost < chance.cost / 3
    assert found["balanced"].cost < chance.cost / 2
    assert found["latency"].quantile(0.5) < chance.quantile(0.5)
    assert found["quality"].quality > chance.quality * 1.2
    assert found["affinity"].cached > chance.cached * 1.5
    assert found["headroom"].refused <= chance.refused


def test_the_same_seed_gives_the_same_figures():
    def play():
        asked, rng = simulate.calls(100, 1, Random(1)), Random(2)
        return Simulation([simulate.sites(0, 5, rng, 60.0)], "balanced", seed=3).play(asked)

    assert play() == play()


def test_a_table_and_a_picture_tell_of_every_strategy(found):
    shown, drawn = simulate.table(found), simulate.picture(found, "a & b")

    texts = [each.text for each in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert all(f"| `{name}` |" in shown and name in texts for name in NAMES)
    assert texts[0] == "a & b"


def test_a_log_says_how_targets_are_to_behave():
    one = {"status": 200, "target": "lab/a/b", "first_content_ms": 500, "total_ms": 2500, "input": 400, "output": 100}
    lines = [
        json.dumps({**one, "cost_usd": 0.002, "tried": [["lab/c", "broken", 3], ["lab/a/b", "", 2500]]}),
        json.dumps({**one, "cost_usd": 0.002, "tried": [["lab/a/b", "timeout", 9]], "status": 503}),
        json.dumps({**one, "first_content_ms": None, "cost_usd": 0.002}),
        "Listening on 8080",
        "7",
    ]

    (site,) = simulate.recorded(lines)

    assert (site.target.provider, site.target.model) == ("lab", "a/b")
    assert site.samples == [(0.5, 0.02), (0.5, 0.02)]
    assert (site.fails, site.rates.output) == (0.5, 10**10)
    assert Simulation([[site]], "order", seed=1).play(simulate.calls(9, 1, Random(1))).calls == 9


def test_it_runs_from_the_command_line(tmp_path, capsys):
    out = tmp_path / "picture.svg"

    simulate.main(["--calls", "60", "--routes", "2", "--targets", "3", "--out", str(out)])

    assert "60 calls, 6 simulated targets, 2 routes" in capsys.readouterr().out
    assert out.read_text().startswith("<svg")


def test_what_a_decision_costs_is_measured_for_every_strategy():
    found = measured(seconds=0.001)

    assert list(found) == list(STRATEGIES)
    assert all(f"| `{name}` |" in table(found) for name in STRATEGIES)
    assert slow({"cost": dict.fromkeys(MOST, 1e9)})
