"""Durations, sizes, rates and money."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.units import Rate, duration, money, rate, size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30.0), ("500ms", 0.5), ("5m", 300.0), ("2h", 7200.0), ("1d", 86400.0), ("7", 7.0), ("1.5 s", 1.5)],
)
def test_a_duration_is_seconds(text, seconds):
    assert seconds == duration(text)


@pytest.mark.parametrize(
    ("text", "size_in_bytes"),
    [("32MiB", 33554432), ("20MB", 20_000_000), ("1GiB", 1073741824), ("17", 17), ("1.5kB", 1500), ("2 B", 2)],
)
def test_a_size_is_bytes(text, size_in_bytes):
    assert size_in_bytes == size(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("60/min", Rate(60, 60.0)), ("100k/min", Rate(100_000, 60.0)), ("1.5M/h", Rate(1_500_000, 3600.0))],
)
def test_a_rate_is_an_amount_in_a_time(text, expected):
    assert expected == rate(text)


@given(st.integers(0, 10**18 - 1))
def test_money_is_exact_to_the_last_nano_dollar(nanos):
    dollars = f"{nanos // 10**9}.{nanos % 10**9:09d}"

    assert nanos == money(dollars)
    assert Fraction(dollars) * 10**9 == money(dollars)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((duration, text) for text in ("", "s", "-1s", "5 minutes", "1e3", "٣s", "nan")),
        *((size, text) for text in ("", "1.5B", "32Mib", "1TiB", "-1")),
        *((rate, text) for text in ("60", "60/week", "1.5/s", "/min")),
        *((money, text) for text in ("", "$1", "-1", "0.0000000001", "1e9", "inf")),
    ],
)
def test_what_makes_no_sense_is_refused(read, text):
    with pytest.raises(ValueError):
        read(text)
