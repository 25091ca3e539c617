"""The addresses of one name, begun one after the other; the first that connects is taken (RFC 8305, Happy Eyeballs)."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import zip_longest
from typing import Any, Final, cast

DELAY: Final = 0.25  # seconds that an address has before the next is begun, too
MOST_DELAY: Final = 2.0
KEPT: Final = 600.0  # seconds for which an address goes before the system's first

Found = list[tuple[Any, ...]]  # what getaddrinfo says
Attempt = Callable[[str, Callable[[], asyncio.Protocol]], Coroutine[Any, Any, object]]


class Habit:
    """What was seen of one name's addresses: who connected where the system's first did not, and how long it took."""

    __slots__ = ("_host", "_since", "_took")

    def __init__(self) -> None:
        self._host = ""
        self._since = 0.0
        self._took = 0.0

    @property
    def delay(self) -> float:
        """Far providers, TLS included, take longer than others even if all is well."""
        return min(max(DELAY, 2 * self._took), MOST_DELAY)

    def order(self, hosts: list[str], now: float) -> list[str]:
        """The system knows nothing of what we saw, but it may balance load: so it is believed again after a while."""
        if self._host not in hosts or now - self._since > KEPT:
            return hosts
        return [self._host, *(host for host in hosts if host != self._host)]

    def learn(self, host: str, *, usual: bool, took: float, now: float) -> None:
        """That *host* connected; *usual* if the system has it first."""
        self._took = took
        if usual:
            self._host = ""
        elif host != self._host or now - self._since > KEPT:
            self._host, self._since = host, now


def addresses(found: Found) -> list[str]:
    """In the system's order, but the families in turns: where one doesn't work, none of its addresses does."""
    first = [str(where[0]) for family, *_, where in found if family == found[0][0]]
    others = [str(where[0]) for family, *_, where in found if family != found[0][0]]
    mixed = [host for pair in zip_longest(first, others) for host in pair if host is not None]
    return list(dict.fromkeys(mixed))


class Contest:
    """Connects one *protocol* to whichever of *hosts* is there first. *attempt* opens a connection to one of them."""

    def __init__(self, hosts: list[str], protocol: Callable[[], asyncio.Protocol], attempt: Attempt) -> None:
        self._hosts = hosts
        self._protocol = protocol
        self._attempt = attempt
        self._began: dict[str, float] = {}
        self._loop = asyncio.get_running_loop()
        self._running: dict[asyncio.Task[object], str] = {}
        self.errors: dict[str, OSError] = {}
        self._winner: str | None = None
        self._over = False

    @property
    def took(self) -> float:
        """How long the winner's own attempt has been under way."""
        return self._loop.time() - self._began[self._winner or self._hosts[0]]

    async def run(self, delay: float, deadline: float) -> str | None:
        """Whose connection was taken before the *deadline*. Whatever else was opened is closed."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._all(delay)
        except TimeoutError:
            pass
        finally:
            await self._end_others()
        return self._winner

    async def _all(self, delay: float) -> None:
        waiting = self._hosts[::-1]
        while self._winner is None and (waiting or self._running):
            if waiting:
                self._begin(waiting.pop())
            pause = delay if waiting else None
            done, _ = await asyncio.wait(self._running, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._ended(task)

    def _begin(self, host: str) -> None:
        self._began[host] = self._loop.time()
        task = self._loop.create_task(self._attempt(host, lambda: _Entrant(self, host)))
        self._running[task] = host

    def _ended(self, task: asyncio.Task[object]) -> None:
        host = self._running.pop(task)
        error = task.exception()
        if isinstance(error, OSError):
            self.errors[host] = error
        elif error is not None:
            raise error

    async def _end_others(self) -> None:
        """The winner's attempt ends by itself in the next turn; to cancel it would close the connection."""
        self._over = True
        others = [task for task, host in self._running.items() if host != self._winner]
        for task in others:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def came_in(self, host: str, transport: asyncio.Transport) -> None:
        if self._over or self._winner is not None:
            transport.abort()
            return
        self._winner = host
        protocol = self._protocol()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)


class _Entrant(asyncio.Protocol):
    """Stands for the protocol until it is known which connection gets it."""

    def __init__(self, contest: Contest, host: str) -> None:
        self._contest = contest
        self._host = host

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._contest.came_in(self._host, cast("asyncio.Transport", transport))
