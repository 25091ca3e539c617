"""Shares that are drawn by a hash: as large as they should be, and the same for ever."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.share import drawn, lot

CALLS = [f"call-{number}" for number in range(20_000)]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5, 1.0])
def test_a_share_is_as_large_as_it_should_be(share):
    got = sum(drawn(call, "salt", share) for call in CALLS)

    # Four standard deviations: no hash that is any good is further off.
    assert abs(got - share * len(CALLS)) <= 4 * math.sqrt(len(CALLS) * share * (1 - share))


def test_two_salts_draw_independently():
    both = sum(drawn(call, "a", 0.2) and drawn(call, "b", 0.2) for call in CALLS)

    assert abs(both - 800) <= 4 * math.sqrt(20_000 * 0.04 * 0.96)


@given(st.text(), st.text(), st.floats(0, 1), st.floats(0, 1))
def test_whoever_is_in_a_small_share_is_in_every_larger_one(who, salt, one, other):
    small, large = sorted((one, other))

    assert drawn(who, salt, small) <= drawn(who, salt, large)


@given(st.text(alphabet=st.characters()), st.text())
def test_a_lot_is_at_least_nought_and_less_than_one(who, salt):
    assert 0 <= lot(who, salt) < 1
    assert not drawn(who, salt, 0)
    assert drawn(who, salt, 1)


def test_a_lot_is_the_same_on_every_machine_and_every_day():
    assert 0.8670 == pytest.approx(lot("alice", "m"), abs=1e-4)
