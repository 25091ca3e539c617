"""Amounts are written with every digit that they have, and with no other."""

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.dollars import exact, nanos, number, shown

AMOUNTS = st.one_of(st.integers(-(2**63), 2**63), st.integers(-(10**12), 10**12), st.integers(2**53 - 9, 2**53 + 9))


@given(AMOUNTS)
def test_json_has_the_exact_amount(amount: int) -> None:
    written = orjson.dumps(number(amount)).decode()

    assert Decimal(written) * 10**9 == amount


@given(AMOUNTS)
def test_text_is_read_as_what_was_written(amount: int) -> None:
    assert nanos(exact(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "written", "people"),
    [
        (0, "0", "0.00"),
        (1, "0.000000001", "0.000000001"),
        (-1_250_000_000, "-1.25", "-1.25"),
        (123_456, "0.000123456", "0.000123"),
        (10_000_000_000, "10", "10.00"),
        (12_345_678_901_234_567_890, "12345678901.23456789", "12,345,678,901.23"),
    ],
)
def test_amounts_are_written(amount: int, written: str, people: str) -> None:
    assert exact(amount) == written
    assert shown(amount) == people


@pytest.mark.parametrize(
    ("text", "amount"), [("$1,234.50", 1_234_500_000_000), (" 6e-7 ", 600), ("0.0600000000004", 60_000_000)]
)
def test_amounts_are_read_as_others_write_them(text: str, amount: int) -> None:
    assert nanos(text) == amount


@pytest.mark.parametrize("text", ["", "much", "NaN", "inf", "1.2.3"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of dollars"):
        nanos(text)
