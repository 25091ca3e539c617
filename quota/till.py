"""What calls take from and settle with: everything that this process may spend, held on all levels together or on none.

`take` and `settle` are on the way of every call and touch nothing but memory. Whoever finds too little there waits for
the next trip to the store, together with all others who do.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from config.schema import Allowance, Config, Key, State
from core.filled import filled
from core.target import Target
from quota.allotment import Allotment
from quota.courier import Courier
from quota.hold import Hold
from quota.journal import JournalLike
from quota.purse import Purse, allowance_of, scopes
from quota.queue import Queue
from quota.rates import Left, Rate, tightest
from quota.reports import Event, Standing, Watch, standing
from quota.stock import Stock
from quota.words import Needs, Shortage
from store.contract import Store, StoreDown
from store.journal import JournalFull
from store.ledger import Ledger

MOST_PURSES: Final = 20_000
MOMENT: Final = 0.01  # seconds


class Rates(NamedTuple):
    """How the tightest rate of each kind stands, if there is one."""

    requests: Left | None
    tokens: Left | None


def _mum(_: str) -> None: ...


class Till:
    """One per process. *say* is told what operators should know.

    *debt*: nano-dollars charged above what was held; *debts*: how often that was.
    """

    def __init__(
        self,
        store: Store,
        journal: JournalLike,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        ledger: Ledger | None = None,
        say: Callable[[str], None] = _mum,
    ) -> None:
        self.debt = self.debts = 0
        self._journal = journal
        self._clock = clock
        self._monotonic = monotonic
        self._when_down, self._say = State().when_down, say
        self._config = Config()
        self._purses: dict[tuple[str, str, str], Purse] = {}
        self._number = 0
        self._stock = Stock(restores=store.forgets and ledger is not None)
        self._watch = Watch()
        self._queue = Queue(self, self._watch, clock=clock, monotonic=monotonic, when_down=self._when_down)
        self._courier = Courier(
            store, self._stock, journal, self, clock=clock, monotonic=monotonic, ledger=ledger, say=say
        )

    async def begin(self) -> None:
        """Take over what the journal knows of earlier lives."""
        journal = self._journal
        journal.totals = self._stock.total
        for owner, totals in journal.heritage.totals.items():
            if owner == journal.owner:
                self._stock.inherit(totals, self._monotonic(), self._clock())
        self._courier.begin()
        self._courier.ring()

    async def end(self) -> None:
        """Tell everything, and give back what no call holds."""
        self._queue.close()
        await self._courier.end()

    def adopt(self, config: Config) -> None:
        """Go by the limits of a new generation, whose `state.when_down` is for limits: budgets say it themselves.

        What is held stays held.
        """
        self._config = config
        self._when_down = self._queue.when_down = config.state.when_down
        self._watch.at = tuple(sorted(config.alerts.at))
        self.forgotten()

    @property
    def watchers(self) -> list[Callable[[Event], None]]:
        """Called with each Event."""
        return self._watch.watchers

    @property
    def full(self) -> bool:
        """Whether the journal has no room for calls that cost money."""
        return self._journal.full

    @property
    def down(self) -> bool:
        """Whether the store was out of reach when it was last asked."""
        return self._courier.down

    @property
    def trips(self) -> int:
        """Operations of the store so far."""
        return self._courier.trips

    # On the way of every call

    def purse(self, key: Key, target: Target, model: str) -> Purse:
        """What a call of *key*, asking for *model*, at *target* is charged to."""
        purse = self._purses.get((key.name, target.id, model))
        if purse is not None and purse.key is key and purse.begins <= self._clock() < purse.ends:
            return purse
        return self._new_purse(key, target, model)

    def take(self, purse: Purse, need: Needs, note: bytes, *, again: bool = False) -> Hold | None:
        """All that the call needs, or nothing, from what is in hand. *again*: it is counted, and has its seats."""
        cost, tokens = need.cost, need.tokens
        if purse.free:
            return Hold(self, purse, 0, cost, tokens)
        if not purse.begins <= self._clock() < purse.ends or (purse.closed and self._courier.down):
            return None
        requests = purse.repeated if again else purse.requests
        if purse.metered and not self._gathered(requests, purse, tokens):
            return None
        low = False
        slots = purse.turns if again else purse.slots
        if purse.priced:
            if purse.cash < cost:
                if not purse.draw(cost):
                    return None
                low = purse.low
            purse.hold(cost)
        if slots:
            for one in slots:
                one.hold(1)
                low = low or one.loose < one.low
            if low and any(one.loose < 0 for one in slots):
                self._untake(purse, cost, slots)
                return None
        self._number = number = self._number + 1
        if purse.priced:
            try:
                self._journal.held(number, cost, purse.names, note)
            except JournalFull:
                self._untake(purse, cost, slots)
                return None
        hold = Hold(self, purse, number, cost, tokens)
        hold.seats = () if again else purse.seats
        for rate in requests:
            rate.taken += 1
            rate.chunk.units = left = rate.chunk.units - 1
            if left < rate.low and left + rate.after < rate.low:
                self._restock_rate(rate)
        for rate in purse.tokens:
            rate.taken += tokens
            rate.out += 1
            chunk = rate.chunk
            chunk.units = left = chunk.units - tokens
            if left < rate.low and left + rate.after < rate.low:
                self._restock_rate(rate)
            hold.chunks += ((rate, chunk),)
        if low:
            self._restock(purse)
        return hold

    def _gathered(self, requests: tuple[Rate, ...], purse: Purse, tokens: int) -> bool:
        """Whether *requests* have one, and its other rates so many tokens."""
        now = self._monotonic()
        for rate in requests:
            chunk = rate.chunk
            if (chunk.units < 1 or now >= chunk.until) and not rate.gather(1, now):
                return False
        for rate in purse.tokens:
            chunk = rate.chunk
            if (chunk.units < tokens or now >= chunk.until) and not rate.gather(tokens, now):
                return False
        return True

    def _untake(self, purse: Purse, cost: int, slots: tuple[Allotment, ...]) -> None:
        """All of it or nothing: nobody has seen it yet."""
        purse.hold(-cost)
        for one in slots:
            one.hold(-1)

    def settle(self, hold: Hold, cost: int, tokens: int, row: bytes) -> None:
        """For `Hold.settle`."""
        hold.over = True
        purse, held = hold.purse, hold.cost
        if not purse.priced:
            if row:
                self._journal.row(row)
        else:
            self._journal.settled(hold.number, cost, row)
            if not purse.due:
                self._due(purse)
            purse.settle(held, cost)
            if cost > held:
                self._overdrawn(purse, cost - held)
        if purse.slots:
            self._vacate(purse.turns)
            self._vacate(hold.seats)
        if hold.chunks:
            now, back = self._monotonic(), hold.tokens - tokens
            for rate, chunk in hold.chunks:
                rate.settle(chunk, back, now)
                if not rate.due:
                    self._stock.mark_rate(rate)
        if self._queue.waiters:
            self._courier.ring()

    def leave(self, seats: tuple[Allotment, ...]) -> None:
        """The call is over that had them."""
        self._vacate(seats)
        if self._queue.waiters:
            self._courier.ring()

    def _vacate(self, slots: tuple[Allotment, ...]) -> None:
        for one in slots:
            one.out -= 1
            one.loose += 1
            self._stock.mark(one)

    def extend(self, hold: Hold, cost: int) -> bool:
        """For `Hold.extend`."""
        purse = hold.purse
        if purse.priced:
            if purse.cash < cost and not purse.draw(cost):
                return False
            try:
                self._journal.grown(hold.number, cost)
            except JournalFull:
                return False
            purse.hold(cost)
        hold.cost += cost
        return True

    def moment(self) -> float:
        """When the MOMENT began, so that many answers say the same."""
        now = self._monotonic()
        return now - now % MOMENT

    def limits(self, purse: Purse) -> Rates:
        """For the headers of answers, from memory."""
        now, requests, tokens = self.moment(), purse.requests, purse.tokens
        return filled(
            Rates,
            (
                requests[0].standing(now) if len(requests) == 1 else tightest(requests, now),
                tokens[0].standing(now) if len(tokens) == 1 else tightest(tokens, now),
            ),
        )

    async def wait(
        self, purse: Purse, need: Needs, note: bytes, *, within: float, again: bool = False
    ) -> Hold | Shortage:
        """As `take`, asking the store, for *within* seconds at most."""
        return await self._queue.wait(purse, need, note, within=within, again=again)

    async def look(self, purses: Sequence[Purse], *, within: float) -> float:
        """Ask the store how the accounts of *purses* stand, and nothing for them: the moment at which that is known."""
        for one in {one for purse in purses for one in purse.allotments}:
            one.hurry = True
            self._stock.mark(one)
        if not self.down and any(purse.allotments for purse in purses):
            with suppress(StoreDown, TimeoutError):
                async with asyncio.timeout(within):
                    await self._courier.visit()
        return self._monotonic()

    def foreseen(self, purse: Purse, need: Needs, moment: float) -> Shortage | None:
        """Why a call would be refused that wanted so much at *moment* (of `look`); nothing is taken. None if it
        would get it, or wait for what others may give back.
        """
        return None if purse.free else self._queue.foreseen(purse, need, moment)

    async def stretch(self, hold: Hold, cost: int) -> bool:
        """For `Hold.stretch`."""
        return await self._queue.stretch(hold, cost)

    def ring(self) -> None:
        """Somebody is in a hurry."""
        self._courier.ring()

    async def standing(self, scope: str, allowance: Allowance | None = None) -> list[Standing]:
        """How the budgets of *scope* stand, as the store knows it. *allowance* says what they are where the
        configuration doesn't: those of keys made at run time. Raises StoreDown.
        """
        if allowance is None:
            allowance = allowance_of(self._config, scope)
        now, wall = self._monotonic(), self._clock()
        ones = [one for one in self._stock.of(scope, allowance, now, wall) if isinstance(one, Allotment)]
        asked = [one for one in ones if one.budget is not None]
        for one in asked:
            one.hurry = True
            self._stock.mark(one)
        if asked:
            await self._courier.visit()
        return [standing(one) for one in asked]

    # For the courier

    def before(self) -> None:
        """A trip begins."""
        for one in self._queue.wants():
            self._stock.mark_rate(one) if isinstance(one, Rate) else self._stock.mark(one)

    def after(self, heard: Sequence[Allotment]) -> None:
        """A trip is over, in which the store told of *heard*."""
        for one in heard:
            self._watch.look(one)
        self._queue.look()

    def forgotten(self) -> None:
        """Accounts are gone, or have other limits: purses have to be made anew."""
        for purse in self._purses.values():
            purse.ends = purse.begins
        self._purses.clear()

    # Not on the way of every call

    def _new_purse(self, key: Key, target: Target, model: str) -> Purse:
        if len(self._purses) >= MOST_PURSES:
            self.forgotten()
        now, wall = self._monotonic(), self._clock()
        ones = [
            one
            for scope, allowance in scopes(self._config, key, target, model)
            if allowance
            for one in self._stock.of(scope, allowance, now, wall)
        ]
        purse = Purse(key, target, model, ones, when_down=self._when_down)
        self._purses[key.name, target.id, model] = purse
        return purse

    def _due(self, purse: Purse) -> None:
        purse.tell()
        for one in purse.money:
            self._stock.mark(one)

    def _restock(self, purse: Purse) -> None:
        """Something is running low: the courier fetches more while calls go on."""
        for one in purse.allotments:
            if one.free < one.low:
                one.low = 0
                one.hurry = True
                self._stock.mark(one)
                self._courier.ring()

    def _restock_rate(self, rate: Rate) -> None:
        """The same for a rate."""
        rate.low = 0
        self._stock.mark_rate(rate)
        self._courier.ring()

    def _overdrawn(self, purse: Purse, excess: int) -> None:
        """A call cost more than what was held. What isn't free is told to the store as it is."""
        self.debt += excess
        self.debts += 1
        self._say(f"a call cost {excess} nano-dollars more than was held for it ({', '.join(purse.names)})")
