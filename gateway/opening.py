"""The start and the end of a serving process: a start that fails leaves nothing running, and says why."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from config.schema import Config
from config.watch import Watch
from gateway.current import Source
from gateway.house import House, untold
from gateway.mistakes import told
from server.connection import Listener


class NoStart(Exception):  # noqa: N818  (says what it is)
    """Something went wrong before the first call could be taken, and it isn't the configuration."""


@asynccontextmanager
async def opened(
    config: Config,
    source: Source,
    metrics: Path | None,
    *,
    watch: Watch | None = None,
    took: Callable[[bytes], None] = untold,
) -> AsyncIterator[tuple[House, Listener]]:
    """A house that has begun, and its door; it ends with the block. Raises NoState and NoStart."""
    house = await House.open(config, source, metrics, watch=watch, took=took)
    try:
        listener = house.listener()
        await _begun(house, listener)
        yield house, listener
    finally:
        # Threads that aren't ended would keep a process that can't serve.
        await house.end()


async def _begun(house: House, listener: Listener) -> None:
    try:
        await house.begin(lambda: listener.open)
    except Exception as mistake:
        # Whoever starts it has to learn of it, whatever it was, and a supervisor to see an end.
        known = told(mistake)
        raise NoStart(f"cannot start: {known['kind']} at {known['where']}") from mistake
