"""The command line: serve, check.

The life of a call is in gateway/conversation.py, top to bottom.
"""

import argparse
import asyncio
import os
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Final

import uvloop

from config.problems import ConfigErrors
from config.report import problems_text, summary
from config.schema import Config
from gateway.current import Source
from gateway.house import House
from server.connection import Listener
from server.life import live
from server.supervisor import PortInUse, Supervisor, listening, reserved
from telemetry.workers import swept

VERSION: Final = "0.1.0"
COMMANDS: Final = ("serve", "check")
PAGES: Final = {"health": "/health", "metrics": "/metrics"}


def main(argv: list[str]) -> int:
    """The exit code: 0 fine, 1 can't serve, 2 the configuration is wrong."""
    options = arguments(argv)
    source = Source(
        file=options.config,
        env=dict(os.environ),
        host=options.host,
        port=options.port,
        workers=options.workers,
        cores=len(os.sched_getaffinity(0)),
    )
    try:
        config = source.load()
    except ConfigErrors as error:
        say(problems_text(error))
        return 2
    if options.command == "check":
        greet(config, source)
        return 0
    try:
        return serve(config, source)
    except PortInUse as error:
        say(f"{error}")
        return 1


def arguments(argv: list[str]) -> argparse.Namespace:
    """`proxy.py [serve|check] [FILE] [--config FILE] [--host H] [--port N] [--workers N]`."""
    parser = argparse.ArgumentParser(prog="proxy.py", description="An OpenAI-compatible gateway to language models.")
    parser.add_argument("command", nargs="?", default="serve", choices=COMMANDS, help="serve (default), or only check")
    parser.add_argument("file", nargs="?", help="the configuration, config.yaml if not given")
    parser.add_argument("--config", help="the same")
    parser.add_argument("--host", help="instead of server.host")
    parser.add_argument("--port", type=int, help="instead of server.port")
    parser.add_argument("--workers", type=int, help="instead of server.workers")
    parser.add_argument("--version", action="version", version=f"switchyard {VERSION}")
    options = parser.parse_args(argv)
    options.config = options.config or options.file or "config.yaml"
    return options


def serve(config: Config, source: Source) -> int:
    """Until told to stop."""
    server = config.server
    if server.workers == 1:
        sock = listening(server.host, server.port, shared=False)
        greet(config, source)
        work(config, source, sock, None)
        return 0
    with reserved(server.host, server.port) as port:
        directory = swept(Path(config.state_directory) / f"run-{port}")
        greet(config, source)
        worker = partial(work_in_family, source, port, directory)
        return Supervisor(server.workers, worker, drain=server.drain, say=say).run()


def work_in_family(source: Source, port: int, directory: Path, _number: int) -> None:
    """What each worker does: read the configuration as it is now, and serve beside the others."""
    config = source.load()
    work(config, source, listening(config.server.host, port, shared=True), directory)


def work(config: Config, source: Source, sock: socket.socket, directory: Path | None) -> None:
    uvloop.run(working(config, source, sock, directory))


async def working(config: Config, source: Source, sock: socket.socket, directory: Path | None) -> None:
    """One process, from its first to its last call."""
    server = config.server
    house = House(config, source, asyncio.get_running_loop(), directory)
    listener = Listener(house.serve, head_timeout=server.head_timeout, idle=server.idle)
    house.begin(lambda: len(listener.connections))
    try:
        await live(listener, sock, house, drain=server.drain)
    finally:
        await house.end()


def greet(config: Config, source: Source) -> None:
    """What a person who starts it wants to know."""
    sys.stdout.write(summary(config, file=source.file, pages=PAGES) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
