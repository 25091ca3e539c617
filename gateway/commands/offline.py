"""What can be asked of a gateway without a running one: its keys, its ledger, its tables, what it would do, whom it
tells.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from admin import keys_command, migrate, reconcile, spend
from config.schema import Config
from gateway.commands import alert, explain, moving, plan
from gateway.generation import DIALECTS
from gateway.treasury import ledger_of, store_of
from store.contract import Store
from store.ledger import Ledger, LedgerDown, OldLedger

Load = Callable[[str], Config]  # a file's configuration; may raise ConfigErrors
Options = Callable[[Sequence[str]], argparse.Namespace]

ABOUT_LEDGER: Final[dict[str, tuple[Options, Any]]] = {
    "spend": (spend.options, spend.run),
    "reconcile": (reconcile.options, reconcile.run),
    "migrate": (migrate.options, migrate.run),
}
PATIENCE: Final = 60.0  # seconds: nobody else waits
NAMES: Final = ("keys", "explain", "plan", "alert-test", *ABOUT_LEDGER, *moving.IMPORTS)


def run(name: str, argv: Sequence[str], load: Load) -> int:
    """The exit code of `proxy.py NAME ...`; *argv* is what follows the name."""
    if name == "keys":
        return asyncio.run(keys_command.run(argv, load, _opened, say=sys.stdout.write, complain=sys.stderr.write))
    if name in moving.IMPORTS:
        return moving.run(name, argv, DIALECTS)
    if name == "explain":
        return _explain(explain.options(argv), load)
    if name == "plan":
        return _plan(plan.options(argv), load)
    if name == "alert-test":
        config = load(alert.options(argv).config)
        return asyncio.run(alert.run(config, say=sys.stdout.write, complain=sys.stderr.write))
    read, work = ABOUT_LEDGER[name]
    options = read(argv)
    return asyncio.run(_of_ledger(options, work, load(options.config), opening=name != "migrate"))


def _explain(options: argparse.Namespace, load: Load) -> int:
    config = load(options.config)
    say, complain = sys.stdout.write, sys.stderr.write
    if options.call is None:
        return asyncio.run(explain.run(options, config, say=say, complain=complain))
    recall = partial(explain.recall, say=say, complain=complain)
    return asyncio.run(_of_ledger(options, recall, config, opening=True))


def _plan(options: argparse.Namespace, load: Load) -> int:
    old, new = load(options.config), load(options.new)

    async def work(options: argparse.Namespace, ledger: Ledger | None) -> int:
        return await plan.run(options, old, new, ledger, say=sys.stdout.write)

    if not old.ledger.on or not options.calls:
        return asyncio.run(work(options, None))
    return asyncio.run(_of_ledger(options, work, old, opening=True))


async def _of_ledger(options: argparse.Namespace, work: Any, config: Config, *, opening: bool) -> int:
    ledger = ledger_of(config, PATIENCE)
    if ledger is None:
        sys.stderr.write("No ledger is kept (`ledger: off`).\n")
        return 1
    try:
        if opening:
            _ready(config)
            await ledger.open()
        code: int = await work(options, ledger)
    except OldLedger as old:
        sys.stderr.write(f"{old}\n")
        return 1
    except LedgerDown as down:
        sys.stderr.write(f"The ledger can't be reached: {down}\n")
        return 1
    finally:
        await ledger.close()
    return code


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[Store]:
    _ready(config)
    store = store_of(config, _complain)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def _ready(config: Config) -> None:
    Path(config.state.directory).mkdir(parents=True, exist_ok=True)


def _complain(level: str, message: str, **fields: object) -> None:
    del level
    said = ", ".join(f"{name}: {value}" for name, value in fields.items())
    sys.stderr.write(f"{message}{f' ({said})' if said else ''}\n")
