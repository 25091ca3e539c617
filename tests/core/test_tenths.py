"""Milliseconds as they are kept."""

from hypothesis import given
from hypothesis import strategies as st

from core.tenths import tenths


@given(st.floats(0, 1e9))
def test_one_decimal_is_kept_and_it_is_the_nearest(figure):
    kept = tenths(figure)

    assert abs(kept - figure) <= 0.05 + figure * 1e-15
    assert kept == round(kept, 1)
