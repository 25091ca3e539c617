"""A process that writes to a journal as fast as it can, and says what has been written; until it is killed."""

import os
import sys
from pathlib import Path

from store.journal import Journal
from store.orphans import noted

ACCOUNTS = ("usd:key/a:total", "usd:service:total")
HELD, COST = 1000, 7


def main(directory: str) -> None:
    journal = Journal.claim(Path(directory), size=64 * 1024)
    spent = dict(journal.heritage.totals[journal.owner])
    journal.totals = lambda account: spent.get(account, 0)
    number = 0
    while True:
        number += 1
        told = noted((1.0, f"{journal.life}-{number}", "a", "", "r", "p/m", (), "chat", False))
        journal.held(number, HELD, ACCOUNTS, told)
        if number > 5:
            # Some calls are always under way.
            journal.settled(number - 5, COST, b"%d-%d %s" % (journal.life, number - 5, b"r" * (number % 700)))
            for account in ACCOUNTS:
                spent[account] = spent.get(account, 0) + COST
            os.write(1, b"%d-%d\n" % (journal.life, number - 5))
        if number % 100 == 0:
            journal.told(journal.position)


if __name__ == "__main__":
    main(sys.argv[1])
