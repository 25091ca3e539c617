"""A process that spends as fast as it can, run by tests with `python -m`. Each line it prints is a total it has told.

It leases, spends what it leased, and tells; and it draws of a rate; until there is nothing left, which it says.
"""

import asyncio
import random
import sys
from pathlib import Path

from store.contract import Draw, Stamp, Tell
from store.sqlite import SqliteStore

ACCOUNT = "usd:key/alice:total"
RATE = "req:key/alice:3600"


async def hammer(store: SqliteStore, owner: str, life: int, limit: int, most: int) -> None:
    chance = random.Random(owner)
    number = spent = drawn = 0
    while True:
        number += 1
        least = chance.randint(1, 20)
        tell = Tell(ACCOUNT, limit, spent, 0, least, max(least, most))
        [heard] = await store.tell(Stamp(owner, life, number), [tell])
        say("told", max(spent, heard.own))
        spent = max(spent, heard.own) + heard.granted
        [units] = await store.draw([Draw(RATE, limit, 3600.0, 1, 5)])
        drawn += units.granted
        if heard.granted == units.granted == 0 and heard.spent + least > limit:
            return say("drew", drawn)


def say(what: str, total: int) -> None:
    sys.stdout.write(f"{what} {total}\n")
    sys.stdout.flush()


async def main(path: str, owner: str, life: str, limit: str, most: str) -> None:
    store = SqliteStore(Path(path))
    await store.open()
    try:
        await hammer(store, owner, int(life), int(limit), int(most))
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
