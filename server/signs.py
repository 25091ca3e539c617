"""Signs of life: how a supervisor sees that the event loop of a worker turns still.

The kernel gives connections to a worker that hangs, too, and they would wait for ever.
"""

import asyncio
import mmap
import time
from typing import Final

EVERY: Final = 1.0  # seconds between a worker's signs, and about that between the supervisor's looks
PATIENCE: Final = 15  # looks in a row without a sign
_LEAST: Final = 0.9  # seconds; a signal may wake the supervisor earlier, and that is no look
_AWAY: Final = 0  # of whom no sign is expected: it starts, or it drains


class Signs:
    """A byte for each of *count* workers, in memory that they share with their supervisor."""

    def __init__(self, count: int) -> None:
        self._bytes = mmap.mmap(-1, count)
        self._seen = bytearray(count)
        self._silent = [0] * count
        self._looked = time.monotonic()

    def give(self, number: int) -> None:
        self._bytes[number] = self._bytes[number] % 255 + 1

    def leave(self, number: int) -> None:
        """Expect none of this worker until it gives one."""
        self._bytes[number] = _AWAY

    def missed(self) -> list[int]:
        """The supervisor's look: who has given no sign for too long.

        Looks are counted instead of seconds: where the supervisor was stopped, too, all that time is one look.
        """
        now = time.monotonic()
        if now - self._looked < _LEAST:
            return []
        self._looked = now
        for number, (new, old) in enumerate(zip(self._bytes[:], self._seen, strict=True)):
            self._silent[number] = self._silent[number] + 1 if new == old != _AWAY else 0
        self._seen[:] = self._bytes[:]
        return [number for number, silent in enumerate(self._silent) if silent >= PATIENCE]


class Sign:
    """What one worker says of itself, by a timer of its event loop."""

    __slots__ = ("_loop", "_number", "_signs", "_timer")

    def __init__(self, signs: Signs, number: int) -> None:
        self._signs = signs
        self._number = number
        self._loop: asyncio.AbstractEventLoop
        self._timer: asyncio.TimerHandle

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._give()

    def end(self) -> None:
        self._timer.cancel()
        self._signs.leave(self._number)

    def _give(self) -> None:
        self._signs.give(self._number)
        self._timer = self._loop.call_later(EVERY, self._give)
