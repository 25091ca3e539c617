"""The answers that this process has at hand, in its memory or in the shared Redis, and who waits for the same one."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson

from cache.entry import Entry, Forgetting
from cache.memory import Memory
from cache.shelf import Figures, Found, Shelf
from config.schema import Config, Route
from gateway.likeness import ROOM, SIMILAR, Likeness
from store.board import Board
from store.contract import StoreDown
from telemetry.meters import Meters
from telemetry.workers import Tally

if TYPE_CHECKING:
    from cache.claims import Claim, Claims
    from cache.in_redis import InRedis
    from store.redis_answers import RedisAnswers
    from store.redis_vectors import RedisVectors

CALLS: Final = "switchyard_cache_calls_total"
SAVED: Final = "switchyard_cache_saved_usd_total"
TROUBLE: Final = "switchyard_cache_trouble_total"
MOST_PENDING: Final = 64  # answers on their way to Redis
MOST_WAYS: Final = 1_000
NOTICES: Final = "forget/"  # on the board
HANGS: Final = 600.0  # seconds that a notice does; nobody is deaf for longer and lives
LOOK: Final = 1.0  # seconds between two looks at the board

Say = Callable[..., None]
Flight = asyncio.Future[Entry | None]


class Larder:
    """One for each process. *shelf* is where answers lie, *flights* what is being asked for, by its fingerprint.
    *claims* are what is asked for by any process, where answers lie in Redis.

    *board* None: there is no other process. *tally* knows what all workers have counted.
    """

    def __init__(self, config: Config, meters: Meters, board: Board | None, say: Say, tally: Tally) -> None:
        self.meters = meters
        self.tally = tally
        self.flights: dict[bytes, Flight] = {}
        self.memory = Memory(config.cache.max)
        self._answers: RedisAnswers | None = None
        self._vectors: RedisVectors | None = None
        self.claims: Claims | None = None
        shared = _in_redis(config, self.trouble, say)
        if shared is not None:
            self._answers, self._vectors, self.claims = shared.answers, shared.vectors, shared.claims
        self.shelf: Shelf = self.memory if shared is None else shared.shelf
        self.likeness = Likeness(
            config.cache.max,
            lambda route, outcome: _add(meters, route, outcome),
            shelf=self.shelf,
            shared=None if shared is None else shared.similar,
            trouble=self.trouble,
        )
        self._opened = False
        self._compares = False  # in Redis
        self._board = board
        self._heard: set[str] = set()
        self._number = 0
        self._me = f"{time.time_ns():x}"
        self._pending: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None
        self._ways: dict[int, tuple[Route, bytes]] = {}
        self._ways_of: Config = config

    @property
    def shared(self) -> bool:
        """Whether answers lie in Redis."""
        return self._answers is not None

    async def heed(self, config: Config) -> None:
        """Begin to work, once a route keeps answers; and go by *config* from now on."""
        self.memory.resize(config.cache.max)
        self.likeness.heed(config)
        if self._answers is not None and self._vectors is not None:
            self._answers.most, self._vectors.most = config.cache.max, config.cache.max // ROOM
        kept = config.defaults.cache.ttl or any(route.cache.ttl for route in config.routes.values())
        if kept and self._vectors is not None and not self._compares:
            await self._begin_to_compare(config, self._vectors)
        if not kept or self._opened:
            return
        self._opened = True
        watch = self.meters.watch
        watch("switchyard_cache_entries", lambda: len(self.memory))
        watch("switchyard_cache_bytes", lambda: self.memory.bytes)
        watch("switchyard_cache_evicted_total", lambda: self.memory.evicted)
        if self._answers is not None:
            try:
                await self._answers.open()
            except StoreDown:
                self.trouble()
        if self._board is not None:
            self._listening = asyncio.get_running_loop().create_task(self._listen(self._board), name="forgetting")

    async def _begin_to_compare(self, config: Config, vectors: "RedisVectors") -> None:
        """In Redis, once a route has anything to be compared."""
        self._compares = any(route.cache.semantic for route in config.routes.values())
        if self._compares:
            try:
                await vectors.open()
            except StoreDown:
                self.trouble()

    async def end(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self.likeness.end()
        await asyncio.gather(*self._pending, return_exceptions=True)
        if self.claims is not None:
            await self.claims.end()
        if self._opened and self._answers is not None:
            await self._answers.close()
        if self._compares and self._vectors is not None:
            await self._vectors.close()

    # For calls

    def way(self, config: Config, route: Route) -> bytes:
        """Where calls of *route* may go, in a few bytes: another chain, another provider or another model's facts, and
        none of its answers is the same.
        """
        if config is not self._ways_of or len(self._ways) >= MOST_WAYS:
            self._ways.clear()
            self._ways_of = config
        known = self._ways.get(id(route))
        if known is not None and known[0] is route:
            return known[1]
        way = _way(config, route)
        self._ways[id(route)] = (route, way)
        return way

    async def find(self, mark: bytes, now: float) -> Found | None:
        """None while the cache can't be reached, which is a miss, too."""
        try:
            return await self.shelf.find(mark, now)
        except StoreDown:
            self.trouble()
            return None

    def keep(
        self, mark: bytes, entry: Entry, since: int, claim: "Claim | None", then: Callable[[], None] | None
    ) -> None:
        """Nobody waits for it. *claim* is over then; *then* is called if and when it is kept."""
        if self._answers is None:
            if self.memory.put(mark, entry, since, time.time()) and then is not None:
                then()
        elif len(self._pending) < MOST_PENDING:
            self.begin(self._send(mark, entry, since, claim, then))
        elif claim is not None:
            claim.end(apart=True)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside all calls."""
        task = asyncio.get_running_loop().create_task(work)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    def trouble(self) -> None:
        self.meters.counter(TROUBLE).value += 1

    async def _send(
        self, mark: bytes, entry: Entry, since: int, claim: "Claim | None", then: Callable[[], None] | None
    ) -> None:
        kept = False
        try:
            kept = await self.shelf.keep(mark, entry, since, time.time())
        except StoreDown:
            self.trouble()
        finally:
            if claim is not None:
                claim.end(apart=not kept)
        if kept and then is not None:
            then()

    # Forgetting

    async def forget(self, names: Forgetting) -> int:
        """Here, or wherever all processes look. Other processes of this machine that have answers in their memory hear
        of it within a second. Raises StoreDown.
        """
        count = await self.shelf.forget(names)
        self.likeness.forget(names)
        if self._board is not None:
            self._number += 1
            name = f"{NOTICES}{self._me}/{self._number}"
            self._heard.add(name)
            await self._board.post(name, orjson.dumps(tuple(names)), HANGS)
        if self._compares:
            await self.likeness.forget_shared(names)
        return count

    async def figures(self) -> Figures:
        return await self.shelf.figures()

    async def _listen(self, board: Board) -> None:
        """What hung there before this process had any answer is no news."""
        while True:
            try:
                notices = dict(await board.posted(NOTICES))
                for name in notices.keys() - self._heard:
                    if (names := _read(notices[name])) is not None:
                        await self.memory.forget(names)
                        self.likeness.forget(names)
                self._heard &= notices.keys()
                self._heard |= notices.keys()
            except StoreDown:
                self.trouble()
            await asyncio.sleep(LOOK)


def _add(meters: Meters, route: str, outcome: str) -> None:
    meters.counter(SIMILAR, route, outcome).value += 1


def _read(notice: bytes) -> Forgetting | None:
    """None for what another version has written."""
    try:
        return Forgetting(*map(str, orjson.loads(notice)))
    except (TypeError, ValueError):
        return None


def _in_redis(config: Config, trouble: Callable[[], None], say: Say) -> "InRedis | None":
    """None where answers lie in the memory of each process."""
    if config.state.url is None or not config.cache.shared:
        return None
    from cache.in_redis import in_redis  # noqa: PLC0415  (see there)

    said, most = partial(_said, say), config.cache.max
    of_vectors = partial(_said, say, whose="cache's vectors")
    return in_redis(config.state.url, most, most // ROOM, trouble, said=said, said_of_vectors=of_vectors)


def _said(say: Say, level: str, text: str, *, whose: str = "cache", **fields: object) -> None:
    say(level, f"{whose}: {text}", **fields)


def _way(config: Config, route: Route) -> bytes:
    stages = [
        ([_place(config, target.provider, target.id) for target in stage.targets], stage.strategy, sorted(stage.on))
        for stage in route.stages
    ]
    said = (route.name, stages, route.strict, route.fallback)
    return blake2b(repr(said).encode(), digest_size=16).digest()


def _place(config: Config, provider: str, target: str) -> tuple[object, ...]:
    at, facts = config.providers[provider], config.models.get(target)
    opened = blake2b(repr(sorted(at.headers.items())).encode(), digest_size=8).hexdigest()
    return (target, at.dialect, at.base_url, sorted(at.options.items()), opened, repr(facts))
