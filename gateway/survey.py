"""What must be right before anybody is served: each key in one place only, tables as new as the program."""

from pathlib import Path

from config.problems import ConfigErrors, Problem
from config.schema import Config
from gateway.treasury import STATE, NoState, Say, ledger_of, store_of
from quota.clashes import clashes
from store.contract import StoreDown
from store.ledger import LedgerDown, OldLedger


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
