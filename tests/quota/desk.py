"""Tills with what they need around them, for tests: stores that fail on demand, journals that are read back."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from config.schema import NO_LIMITS, Allowance, Budget, Config, Key, Limits, Rate, State
from core.target import Target
from quota.hold import Hold
from quota.journal import NoJournal
from quota.till import Till
from quota.words import Need, Shortage
from store.contract import Draw, Drawn, Heard, Stamp, StoreDown, Tell
from store.ledger import LedgerDown
from store.memory import MemoryStore

TARGET = Target("openai", "gpt-4o")
MODEL = "gpt-4o"
PLAIN = Config()


class Fragile(MemoryStore):
    """A store that can be out of reach, slow, or made to forget. *told* are its words, *trips* how many there were."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.slow = 0.0
        self.settling = 0.0
        self.trips = 0
        self.told: list[Tell] = []
        self.restored: set[str] = set()

    async def tell(self, stamp: Stamp, tells: Sequence[Tell]) -> list[Heard]:
        await self._pass()
        self.told += tells
        if self.settling:
            tells = [tell._replace(least=0, most=0) for tell in tells]
        heard = await super().tell(stamp, tells)
        return [
            one._replace(
                settling=self.settling, fresh=one.fresh or (self.forgets and tell.account not in self.restored)
            )
            for one, tell in zip(heard, tells, strict=True)
        ]

    async def draw(self, draws: Sequence[Draw]) -> list[Drawn]:
        await self._pass()
        return await super().draw(draws)

    async def restore(self, account: str, spent: Mapping[str, int], ends: float) -> None:
        await self._pass()
        self.restored.add(account)
        await super().restore(account, spent, ends)

    async def _pass(self) -> None:
        self.trips += 1
        await asyncio.sleep(self.slow)
        if self.broken:
            raise StoreDown("it is unplugged")

    def forget(self) -> None:
        self._accounts.clear()
        self.restored.clear()
        self.epoch = f"after {self.epoch}"

    def spent(self, account: str) -> int:
        return sum(part.spent for part in self._accounts[account].parts.values())

    def leased(self, account: str) -> int:
        return sum(part.leased for part in self._accounts[account].parts.values())


class Forgetful(Fragile):
    forgets = True


class Books:
    """As much of a ledger as a till asks."""

    def __init__(self, charged: Mapping[str, Mapping[str, int]]) -> None:
        self._charged = charged
        self.broken = False

    async def charged(self, account: str) -> Mapping[str, int]:
        if self.broken:
            raise LedgerDown("it is unplugged")
        return self._charged.get(account, {})


def allowance(
    usd: int | None = None,
    *,
    per: str = "total",
    requests: int | None = None,
    tokens: int | None = None,
    concurrent: int | None = None,
    when_down: str = "allotment",
    when_spent: str | None = None,
) -> Allowance:
    """*usd* in nano-dollars, rates per minute."""
    budgets = () if usd is None else (Budget(limit=usd, per=per, when_down=when_down, when_spent=when_spent),)
    return Allowance(
        budgets=budgets,
        limits=Limits(
            requests=() if requests is None else (Rate(requests, 60.0),),
            tokens=() if tokens is None else (Rate(tokens, 60.0),),
            concurrent=concurrent,
        ),
    )


def key(name: str = "alice", allowed: Allowance = NO_LIMITS, **fields: object) -> Key:
    return Key(name=name, digest=name.encode(), allowance=allowed, **fields)  # type: ignore[arg-type]


@asynccontextmanager
async def opened(
    store: MemoryStore, config: Config = PLAIN, *, owner: str = "m/0", **more: object
) -> AsyncIterator[Till]:
    state = State(when_down=str(more.pop("when_down", "allotment")))
    till = Till(store, more.pop("journal", None) or NoJournal(owner, 1), **more)  # type: ignore[arg-type]
    till.adopt(replace(config, state=state))
    await till.begin()
    try:
        yield till
    finally:
        await till.end()


async def ask(till: Till, who: Key, cost: int = 0, tokens: int = 0, *, within: float = 2.0) -> Hold | Shortage:
    """As the gateway does."""
    purse, need = till.purse(who, TARGET, MODEL), Need(cost, tokens)
    return till.take(purse, need, b"note") or await till.wait(purse, need, b"note", within=within)


async def granted(till: Till, who: Key, cost: int = 0, tokens: int = 0) -> Hold:
    hold = await ask(till, who, cost, tokens)
    assert isinstance(hold, Hold), hold
    return hold


async def refused(till: Till, who: Key, cost: int = 0, tokens: int = 0, *, within: float = 2.0) -> Shortage:
    shortage = await ask(till, who, cost, tokens, within=within)
    assert isinstance(shortage, Shortage)
    return shortage
