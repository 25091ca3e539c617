"""A store for a test, of each kind in its turn."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from store.contract import Store
from tests.store.redis_servers import Clustered, Server, Watched, serving
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


@pytest.fixture(scope="session")
def redis_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = Server(tmp_path_factory.mktemp("redis"))
    with serving(server):
        yield f"redis://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def redis_watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Nothing happens to it; what something is to happen to is a test's own."""
    with Watched(tmp_path_factory.mktemp("watched")) as watched:
        yield f"{watched.url}/0"


@pytest.fixture(scope="session")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clustered]:
    """Its slots may be moved about, but it is whole again in the end."""
    with Clustered(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def redis_clustered(clustered: Clustered) -> str:
    return clustered.url
