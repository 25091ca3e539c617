"""When a question that costs nothing is asked again."""

from random import Random

import pytest

from routing.rounds import pause


@pytest.mark.parametrize(
    ("every", "failures", "retry_after", "seconds"),
    [
        (300.0, 0, None, 300.0),
        (1.0, 0, None, 1.0),
        (300.0, 1, None, 5.0),
        (300.0, 2, None, 10.0),
        (300.0, 6, None, 160.0),
        (300.0, 7, None, 300.0),
        (300.0, 9999, None, 300.0),
        (3600.0, 10, None, 2560.0),
        (3600.0, 11, None, 3600.0),
        (1.0, 1, None, 1.0),
        (1.0, 3, None, 4.0),
        (1.0, 99, None, 300.0),
        (300.0, 1, 60.0, 60.0),
        (300.0, 6, 60.0, 160.0),
        (300.0, 1, 9999.0, 300.0),
        (300.0, 1, -1.0, 5.0),
    ],
)
def test_failures_double_the_pause_up_to_a_limit(every, failures, retry_after, seconds):
    waited = pause(every, failures, Random(1), retry_after=retry_after)

    assert seconds <= waited <= seconds * 1.1


def test_a_pause_is_up_to_a_tenth_longer_than_it_must_be():
    pauses = [pause(100.0, 0, Random(seed)) for seed in range(100)]

    assert 100.0 <= min(pauses) < 101.0
    assert 109.0 < max(pauses) <= 110.0
