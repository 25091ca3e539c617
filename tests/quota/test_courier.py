"""Trips to the store: soon after there is something to say, and again after one that went wrong."""

import asyncio
import time

import pytest

from config.schema import Allowance, Config, Key, Limits
from core.target import Target
from quota.courier import LOOK
from quota.hold import Hold
from quota.journal import NoJournal
from quota.till import Till
from quota.words import Need
from store.contract import Heard, Stamp, Tell
from store.memory import MemoryStore

KEY = Key(name="alice", digest=b"", allowance=Allowance(limits=Limits(concurrent=2)))
TARGET = Target("a", "one")
SOON = 1.0  # seconds
assert SOON < LOOK


class Clumsy(MemoryStore):
    """Fails at something that nobody has thought of, once."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble = True

    async def tell(self, stamp: Stamp, tells: list[Tell]) -> list[Heard]:
        if self.trouble:
            self.trouble = False
            raise ZeroDivisionError
        return await super().tell(stamp, tells)


def till_at(store: MemoryStore, owner: str, said: list[str]) -> Till:
    loop = asyncio.get_running_loop()
    till = Till(store, NoJournal(owner, 1), clock=time.time, monotonic=loop.time, say=said.append)
    till.adopt(Config(keys={"alice": KEY}))
    return till


async def slot(till: Till) -> Hold:
    purse = till.purse(KEY, TARGET, "m")
    hold = await till.wait(purse, Need(), b"", within=SOON)
    assert isinstance(hold, Hold), hold
    return hold


@pytest.mark.parametrize("calls", [1, 2])
async def test_what_one_process_gives_back_another_gets_soon(calls):
    store = MemoryStore()
    one, other = till_at(store, "one", []), till_at(store, "other", [])
    await one.begin()
    await other.begin()
    held = [await slot(one) for _ in range(2)]
    await asyncio.sleep(0.4)  # nobody has anything to say any more

    for hold in held[:calls]:
        hold.settle(0, 0)
    began = time.monotonic()
    for _ in range(calls):
        await slot(other)

    assert time.monotonic() - began < SOON
    await one.end()
    await other.end()


async def test_a_trip_that_ends_in_a_mistake_is_made_again():
    said: list[str] = []
    till = till_at(Clumsy(), "one", said)
    await till.begin()

    await slot(till)

    assert ["a trip to the store ended in a mistake of ours, and is made again: ZeroDivisionError()"] == said
    await till.end()
