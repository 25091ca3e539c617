"""Short forms of what the contract's tests say to a store."""

import math

from store.contract import Draw, Drawn, Heard, Stamp, Store, StoredKey, Tell


class Owner:
    """Numbers its messages; *life* as its process's start."""

    def __init__(self, store: Store, name: str = "here/1", *, life: int = 1, account: str = "usd:key/alice:total"):
        self.store = store
        self.name = name
        self.life = life
        self.number = 0
        self.account = account

    def stamp(self) -> Stamp:
        self.number += 1
        return Stamp(self.name, self.life, self.number)

    async def tell(
        self,
        limit: int = 1000,
        *,
        spent: int = 0,
        keep: int = 0,
        least: int = 0,
        most: int = 0,
        ends: float = math.inf,
        lapses: bool = False,
    ) -> Heard:
        return await self.say(self.stamp(), Tell(self.account, limit, spent, keep, least, most, ends, lapses))

    async def say(self, stamp: Stamp, tell: Tell) -> Heard:
        [heard] = await self.store.tell(stamp, [tell])
        return heard

    async def lease(self, amount: int, limit: int = 1000, *, spent: int = 0, keep: int = 0) -> Heard:
        """All of *amount* or nothing."""
        return await self.tell(limit, spent=spent, keep=keep, least=amount, most=amount)


async def draw(store: Store, draw: Draw) -> Drawn:
    [drawn] = await store.draw([draw])
    return drawn


def key(name: str = "alice", digest: bytes = b"a" * 32, **changes: object) -> StoredKey:
    made = StoredKey(name, digest, {"budget": {"usd": 50, "per": "month"}}, created=1.0, changed=2.0)
    return made._replace(**changes)
