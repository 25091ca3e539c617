"""How many retries the process may have under way."""

import pytest

from routing.retry_budget import RetryBudget


@pytest.mark.parametrize(
    ("calls", "retries", "allowed"),
    [(0, 2, True), (0, 3, False), (15, 3, False), (16, 3, True), (100, 19, True), (100, 20, False)],
)
def test_retries_are_a_share_of_the_calls_under_way_and_three_at_least(calls, retries, allowed):
    budget = RetryBudget()
    budget.calls, budget.retries = calls, retries

    assert budget.allow(0.2) == allowed
