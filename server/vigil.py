"""Whether a client that has said all that it will waits for its answer still, or has left.

Both look the same: its side of the connection is shut. But the system of one that has left resets the connection when
it gets anything, so it is sent what means nothing to one that waits: an interim answer (RFC 9110, 15.2), or in a stream
a comment. Some proxies pass on only the second reset, so that is done again and again.
"""

import asyncio
import socket
from typing import Final, Protocol

from server.reply import Reply

SOON: Final = 0.05  # seconds until the first look; then twice as long each time
SELDOM: Final = 5.0
CLOSED: Final = 7  # what Linux calls a connection that was reset
TELLS: Final = hasattr(socket, "TCP_INFO")  # the system says how a connection is


class Watched(Protocol):
    """A client's connection."""

    transport: asyncio.Transport | None

    @property
    def owes(self) -> bool:
        """An answer, begun or not."""
        ...

    @property
    def answering(self) -> Reply | None:
        """The answer under way."""
        ...


class Vigil:
    """Begins when a client has shut its side; closes the connection after the last answer, or when it has left."""

    __slots__ = ("_line", "_loop", "_timer", "_wait")

    def __init__(self, line: Watched, loop: asyncio.AbstractEventLoop) -> None:
        self._line = line
        self._loop = loop
        self._wait = SOON
        self._timer: asyncio.TimerHandle | None = None
        self._look()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        line = self._line
        transport = line.transport
        if transport is None or transport.is_closing():
            return
        if not line.owes:
            transport.close()
            return
        if _left(transport):
            transport.abort()
            return
        if (reply := line.answering) is not None:
            reply.nudge()
        self._timer = self._loop.call_later(self._wait, self._look)
        self._wait = min(2 * self._wait, SELDOM)


def _left(transport: asyncio.Transport) -> bool:
    state: int = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state == CLOSED
