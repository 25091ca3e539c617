"""Targets that were taken out by hand: skipped as if nobody were there, and tried if nothing else is left."""

from playbook import World, route, stage

from core.faults import Fault
from routing.bench import Bench, Benches, words


def world(*out, seconds=60.0):
    made = World()
    for id in out:
        made.vitals.benches.put(id, Bench(made.now + seconds, "moving house"))
    return made


def test_a_benched_target_is_passed_over():
    assert ["b"] == world("a/a").play(route("a", "b"))
    assert ["b"] == world("a/a").play(route(stage("a", "b")))


def test_it_is_tried_again_once_its_time_is_over():
    made = world("a/a", seconds=60.0)
    made.now += 60.0

    assert ["a"] == made.play(route("a", "b"))
    assert not made.vitals.benches


def test_who_is_brought_back_is_tried_at_once():
    made = world("a/a")
    made.vitals.benches.lift("a/a")
    made.vitals.benches.lift("b/b")

    assert ["a"] == made.play(route("a", "b"))


def test_where_all_are_out_the_one_that_comes_back_first_is_tried():
    made = world("a/a")
    made.vitals.benches.put("b/b", Bench(made.now + 5.0, ""))

    assert ["b"] == made.play(route("a", "b"))


def test_one_whose_breaker_is_open_is_tried_before_one_that_was_taken_out():
    made = world("a/a", seconds=1.0)
    made.trip("b", cooldown=100.0)

    assert ["b"] == made.play(route("a", "b"))


def test_being_away_in_great_numbers_brings_back_those_with_breakers_and_not_those_taken_out():
    made = world("a/a", seconds=1.0)
    made.trip("b", "c", "d")

    (tried,) = made.play(route(stage("a", "b", "c", "d")))

    assert tried in {"b", "c", "d"}


def test_it_leads_to_stages_for_targets_that_are_not_there():
    last = stage("b", on=(Fault.UNREACHABLE,))

    assert ["b"] == world("a/a").play(route("a", last))


def test_benches_are_known_by_provider():
    benches = Benches()
    benches.put("lab/x", Bench(5.0, ""))

    assert (True, False) == (benches.at("lab"), benches.at("la"))
    assert ("lab/x",) == benches.ids()


def test_clients_are_told_how_long_and_not_why():
    assert "the operator has taken it out for 3 s more" == words(Bench(12.2, "they sold our data"), 10.0)
