"""What a process was started with, and can't change while it runs: its door, its log, where it keeps things."""

from dataclasses import replace
from typing import Final

from config.schema import Config

STATE: Final = ("url", "directory", "fsync")
SERVER: Final = ("host", "port", "workers", "pin", "drain", "idle", "head_timeout", "shortcut")


def as_started(first: Config, now: Config) -> Config:
    """*now*, with what only a restart changes as *first* has it."""
    return replace(
        now,
        server=replace(now.server, **{name: getattr(first.server, name) for name in SERVER}),
        log=first.log,
        state=replace(now.state, **{name: getattr(first.state, name) for name in STATE}),
        ledger=replace(now.ledger, on=first.ledger.on, url=first.ledger.url),
        telemetry=replace(now.telemetry, otel=first.telemetry.otel),
        cache=replace(now.cache, shared=first.cache.shared),
    )


def waiting_for_restart(first: Config, now: Config) -> tuple[str, ...]:
    """What *now* says otherwise than *first*, of what a running process can't change."""
    server = [f"server.{name}" for name in SERVER if getattr(first.server, name) != getattr(now.server, name)]
    log = ["log"] if first.log != now.log else []
    state = [f"state.{name}" for name in STATE if getattr(first.state, name) != getattr(now.state, name)]
    books = ["ledger"] if first.ledger.on != now.ledger.on else []
    books += ["ledger.url"] if first.ledger.url != now.ledger.url else []
    room = ["cache.shared"] if first.cache.shared != now.cache.shared else []
    otel = ["telemetry.otel"] if first.telemetry.otel != now.telemetry.otel else []
    return (*server, *log, *state, *books, *otel, *room)
