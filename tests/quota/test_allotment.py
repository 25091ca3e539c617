"""What an account in hand makes of the store's answers, where the ledger knows more than was told."""

import pytest

from config.schema import Budget
from quota.allotment import Allotment
from quota.purse import Purse
from store.contract import Heard
from tests.quota.desk import MODEL, TARGET, key

NOW = 1000.0


def allotment(spent: int = 0, *, based: bool) -> Allotment:
    one = Allotment("usd:key/alice:total", "key/alice", limit=1000, now=NOW, budget=Budget(limit=1000))
    one.paid, one.based = spent, based
    return one


def heard(one: Allotment, own: int) -> None:
    one.digest(Heard(own=own, spent=own), NOW, restore=False)


def test_what_the_ledger_told_the_store_of_a_call_before_its_owner_did_counts_once() -> None:
    one = allotment(based=True)
    purse = Purse(key("alice"), TARGET, MODEL, [one], when_down="allotment")
    one.lend(300)
    assert purse.draw(300)
    purse.hold(300)
    one.word(NOW, NOW)
    purse.tell()
    purse.settle(300, 200)

    heard(one, own=200)

    assert (one.spent, one.unsent) == (200, 0)


@pytest.mark.parametrize(("based", "own", "spent"), [(True, 500, 500), (True, 70, 100), (False, 500, 600)])
def test_what_an_earlier_life_had_spent_is_taken_over(based: bool, own: int, spent: int) -> None:
    one = allotment(100, based=based)
    one.word(NOW, NOW)

    heard(one, own=own)

    assert one.spent == spent


def test_an_account_that_anybody_has_restored_is_waited_for_no_longer() -> None:
    """The last answer that calls it fresh may be heard after it was restored."""
    one = allotment(based=True)
    found = []
    for fresh in (True, False, True, False):
        one.word(NOW, NOW)
        one.digest(Heard(granted=5, fresh=fresh), NOW, restore=True)
        found.append((one.unrestored, one.free))

    assert found == [(True, 0), (False, 5), (True, 0), (False, 5)]
