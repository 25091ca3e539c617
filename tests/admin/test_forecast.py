"""What spending is expected to be: wide where little is known, weekly where weeks were seen."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.forecast import History, band, history, parts, rhythm, runs_out

THURSDAY = date(2026, 11, 26)


def past(*costs: int, left: float = 1.0, so_far: int = 0) -> History:
    return History(costs, THURSDAY, left, so_far)


def test_steady_spending_goes_on() -> None:
    known = rhythm(past(*[100] * 10))

    assert band(known, parts(1.0, 5), THURSDAY, spent=7) == (507, 507, 507)


def test_a_single_day_says_little() -> None:
    expected, low, high = band(rhythm(past(100)), parts(1.0, 5), THURSDAY, spent=7)

    assert (expected, low) == (507, 7)
    assert high > 3 * expected


def test_what_began_today_is_taken_for_as_long_as_it_lasts() -> None:
    known = rhythm(past(left=0.75, so_far=25))

    assert known.level == 100
    assert band(known, parts(0.75, 1.75), THURSDAY, spent=25).expected == 200


def test_the_newest_days_count_most() -> None:
    rising = rhythm(past(*range(0, 140, 10)))

    assert rising.level > 75


@pytest.mark.parametrize(("weeks", "saturday"), [(2, 71), (3, 18), (8, 8)])
def test_weekdays_differ_once_there_were_enough_weeks(weeks: int, saturday: int) -> None:
    days = [THURSDAY - timedelta(days=age) for age in range(7 * weeks, 0, -1)]
    known = rhythm(past(*[100 if day.weekday() < 5 else 0 for day in days]))

    coming = band(known, [0, 0, 1], THURSDAY, spent=0)

    assert coming.expected == pytest.approx(saturday, abs=8)


def test_the_band_narrows_with_days() -> None:
    def width(days: int) -> float:
        _, low, high = band(rhythm(past(*[100, 200] * days)), parts(1.0, 5), THURSDAY, spent=0)
        return high - low

    assert width(1) > width(3) > width(20)


def test_days_without_spending_are_days_from_the_first_one_on() -> None:
    known = history({"2026-11-20": 0, "2026-11-22": 5, "2026-11-24": 7, "2026-11-26": 9}, THURSDAY, 0.5)

    assert known == History([5, 0, 7, 0], THURSDAY, 0.5, 9)


def test_no_more_than_eight_weeks_are_looked_at() -> None:
    assert len(history({"2020-01-01": 5}, THURSDAY, 0.5).costs) == 56


@pytest.mark.parametrize(
    ("left", "days", "expected"),
    [
        (0.25, 0.1, [0.1]),
        (0.25, 0.25, [0.25]),
        (0.25, 2.25, [0.25, 1, 1]),
        (0.25, 1.75, [0.25, 1, 0.5]),
        (0.5, 0, [0]),
    ],
)  # fmt: skip
def test_days_to_come_are_counted_in_parts(left: float, days: float, expected: list[float]) -> None:
    assert parts(left, days) == expected


@pytest.mark.parametrize(
    ("limit", "ahead"), [(0, 0), (50, 0), (51, 0), (100, 0), (101, 1), (350, 3), (450, 4), (451, None)]
)
def test_money_runs_out_on_the_day_that_needs_more_than_there_is(limit: int, ahead: int | None) -> None:
    day = None if ahead is None else THURSDAY + timedelta(days=ahead)

    out = runs_out(rhythm(past(*[100] * 8, left=0.5)), parts(0.5, 4.0), THURSDAY, spent=50, limit=limit)

    assert out == (day, day, day)


def test_unsteady_spending_may_be_over_sooner_and_later() -> None:
    out = runs_out(rhythm(past(*[50, 150] * 6)), parts(1.0, 60), THURSDAY, spent=0, limit=1000)

    assert out.earliest is not None
    assert out.expected is not None
    assert out.latest is not None
    assert out.earliest < out.expected < out.latest


@given(
    costs=st.lists(st.integers(0, 10**15), max_size=56),
    left=st.floats(0, 1),
    so_far=st.integers(0, 10**15),
    spent=st.integers(0, 10**15),
    days=st.floats(0, 400),
    limit=st.integers(0, 10**18),
)
def test_a_band_is_always_in_order(
    costs: list[int], left: float, so_far: int, spent: int, days: float, limit: int
) -> None:
    known = rhythm(History(costs, THURSDAY, left, so_far))
    coming = parts(left, days)

    expected, low, high = band(known, coming, THURSDAY, spent=spent)
    out = runs_out(known, coming, THURSDAY, spent=spent, limit=limit)

    assert spent <= low <= expected <= high
    assert (out.earliest or date.max) <= (out.expected or date.max) <= (out.latest or date.max)
