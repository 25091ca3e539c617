"""A locksmith with a real store and a configuration to make keys by."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from admin.keys import Locksmith
from config.load import load
from config.schema import Config, DialectFacts
from store.contract import Store
from tests.store.stores import Clock, clocked_memory, clocked_sqlite

TEXT = """
admin: {key: secret-of-operator}
providers: {demo: {}}
routes: {m: demo/a, cheap: demo/b}
teams: {research: {}, sales: {budget: 500/month}}
tags: {prod: {}}
keys: {written: {key: secret-of-written}}
"""


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
