"""What attempts set aside, and that all of it comes back."""

from hypothesis import given
from hypothesis import strategies as st

from config.schema import Allowance, Limits
from core.target import Target
from quota.holds import Accounts

TARGET = Target("a", "one")


def limited(most: int | None) -> dict[str, Allowance]:
    return {"provider/a": Allowance(limits=Limits(concurrent=most))}


def accounts(most: int | None) -> Accounts:
    made = Accounts()
    made.adopt(["a"], limited(most))
    return made


def test_as_many_as_allowed_are_held_and_no_more():
    made = accounts(2)

    holds = [made.hold(TARGET) for _ in range(3)]

    assert [False, False, True] == [hold is None for hold in holds]
    assert (2, True) == (made.of("a").taken, made.of("a").full)


def test_what_is_released_can_be_held_again():
    made = accounts(1)

    made.hold(TARGET).release()

    assert made.hold(TARGET) is not None
    assert made.hold(TARGET) is None


def test_releasing_twice_gives_back_once():
    made = accounts(1)
    first = made.hold(TARGET)
    first.release()
    made.hold(TARGET)

    first.release()

    assert 1 == made.of("a").taken


def test_without_a_limit_there_is_always_room():
    made = accounts(None)

    holds = [made.hold(TARGET) for _ in range(1000)]

    assert None not in holds
    assert not made.of("a").full


def test_providers_do_not_share():
    made = accounts(1)
    made.hold(TARGET)

    assert made.hold(Target("b", "one")) is not None
    assert made.hold(Target("a", "two")) is None


def test_a_reload_changes_the_limit_and_keeps_what_is_held():
    made = accounts(2)
    holds = [made.hold(TARGET), made.hold(TARGET)]

    made.adopt(["a"], limited(1))
    holds[0].release()
    after_one = made.hold(TARGET)
    holds[1].release()
    after_both = made.hold(TARGET)

    assert after_one is None
    assert after_both is not None


@given(st.integers(1, 4), st.lists(st.integers(0, 9)))
def test_never_more_than_the_limit_whatever_the_order(most: int, order: list[int]):
    made = accounts(most)
    held = {}
    for number in order:
        if number in held:
            held.pop(number).release()
        elif (hold := made.hold(TARGET)) is not None:
            held[number] = hold

        assert len(held) == made.of("a").taken <= most
