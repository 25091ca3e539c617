"""Runs the coroutine of a call without a task: it begins at once, and costs no turn of the loop before its first step.

A coroutine that is driven may wait for futures and sleep, and may be cancelled like a task. What insists on a task of
its own (asyncio.timeout, a TaskGroup) has to run in one, which it may wait for.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Generator
from typing import Any, Final

_END: Final = object()


class Drive(ABC):
    """Drives one coroutine after the other; `over` is told of the end of each, unless that was by cancellation, and
    `failed` before that of what it raised, if it did.
    """

    __slots__ = ("_loop", "_steps", "_waits")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._steps: Generator[Any, Any, object]
        self._waits: asyncio.Future[Any] | None = None

    @property
    def driving(self) -> bool:
        """Whether a coroutine waits for something."""
        return self._waits is not None

    @abstractmethod
    def over(self) -> None:
        """The coroutine has come to its end."""

    def failed(self, mistake: Exception) -> None:
        """The coroutine has raised this."""
        raise mistake

    def drive(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Only once the one before is over."""
        self._steps = coroutine.__await__()
        self._go()

    def _go(self, _ready: object = None) -> None:
        """On to the next thing that has to be waited for."""
        try:
            waits: Any = next(self._steps, _END)  # an end that were raised would get a traceback first
        except asyncio.CancelledError:
            self._waits = None
        except Exception as mistake:  # noqa: BLE001  (the edge: nobody else is there who could be told)
            self._waits = None
            self.failed(mistake)
            self.over()
        else:
            if waits is _END:
                self._waits = None
                self.over()
                return
            if waits is None:
                waits = self._loop.create_future()
                self._loop.call_soon(_over, waits)
            else:
                waits._asyncio_future_blocking = False  # noqa: SLF001  (what a task does to a future that it waits for)
            waits.add_done_callback(self._go)
            self._waits = waits

    def cancel(self) -> None:
        """What is waited for is cancelled, and the coroutine with it."""
        if self._waits is not None:
            self._waits.cancel()


def _over(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
