"""The ledger's tables, brought up to date: `python proxy.py migrate`."""

import argparse
import sys
from collections.abc import Callable, Sequence

from store.books import Books
from store.ledger import LedgerDown


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="proxy.py migrate", description="Bring the ledger's tables up to date.")
    parser.add_argument("--config", default="config.yaml", help="the configuration (config.yaml)")
    return parser.parse_args(argv)


async def run(_: argparse.Namespace, ledger: Books, *, say: Callable[[str], object] = sys.stdout.write) -> int:
    """0, or 1 where the ledger can't be reached. *ledger* needn't be open."""
    try:
        applied = await ledger.migrate()
    except LedgerDown as error:
        say(f"{error}\n")
        return 1
    say("".join(f"applied: {name}\n" for name in applied) or "nothing to do\n")
    return 0
