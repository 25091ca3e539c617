"""Routes put together to a chain of the client's own."""

from playbook import route, stage

from config.schema import Timeouts
from core.faults import Fault
from routing.joined import joined, targets_of


def names(made):
    return [[target.model for target in stage.targets] for stage in made.stages]


def test_stages_follow_each_other_and_no_target_stands_twice():
    made = joined([route("a", stage("b", "c")), route(stage("c", "d"), "a"), route("d")])

    assert [["a"], ["b", "c"], ["d"]] == names(made)


def test_a_stage_keeps_what_it_waits_for_and_how_it_orders():
    made = joined([route("a"), route("b", stage("c", "d", on=(Fault.TIMEOUT,), strategy="random"))])

    assert (frozenset({"timeout"}), "random") == (made.stages[2].on, made.stages[2].strategy)


def test_all_else_is_the_first_ones():
    timeouts = Timeouts(total=7.0)

    made = joined([route("a", name="mine", timeouts=timeouts, fallback=False), route("b", name="other")])

    assert ("mine", timeouts, False, 0) == (made.name, made.timeouts, made.fallback, made.most)


def test_an_end_of_its_own_is_one_for_its_part_only():
    assert 7 == joined([route(stage("a", "b")), route(stage("c", "d", "e"), most=5)]).most


def test_targets_are_those_of_all_stages():
    assert ["a", "b", "c"] == [target.model for target in targets_of(route("a", stage("b", "c")))]
