"""One answer for all processes: who misses it claims it in the trip of the look-up, and the others wait for it.

They look again until it is there, or the claim is gone: then the next one takes it, or each asks by itself where one
has asked in vain. Whoever holds claims says so again and again, so that nobody waits for a process that died.
"""

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from cache.entry import Entry
from cache.shelf import Found
from store.contract import StoreDown
from store.redis_claims import OURS, THEIRS, Leaving, Look, RedisClaims, compartment

BEAT: Final = 0.6  # seconds between two words that this process is there
TICK: Final = 0.02  # seconds between two rounds of looks of those who wait
SLOWEST: Final = 0.2  # seconds between two looks of one of them
PATIENCE: Final = 0.25  # of what it has waited already, until it looks again
AT_ONCE: Final = 16  # looks in a trip: each may bring an answer
MOST: Final = 100  # claims that are let go in a trip


class Claims:
    """Of one process. *trouble* hears of each trip that failed."""

    def __init__(self, redis: RedisClaims, trouble: Callable[[], None]) -> None:
        self._redis = redis
        self._trouble = trouble
        self._who = _name()
        self._number = 0
        self._held: Counter[int] = Counter()  # by compartment
        self._waiting: list[Claim] = []
        self._leaving: deque[Leaving] = deque()
        self._beating: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[None] | None = None
        self._parting: asyncio.Task[None] | None = None

    def claim(self, mark: bytes, *, now: float, ttl: float, lives: float, take: bool) -> "Claim":
        """For one call. *take* it, where nobody has; it ends by itself after *lives* seconds."""
        self._number += 1
        number = b"%d" % self._number if take else b""
        return Claim(self, Look(mark, now, ttl, number, lives, first=True))

    async def end(self) -> None:
        for task in (self._beating, self._polling):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self._parting is not None:
            await self._parting

    # For a claim

    async def look(self, claim: "Claim") -> Found | None:
        """None while Redis can't be reached."""
        who = self._who
        try:
            [seen] = await self._redis.look(who, (claim.look,))
        except StoreDown:
            self._trouble()
            claim.taken(who)  # perhaps it was
            return None
        if seen.turn == OURS:
            claim.taken(who)
        claim.waits = seen.turn == THEIRS
        return Found(Entry.from_bytes(seen.value) if seen.value else None, seen.forgotten)

    def hold(self, mark: bytes) -> None:
        self._held[compartment(mark)] += 1
        if self._beating is None:
            self._beating = asyncio.get_running_loop().create_task(self._beat(), name="claims held")

    def leave(self, leaving: Leaving) -> None:
        """Beside all calls."""
        self._held[compartment(leaving.mark)] -= 1
        self._leaving.append(leaving)
        if self._parting is None or self._parting.done():
            self._parting = asyncio.get_running_loop().create_task(self._part())

    async def wait(self, claim: "Claim", within: float) -> Found | None:
        """What became of another's claim; None if nothing did in time."""
        self._waiting.append(claim)
        if self._polling is None or self._polling.done():
            self._polling = asyncio.get_running_loop().create_task(self._poll())
        try:
            await asyncio.wait((claim.came,), timeout=max(0.0, within))
            return claim.came.result() if claim.came.done() else None
        finally:
            claim.came.cancel()
            if claim in self._waiting:
                self._waiting.remove(claim)

    # Beside all calls

    async def _poll(self) -> None:
        """A round of looks after the other, while anybody waits."""
        clock = asyncio.get_running_loop().time
        while self._waiting:
            await asyncio.sleep(TICK)
            now = clock()
            due = [one for one in self._waiting if one.due <= now]
            for first in range(0, len(due), AT_ONCE):
                await self._round(due[first : first + AT_ONCE], now)

    async def _round(self, due: "list[Claim]", now: float) -> None:
        who = self._who
        try:
            seen = await self._redis.look(who, [one.look for one in due])
        except StoreDown:
            self._trouble()
            for one in due:
                one.taken(who)
                one.comes(None)
            return
        for one, (value, forgotten, turn) in zip(due, seen, strict=True):
            if turn == THEIRS:
                one.due = now + min(SLOWEST, PATIENCE * (now - one.began))
                continue
            if turn == OURS:
                one.taken(who)
            one.comes(Found(Entry.from_bytes(value) if value else None, forgotten))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            if held := [at for at, count in self._held.items() if count > 0]:
                try:
                    await self._redis.attend(self._who, held)
                except StoreDown:
                    self._trouble()

    async def _part(self) -> None:
        """Those of a moment go in one trip."""
        while self._leaving:
            await asyncio.sleep(TICK)
            some = [self._leaving.popleft() for _ in range(min(len(self._leaving), MOST))]
            try:
                await self._redis.leave(some)
            except StoreDown:
                self._trouble()
                self._who = _name()  # nobody says any more that the old one is there, and its claims end with it


class Claim:
    """Of one call, as it looks for its answer; whoever may hold it says `end` at last."""

    __slots__ = ("_claims", "_over", "_who", "began", "came", "due", "look", "waits")

    def __init__(self, claims: Claims, look: Look) -> None:
        self._claims = claims
        self._who = b""  # took it, and may hold it
        self._over = False
        self.look = look
        self.waits = False  # another one asks
        self.came: asyncio.Future[Found | None]
        self.began = self.due = 0.0

    async def found(self, within: float) -> Found | None:
        """What there is, at once or after another one has asked for it, *within* so many seconds. None while Redis
        can't be reached.
        """
        loop = asyncio.get_running_loop()
        # A call is no task, and a trip with a deadline has to be one.
        first = await loop.create_task(self._claims.look(self))
        if first is None or not self.waits:
            return first
        self.look = self.look._replace(first=False)
        self.began = loop.time()
        self.due = self.began + TICK
        self.came = loop.create_future()
        later = await self._claims.wait(self, within)
        if later is None:
            return first
        return later if later.entry is not None else Found(first.entry, later.since)

    def taken(self, who: bytes) -> None:
        if self._who or not self.look.number:
            return
        self._who = who
        self._claims.hold(self.look.mark)
        if self._over:
            self.end(apart=False)

    def comes(self, found: Found | None) -> None:
        if self.came.done():
            self.end(apart=False)
        else:
            self.came.set_result(found)

    def end(self, *, apart: bool) -> None:
        """Let go of it, if it was taken. *apart*: of those who wait each shall ask by itself, else the next one."""
        self._over = True
        who, self._who = self._who, b""
        if who:
            self._claims.leave(Leaving(self.look.mark, who, self.look.number, apart))


def _name() -> bytes:
    return secrets.token_hex(8).encode()
