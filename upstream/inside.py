"""A network without a network: plays the script that the demo dialect writes for a request."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from core.faults import Failure, Fault
from upstream.response import head_of
from upstream.sink import NOBODY, Sink

_BROKEN: Final = Failure(Fault.BROKEN, "closed the connection before the answer was complete")


class Script(Protocol):
    """An answer, written in advance: each step waits so many seconds, then sends so many bytes.

    *broken*: after the last step the connection breaks.
    """

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> dict[str, str]: ...

    @property
    def steps(self) -> tuple[tuple[float, bytes], ...]: ...

    @property
    def broken(self) -> bool: ...


class Play:
    """A script while it is played; see upstream.sink.Exchange. The head comes together with the first step."""

    __slots__ = ("_held", "_loop", "_paused", "_script", "_sink", "_steps", "_timer", "reused")

    def __init__(self, script: Script, sink: Sink, loop: asyncio.AbstractEventLoop) -> None:
        self._script = script
        self._sink = sink
        self._loop = loop
        self._steps = iter(script.steps)
        self._paused = False
        self._held: Callable[[], None] | None = None  # what came due during a pause
        self.reused = False
        wait, data = next(self._steps, (0.0, b""))
        self._timer = loop.call_later(wait, self._due, partial(self._open, data))

    def abort(self) -> None:
        self._sink = NOBODY
        self._timer.cancel()

    def detach(self) -> None:
        self.abort()

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        held, self._held = self._held, None
        if held is not None:
            self._timer = self._loop.call_later(0, self._due, held)

    def _due(self, act: Callable[[], None]) -> None:
        if self._paused:
            self._held = act
        else:
            act()

    def _open(self, data: bytes) -> None:
        self._sink.on_head(self._script.status, head_of(self._script.status, self._script.headers))
        self._say(data)

    def _say(self, data: bytes) -> None:
        if data:
            self._sink.on_data(data)
        if self._sink is not NOBODY:
            wait, act = next(((wait, partial(self._say, data)) for wait, data in self._steps), (0.0, self._close))
            self._timer = self._loop.call_later(wait, self._due, act)

    def _close(self) -> None:
        sink, self._sink = self._sink, NOBODY
        if self._script.broken:
            sink.on_error(_BROKEN)
        else:
            sink.on_end()


class Inside:
    """Answers every request with what *script* makes of its body. *script* must be pure."""

    __slots__ = ("_loop", "_script")

    def __init__(self, script: Callable[[bytes], Script], loop: asyncio.AbstractEventLoop) -> None:
        self._script = script
        self._loop = loop

    def send(self, head: bytes, body: bytes, sink: Sink, connect: float | None = None) -> Play:  # noqa: ARG002  (nobody reads the head)
        return Play(self._script(body), sink, self._loop)
