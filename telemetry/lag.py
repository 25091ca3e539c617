"""How late the event loop is: the longest that anything due had to wait of late."""

import asyncio
from collections import deque

EVERY = 0.5  # seconds
KEPT = 20  # measurements, so ten seconds


class Lag:
    """Costs one timer. *start* and *stop* belong to the loop's thread; *worst* may be read from any."""

    __slots__ = ("_every", "_late", "_timer")

    def __init__(self, *, every: float = EVERY) -> None:
        self._every = every
        self._late: deque[float] = deque([0.0], maxlen=KEPT)
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._wait(loop)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def worst(self) -> float:
        """Seconds, over the last ten."""
        return max(self._late.copy())

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + self._every
        self._timer = loop.call_at(due, self._measure, loop, due)

    def _measure(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._late.append(max(0.0, loop.time() - due))
        self._wait(loop)
