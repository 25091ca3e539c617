"""What is prepared for a stage is found again, and isn't taken for another's."""

from playbook import target

from routing.lineup import lineup


def test_it_is_found_again_for_the_same_targets_only():
    stages = [tuple(target(f"model-{number}") for number in range(size)) for size in range(1, 400)]

    for stage in stages * 2:
        made = lineup(stage)
        assert made.ids == tuple(each.id for each in stage)
        assert lineup(stage) is made
    assert lineup(list(stages[9])) is not lineup(list(stages[9]))


def test_it_knows_the_first_target_of_each_provider():
    targets = [target("one/a"), target("one/b"), target("other/c")]

    assert lineup(targets).firsts == (targets[0], targets[2])
