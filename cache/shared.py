"""Answers in the Redis that all processes share."""

from cache.entry import Entry, Forgetting
from cache.shelf import Figures, Found
from store.redis_answers import RedisAnswers


class Shared:
    """Implements cache.shelf.Shelf."""

    def __init__(self, answers: RedisAnswers) -> None:
        self._answers = answers

    async def find(self, mark: bytes, now: float) -> Found:
        value, forgotten = await self._answers.find(mark)
        entry = Entry.from_bytes(value) if value else None
        return Found(None if entry is None or now >= entry.ends else entry, forgotten)

    async def has(self, mark: bytes) -> bool:
        return await self._answers.has(mark)

    async def keep(self, mark: bytes, entry: Entry, since: int, now: float) -> bool:
        names = {**entry.labels._asdict(), "tags": list(entry.labels.tags)}
        seconds = max(0.0, entry.ends - now)
        value = entry.to_bytes()
        return await self._answers.keep(
            mark, value, names, worth=entry.worth, made=entry.made, ttl=entry.ttl, seconds=seconds, since=since
        )

    async def forget(self, names: Forgetting) -> int:
        return await self._answers.forget(names._asdict())

    async def figures(self) -> Figures:
        entries, size, _ = await self._answers.figures()
        return Figures(entries, size)
