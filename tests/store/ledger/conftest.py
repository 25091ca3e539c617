"""Both ledgers, empty and open; PostgreSQL is started once."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from store.books import Books, books
from tests.store.ledger.postgres import Server, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
async def database(postgres: Server) -> str:
    """The address of a database without any tables."""
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("DROP SCHEMA IF EXISTS switchyard CASCADE")
    await connection.close()
    return postgres.url


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("database") if request.param == "postgres" else None


@pytest.fixture
async def ledger(address: str | None, tmp_path: Path) -> AsyncIterator[Books]:
    ledger = books(address, tmp_path)
    await ledger.migrate()
    await ledger.open()
    yield ledger
    await ledger.close()


@pytest.fixture
async def other(address: str | None, tmp_path: Path, ledger: Books) -> AsyncIterator[Books]:
    """The same, as another process has it open."""
    other = books(address, tmp_path)
    await other.open()
    yield other
    await other.close()
