"""Who goes next in a line."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.line import OLDEST, Line

HIGH, NORMAL, LOW = range(3)


class Someone:
    def __init__(self, key: str, level: int = NORMAL) -> None:
        self.key = key
        self.level = level
        self.number = 0
        self.ousted = False

    def enter(self) -> None:
        raise AssertionError("a line only says whose turn it is")

    def leave(self) -> None:
        self.ousted = True


def lined(*who: Someone, most: int = 1000) -> Line:
    line = Line()
    for each in who:
        assert line.join(each, most)
    return line


def served(line: Line) -> list[Someone]:
    return [line.next() for _ in range(line.size)]


def keys(text: str, level: int = NORMAL) -> list[Someone]:
    return [Someone(key, level) for key in text.split()]


@pytest.mark.parametrize(
    ("joined", "order"),
    [
        ("a a a", "a a a"),
        ("a a a b", "a b a a"),
        ("a a a b b c", "a b c a b a"),
        ("a a b b b c d", "a b c d a b b"),
    ],
)
def test_keys_take_turns(joined, order):
    assert order.split() == [each.key for each in served(lined(*keys(joined)))]


def test_within_a_key_the_first_goes_first():
    who = keys("a a a")

    assert who == served(lined(*who))


def test_a_higher_priority_goes_first():
    who = [Someone("a", LOW), Someone("b"), Someone("c", HIGH), Someone("d"), Someone("e", HIGH)]

    assert ["c", "e", "b", "d", "a"] == [each.key for each in served(lined(*who))]


def test_now_and_then_whoever_has_waited_longest_goes_first():
    who = [Someone("meek", LOW), *(Someone("loud", HIGH) for _ in range(20))]

    assert OLDEST - 1 == [each.key for each in served(lined(*who))].index("meek")


def test_whoever_leaves_is_gone_and_may_leave_twice():
    who = keys("a b a")
    line = lined(*who)
    for each in (who[1], who[2], who[2], Someone("z")):
        line.remove(each)

    assert [who[0]] == served(line)


@pytest.mark.parametrize(
    ("key", "level", "ahead"),
    [("a", NORMAL, 7), ("b", NORMAL, 6), ("new", NORMAL, 3), ("new", HIGH, 1), ("new", LOW, 7)],
)
def test_how_many_go_first(key, level, ahead):
    line = lined(*keys("a a a a b b"), Someone("a", HIGH))

    assert ahead == line.ahead(key, level)


def test_a_full_line_takes_nobody_with_as_much_in_it():
    who = keys("a a b b")
    line = lined(*who)

    assert not line.join(Someone("b"), 4)
    assert not any(each.ousted for each in who)


@pytest.mark.parametrize(
    ("who", "comes", "ousted"),
    [
        (keys("a a a b"), Someone("b"), 2),
        (keys("a a a b"), Someone("c"), 2),
        (keys("a") + keys("b b", LOW) + keys("c c c"), Someone("a"), 2),
        (keys("a") + keys("a a", LOW), Someone("a", HIGH), 2),
        (keys("a a a a"), Someone("a", HIGH), 3),
    ],
)
def test_in_a_full_line_the_newest_of_those_with_most_makes_room(who, comes, ousted):
    line = lined(*who)

    assert line.join(comes, len(who))

    assert [number == ousted for number in range(len(who))] == [each.ousted for each in who]
    assert len(who) == line.size


def test_nobody_makes_room_for_a_lower_priority():
    assert not lined(*keys("a a a", HIGH)).join(Someone("b", LOW), 3)


PEOPLE = st.lists(st.builds(Someone, st.sampled_from("abcd"), st.integers(0, 2)), max_size=60)


@given(PEOPLE)
def test_everybody_gets_their_turn_once(people):
    line = lined(*people)

    order = served(line)

    assert sorted(map(id, people)) == sorted(map(id, order))
    assert line.size == 0
    for _, same in groupby(sorted(order, key=lambda it: (it.key, it.level)), lambda it: (it.key, it.level)):
        numbers = [each.number for each in same]
        assert numbers == sorted(numbers)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6))
def test_what_is_foretold_comes_true(waiting):
    """As long as nobody's age counts."""
    line = lined(*(Someone(key) for key in waiting))
    mine = Someone("a")
    ahead = line.ahead("a", NORMAL)
    line.join(mine, 100)

    assert served(line).index(mine) <= ahead
