"""What a batch of finished calls adds up to."""

from collections import Counter

import pytest

from store.entry import Entry
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
        [["a", "b"]],
        [["a", "b"], ["a", "b"], [], {}],
        [["a", "b"], ["b"], ["b", "a"]],
        [["a", "b"], {"b": 4}, ["a", "b"]],
        [{"b": 4}, ["a", "b"]],
    ],
)
def test_accounts_are_charged_what_all_rows_say(paid: list[dict[str, int] | list[str]]) -> None:
    rows = [list(entry(cost=7**number, charges=charges)) for number, charges in enumerate(paid)]

    expected = Counter[str]()
    for row in rows:
        expected.update(Entry.of(row).charges)
    assert tally(rows).charges == sorted(expected.items())


def test_names_alone_were_charged_the_whole_cost() -> None:
    row = entry(cost=120, charges=["a", "b"]).to_bytes()

    assert Entry.from_bytes(row).charges == {"a": 120, "b": 120}
