"""Runs the coroutine of a call without a task: it begins at once, and costs no turn of the loop before its first step.

A coroutine that is driven may wait for futures and sleep, and may be cancelled like a task. What insists on a task of
its own (asyncio.timeout, a TaskGroup) has to run in one, which it may wait for.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Drive:
    """*done* is told when the coroutine is over, unless that was by cancellation.

    The coroutine must not raise anything but CancelledError: whoever drives it has nobody to tell.
    """

    __slots__ = ("_coroutine", "_done", "_loop", "_waits")

    def __init__(
        self, coroutine: Coroutine[Any, Any, object], done: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._coroutine = coroutine
        self._done = done
        self._loop = loop
        self._waits: asyncio.Future[Any] | None = None

    def go(self, _ready: object = None) -> None:
        """On to the next thing that has to be waited for."""
        self._waits = None
        try:
            waits = self._coroutine.send(None)
        except StopIteration:
            self._done()
        except asyncio.CancelledError:
            pass
        else:
            if waits is None:
                waits = self._loop.create_future()
                self._loop.call_soon(_over, waits)
            else:
                waits._asyncio_future_blocking = False  # noqa: SLF001  (what a task does to a future that it waits for)
            waits.add_done_callback(self.go)
            self._waits = waits

    def cancel(self) -> None:
        """What is waited for is cancelled, and the coroutine with it."""
        if self._waits is not None:
            self._waits.cancel()


def _over(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
