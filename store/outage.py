"""What keeps a store that is slow or gone from making calls wait: a deadline on every operation, and a breaker."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol

from store.contract import StoreDown

DEADLINE: Final = 0.05  # seconds that an operation may take
FAILURES: Final = 3  # in a row, after which nobody waits any more
PROBE: Final = 0.5  # seconds between two operations that try whether it is back
LAG: Final = 0.005  # seconds that the loop is behind when it, not the store, was slow


class Say(Protocol):
    """Writes a line of the log. *level*: info, warning or error."""

    def __call__(self, level: str, text: str, **fields: object) -> None: ...


class Deadline:
    """TimeoutError inside, once loop time *until* has come.

    A loop that was busy for longer than that gets one more turn to read what has arrived meanwhile.
    """

    __slots__ = ("_handle", "_loop", "_timeout", "_until")

    def __init__(self, until: float) -> None:
        self._until = until
        self._timeout = asyncio.timeout(None)
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._handle = self._loop.call_at(self._until, self._due)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.cancel()
        await self._timeout.__aexit__(kind, error, trace)

    def _due(self) -> None:
        now = self._loop.time()
        if now - self._until > LAG:
            self._handle = self._loop.call_at(now + LAG, self._over)
        else:
            self._over()

    def _over(self) -> None:
        self._timeout.reschedule(self._loop.time())


class Breaker:
    """Of one server, *name*. Says one line when it opens and one when it closes. *clock* is monotonic."""

    __slots__ = ("_clock", "_failures", "_name", "_probe_at", "_probing", "_say")

    def __init__(self, name: str, say: Say, clock: Callable[[], float]) -> None:
        self._name = name
        self._say = say
        self._clock = clock
        self._failures = 0
        self._probe_at = 0.0
        self._probing = False

    @property
    def open(self) -> bool:
        return self._failures >= FAILURES

    def enter(self) -> None:
        """Raises StoreDown at once if it is open. Whoever comes through says `worked`, `failed` or `left` at last."""
        if not self.open:
            return
        if self._probing or self._clock() < self._probe_at:
            raise StoreDown(f"the store at {self._name} doesn't answer")
        self._probing = True

    def worked(self) -> None:
        if self.open:
            self._say("info", "the store is back", server=self._name)
        self._failures = 0
        self._probing = False

    def failed(self, why: str) -> None:
        was = self.open
        self._failures += 1
        self._probing = False
        self._probe_at = self._clock() + PROBE
        if self.open and not was:
            self._say("error", "the store is down", server=self._name, why=why)

    def left(self) -> None:
        """Nobody waited for the end, so that nothing is known."""
        self._probing = False
