"""The life of one serving process: listen, serve, reload when told, drain when told, end."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
from typing import Final, Protocol

from aiohttp import web

from server.connection import Listener


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
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def live(
    listener: Listener, sock: socket.socket, service: Service, *, drain: float, parent: int | None = None
) -> None:
    """Serve on *sock* until SIGTERM or SIGINT; then let running answers end for *drain* seconds.

    *parent* is the process whose end is ours too. Signals that were blocked until now are heeded from here on.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    runner = web.ServerRunner(listener, shutdown_timeout=2.0)
    await runner.setup()
    site = web.SockSite(runner, sock, backlog=4096)
    await site.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, service.reload)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    _settle_memory()
    watcher = loop.create_task(_watch(service, stop, parent))
    try:
        await stop.wait()
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        service.stop_taking()
        await site.stop()
        listener.let_go()
        await _drained(listener, service, drain)
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


async def _drained(listener: Listener, service: Service, seconds: float) -> None:
    """Until every answer has gone out, to its last byte. What is still under way after *seconds* is cut short."""
    await _gone(listener, service, seconds)
    if service.busy:
        service.interrupt()
        await _gone(listener, service, LAST_WORDS)


async def _gone(listener: Listener, service: Service, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    # An answer that is complete for us may still be in the buffer of a connection.
    while (service.busy or listener.open) and loop.time() < deadline:  # noqa: ASYNC110  (costs calls nothing)
        await asyncio.sleep(0.02)


def _settle_memory() -> None:
    """What was made at the start stays; the collector needn't look at it again (it would take 7 ms each time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
