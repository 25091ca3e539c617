"""What a batch of finished calls adds up to."""

from collections import Counter

import pytest

from store.tally import tally
from tests.store.ledger.entries import entry


@pytest.mark.parametrize(
    "paid",
    [
        [],
        [{}],
        [{"a": 1, "b": 2}, {"b": 4, "a": 3}],
        [{"a": 1, "b": 2}, {}, {"a": 3, "c": 4}],
        [{"a": 1}, {"a": 2, "b": 3}],
        [{"a": 1}, {"b": 2}],
    ],
)
def test_accounts_are_charged_what_all_rows_say(paid: list[dict[str, int]]) -> None:
    rows = [entry(charges=charges) for charges in paid]

    expected = Counter[str]()
    for row in rows:
        expected.update(row.charges)
    assert tally(rows).charges == sorted(expected.items())
