"""An alarm on the board: it comes back as it was put up, and what else hangs there is nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.signals import ErrorRate
from gateway.watch.alarm import FIRING, RESOLVED, Alarm, Standing, read, written
from gateway.watch.troubles import Rates
from store.board import LARGEST
from upstream.webhook import slack

words = st.text(max_size=50).filter(lambda text: text.isprintable())
facts = st.dictionaries(
    words, st.one_of(st.none(), st.integers(0, 2**53), words, st.lists(words, max_size=3)), max_size=4
)
alarms = st.builds(Alarm, words, words, words, words, facts, words, st.just(0.0))
moments = st.floats(0, 1e10)
standings = st.builds(Standing, alarms, st.integers(1, 10**6), st.sampled_from([FIRING, RESOLVED]), moments, moments)


@given(standings)
def test_it_comes_back_as_it_was_put_up(standing):
    assert standing == read(written(standing))


@given(st.one_of(st.none(), st.binary(), st.just(b"[[1,2],3]"), st.just(b'[["a","b","c","d",[1],"f"],1,"x",1,1]')))
def test_what_else_hangs_there_is_nothing(notice):
    assert read(notice) is None


def test_an_alarm_that_is_too_large_for_the_board_loses_what_only_programs_read():
    alarm = Alarm("config", "config", "config_refused", "x" * 20_000, {"problems": ["y" * 20_000]})

    notice = written(Standing(alarm, 1, FIRING, 1.0))

    assert len(notice) < LARGEST
    assert ("x" * 1000, {}) == (read(notice).alarm.message, read(notice).alarm.facts)


@given(alarms, alarms)
def test_two_alarms_share_a_place_only_if_they_are_the_same(one, other):
    same = (one.kind, one.scope, one.mark) == (other.kind, other.scope, other.mark)

    assert same or one.place != other.place


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            {"event": "breaker_open", "scope": "target/a/b", "state": "firing", "message": "It is open."},
            ":red_circle: *breaker open* target/a/b\nIt is open.",
        ),
        ({"event": "x", "state": "resolved", "message": "<@U1>&"}, ":large_green_circle: *x*\n&lt;@U1&gt;&amp;"),
        ({"event": "canary_passed"}, ":large_blue_circle: *canary passed*"),
    ],
)
def test_slack_reads_names_as_names(message, expected):
    assert {"text": expected} == slack(message)


def test_an_error_rate_is_that_of_its_window():
    rates, limit = Rates(), ErrorRate(over=30.0)
    for second in range(100):
        # One call a second, which fails in the first half.
        rates.look({"m": (float(second), float(min(second, 50)))}, float(second), limit)
    calls, failed = rates.window(99.0, 30.0)["m"]

    assert (29 <= calls <= 31, failed) == (True, 0)
    assert {} == Rates().window(1.0, 30.0)
