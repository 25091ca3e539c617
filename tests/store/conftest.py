"""A store for a test, of each kind in its turn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.contract import Store
from tests.store.stores import CLOCKED, STORES, Clock, Opened


@pytest.fixture(params=STORES)
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens one and the same state as often as it is called."""
    return STORES[request.param](request, tmp_path)


@pytest.fixture
async def store(opening: Opened) -> AsyncIterator[Store]:
    async with opening() as store:
        yield store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=CLOCKED)
async def clocked(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> AsyncIterator[Store]:
    """Of those stores whose time can be handed in: it is `clock`'s."""
    async with CLOCKED[request.param](clock, tmp_path)() as store:
        yield store
