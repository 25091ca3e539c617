"""The stores that the contract's tests run against. A new store is a line in STORES."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from store.contract import Store
from store.memory import MemoryStore
from store.sqlite import SqliteStore

START = 1_800_000_000.0

Opened = Callable[[], AbstractAsyncContextManager[Store]]
"""Each call opens the same state once more, as another process would, and closes it in the end."""

Maker = Callable[[pytest.FixtureRequest, Path], Opened]
"""Makes an empty state; servers are fixtures of the session, got by `request.getfixturevalue`."""


class Clock:
    """Unix time that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Store]:
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    store = MemoryStore()
    return lambda: opened(store)


def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    return lambda: opened(SqliteStore(tmp_path / "state.db"))


STORES: dict[str, Maker] = {"memory": memory, "sqlite": sqlite}


def clocked_memory(clock: Clock, tmp_path: Path) -> Opened:
    store = MemoryStore(clock, steady=clock)
    return lambda: opened(store)


def clocked_sqlite(clock: Clock, tmp_path: Path) -> Opened:
    return lambda: opened(SqliteStore(tmp_path / "state.db", clock=clock, steady=clock))


# Stores whose time can be handed in.
CLOCKED: dict[str, Callable[[Clock, Path], Opened]] = {"memory": clocked_memory, "sqlite": clocked_sqlite}
