"""Bytes on their way out, written together at the end of a turn of the loop where there are many of them.

Every write may have to wake whoever reads it on the other side, and waking costs more than writing. Writes that follow
each other at once find the reader awake. Under load this saves a sixth of what a call costs. With little to do there
is nothing to write together, and bytes go out at once: a turn of the loop costs a cold processor tens of microseconds.
"""

import asyncio
from typing import Final

FEW: Final = 4  # writes within a millisecond, up to which they go out at once


class Outbox:
    """One for each process. What is put in goes out in that order, before anything that the loop is told later."""

    __slots__ = ("_count", "_loop", "_moment", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.WriteTransport, bytes]] = []
        self._moment = 0.0  # the millisecond of the last write, and how many there have been in it
        self._count = 0

    def put(self, transport: asyncio.WriteTransport, data: bytes) -> None:
        waiting = self._waiting
        if not waiting:
            if self._few():
                if not transport.is_closing():
                    transport.write(data)
                return
            self._loop.call_soon(self._send)
        waiting.append((transport, data))

    def _few(self) -> bool:
        """Whether there is little to write: told by uvloop's clock, which counts milliseconds."""
        now = self._loop.time()
        if now - self._moment >= 0.001:
            busy = self._count > FEW
            self._moment = now
            self._count = 1
            return not busy
        self._count += 1
        return self._count <= FEW

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)
