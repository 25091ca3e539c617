"""Who tries a canary, what calls tell of it, and how it goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Canary, Route
from core.call import Call
from core.wishes import Wishes
from routing.canary import (
    PASSED,
    ROLLED_BACK,
    RUNNING,
    STOPPED,
    Ended,
    Standing,
    begun,
    moved,
    read,
    remembered,
    seen,
    session,
    stopped,
)
from routing.guards import Seen, Side
from routing.share import drawn

CANARY = Canary(ahead=Route(name="m", stages=()), stages=(0.01, 0.05, 0.25), every=60.0, minimum=30, mark="x")


def counted(good: int, failed: int = 0, **facts: object) -> Side:
    side = Side()
    for _ in range(good):
        side.add(Seen(failed=False, **facts))
    for _ in range(failed):
        side.add(Seen(failed=True))
    return side


REST = counted(1000)


@pytest.mark.parametrize(
    ("now", "ours", "expected"),
    [
        (59.9, counted(1000), None),
        (60.0, counted(29), None),
        (60.0, counted(30), (RUNNING, 1)),
        (60.0, counted(29, 1), None),  # doubtful: it waits
        (1.0, counted(0, 3), (ROLLED_BACK, 0)),
        (1.0, counted(0, 2), None),
    ],
)
def test_a_running_canary(now, ours, expected):
    found = moved(CANARY, begun(0.0), ours, REST, now)

    assert expected == (found and (found.status, found.stage))
    assert found is None or (1, now) == (found.number, found.since)


@pytest.mark.parametrize("status", [RUNNING, PASSED])
def test_after_the_last_stage_it_has_passed_and_is_watched_on(status):
    last = Standing(7, status, 2, 0.0)

    assert Standing(8, PASSED, 2, 60.0) == moved(CANARY, last, counted(30), REST, 60.0)
    assert ROLLED_BACK == moved(CANARY, last, counted(0, 30), REST, 1.0).status


@pytest.mark.parametrize("status", [ROLLED_BACK, STOPPED])
def test_what_has_ended_stays(status):
    standing = Standing(3, status, 1, 0.0)

    assert moved(CANARY, standing, counted(100), REST, 1000.0) is None
    assert 0.0 == standing.share(CANARY)


def test_every_broken_guard_is_said():
    ours = Side()
    for _ in range(30):
        ours.add(Seen(failed=False, first=900.0, cost=5_000_000_000, flawed=True))
    for _ in range(30):
        ours.add(Seen(failed=True))

    found = moved(CANARY, begun(0.0), ours, counted(1000, first=100.0, cost=1_000_000_000), 1.0)

    assert (
        "50.0% of its calls failed, where 2.0% may; "
        "half of its calls waited 905 ms or more for the first content, where 170 may; "
        "its calls cost 5.000000000 dollars on average, where 1.300000000 may; "
        "100.0% of its answers were flawed, where 2.0% may"
    ) == found.why


@given(
    st.integers(0, 3),
    st.sampled_from([RUNNING, PASSED, ROLLED_BACK, STOPPED]),
    st.integers(0, 200),
    st.integers(0, 200),
    st.floats(0, 1000),
)
def test_a_canary_goes_one_step_at_a_time_and_never_without_evidence(stage, status, good, failed, now):
    standing = Standing(4, status, min(stage, 2), 0.0)

    found = moved(CANARY, standing, counted(good, failed), REST, now)

    if found is not None:
        assert 5 == found.number
        assert found.stage in {standing.stage, standing.stage + 1}
        assert failed >= 3 if found.status == ROLLED_BACK else (now >= 60 and good + failed >= 30)


@given(st.text(min_size=1))
def test_whoever_is_in_at_one_stage_is_in_at_the_next(who):
    shares = [Standing(0, RUNNING, stage, 0.0).share(CANARY) for stage in range(3)]
    inside = [drawn(who, CANARY.mark, share) for share in shares]

    assert inside == sorted(inside)


@pytest.mark.parametrize(
    ("body", "wishes", "key", "expected"),
    [
        ({"user": "u", "prompt_cache_key": "p"}, Wishes(session="s"), "k", "s"),
        ({"user": "u", "prompt_cache_key": "p"}, Wishes(), "k", "u"),
        ({"prompt_cache_key": "p", "metadata": {"session_id": "m"}}, Wishes(), "k", "p"),
        ({"metadata": {"session_id": "m"}}, Wishes(), "k", "m"),
        ({"metadata": {"session_id": 7}}, Wishes(), "k", "k"),
        ({"metadata": None, "user": ""}, Wishes(), "k", "k"),
        ({}, Wishes(), "", "id"),
    ],
)
def test_whose_calls_belong_together(body, wishes, key, expected):
    assert expected == session(Call("chat", "m", body, wishes=wishes), key, "id")


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (Ended("", first=5.0, cost=7, flawed=True), Seen(False, 5.0, 7, True)),
        (Ended("broken"), Seen(True)),
        (Ended("bad_credential", answered=False), Seen(True)),
        (Ended("bad_request"), Seen(True)),  # somebody else could answer it
        (Ended("bad_request", answered=False), None),
        (Ended("limited"), None),
        (Ended("out_of_time", answered=False), None),
        (Ended("unsupported"), None),
        (Ended("cancelled", answered=False), None),
        (Ended(None, "no_target_available"), Seen(True)),
        (Ended(None, "rate_limit_exceeded"), Seen(True)),
        (Ended(None, "unsupported_by_model"), None),
        (Ended(None), None),
    ],
)
def test_what_a_call_tells(ended, expected):
    assert expected == seen(ended)


def test_a_standing_that_was_kept_is_the_same():
    standing = stopped(begun(3.0), 6.0)

    assert standing == read(list(standing), CANARY)
    assert ("stopped by the operator", 1) == (standing.why, standing.number)


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"number": 0, "status": RUNNING, "stage": 0, "since": 0.0, "why": ""},
        "12345",
        7,
        [0, RUNNING, 0, 0.0],
        [0, RUNNING, 0, 0.0, "", "of a later version"],
        ["0", RUNNING, 0, 0.0, ""],
        [True, RUNNING, 0, 0.0, ""],
        [-1, RUNNING, 0, 0.0, ""],
        [0.5, RUNNING, 0, 0.0, ""],
        [0, "flying", 0, 0.0, ""],
        [0, [RUNNING], 0, 0.0, ""],
        [0, RUNNING, 3, 0.0, ""],
        [0, RUNNING, -1, 0.0, ""],
        [0, RUNNING, None, 0.0, ""],
        [0, RUNNING, 0, "0.0", ""],
        [0, RUNNING, 0, None, ""],
        [0, RUNNING, 0, 0.0, 7],
    ],
)
def test_what_never_was_a_standing_is_refused(kept):
    with pytest.raises((TypeError, ValueError)):
        read(kept, CANARY)


@pytest.mark.parametrize(("status", "since"), [(RUNNING, 9.0), (PASSED, 9.0), (ROLLED_BACK, 3.0), (STOPPED, 3.0)])
def test_what_a_store_has_forgotten_is_told_again_and_takes_its_time_again(status, since):
    standing = Standing(4, status, 2, 3.0, "for some reason")

    assert standing._replace(since=since) == remembered(standing, 9.0)
