"""Units of a rate in one process: chunks, what becomes of them when they age, and what goes back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.rates import Rate
from store.contract import Draw, Drawn
from store.rates import Rate as StoredRate

PER = 60.0


def rate(limit: int = 1000, **fields: object) -> Rate:
    made = Rate("tok:key/alice:60", "key/alice", limit=limit, per=PER, tokens=True, now=0.0)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def draw(one: Rate, now: float, granted: int, *, slot: int = 7, left: int = 500, wait: float = 0.0) -> Draw | None:
    said = one.draw(now)
    if said is not None:
        one.digest(said, Drawn(granted, slot, left, reset=30.0, wait=wait), now)
    return said


def test_nothing_is_drawn_unless_somebody_wants_it() -> None:
    assert rate().draw(0.0) is None


def test_a_draw_is_for_the_most_modest_at_least_and_for_all_at_most() -> None:
    one = rate()
    for units in (30, 10, 20):
        one.want(units)

    said = draw(one, 0.0, 60)

    assert said == Draw("tok:key/alice:60", 1000, PER, 10, 60)
    assert one.free == 60
    assert one.gather(60, 0.5)
    assert not one.gather(61, 0.5)


def test_units_too_old_to_be_used_go_back_to_their_slot() -> None:
    one = rate()
    one.want(10)
    draw(one, 0.0, 10, left=20)
    one.take(4)

    assert not one.gather(6, 1.0)

    assert one.draw(1.0) == Draw("tok:key/alice:60", 1000, PER, 0, 0, ((7, 6),))
    assert one.draw(1.1) is None


def test_a_call_that_needs_several_chunks_counts_in_the_oldest() -> None:
    one = rate()
    one.want(10)
    draw(one, 0.0, 10, slot=7)
    one.want(25)
    draw(one, 0.5, 15, slot=8, left=20)

    assert one.gather(20, 0.6)

    chunk = one.take(20)
    one.out += 1
    one.settle(chunk, 20 - 5, 0.7)
    assert (chunk.slot, chunk.units, one.free) == (7, 15, 20)
    assert not one.gather(15, 1.2)
    assert one.draw(1.2) == Draw("tok:key/alice:60", 1000, PER, 0, 0, ((7, 15),))


def test_what_a_late_call_did_not_use_goes_back() -> None:
    one = rate()
    one.want(100)
    draw(one, 0.0, 100)
    chunk = one.take(100)
    one.out += 1

    one.settle(chunk, 100 - 30, 5.0)

    assert one.draw(5.0) == Draw("tok:key/alice:60", 1000, PER, 0, 0, ((7, 70),))


def test_more_than_was_drawn_is_drawn_before_anything_else() -> None:
    one = rate()
    one.want(100)
    draw(one, 0.0, 100)
    chunk = one.take(100)
    one.out += 1
    one.settle(chunk, 100 - 130, 5.0)
    one.want(10)

    said = draw(one, 5.0, 35)

    assert said is not None
    assert (said.least, said.most) == (40, 40)
    assert (one.free, one.owed) == (5, 0)


def test_the_busy_keep_a_stock_while_there_is_plenty() -> None:
    one = rate(100_000, left=90_000)
    one.want(50)
    draw(one, 0.0, 50, left=90_000)
    one.take(50)

    said = one.draw(0.5)

    assert said is not None
    assert said.least == 0
    assert said.most == 50


def test_near_the_end_nothing_is_kept_in_stock() -> None:
    one = rate(100, left=60)
    one.want(50)
    draw(one, 0.0, 50, left=40)
    one.take(50)

    assert one.draw(0.5) is None


def test_what_is_hopeless_is_not_asked_again_at_once_but_less_is() -> None:
    one = rate()
    one.want(600)
    assert draw(one, 0.0, 0, left=500, wait=20.0) is not None

    one.want(700)
    assert one.draw(0.2) is None
    one.want(100)
    assert one.draw(0.2) is not None
    one.want(600)
    assert one.draw(0.25) is not None  # units that somebody held and didn't take come back early


def test_whoever_others_wait_for_gives_back_all() -> None:
    one = rate()
    one.want(30)
    said = one.draw(0.0)
    assert said is not None
    one.digest(said, Drawn(30, 7, 500, 30.0, wanted=True), 0.0)

    assert one.draw(0.1) == Draw("tok:key/alice:60", 1000, PER, 0, 0, ((7, 30),))


def test_what_was_lost_on_its_way_is_never_given_back_twice() -> None:
    one = rate()
    one.want(30)
    draw(one, 0.0, 30)
    one.draw(2.0)

    one.lost()

    assert one.draw(2.1) is None


def test_units_of_nobody_go_back_to_nobody() -> None:
    one = rate()
    one.lend(50, 0.0)
    assert one.gather(50, 0.5)

    assert not one.gather(50, 2.0)

    assert one.draw(2.0) is None


def test_it_stands_as_far_as_is_known() -> None:
    one = rate()
    assert one.standing(0.0) == (1000, 1000, 0.0)
    one.want(30)
    draw(one, 0.0, 30, left=470)
    one.take(10)

    assert one.standing(10.0) == (1000, 490, 20.0)
    assert one.standing(31.0) == (1000, 1000, 0.0)
    one.reform(1100)
    assert one.standing(10.0) == (1100, 590, 20.0)


@pytest.mark.parametrize("limit", [1, 7, 60])
@given(
    steps=st.lists(
        st.tuples(st.floats(0.01, 30), st.integers(0, 1), st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=60
    )
)
def test_no_window_sees_more_units_used_than_the_limit(limit: int, steps: list[tuple[float, int, int, int]]) -> None:
    store, now = StoredRate(), 1000.0
    ones = [Rate("req", "key/alice", limit=limit, per=PER, tokens=False, now=now) for _ in range(2)]
    used: list[tuple[float, int]] = []
    for pause, who, units, real in steps:
        now += pause
        one = ones[who]
        one.want(units)
        if (said := one.draw(now)) is not None:
            one.digest(said, store.draw(said, now), now)
        if one.gather(units, now):
            chunk = one.take(units)
            one.out += 1
            taken = min(real, units)
            one.settle(chunk, units - taken, now)
            used.append((now, taken))

    for ends, _ in used:
        assert sum(units for moment, units in used if ends - PER < moment <= ends) <= limit


def test_units_are_forgotten_only_when_nothing_is_lost_with_them() -> None:
    one = rate()
    one.want(10)
    draw(one, 0.0, 10)
    chunk = one.take(10)
    one.out += 1
    one.draw(0.0)

    assert not one.forgettable(1000.0)
    one.settle(chunk, 10 - 10, 1000.0)
    assert one.forgettable(1000.0)
    assert not one.forgettable(10.0)
    assert math.isinf(rate().again)
