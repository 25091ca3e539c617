"""Copies of calls that are under way to shadows, and what was observed of shadows; outlives a reload.

What a shadow does wrong must not keep a client's call from a target, so that its breaker and its resting keys are its
own.
"""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, Final

from routing.vitals import Vitals

MOST: Final = 16  # copies under way, for one route in one process


class Shadows:
    """One for each process."""

    __slots__ = ("_tasks", "vitals")

    def __init__(self) -> None:
        self.vitals = Vitals(Random())  # noqa: S311  (spreads cooldowns, hides nothing)
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}

    def full(self, route: str) -> bool:
        return len(self._tasks.get(route, ())) >= MOST

    def begin(self, route: str, copy: Coroutine[Any, Any, None], confess: Callable[[BaseException], None]) -> None:
        """*confess* is told if the copy ends by a mistake of ours."""
        task = asyncio.get_running_loop().create_task(copy)
        tasks = self._tasks.setdefault(route, set())
        tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            if not task.cancelled() and (mistake := task.exception()) is not None:
                confess(mistake)

        task.add_done_callback(done)

    async def end(self) -> None:
        """Nobody waits for their answers: what they may cost is paid, and that is all."""
        tasks = [task for tasks in self._tasks.values() for task in tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
