"""The windows of budgets: calendars, time zones, and clocks that are moved."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.schema import Budget
from quota.windows import EVER, account, lasts, window

BERLIN = "Europe/Berlin"
LORD_HOWE = "Australia/Lord_Howe"


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("per", "zone", "now", "label", "begins", "ends"),
    [
        ("hour", "UTC", "2026-11-26T14:59:59Z", "hour-2026-11-26T14", "2026-11-26T14:00Z", "2026-11-26T15:00Z"),
        ("day", "UTC", "2026-11-26T00:00:00Z", "day-2026-11-26", "2026-11-26T00:00Z", "2026-11-27T00:00Z"),
        ("week", "UTC", "2026-11-29T23:59:59Z", "week-2026-W48", "2026-11-23T00:00Z", "2026-11-30T00:00Z"),
        ("week", "UTC", "2021-01-03T12:00:00Z", "week-2020-W53", "2020-12-28T00:00Z", "2021-01-04T00:00Z"),
        ("week", "UTC", "2024-12-30T12:00:00Z", "week-2025-W01", "2024-12-30T00:00Z", "2025-01-06T00:00Z"),
        ("month", "UTC", "2024-02-29T12:00:00Z", "month-2024-02", "2024-02-01T00:00Z", "2024-03-01T00:00Z"),
        ("month", "UTC", "2026-12-31T23:59:59Z", "month-2026-12", "2026-12-01T00:00Z", "2027-01-01T00:00Z"),
        ("90", "UTC", "1970-01-01T00:03:10Z", "90s-2", "1970-01-01T00:03:00Z", "1970-01-01T00:04:30Z"),
        ("0.5", "UTC", "1970-01-01T00:00:01Z", "0.5s-2", "1970-01-01T00:00:01Z", "1970-01-01T00:00:01.5Z"),
        # Midnight there, not in Greenwich.
        ("day", BERLIN, "2026-11-26T23:30:00Z", "day-2026-11-27", "2026-11-27T00:00+01:00", "2026-11-28T00:00+01:00"),
        # 23 and 25 hours.
        ("day", BERLIN, "2026-03-29T12:00:00Z", "day-2026-03-29", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("day", BERLIN, "2026-10-25T12:00:00Z", "day-2026-10-25", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        ("month", BERLIN, "2026-03-31T22:30:00Z", "month-2026-04", "2026-04-01T00:00+02:00", "2026-05-01T00:00+02:00"),
        # The hour that comes twice, and the one that doesn't come.
        ("hour", BERLIN, "2026-10-25T00:30:00Z", "hour-2026-10-25T02", "2026-10-25T00:00Z", "2026-10-25T01:00Z"),
        ("hour", BERLIN, "2026-10-25T01:30:00Z", "hour-2026-10-25T02b", "2026-10-25T01:00Z", "2026-10-25T02:00Z"),
        ("hour", BERLIN, "2026-03-29T00:30:00Z", "hour-2026-03-29T01", "2026-03-29T00:00Z", "2026-03-29T01:00Z"),
        ("hour", BERLIN, "2026-03-29T01:30:00Z", "hour-2026-03-29T03", "2026-03-29T01:00Z", "2026-03-29T02:00Z"),
        # Where hours begin at half past, and where clocks are moved by half an hour.
        ("hour", "Asia/Kolkata", "2026-05-01T10:45Z", "hour-2026-05-01T16", "2026-05-01T10:30Z", "2026-05-01T11:30Z"),
        ("hour", LORD_HOWE, "2026-04-04T14:45Z", "hour-2026-04-05T01", "2026-04-04T14:00Z", "2026-04-04T15:00Z"),
        ("hour", LORD_HOWE, "2026-04-04T15:10Z", "hour-2026-04-05T01b", "2026-04-04T15:00Z", "2026-04-04T15:30Z"),
        # Clocks that skip midnight, and a day that never was.
        ("day", "Africa/Cairo", "2026-04-24T12:00Z", "day-2026-04-24", "2026-04-23T22:00Z", "2026-04-24T21:00Z"),
        ("day", "Pacific/Apia", "2011-12-30T09:00Z", "day-2011-12-29", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
        ("day", "Pacific/Apia", "2011-12-30T10:30Z", "day-2011-12-31", "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
    ],
)  # fmt: skip
def test_a_moment_has_its_window(per: str, zone: str, now: str, label: str, begins: str, ends: str) -> None:
    found = window(Budget(limit=1, per=per, zone=zone), unix(now))

    assert (found.label.partition("@")[0], found.begins, found.ends) == (label, unix(begins), unix(ends))
    assert found.label.endswith(f"@{zone}") == (zone != "UTC")


def test_in_total_there_is_one_window() -> None:
    assert window(Budget(limit=1), 5.0) == EVER


def test_an_account_is_named_by_whose_it_is_and_by_the_window() -> None:
    found = window(Budget(limit=1, per="month", zone=BERLIN), unix("2026-11-26T12:00Z"))

    assert account("key/alice", found) == "usd:key/alice:month-2026-11@Europe/Berlin"


@given(
    per=st.sampled_from(["hour", "day", "week", "month", "7200", "86400"]),
    zone=st.sampled_from(
        ["UTC", BERLIN, "America/Havana", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]
    ),
    now=st.floats(0, 2**31, allow_nan=False),
)
@example(per="hour", zone=BERLIN, now=1792890000.0)
def test_a_window_holds_its_moment_and_the_next_begins_where_it_ends(per: str, zone: str, now: float) -> None:
    budget = Budget(limit=1, per=per, zone=zone)

    found = window(budget, now)

    assert found.begins <= now < found.ends
    assert window(budget, found.begins).label == found.label
    following = window(budget, found.ends)
    assert following.label != found.label
    assert following.begins == found.ends


@pytest.mark.parametrize(
    ("name", "until"),
    [
        ("usd:key/alice:total", math.inf),
        ("usd:service:90s-2", 270.0),
        ("usd:tag/a:b:month-2026-11@Europe/Berlin", 1000.0 + 32 * 86400),
    ],
)
def test_an_account_is_kept_long_enough_by_its_name_alone(name: str, until: float) -> None:
    assert lasts(name, 1000.0) == until


def test_calendars_are_those_of_the_zone() -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    there = now.astimezone(ZoneInfo("Pacific/Auckland"))

    found = window(Budget(limit=1, per="day", zone="Pacific/Auckland"), now.timestamp())

    assert found.begins == (there - timedelta(hours=there.hour)).timestamp()
