"""The life of one serving process: listen, serve, reload when told, drain when told, end."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Callable
from typing import Final, Protocol

from aiohttp import web

from server.connection import Listener
from server.signs import Sign
from server.supervisor import INSIST, STOP, TWICE


class Service(Protocol):
    """What runs behind the listener."""

    @property
    def busy(self) -> int:
        """Calls under way."""
        ...

    def reload(self) -> object: ...
    def changed(self) -> bool: ...
    def stop_taking(self) -> None: ...
    def interrupt(self) -> None: ...


WATCH: Final = 1.0
SETTLED: Final = 0.25  # how long a file must have rested before it is read: whoever writes it may not have finished
LAST_WORDS: Final = 2.0  # how long clients may take for the last bytes of what was cut short
SIGNALS: Final = (*STOP, INSIST, signal.SIGHUP)


class Orders:
    """What was said from outside: to stop, and later, by whoever says it again, to wait for nobody."""

    __slots__ = ("_loop", "_since", "at_once", "stop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._since = 0.0
        self.stop = asyncio.Event()
        self.at_once = False

    def heard(self) -> None:
        if not self.stop.is_set():
            self._since = self._loop.time()
            self.stop.set()
        elif self._loop.time() - self._since >= TWICE:
            self.at_once = True

    def insisted(self) -> None:
        self.stop.set()
        self.at_once = True


async def live(
    listener: Listener,
    sock: socket.socket,
    service: Service,
    *,
    drain: float,
    parent: int | None = None,
    sign: Sign | None = None,
) -> None:
    """Serve on *sock* until SIGTERM or SIGINT; then let running answers end for *drain* seconds, or until told again.

    *parent* is the process whose end is ours too, and which says whether it was told again: a terminal tells both.
    It gets a *sign* of life from us while we serve.
    Signals that were blocked until now are heeded from here on.
    """
    loop = asyncio.get_running_loop()
    orders = Orders(loop)
    stop = orders.stop
    runner = web.ServerRunner(listener, shutdown_timeout=2.0)
    await runner.setup()
    site = web.SockSite(runner, sock, backlog=4096)
    await site.start()
    for number in STOP:
        loop.add_signal_handler(number, orders.heard if parent is None else stop.set)
    loop.add_signal_handler(INSIST, orders.insisted)
    loop.add_signal_handler(signal.SIGHUP, service.reload)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    _settle_memory()
    watcher = loop.create_task(_watch(service, stop, parent))
    if sign is not None:
        sign.begin(loop)
    try:
        await stop.wait()
    finally:
        if sign is not None:
            sign.end()
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        service.stop_taking()
        await site.stop()
        listener.let_go()
        await _drained(listener, service, drain, orders)
        await runner.cleanup()


async def _watch(service: Service, stop: asyncio.Event, parent: int | None) -> None:
    while True:
        await asyncio.sleep(WATCH)
        if parent is not None and os.getppid() != parent:
            # A worker whose supervisor was killed would hold the port for ever.
            stop.set()
        elif service.changed():
            await _settled(service)
            service.reload()


async def _settled(service: Service) -> None:
    changing = True
    while changing:
        await asyncio.sleep(SETTLED)
        changing = service.changed()


async def _drained(listener: Listener, service: Service, seconds: float, orders: Orders) -> None:
    """Until every answer has gone out, to its last byte. What is still under way after *seconds*, or when *orders* are
    to wait for nobody, is cut short.
    """
    await _gone(listener, service, seconds, lambda: orders.at_once)
    if service.busy:
        service.interrupt()
        await _gone(listener, service, LAST_WORDS, lambda: False)


async def _gone(listener: Listener, service: Service, seconds: float, enough: Callable[[], bool]) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    # An answer that is complete for us may still be in the buffer of a connection.
    while (service.busy or listener.open) and loop.time() < deadline and not enough():  # noqa: ASYNC110  (costs calls nothing)
        await asyncio.sleep(0.02)


def _settle_memory() -> None:
    """What was made at the start stays; the collector needn't look at it again (it would take 7 ms each time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
