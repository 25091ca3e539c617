"""When a canary is worse than the rest of its route, and when that may be chance."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import Guard
from routing.guards import (
    BROKEN,
    BUCKETS,
    DOUBTFUL,
    FINE,
    Seen,
    Side,
    bucket,
    evidence,
    judged,
    median,
    proven,
    upper,
)

SEEN = st.builds(
    Seen, failed=st.booleans(), first=st.none() | st.floats(0, 1e7), cost=st.integers(0, 10**12), flawed=st.booleans()
)


def side(*seen: Seen) -> Side:
    made = Side()
    for one in seen:
        made.add(one)
    return made


def calls(good: int, failed: int = 0, **facts: object) -> Side:
    return side(*[Seen(failed=False, **facts)] * good, *[Seen(failed=True)] * failed)


def state(guard: str, ours: Side, rest: Side) -> str:
    (one,) = [each for each in judged(Guard(), ours, rest) if each.guard == guard]
    return one.state


@pytest.mark.parametrize(
    ("ours", "rest", "expected"),
    [
        (calls(30), calls(1000), FINE),
        (calls(0), calls(1000), FINE),
        (calls(0), calls(0), FINE),
        (calls(0, 1), calls(1000), DOUBTFUL),  # one unlucky call is no evidence
        (calls(0, 2), calls(1000), DOUBTFUL),
        (calls(0, 3), calls(1000), BROKEN),
        (calls(29, 1), calls(1000), DOUBTFUL),
        (calls(24, 6), calls(1000), BROKEN),
        (calls(980, 20), calls(1000), FINE),  # two in a hundred more may fail
        (calls(900, 100), calls(1000), BROKEN),
        (calls(24, 6), calls(800, 200), FINE),  # as bad as the rest
        (calls(25, 25), calls(800, 200), BROKEN),
        (calls(24, 6), calls(0), BROKEN),  # nothing to compare with: then the rest is perfect
        (calls(0, 5), calls(0, 5), FINE),
    ],
)
def test_errors(ours, rest, expected):
    assert expected == state("errors", ours, rest)


@pytest.mark.parametrize(
    ("ours", "rest", "expected"),
    [
        (calls(50, first=100), calls(500, first=100), FINE),
        (calls(50, first=140), calls(500, first=100), FINE),
        (calls(5, first=1000), calls(500, first=100), DOUBTFUL),
        (calls(11, first=1000), calls(500, first=100), BROKEN),
        (calls(50), calls(500, first=100), FINE),
        (calls(50, first=1000), calls(500), FINE),
    ],
)
def test_first_content(ours, rest, expected):
    assert expected == state("first_content", ours, rest)


@pytest.mark.parametrize(
    ("ours", "rest", "expected"),
    [
        (calls(50, cost=100), calls(500, cost=100), FINE),
        (calls(50, cost=130), calls(500, cost=100), FINE),
        (calls(19, cost=131), calls(500, cost=100), DOUBTFUL),
        (calls(20, cost=131), calls(500, cost=100), BROKEN),
        (calls(20, cost=131), calls(500), FINE),  # the rest costs nothing: nothing to compare with
        (calls(0), calls(500, cost=100), FINE),
        (calls(20, cost=131), calls(0), FINE),
    ],
)
def test_cost(ours, rest, expected):
    assert expected == state("cost", ours, rest)


def test_a_single_dear_call_among_many_is_no_evidence():
    ours = side(*[Seen(failed=False, cost=100)] * 29, Seen(failed=False, cost=3000))

    assert DOUBTFUL == state("cost", ours, calls(500, cost=100))


@pytest.mark.parametrize(
    ("flawed", "sound", "expected"), [(0, 30, FINE), (1, 29, DOUBTFUL), (6, 24, BROKEN), (3, 0, BROKEN)]
)
def test_validity(flawed, sound, expected):
    ours = side(*[Seen(failed=False, flawed=True)] * flawed, *[Seen(failed=False)] * sound)

    assert expected == state("validity", ours, calls(1000))


def test_what_is_off_is_not_looked_at():
    off = Guard(errors=None, first_content=None, cost=None, validity=None)

    assert [] == judged(off, calls(0, 100), calls(100))


def test_a_canary_at_its_limit_is_hardly_ever_found_broken_however_often_one_looks():
    rng = Random(5)
    broken = 0
    for _ in range(400):
        bad = 0
        for number in range(1, 601):
            bad += rng.random() < 0.05
            if proven(bad, number, 0.05):
                broken += 1
                break

    # One in a hundred is what is promised; three standard deviations above that.
    assert broken <= 400 * 0.01 + 3 * math.sqrt(400 * 0.01)


@pytest.mark.parametrize(("share", "most"), [(1.0, 3), (0.5, 16), (0.2, 90)])
def test_how_soon_a_bad_canary_is_found_out(share, most):
    needed = []
    for seed in range(50):
        rng, bad, number = Random(seed), 0, 0
        while not proven(bad, number, 0.02):
            number += 1
            bad += rng.random() < share
        needed.append(number)

    assert sorted(needed)[45] <= most


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0.001, 0.999))
def test_evidence_grows_with_what_is_bad(bad, good, limit):
    if bad >= (bad + good + 1) * limit:
        assert evidence(bad + 1, bad + good + 1, limit) >= evidence(bad, bad + good, limit) - 1e-9
    else:
        assert -math.inf == evidence(bad, bad + good, limit)


@pytest.mark.parametrize("limit", [0.0, 1.0, 1.5])
def test_no_share_is_above_all_of_them(limit):
    assert not proven(50, 50, limit)


@given(st.floats(0, 1e9))
def test_a_time_is_in_the_bucket_that_ends_at_or_after_it(milliseconds):
    found = bucket(milliseconds)

    assert 0 <= found < BUCKETS
    assert found == BUCKETS - 1 or milliseconds <= upper(found) * (1 + 1e-12)
    assert found in {0, BUCKETS - 1} or milliseconds > upper(found - 1) * (1 - 1e-12)


@given(st.lists(st.floats(1, 1e5), min_size=1, max_size=60))
def test_a_median_is_right_to_a_bucket(times):
    made = side(*(Seen(failed=False, first=time) for time in times))
    true = sorted(times)[(len(times) - 1) // 2]

    assert upper(bucket(true)) == median(made.times)
    assert median(made.times, surely=True) >= median(made.times)


def test_there_is_no_median_of_nothing():
    assert median(Side().times) is None


@settings(max_examples=50)
@given(st.lists(SEEN, max_size=20), st.lists(SEEN, max_size=20))
def test_what_two_have_counted_is_what_one_would_have(some, others):
    whole = side(*some, *others)
    parts = side(*some)
    parts.join(Side.again(side(*others).kept()))

    *exact, squares, times = whole.kept()
    assert [*exact, pytest.approx(squares), times] == parts.kept()


TIMES = [0] * BUCKETS


@pytest.mark.parametrize(
    "kept",
    [
        {},
        [0, 0, 0, 0, 0, 0.0, [1, 2]],
        [1, 0, 1, 0, 0, 0.0, [2, *TIMES[1:]]],
        [9, 0, 1, 0, 0, 0.0, TIMES],
        [1, 0, 1, 2, 0, 0.0, TIMES],
        [0, 0, 0, 0, -5, 0.0, TIMES],
        [2, -1, 3, 0, 0, 0.0, TIMES],
        [True, 0, True, 0, 0, 0.0, TIMES],
        ["1", 0, 1, 0, 0, 0.0, TIMES],
        [1, 0, 1, 0, 0, "0", TIMES],
        [1, 0, 1, 0, 0, 0.0, 7],
    ],
)
def test_what_no_side_has_ever_kept_is_refused(kept):
    with pytest.raises((TypeError, ValueError)):
        Side.again(kept)
