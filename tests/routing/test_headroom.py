"""What is left of providers' rate limits, as their headers tell it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routing.headroom import FIXED, MOST_GAUGES, SELDOM, Headroom, Rooms, meaning, readings, seconds

WALL = 1_790_000_000.0  # 2026-09-21T14:13:20Z

OPENAI = {
    "content-type": "application/json",
    "x-ratelimit-limit-requests": "1000",
    "x-ratelimit-remaining-requests": "900",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-tokens": "50000",
    "x-ratelimit-reset-tokens": "6m0s",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-requests-reset": "2026-09-21T14:13:21Z",
    "anthropic-ratelimit-input-tokens-limit": "40000",
    "anthropic-ratelimit-input-tokens-remaining": "10000",
    "anthropic-ratelimit-input-tokens-reset": "2026-09-21T14:14:20Z",
    "anthropic-priority-output-tokens-limit": "8000",
    "anthropic-priority-output-tokens-remaining": "8000",
    "anthropic-priority-output-tokens-reset": "2026-09-21T14:13:20Z",
    "anthropic-organization-id": "o",
}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (OPENAI, [("r", 1000, 900, 0.006), ("t", 200000, 50000, 360.0)]),
        (ANTHROPIC, [("r", 50, 49, 1.0), ("t", 40000, 10000, 60.0), ("t", 8000, 8000, 0.0)]),
        # Azure tells no limit
        (
            {"x-ratelimit-remaining-requests": "9", "x-ratelimit-remaining-tokens": "900"},
            [("r", 0, 9, 60), ("t", 0, 900, 60)],
        ),
        # Groq: by the day
        (
            {
                "x-ratelimit-limit-requests": "14400",
                "x-ratelimit-remaining-requests": "14370",
                "x-ratelimit-reset-requests": "2m59.56s",
            },
            [("r", 14400, 14370, 179.56)],
        ),
        # Mistral, Cerebras: the window is in the name
        (
            {"x-ratelimit-limit-tokens-minute": "500000", "x-ratelimit-remaining-tokens-minute": "400000"},
            [("t", 500000, 400000, 60)],
        ),
        (
            {
                "x-ratelimit-limit-requests-day": "1440",
                "x-ratelimit-remaining-requests-day": "720",
                "x-ratelimit-reset-requests-day": "33011.382867",
            },
            [("r", 1440, 720, 33011.382867)],
        ),
        ({"x-ratelimit-remaining-req-hour": "3"}, [("r", 0, 3, 3600)]),
        # Together
        (
            {
                "x-ratelimit-limit": "60",
                "x-ratelimit-remaining": "6",
                "x-ratelimit-reset": "30",
                "x-tokenlimit-limit": "1000",
                "x-tokenlimit-remaining": "10",
            },
            [("r", 60, 6, 30), ("t", 1000, 10, 60)],
        ),
        # Fireworks
        (
            {"x-ratelimit-limit-tokens-prompt": "10", "x-ratelimit-remaining-tokens-prompt": "5"},
            [("t", 10, 5, 60)],
        ),
        # OpenRouter: milliseconds since 1970
        (
            {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1790000030000"},
            [("r", 20, 0, 30)],
        ),
        # Cohere's trial keys, and the IETF's draft
        ({"x-trial-endpoint-call-limit": "40", "x-trial-endpoint-call-remaining": "20"}, [("r", 40, 20, 60)]),
        ({"ratelimit-limit": "10", "ratelimit-remaining": "1", "ratelimit-reset": "5"}, [("r", 10, 1, 5)]),
        ({"x-ratelimit-limit-requests": "10"}, []),
        ({"x-ratelimit-remaining-requests": "many", "x-ratelimit-over-limit": "no", "x-ratelimit-": "1"}, []),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "soon"}, [("r", 0, 5, 60)]),
        ({"content-type": "text/plain"}, []),
    ],
)
def test_headers_tell_what_is_left(headers, expected):
    got = [("t" if it.tokens else "r", it.limit, it.left, it.reset) for it in readings(headers, WALL)]

    assert got == [(kind, limit, left, pytest.approx(reset)) for kind, limit, left, reset in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", 1),
        ("20ms", 0.02),
        ("1h2m3s", 3723),
        ("1d", 86400),
        (" 12.5 ", 12.5),
        ("0", 0),
        (str(int(WALL) + 7), 7),
        (str(int(WALL) - 7), 0),
        ("2026-09-21T14:13:30+00:00", 10),
        ("", None),
        ("soon", None),
        ("1.2.3s", None),
        ("0001-01-01T00:00:00", None),
    ],
)
def test_a_reset_is_told_in_many_ways(text, expected):
    got = seconds(text, WALL)

    assert got is None or got >= 0
    if text != "0001-01-01T00:00:00":
        assert got == (expected if expected is None else pytest.approx(expected))


@given(headers=st.dictionaries(st.sampled_from([*OPENAI, *ANTHROPIC, "x-ratelimit-reset"]), st.text(max_size=20)))
@example(headers={"x-ratelimit-remaining-requests": "0\x1f"})  # a blank to `strip`, and none to `float`
def test_whatever_headers_say_nothing_breaks(headers):
    headroom = Headroom()

    headroom.told(headers, 1.0, WALL, number=1, tokens=5)

    assert headroom.room(2.0, 3) is None or 0 <= headroom.room(2.0, 3) <= 1


def test_what_went_out_since_is_taken_off_and_what_refills_is_added():
    headroom = Headroom()
    headers = {
        "x-ratelimit-limit-requests": "100",
        "x-ratelimit-remaining-requests": "50",
        "x-ratelimit-reset-requests": "60s",
    }
    headroom.told(headers, 0.0, WALL, number=7, tokens=100)

    got = [headroom.room(now, number) for now, number in [(0.0, 7), (0.0, 17), (30.0, 7), (30.0, 107), (60.0, 500)]]

    assert got == [pytest.approx(one) for one in (0.5, 0.4, 0.75, 0.0, 1.0)]


def test_the_tightest_limit_counts_and_calls_take_tokens():
    headroom = Headroom()
    headroom.told(dict(reversed(OPENAI.items())), 0.0, WALL, number=1, tokens=10_000)
    headroom.told(OPENAI, 0.0, WALL, number=2, tokens=10_000)

    assert headroom.room(0.001, 2) == pytest.approx(0.25, rel=1e-3)
    assert [headroom.room(0.01, 2), headroom.room(0.01, 5)] == [
        pytest.approx(0.25, rel=1e-3),
        pytest.approx(0.1, rel=1e-2),
    ]


def test_a_limit_by_the_day_is_whole_again_at_once():
    headroom = Headroom()
    headers = {
        "x-ratelimit-limit-requests": "100",
        "x-ratelimit-remaining-requests": "20",
        "x-ratelimit-reset-requests": "1h",
    }
    headroom.told(headers, 0.0, WALL, number=1, tokens=0)

    assert FIXED < 3599
    assert [headroom.room(3599.0, 1), headroom.room(3600.0, 1)] == [0.2, 1.0]


def test_where_no_limit_is_told_the_most_that_was_left_stands_for_it():
    headroom = Headroom()
    for left in ("80", "40"):
        headroom.told({"x-ratelimit-remaining-requests": left}, 0.0, WALL, number=1, tokens=0)

    assert headroom.room(0.0, 1) == 0.5


def test_an_answer_to_an_earlier_attempt_is_older_news():
    headroom = Headroom()
    for number, left in ((9, "10"), (4, "90")):
        headers = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": left}
        headroom.told(headers, 0.0, WALL, number=number, tokens=0)

    assert headroom.room(0.0, 9) == 0.1


def test_who_tells_nothing_is_looked_at_seldom():
    headroom = Headroom()

    headroom.told({"server": "x"}, 3.0, WALL, number=1, tokens=0)

    assert (headroom.next, headroom.room(3.0, 1)) == (3.0 + SELDOM, None)


def test_limits_of_odd_names_are_forgotten():
    headroom = Headroom()

    for number in range(MOST_GAUGES + 1):
        headers = {f"x-ratelimit-remaining-{'x' * (number + 1)}": "0", f"x-ratelimit-limit-{'x' * (number + 1)}": "1"}
        headroom.told(headers, 0.0, WALL, number=number, tokens=0)

    assert headroom.room(0.0, MOST_GAUGES) == 0.0


def test_credentials_have_room_together():
    rooms = Rooms()
    for credential, left in ((0, "0"), (1, "100"), (1, "50")):
        headers = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": left}
        rooms.told(credential, headers, 0.0, WALL, number=1, tokens=0)
    rooms.told(2, {}, 0.0, WALL, number=1, tokens=0)

    assert (rooms.room(0.0, 1), Rooms().room(0.0, 1)) == (0.25, None)


@pytest.mark.parametrize(
    "header", ["x-ratelimit-limit", "anthropic-ratelimit-tokens-reset", "ratelimit-policy", "date"]
)
def test_a_header_means_the_same_each_time(header):
    assert meaning(header) == meaning(header)
