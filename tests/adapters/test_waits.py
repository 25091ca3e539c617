"""How long a provider asks us to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.waits import duration, reset_after, retry_after

DATE = "Fri, 20 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "body", "text", "expected"),
    [
        ({}, None, "", None),
        ({"retry-after-ms": "1500"}, None, "", 1.5),
        ({"x-ms-retry-after-ms": "20"}, None, "", 0.02),
        ({"retry-after-ms": "250", "retry-after": "9"}, 3.0, "", 0.25),
        ({"retry-after": "9"}, 3.0, "", 9.0),
        ({"retry-after": " 1.5 "}, None, "", 1.5),
        ({"retry-after": "-5"}, None, "", 0.0),
        ({"retry-after": "86400"}, None, "", 600.0),
        ({"retry-after": "inf"}, None, "", None),
        ({"retry-after": ""}, None, "", None),
        ({"retry-after": "soon"}, 7.0, "", 7.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT", "date": DATE}, None, "", 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 -0000", "date": DATE}, None, "", 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT", "date": DATE}, None, "", 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}, None, "", 600.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT", "date": "now"}, None, "", 600.0),
        ({"retry-after": "1795176010", "date": DATE}, None, "", 10.0),
        ({"retry-after": "1795176010000", "date": DATE}, None, "", 10.0),
        ({"retry-after": "1795175990", "date": DATE}, None, "", 0.0),
        ({"retry-after": "1795176010"}, 3.0, "", 600.0),
        ({"retry-after": "1000000000"}, None, "", 600.0),
        ({"retry-after": "1200000000", "date": DATE}, None, "", 600.0),
        ({"retry-after": "99999999999999"}, None, "", 600.0),
        ({"retry-after": "99999999999999", "date": DATE}, None, "", 600.0),
        ({"retry-after": "9" * 40, "date": DATE}, None, "", 600.0),
        ({"retry-after": "1e400"}, None, "", 600.0),
        ({"retry-after": "1E400", "date": DATE}, None, "", 600.0),
        ({"retry-after": "-1e400", "date": DATE}, None, "", 0.0),
        ({"retry-after-ms": "1e400"}, None, "", 600.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 +99999999999999", "date": DATE}, None, "", None),
        ({}, 45.8, "try again in 3s", 45.8),
        ({}, None, "please try again in 7m12.5s.", 432.5),
        ({}, None, "try again in 120ms", 0.12),
        ({}, None, "try again in 1h2m", 600.0),
        ({}, None, "retry after 40 seconds", 40.0),
        ({}, None, "retry after 1.2.3s", None),
    ],
)
def test_the_first_that_is_told_counts(headers, body, text, expected):
    assert expected == retry_after(headers, body=body, text=text)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-tokens": "2m59.56s"}, 179.56),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-reset-requests": "8h", "x-ratelimit-reset-tokens": "1s"}, 1.0),
        (
            {
                "x-ratelimit-reset-requests": "60s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "1s",
                "x-ratelimit-remaining-tokens": "5",
            },
            60.0,
        ),
        ({"x-ratelimit-reset-tokens-minute": "12.5"}, 12.5),
        ({"x-ratelimit-reset": "1795176010000", "date": DATE}, 10.0),
        ({"x-ratelimit-reset": "1795176010", "date": DATE}, 10.0),
        ({"x-ratelimit-reset": "1795176010000"}, None),
        ({"x-ratelimit-reset": "1200000000", "date": DATE}, None),
    ],
)
def test_windows_say_when_they_begin_again(headers, expected):
    assert expected == reset_after(headers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("6m0s", 360.0), ("1.5s", 1.5), ("20ms", 0.02), ("2h", 7200.0), ("7", 7.0), ("", None), ("x", None), ("1y", None)],
)
def test_durations(text, expected):
    assert expected == duration(text)


@given(st.text())
def test_no_header_can_break_it(text):
    headers = {"retry-after": text, "date": text, "retry-after-ms": text, "x-ratelimit-reset-requests": text}

    wait, reset = retry_after(headers, body=None, text=text), reset_after(headers)

    assert wait is None or 0 <= wait <= 600
    assert reset is None or 0 <= reset <= 600
