"""A generation that nobody is served by, for questions about what a configuration would do."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from config.schema import Config
from gateway.generation import Generation, Shared, build
from gateway.watch.canaries import Canaries
from quota.journal import NoJournal
from quota.stored_keys import StoredKeys, reading
from quota.till import Till
from routing.vitals import Vitals
from store.memory import MemoryStore
from telemetry.log import Scribe
from telemetry.meters import Meters
from upstream.deadlines import Deadlines
from upstream.pools import Pools


def _unheard(_: object) -> None: ...


@asynccontextmanager
async def rehearsal(config: Config) -> AsyncIterator[tuple[Generation, Shared]]:
    """As a process has it that has just begun: it has observed nothing, nobody has spent anything."""
    loop, rng, store = asyncio.get_running_loop(), Random(), MemoryStore()  # noqa: S311  (hides nothing)
    journal, meters = NoJournal("rehearsal", 1), Meters()
    shared = Shared(
        loop,
        Pools(loop),
        Deadlines(loop),
        meters,
        Scribe(),
        rng,
        Vitals(rng),
        Till(store, journal),
        StoredKeys(store, reading(config), time.monotonic),
        journal,
        Canaries(store, meters, _unheard),
    )
    try:
        yield build(config, shared), shared
    finally:
        await shared.pools.close()
        shared.fetcher.close()
