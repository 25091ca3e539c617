"""What must be right before anybody is served: each key in one place only, tables as new as the program."""

import errno
import os
from pathlib import Path

from config.problems import ConfigErrors, Problem
from config.schema import Config
from gateway.treasury import STATE, NoState, Say, guarded, ledger_of, store_of, unwritable
from quota.clashes import clashes
from store.contract import StoreDown
from store.journal import FOLDER
from store.ledger import LedgerDown, OldLedger
from store.sqlite_still import StillKeys


async def survey(config: Config, file: str, say: Say) -> None:
    """Once, before workers are forked. Raises ConfigErrors where a key is in *file* and in the store, and NoState
    where the ledger's tables are too old. Whoever can't be reached now is waited for by those who serve.
    """
    if found := await _clashes(config, say):
        raise ConfigErrors(tuple(problem(file, text) for text in found))
    ledger = ledger_of(config) if config.ledger.url else None
    if ledger is None:
        return
    try:
        await ledger.open()
    except OldLedger as old:
        raise NoState(f"{old}") from None
    except LedgerDown as down:
        say("warning", "the ledger can't be reached; rows will wait in the journal", reason=str(down))
    finally:
        await ledger.close()


async def glance(config: Config, file: str) -> tuple[str, ...]:
    """As much of a survey as leaves no trace, and asks nobody on another machine: what a start would only warn of.

    Raises ConfigErrors, and NoState where a start would end for want of a place to write.
    """
    doubts = []
    path = Path(config.state.directory) / STATE
    if config.keys and not config.state.url and path.exists():
        still = StillKeys(path)
        try:
            await still.keys("", 1)
        except StoreDown as down:
            doubts.append(f"whether keys clash with those made at run time isn't known: {down}")
        if found := await clashes(config, still):
            raise ConfigErrors(tuple(problem(file, text) for text in found))
    directory = Path(config.state.directory)
    if why := _closed(directory) or _closed(directory / FOLDER):
        needed = guarded(config) or config.state.url or (config.server.workers > 1 and _closed(directory))
        if needed:
            raise NoState(unwritable(config, why))
        doubts.append(f"{unwritable(config, why)}; nothing is remembered, and there is no ledger")
    return tuple(f"{file}: {doubt}" for doubt in doubts)


def _closed(directory: Path) -> str:
    """Why nothing could be written to *directory*, or what would have to be made for it; or nothing."""
    path = directory.absolute()
    there = next(one for one in (path, *path.parents) if one.exists())
    if not there.is_dir():
        return os.strerror(errno.ENOTDIR)
    if os.access(there, os.W_OK | os.X_OK):
        return ""
    return os.strerror(errno.EROFS if os.statvfs(there).f_flag & os.ST_RDONLY else errno.EACCES)


def problem(file: str, text: str) -> Problem:
    """*text* as `clashes` says it."""
    path, _, message = text.partition(": ")
    return Problem(file, 0, path, message)


async def _clashes(config: Config, say: Say) -> tuple[str, ...]:
    if not config.keys or not (config.state.url or (Path(config.state.directory) / STATE).exists()):
        return ()  # where nothing was ever stored nothing needs to be opened
    try:
        store = store_of(config, say)
    except ValueError as error:
        raise NoState(f"state: {error}") from error
    try:
        await store.open()
        return await clashes(config, store)
    except StoreDown as down:
        say(
            "warning",
            "the store can't be reached; whether keys clash with those made at run time isn't known",
            reason=str(down),
        )
        return ()
    finally:
        await store.close()
