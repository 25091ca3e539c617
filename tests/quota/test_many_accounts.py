"""More keys with budgets than a till remembers, each used once: what it keeps of them afterwards."""

import asyncio
import gc
import time

from quota.allotment import FORGOTTEN
from quota.till import MOST_PURSES
from tests.process.running import until
from tests.quota.desk import Fragile, allowance, granted, key, opened

MANY = MOST_PURSES + 5000
AT_ONCE = 1000
PACE = 5.0  # seconds for AT_ONCE of them
ALLOWED = allowance(1000, concurrent=2)


async def test_however_many_keys_are_used_once_they_leave_nothing_in_the_till() -> None:
    skipped = [0.0]
    store = Fragile()
    async with opened(store, monotonic=lambda: time.monotonic() + skipped[0]) as till:

        async def call(number: int) -> None:
            (await granted(till, key(f"k{number}", ALLOWED), 10)).settle(10, 0)

        async def idle() -> None:
            """Until everything has gone back and is forgotten."""
            for _ in range(8):
                skipped[0] += 40
                till.ring()
                await asyncio.sleep(0.05)
            await until(lambda: not (till._stock.allotments or till._stock.rates or till._purses))

        await call(-1)
        await idle()
        before, most = kept(), 0
        for first in range(0, MANY, AT_ONCE):
            await asyncio.gather(*(call(number) for number in range(first, first + AT_ONCE)))
            store.told.clear()
            skipped[0] += PACE
            most = max(most, len(till._stock.allotments))
        await idle()

        assert (till._stock.allotments, till._stock.rates, till._purses) == ({}, {}, {})
        assert kept() <= before
        assert most < 2 * AT_ONCE * 2 * FORGOTTEN / PACE


def kept() -> int:
    """How many objects there are of the till's own kinds."""
    gc.collect()
    return sum(str(type(one).__module__).startswith("quota.") for one in gc.get_objects())
