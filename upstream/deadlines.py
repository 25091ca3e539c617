"""Many timeouts under one timer: a timer for every attempt would cost more than choosing its target."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

NEVER: Final = float("inf")
GRAIN: Final = 0.001  # seconds; timers come up to this much too early


class Timed(Protocol):
    """*due* is loop time, and may move while it waits: later without a word, sooner with another `watch`."""

    due: float

    def late(self, now: float) -> None:
        """It is due: end it, or move its *due*."""
        ...


class Deadlines:
    """One for each process. The timer stands at the earliest *due* that was known when it was set, or before it."""

    __slots__ = ("_set", "_timer", "_watched", "forget", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._watched: set[Timed] = set()
        self.forget: Callable[[Timed], None] = self._watched.discard  # harmless for what isn't watched
        self._set = NEVER
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, timed: Timed) -> None:
        self._watched.add(timed)
        if timed.due < self._set:
            self._stand(timed.due)

    def _stand(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._set = due
        self._timer = self.loop.call_at(due, self._look)

    def _look(self) -> None:
        now = self.loop.time() + GRAIN
        self._set = NEVER
        self._timer = None
        for timed in [timed for timed in self._watched if timed.due <= now]:
            if timed in self._watched:  # still: one that is late may end another
                timed.late(now)
        due = min((timed.due for timed in self._watched), default=NEVER)
        if due < self._set:
            self._stand(due)
