"""Answers to questions that mean the same: found by vectors, doubted by words, reported before they are served."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from cache.differences import differs
from cache.entry import Entry, Forgetting
from cache.similar import Asked, Similar
from config.caching import SCOPE
from config.schema import NO_LIMITS, Config, Key
from core.caching import SERVE, Semantic
from telemetry.record import Record, moment

if TYPE_CHECKING:
    from gateway.generation import Generation

SIMILAR: Final = "switchyard_cache_similar_total"
SAMPLES: Final = 100
LONGEST_SHOWN: Final = 300  # characters of a question
MOST_PENDING: Final = 32  # embeddings asked for beside all calls
ROOM: Final = 4  # the part of the cache's bytes that vectors take, beside it
HIT, WOULD_HIT, DIFFERS, NONE, FAILED = "hit", "would_hit", "differs", "none", "failed"


class Embed(Protocol):
    """Asks *route*, in the name of *key*, for the vector of *text*, by a call with that *id*."""

    def __call__(
        self, generation: "Generation", key: Key, route: str, text: str, *, id: str
    ) -> Awaitable[list[float]]: ...


class Question(NamedTuple):
    """The *text* of a call's last turn; all the rest of it is its *partition*."""

    text: str
    partition: bytes
    record: Record
    semantic: Semantic


class Likeness:
    """One for each process. *embed* is set by whoever can make calls."""

    def __init__(self, room: int, count: Callable[[str, str], None]) -> None:
        self.embed: Embed
        self.samples: deque[dict[str, Any]] = deque(maxlen=SAMPLES)
        self._similar = Similar(room // ROOM)
        self._count = count
        self._tasks: set[asyncio.Task[Any]] = set()
        self._keys: dict[str, Key] = {}
        self._keys_of: Config | None = None

    def __len__(self) -> int:
        return len(self._similar)

    def heed(self, config: Config) -> None:
        self._similar.room = config.cache.max // ROOM

    def forget(self, names: Forgetting) -> None:
        self._similar.forget(names)
        self.samples.clear()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # For a call that waits

    async def vector(self, generation: "Generation", question: Question) -> list[float]:
        """Of its text; empty where it didn't come in time."""
        task = self._begin(self._asked(generation, question))
        if task is None:
            return []
        await asyncio.wait((task,), timeout=question.semantic.timeout)
        if not task.done():
            task.cancel()
            self._count(question.record.route, FAILED)
            return []
        return [] if task.cancelled() else task.result()

    def nearest(self, question: Question, vector: Sequence[float]) -> tuple[float, bytes] | None:
        """How near the nearest question is that differs in nothing, and where its answer is kept."""
        semantic, route = question.semantic, question.record.route
        now = time.time()
        near = self._similar.nearest(question.partition, vector, now=now, threshold=semantic.threshold)
        for one in near:
            difference = differs(question.text, one.asked.text)
            outcome = DIFFERS if difference else (HIT if semantic.mode == SERVE else WOULD_HIT)
            self._sample(question, one.asked, one.score, outcome, difference)
            self._count(route, outcome)
            if difference is None:
                return one.score, one.asked.mark
        if not near:
            self._count(route, NONE)
        return None

    # For one that is over

    def learn(
        self, generation: "Generation", question: Question, vector: Sequence[float], mark: bytes, entry: Entry
    ) -> None:
        """Its answer is kept under *mark*. Without a *vector* it is asked for, beside all calls."""
        if vector:
            self._add(question, vector, mark, entry)
        else:
            self._begin(self._later(generation, question, mark, entry))

    async def _later(self, generation: "Generation", question: Question, mark: bytes, entry: Entry) -> None:
        vector = await self._asked(generation, question)
        if vector:
            if question.semantic.mode != SERVE:
                self.nearest(question, vector)
            self._add(question, vector, mark, entry)

    def _add(self, question: Question, vector: Sequence[float], mark: bytes, entry: Entry) -> None:
        asked = Asked(question.text, mark, entry.labels, entry.made + entry.ttl)
        self._similar.add(question.partition, vector, asked, most=question.semantic.most)

    async def _asked(self, generation: "Generation", question: Question) -> list[float]:
        semantic, record = question.semantic, question.record
        key = self._key(generation.config, record.route)
        vector = await self.embed(generation, key, semantic.route, question.text, id=f"{record.id}-like")
        if not vector:
            self._count(record.route, FAILED)
        return vector

    def _key(self, config: Config, route: str) -> Key:
        """Who asks for vectors: nobody's key, with an account of its own."""
        if config is not self._keys_of:
            self._keys, self._keys_of = {}, config
        if route not in self._keys:
            allowance = config.allowances.get(SCOPE, NO_LIMITS)
            self._keys[route] = Key(name=f"{SCOPE}:{route}", digest=b"", allowance=allowance, scope=SCOPE)
        return self._keys[route]

    def _begin(self, work: Any) -> "asyncio.Task[Any] | None":
        if len(self._tasks) >= MOST_PENDING:
            work.close()
            return None
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _sample(self, question: Question, asked: Asked, score: float, outcome: str, difference: str | None) -> None:
        record = question.record
        self.samples.append(
            {
                "time": moment(record.time),
                "route": record.route,
                "key": record.key,
                "similarity": round(score, 4),
                "asked": question.text[:LONGEST_SHOWN],
                "like": asked.text[:LONGEST_SHOWN],
                "outcome": outcome,
                "differs_in": difference,
            }
        )
