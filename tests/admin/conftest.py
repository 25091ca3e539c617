"""A locksmith with a real store and a configuration to make keys by, and a ledger with three days of calls in it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import pytest

from admin.keys import PREFIX, Locksmith
from config.load import load
from config.schema import Config, DialectFacts
from core.errors import Refusal
from store.contract import Store
from store.ledger_sqlite import SqliteLedger
from tests.store.ledger.entries import NOON, entry, usage
from tests.store.stores import Clock, clocked_memory, clocked_sqlite

TEXT = """
admin: {key: secret-of-operator}
providers: {demo: {}}
routes: {m: demo/a, cheap: demo/b}
teams: {research: {}, sales: {budget: 500/month}}
tags: {prod: {}}
keys: {written: {key: secret-of-written}}
"""


FIRST = PREFIX + "0" * 43
WHEN = "2027-01-15T08:00:00Z"


async def refusal(work: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value


def hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def read(text: str = TEXT) -> Config:
    dialects = {"demo": DialectFacts(needs_key=False, listed=False)}
    return load(text, {}, file="c.yaml", dialects=dialects, strategies=("order",))


@pytest.fixture(scope="session")
def written() -> Config:
    return read()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> AsyncIterator[Store]:
    maker = {"memory": clocked_memory, "sqlite": clocked_sqlite}[request.param]
    async with maker(clock, tmp_path)() as store:
        yield store


@pytest.fixture
def random() -> Callable[[], str]:
    numbers = iter(range(1000))
    return lambda: f"{next(numbers):0>43}"


@pytest.fixture
def smith(store: Store, written: Config, clock: Clock, random: Callable[[], str]) -> Locksmith:
    return Locksmith(store, lambda: written, clock=clock, random=random)


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
