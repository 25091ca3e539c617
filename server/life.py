"""The life of one serving process: listen, serve, reload when told, drain when told, end."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
from typing import Protocol

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


WATCH = 1.0


async def live(listener: Listener, sock: socket.socket, service: Service, *, drain: float) -> None:
    """Serve on *sock* until SIGTERM or SIGINT; then let running answers end for *drain* seconds."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    runner = web.ServerRunner(listener, shutdown_timeout=2.0)
    await runner.setup()
    site = web.SockSite(runner, sock, backlog=4096)
    await site.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, service.reload)
    _settle_memory()
    watcher = loop.create_task(_watch(service, stop))
    try:
        await stop.wait()
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        service.stop_taking()
        await site.stop()
        for connection in listener.connections:
            connection.close()
        await _drained(service, drain)
        await runner.cleanup()


async def _watch(service: Service, stop: asyncio.Event) -> None:
    parent = os.getppid()
    while True:
        await asyncio.sleep(WATCH)
        if os.getppid() != parent:
            # A worker whose supervisor was killed would hold the port for ever.
            stop.set()
        elif service.changed():
            service.reload()


async def _drained(service: Service, seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while service.busy and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110  (a poll costs calls nothing)
        await asyncio.sleep(0.02)
    if service.busy:
        service.interrupt()
        await asyncio.sleep(0.05)


def _settle_memory() -> None:
    """What was made at the start stays; the collector needn't look at it again (it would take 7 ms each time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
