"""Answers to questions that mean the same: found by vectors, doubted by words, reported before they are served."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from cache.differences import differs
from cache.entry import Entry, Forgetting
from cache.shelf import Shelf
from cache.similar import Asked, Like, Similar, Vector
from config.caching import SCOPE
from config.schema import NO_LIMITS, Config, Key
from core.caching import SERVE, Semantic
from store.contract import StoreDown
from telemetry.record import Record, moment

if TYPE_CHECKING:
    from cache.similar_shared import SharedSimilar
    from gateway.generation import Generation

SIMILAR: Final = "switchyard_cache_similar_total"
SAMPLES: Final = 100
LONGEST_SHOWN: Final = 300  # characters of a question
MOST_PENDING: Final = 32  # embeddings asked for beside all calls
ROOM: Final = 4  # the part of the cache's bytes that vectors take, beside it
HERE: Final = 1_000  # characters that are compared in the loop; a thread takes more, one at a time
MOST_HERE: Final = 20_000  # of one kind: a look among so many takes milliseconds in which nothing else is done
HIT, WOULD_HIT, DIFFERS, NONE, FAILED = "hit", "would_hit", "differs", "none", "failed"


class Embed(Protocol):
    """Asks *route*, in the name of *key*, for the vector of *text*, by a call with that *id*. None if there is none."""

    def __call__(
        self, generation: "Generation", key: Key, route: str, text: str, *, id: str
    ) -> Awaitable[Vector | None]: ...


class Question(NamedTuple):
    """The *text* of a call's last turn; all the rest of it is its *partition*."""

    text: str
    partition: bytes
    record: Record
    semantic: Semantic


class Likeness:
    """One for each process. *embed* is set by whoever can make calls. Answers lie on *shelf*, vectors in *shared*; in
    this process, within a part of *room* bytes, where there is none, where it has none and while it is away.
    """

    def __init__(
        self,
        room: int,
        count: Callable[[str, str], None],
        *,
        shelf: Shelf,
        shared: "SharedSimilar | None",
        trouble: Callable[[], None],
    ) -> None:
        self.embed: Embed
        self.samples: deque[dict[str, Any]] = deque(maxlen=SAMPLES)
        self._similar = Similar(room // ROOM)
        self._shared = shared
        self._shelf = shelf
        self._count = count
        self._trouble = trouble
        self._tasks: set[asyncio.Task[Any]] = set()
        self._comparing = asyncio.Lock()
        self._keys: dict[str, Key] = {}
        self._keys_of: Config | None = None

    def __len__(self) -> int:
        return len(self._similar)

    def heed(self, config: Config) -> None:
        self._similar.room = config.cache.max // ROOM

    def forget(self, names: Forgetting) -> None:
        """In this process."""
        self._similar.forget(names)
        self.samples.clear()

    async def forget_shared(self, names: Forgetting) -> None:
        """Raises StoreDown. What is learned meanwhile goes as well, if its answer has gone before."""
        if self._shared is not None:
            await self._shared.forget(names)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # For a call that waits

    async def vector(self, generation: "Generation", question: Question) -> Vector | None:
        """Of its text; None where it didn't come in time."""
        task = self._begin(self._asked(generation, question))
        if task is None:
            return None
        await asyncio.wait((task,), timeout=question.semantic.timeout)
        if not task.done():
            task.cancel()
            self._count(question.record.route, FAILED)
            return None
        return None if task.cancelled() else task.result()

    async def nearest(self, question: Question, vector: Vector) -> tuple[float, bytes] | None:
        """How near the nearest question is that differs in nothing, and where its answer is kept."""
        semantic, route = question.semantic, question.record.route
        near = await self._near(question, vector)
        for one, difference in zip(near, await self._compared(question.text, near), strict=False):
            outcome = DIFFERS if difference else (HIT if semantic.mode == SERVE else WOULD_HIT)
            self._sample(question, one.asked, one.score, outcome, difference)
            self._count(route, outcome)
            if difference is None:
                return one.score, one.asked.mark
        if not near:
            self._count(route, NONE)
        return None

    async def _compared(self, text: str, near: Sequence[Like]) -> Sequence[str | None]:
        """In what *text* differs from each of *near*, up to the first from which it doesn't."""
        if sum(len(text) + len(one.asked.text) for one in near) <= HERE:
            return _differences(text, near)
        async with self._comparing:
            return await asyncio.to_thread(_differences, text, near)

    async def _near(self, question: Question, vector: Vector) -> list[Like]:
        partition, threshold, now = question.partition, question.semantic.threshold, time.time()
        if self._shared is not None:
            try:
                near = await self._shared.nearest(partition, vector, now=now, threshold=threshold)
            except StoreDown:
                self._trouble()
                near = None
            if near is not None:
                return near
        return self._similar.nearest(partition, vector, now=now, threshold=threshold)

    # For one that is over

    def learning(
        self, generation: "Generation", question: Question | None, vector: Vector | None, mark: bytes, entry: Entry
    ) -> Callable[[], None] | None:
        """What is to be done once *entry* is kept, so that questions like that one find it."""
        return None if question is None else partial(self.learn, generation, question, vector, mark, entry)

    def learn(
        self, generation: "Generation", question: Question, vector: Vector | None, mark: bytes, entry: Entry
    ) -> None:
        """Its answer is kept under *mark*. Without a *vector* it is asked for, beside all calls."""
        if vector is not None and self._shared is None:
            self._remember(question, vector, mark, entry)
        else:
            self._begin(self._later(generation, question, vector, mark, entry))

    async def _later(
        self, generation: "Generation", question: Question, vector: Vector | None, mark: bytes, entry: Entry
    ) -> None:
        if vector is None:
            vector = await self._asked(generation, question)
            if vector is None:
                return
            if question.semantic.mode != SERVE:
                await self.nearest(question, vector)
        try:
            if await self._sent(question, vector, mark, entry):
                return
        except StoreDown:
            self._trouble()
            return
        self._remember(question, vector, mark, entry)

    async def _sent(self, question: Question, vector: Vector, mark: bytes, entry: Entry) -> bool:
        """Whether there is nothing to be remembered here: others have it, or the answer is gone by now."""
        shared = self._shared
        if shared is None:
            return not await self._shelf.has(mark)
        asked, most = _asked(question, mark, entry), question.semantic.most
        there = await shared.add(question.partition, vector, asked, now=time.time(), most=most)
        gone = not await self._shelf.has(mark)
        if there and gone:
            await shared.drop(question.partition, vector, mark)
        return there or gone

    def _remember(self, question: Question, vector: Vector, mark: bytes, entry: Entry) -> None:
        asked = _asked(question, mark, entry)
        self._similar.add(question.partition, vector, asked, most=min(question.semantic.most, MOST_HERE))

    async def _asked(self, generation: "Generation", question: Question) -> Vector | None:
        semantic, record = question.semantic, question.record
        key = self._key(generation.config, record.route)
        vector = await self.embed(generation, key, semantic.route, question.text, id=f"{record.id}-like")
        if vector is None:
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


def _differences(text: str, near: Sequence[Like]) -> Sequence[str | None]:
    found: list[str | None] = []
    for one in near:
        found.append(differs(text, one.asked.text))
        if found[-1] is None:
            break
    return found


def _asked(question: Question, mark: bytes, entry: Entry) -> Asked:
    return Asked(question.text, mark, entry.labels, entry.made + entry.ttl)
