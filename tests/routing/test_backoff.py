"""How long is waited before the same target is tried again."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import Retry
from routing.backoff import delay

RETRY = Retry(backoff=0.5, max_backoff=8.0)


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 0.5), (2, 1.0), (3, 2.0), (5, 8.0), (6, 8.0), (10_000, 8.0)])
def test_the_wait_is_anything_up_to_a_ceiling_that_doubles(attempt, ceiling):
    rng = Random(5)

    waits = [delay(RETRY, attempt, retry_after=None, rng=rng) for _ in range(500)]

    assert min(waits) < ceiling * 0.05
    assert ceiling * 0.95 < max(waits) <= ceiling


@settings(deadline=None)
@given(attempt=st.integers(1, 50), retry_after=st.floats(0.001, 3600), seed=st.integers(0, 99))
def test_what_the_provider_asks_for_is_exceeded_by_a_tenth_at_most(attempt, retry_after, seed):
    wait = delay(RETRY, attempt, retry_after=retry_after, rng=Random(seed))

    assert retry_after <= wait <= retry_after * 1.1


@pytest.mark.parametrize("retry_after", [0.0, -3.0])
def test_being_asked_to_come_back_at_once_still_backs_off(retry_after):
    assert 0.0 < delay(RETRY, 1, retry_after=retry_after, rng=Random(1)) <= 0.5
