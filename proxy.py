"""The command line: serve, check, dialects, and what is asked of keys and of the ledger.

The life of a call is in gateway/call/conversation.py, top to bottom.
"""

import signal

if __name__ == "__main__":
    # Its default is the end, and who asks for a reload during the start doesn't mean that: server.life heeds it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})

import argparse
import asyncio
import gc
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

import uvloop

from compiling.found import NotCompiled, prefer

try:
    SERVED = prefer()
except NotCompiled as error:
    sys.exit(f"{error}")

from upstream import authorities

gc.disable()  # what is imported stays, and looking through it would take a tenth of a start
authorities.spared()

from admin.first_key import admin_key
from catalog import dialects
from config.load import MOST_WORKERS
from config.problems import ConfigErrors
from config.report import problems_text, summary
from config.schema import Config
from config.watch import Watch
from gateway.current import Source
from gateway.house import untold
from gateway.newest import Newest
from gateway.opening import NoStart, opened
from gateway.survey import glance, survey
from gateway.treasury import NoState, unwritable
from server.cores import settle, usable
from server.life import live
from server.signs import Sign, Signs
from server.supervisor import PortInUse, Supervisor, listening, reserved
from telemetry.log import Scribe
from telemetry.workers import swept

gc.freeze()
gc.enable()

VERSION: Final = "0.1.0"
COMMANDS: Final = ("serve", "check", "dialects")
HELP: Final = "serve (default), check the configuration, or show what each dialect can do"
ELSEWHERE: Final = {  # what gateway.commands.offline does, which a start needn't import
    "keys": "make, change and end keys at run time",
    "spend": "what was spent, by key, model, day ...",
    "reconcile": "compare a provider's account with the ledger",
    "explain": "what would happen to a call, and why",
    "plan": "what another configuration means, and would have made of the last calls",
    "migrate": "bring the ledger's tables up to date",
    "alert-test": "send one message to the webhook of alerts",
    "import-litellm": "LiteLLM's configuration in our YAML, and what became of it",
    "import-portkey": "the same for a config of Portkey",
}
PAGES: Final = {"dashboard": "/dashboard", "health": "/health", "metrics": "/metrics"}


def main(argv: list[str]) -> int:
    """The exit code: 0 fine, 1 can't serve, 2 the configuration is wrong."""
    if argv and argv[0] in ELSEWHERE:
        return ask(argv[0], argv[1:])
    options = arguments(argv)
    if options.command != "serve":
        heed_hangups()
    if options.command == "dialects":
        sys.stdout.write(f"{dialects.text(dialects.shown())}\n\n{dialects.LEGEND}\n")
        return 0
    source = Source(
        file=options.config,
        env=dict(os.environ),
        host=options.host,
        port=options.port,
        workers=options.workers,
        cores=len(usable()),
    )
    watch = Watch(Path(source.file))
    try:
        config = source.load()
    except ConfigErrors as error:
        say(problems_text(error))
        return 2
    try:
        if options.command == "check":
            return check(config, source)
        asyncio.run(survey(config, source.file, partial(note, config)))
        return serve(config, replace(source, first=config), watch)
    except ConfigErrors as error:
        say(problems_text(error))
        return 2
    except (PortInUse, NoDirectory, NoState) as error:
        say(f"{error}")
        return 1


