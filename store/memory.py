"""The store of a single process: nothing outlives it. And what the other stores are measured by."""

import time
from collections.abc import Callable, Mapping, Sequence

from store.accounts import Account
from store.board import sized
from store.contract import AFTER_END, WANTED, Changes, Draw, Drawn, Heard, Stamp, StoredKey, Tell
from store.memory_keys import Keybook
from store.rates import Rate, end_of

SWEEP = 300.0  # seconds between two looks for what nobody needs any more


class MemoryStore:
    """*clock* gives unix time, *steady* the time of leases and rates, which nobody sets."""

    kind = "memory"
    forgets = False
    epoch = "memory"

    def __init__(self, clock: Callable[[], float] = time.time, *, steady: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steady = steady
        self._accounts: dict[str, Account] = {}
        self._rates: dict[str, tuple[Rate, float]] = {}  # with the time of their last draw's end
        self._marks: dict[str, float] = {}
        self._keys = Keybook()
        self._notices: dict[str, tuple[bytes, float]] = {}
        self._swept = steady()

    async def open(self) -> None:
        """Nothing has to be opened."""

    async def close(self) -> None:
        """Nothing has to be closed."""

    async def tell(self, stamp: Stamp, tells: Sequence[Tell]) -> list[Heard]:
        now = self._now()
        return [self._tell(stamp, tell, now) for tell in tells]

    async def restore(self, account: str, spent: Mapping[str, int], ends: float) -> None:
        self._accounts.setdefault(account, Account()).restore(spent, ends)

    async def draw(self, draws: Sequence[Draw]) -> list[Drawn]:
        now = self._now()
        return [self._draw(draw, now) for draw in draws]

    async def exchange(
        self, stamp: Stamp, tells: Sequence[Tell], draws: Sequence[Draw]
    ) -> tuple[list[Heard], list[Drawn]]:
        return await self.tell(stamp, tells), await self.draw(draws)

    async def once(self, mark: str, ends: float) -> bool:
        first = self._marks.get(mark, 0.0) <= self._clock()
        if first:
            self._marks[mark] = ends
        return first

    async def post(self, name: str, value: bytes, ttl: float, *, only_new: bool = False) -> bool:
        now = self._now()
        former = self._notices.get(name)
        if only_new and former is not None and former[1] > now:
            return False
        self._notices[name] = sized(value), now + ttl
        return True

    async def posted(self, prefix: str) -> Mapping[str, bytes]:
        now = self._now()
        return {name: value for name, (value, ends) in self._notices.items() if ends > now and name.startswith(prefix)}

    async def key_of(self, digest: bytes) -> StoredKey | None:
        return self._keys.of(digest)

    async def key_named(self, name: str) -> StoredKey | None:
        return self._keys.named(name)

    async def put_key(self, key: StoredKey) -> StoredKey:
        return self._keys.put(key)

    async def drop_key(self, name: str) -> bool:
        return self._keys.drop(name)

    async def keys(self, after: str = "", most: int = 100) -> list[StoredKey]:
        return self._keys.page(after, most)

    async def key_changes(self, since: int) -> Changes:
        return self._keys.changes(since)

    def _tell(self, stamp: Stamp, tell: Tell, now: float) -> Heard:
        if known := self._accounts.get(tell.account):
            return known.tell(stamp, tell, now)
        self._accounts[tell.account] = made = Account()
        return made.tell(stamp, tell, now)._replace(fresh=True)

    def _draw(self, draw: Draw, now: float) -> Drawn:
        rate, _ = self._rates.get(draw.account, (Rate(), 0.0))
        drawn = rate.draw(draw, now)
        self._rates[draw.account] = rate, max(end_of(drawn.slot, draw.per), now + WANTED)
        return drawn

    def _now(self) -> float:
        now = self._steady()
        if now - self._swept > SWEEP:
            self._swept = now
            self._sweep(now, self._clock())
        return now

    def _sweep(self, now: float, unix: float) -> None:
        self._accounts = {name: one for name, one in self._accounts.items() if one.ends + AFTER_END > unix}
        self._rates = {name: one for name, one in self._rates.items() if one[1] > now}
        self._marks = {name: ends for name, ends in self._marks.items() if ends > unix}
        self._notices = {name: one for name, one in self._notices.items() if one[1] > now}
