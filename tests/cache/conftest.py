"""Places where answers are kept, each in its turn, on real servers."""

from itertools import count

import pytest

from cache.memory import Memory
from cache.shared import Shared
from core.secret import Secret
from store.redis_answers import COMPARTMENTS, RedisAnswers
from tests.store.redis_servers import WITH_VECTORS, Clustered, Server, serving

PREFIXES = count()


@pytest.fixture(scope="session")
def redis(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"))
    with serving(server):
        yield f"redis://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    with Clustered(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster.url


@pytest.fixture(scope="session")
def server_with_vectors(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"), program=WITH_VECTORS)
    with serving(server):
        yield server


@pytest.fixture
def server_of_its_own(tmp_path):
    """To be paused: the server, and its URL."""
    server = Server(tmp_path / "own")
    with serving(server):
        yield server, f"redis://127.0.0.1:{server.port}"


@pytest.fixture(params=["memory", "redis", "cluster"])
async def shelf(request):
    """With room for 64 KB, wherever it lies; in Redis that much in each compartment."""
    if request.param == "memory":
        yield Memory(64 * 1024)
        return
    url = f"{request.getfixturevalue(request.param)}?prefix=t{next(PREFIXES)}:"
    answers = RedisAnswers(Secret(url), lambda *_, **__: None, most=COMPARTMENTS * 64 * 1024, deadline=5.0)
    await answers.open()
    yield Shared(answers)
    await answers.close()