def heed_hangups() -> None:
    """As everybody does who has nothing to reload."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


def ask(name: str, argv: list[str]) -> int:
    """A command of its own: keys, spend, reconcile, migrate."""
    from gateway.commands import offline  # noqa: PLC0415  (see ELSEWHERE)

    heed_hangups()
    try:
        return offline.run(name, argv, lambda file: Source(file=file, env=dict(os.environ)).load())
    except ConfigErrors as error:
        say(problems_text(error))
        return 2


def arguments(argv: list[str]) -> argparse.Namespace:
    """`proxy.py [serve|check|dialects] [FILE] [--config FILE] [--host H] [--port N] [--workers N]`."""
    others = "".join(f"  {name:<21} {what}\n" for name, what in ELSEWHERE.items())
    epilog = f"other commands, each with a --help of its own:\n{others}"
    parser = argparse.ArgumentParser(
        prog="proxy.py",
        description="An OpenAI-compatible gateway to language models.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", default="serve", choices=COMMANDS, help=HELP)
    parser.add_argument("file", nargs="?", help="the configuration, config.yaml if not given")
    parser.add_argument("--config", help="the same")
    parser.add_argument("--host", help="instead of server.host")
    parser.add_argument("--port", type=whole(0, 65535), help="instead of server.port")
    parser.add_argument("--workers", type=whole(1, MOST_WORKERS), help="instead of server.workers")
    parser.add_argument("--version", action="version", version=f"switchyard {VERSION}")
    options = parser.parse_args(argv)
    if options.config and options.file and Path(options.config) != Path(options.file):
        parser.error(f"one configuration at a time: {options.file} or --config {options.config}")
    options.config = options.config or options.file or "config.yaml"
    return options


def whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most}")
        return int(text)

    return read


def check(config: Config, source: Source) -> int:
    """Say what a start would do, as far as that can be seen without one."""
    doubts = asyncio.run(glance(config, source.file))
    greet(replace(config, warnings=(*config.warnings, *doubts)), source)
    return 0


def serve(config: Config, source: Source, watch: Watch) -> int:
    """Until told to stop."""
    server = config.server
    newest = Newest(source, config, watch)
    if server.workers == 1:
        sock = listening(server.host, server.port, shared=False)
        greet(config, source, port=sock.getsockname()[1])
        work(newest, source, sock)
        return 0
    with reserved(server.host, server.port) as port:
        family = Family(server.host, port, directory_of_run(config, server.host, port), os.getpid())
        greet(config, source, port=port)
        signs = Signs(server.workers)
        worker = partial(work_in_family, newest, source, family, signs)
        tell = partial(log, config)
        supervisor = Supervisor(
            server.workers, worker, drain=server.drain, say=tell, signs=signs, look=newest.look, up=newest.is_up
        )
        return supervisor.run()


class Family(NamedTuple):
    """What the workers of one supervisor share. *directory* is where they tell each other what they have counted."""

    host: str
    port: int
    directory: Path
    supervisor: int


class NoDirectory(Exception):  # noqa: N818  (says what it is)
    """The workers have no place to tell each other what they have counted."""


def directory_of_run(config: Config, host: str, port: int) -> Path:
    """Of this gateway alone: another address may have the same port, and the same state directory."""
    try:
        return swept(Path(config.state.directory) / f"run-{quote(host, safe='')}-{port}")
    except OSError as error:
        raise NoDirectory(unwritable(config, error.strerror)) from error


def work_in_family(newest: Newest, source: Source, family: Family, signs: Signs, number: int) -> None:
    """What each worker does: serve beside the others."""
    server = newest.config.server
    if server.pin:
        settle(number, server.workers)
    work(newest, source, listening(family.host, family.port, shared=True), family, Sign(signs, number))


def work(
    newest: Newest, source: Source, sock: socket.socket, family: Family | None = None, sign: Sign | None = None
) -> None:
    try:
        with sock:
            uvloop.run(working(newest, source, sock, family, sign))
    except (NoStart, NoState) as error:
        say(f"{error}")
        sys.exit(1)


async def working(
    newest: Newest, source: Source, sock: socket.socket, family: Family | None, sign: Sign | None
) -> None:
    """One process, from its first to its last call."""
    config, server = newest.config, newest.config.server
    directory, supervisor = (family.directory, family.supervisor) if family else (None, None)
    took = newest.tell if family else untold
    async with opened(config, source, directory, watch=newest.watch, took=took) as (house, listener):
        if newest.moved:
            house.catch_up()  # so that this worker, too, says what is wrong, or waits for a restart
        if family:
            newest.tell_up()
        await live(listener, sock, house, drain=server.drain, parent=supervisor, sign=sign)


def greet(config: Config, source: Source, *, port: int | None = None) -> None:
    """What a person who starts it wants to know. *port* is where it listens, if it does."""
    about = ""
    if port is not None:
        about = f"{admin_key(config).sentence()}\n{SERVED}"
        config = replace(config, server=replace(config.server, port=port))
    sys.stdout.write(summary(config, file=source.file, pages=PAGES, about=about) + "\n")
    sys.stdout.flush()


def log(config: Config, text: str) -> None:
    note(config, "warning", text)


def note(config: Config, level: str, text: str, **fields: object) -> None:
    """One line where the workers log."""
    scribe = Scribe(format=config.log.format, level=config.log.level)
    scribe.event(level, text, **fields)
    scribe.close()


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
