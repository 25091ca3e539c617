"""A ledger with three days of calls in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.ledger_sqlite import SqliteLedger
from tests.store.ledger.entries import NOON, entry, usage

DAY = 86400.0
CALLS = [
    entry(1, cost=1_500_000_000, tags=("batch", "red"), usage=usage(input=900, cache_read=100, output=500)),
    entry(2, cost=250_000, key="bob", team="", usage=usage(input=10, output=2), estimated=True),
    entry(
        3, cost=0, key="bob", team="", status=502, fault="broken", usage=usage(), target="anthropic/claude-haiku-4-5"
    ),
    entry(4, cost=2_000_000_001, time=NOON - DAY, tags=("red",), target="anthropic/claude-haiku-4-5"),
    entry(5, cost=7, time=NOON - 40 * DAY, route="=slow\x1b[2J"),
]


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    await ledger.open()
    await ledger.add("me", 1, CALLS)
    yield ledger
    await ledger.close()
