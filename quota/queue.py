"""Those who wait for the next trip to the store, and what is answered to them."""

import asyncio
import math
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from config.schema import Key
from core.target import Target
from quota.allotment import Allotment
from quota.hold import Hold
from quota.purse import Purse, conduct
from quota.rates import Rate
from quota.reports import Watch
from quota.waiting import Waiter, unknown, verdict
from quota.words import Need, Needs, Shortage

STRETCH: Final = 1.0  # seconds for which a hold that is to grow waits


class Counter(Protocol):
    """Where those who wait are served."""

    @property
    def down(self) -> bool: ...

    @property
    def full(self) -> bool: ...

    def purse(self, key: Key, target: Target, model: str) -> Purse: ...

    def take(self, purse: Purse, need: Needs, note: bytes, *, again: bool = False) -> Hold | None: ...

    def extend(self, hold: Hold, cost: int) -> bool: ...

    def ring(self) -> None: ...


class Queue:
    """First come, first served, but nobody waits for somebody who needs more."""

    def __init__(
        self,
        counter: Counter,
        watch: Watch,
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        when_down: str,
    ) -> None:
        self.waiters: list[Waiter] = []
        self._counter, self._watch = counter, watch
        self._clock, self._monotonic = clock, monotonic
        self.when_down = when_down
        self._alarm: asyncio.TimerHandle | None = None
        self._due = 0.0  # when it goes off

    async def wait(
        self, purse: Purse, need: Needs, note: bytes, *, within: float, again: bool = False
    ) -> Hold | Shortage:
        """For Till.wait."""
        now = self._monotonic()
        future: asyncio.Future[Hold | Shortage] = asyncio.get_running_loop().create_future()
        return await self._wait(Waiter(purse, need, note, future, began=now, until=now + within, again=again))

    async def stretch(self, hold: Hold, cost: int) -> bool:
        """For Hold.stretch."""
        now = self._monotonic()
        future: asyncio.Future[Hold | Shortage] = asyncio.get_running_loop().create_future()
        waiter = Waiter(hold.purse, Need(cost), b"", future, began=now, until=now + STRETCH, hold=hold)
        return isinstance(await self._wait(waiter), Hold)

    async def _wait(self, waiter: Waiter) -> Hold | Shortage:
        if self._judge(waiter):
            return waiter.future.result()
        self.waiters.append(waiter)
        timer = asyncio.get_running_loop().call_later(waiter.until - waiter.began, self._too_late, waiter)
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise
        finally:
            timer.cancel()

    def foreseen(self, purse: Purse, need: Needs, moment: float) -> Shortage | None:
        """For Till.foreseen."""
        future: asyncio.Future[Hold | Shortage] = asyncio.get_running_loop().create_future()
        waiter = Waiter(purse, need, b"", future, began=moment, until=math.inf)
        wall = self._clock()
        if self._counter.full and purse.priced:
            return unknown(waiter, wall)
        if self._counter.down:
            lacking = [one for one, amount in waiter.wants() if self._lacks(one, amount)]
            able = not purse.closed and all(conduct(one, self.when_down) == "open" for one in lacking)
            return None if able else unknown(waiter, wall)
        said = verdict(waiter, moment, wall)
        return None if said is None else said.refusal

    def _withdraw(self, waiter: Waiter) -> None:
        """The client has left. What it was given in this very moment, nobody else would settle."""
        waiter.future.cancel()
        if waiter.hold is None and not waiter.future.cancelled():
            given = waiter.future.result()
            if isinstance(given, Hold):
                given.release()

    def close(self) -> None:
        """Nobody will be served any more."""
        for waiter in self.waiters:
            if not waiter.over:
                waiter.future.set_result(unknown(waiter, self._clock()))
        self._sweep()
        if self._alarm is not None:
            self._alarm.cancel()

    def wants(self) -> Iterator[Allotment | Rate]:
        """Tells each account what is wanted of it, and says which they are."""
        self._sweep()
        for waiter in self.waiters:
            for one, amount in waiter.wants():
                one.want(amount)
                yield one

    def look(self) -> None:
        """Something has changed: who can be answered now?"""
        for waiter in self.waiters:
            self._judge(waiter)
        self._sweep()

    def _sweep(self) -> None:
        self.waiters = [waiter for waiter in self.waiters if not waiter.over]

    def _judge(self, waiter: Waiter) -> bool:
        """True if *waiter* has its answer, whatever it is. Else it is looked at again when there is reason to."""
        if waiter.over:
            return True
        wall = self._clock()
        if (hold := self._serve(waiter, wall)) is not None:
            waiter.future.set_result(hold)
            return True
        if self._counter.full and waiter.purse.priced:
            waiter.future.set_result(unknown(waiter, wall))
            return True
        if self._counter.down:
            waiter.future.set_result(self._without_store(waiter, wall))
            return True
        return self._rule(waiter, self._monotonic(), wall)

    def _serve(self, waiter: Waiter, wall: float) -> Hold | None:
        hold = waiter.hold
        if hold is not None:
            return hold if not hold.over and self._counter.extend(hold, waiter.need.cost) else None
        purse = waiter.purse
        if not purse.begins <= wall < purse.ends:
            purse = waiter.purse = self._counter.purse(purse.key, purse.target, purse.model)
        return self._counter.take(purse, waiter.need, waiter.note, again=waiter.again)

    def _rule(self, waiter: Waiter, now: float, wall: float) -> bool:
        said = verdict(waiter, now, wall)
        if said is not None and said.refusal is not None:
            self._watch.refused(waiter, said.refusal)
            waiter.future.set_result(said.refusal)
            return True
        self._look_again(0.0 if said is None else said.again - now)
        return False

    def _without_store(self, waiter: Waiter, wall: float) -> Hold | Shortage:
        """Whoever may go on without the store does, unless somebody else may not."""
        lacking = [(one, amount) for one, amount in waiter.wants() if self._lacks(one, amount)]
        if waiter.purse.closed or not all(conduct(one, self.when_down) == "open" for one, _ in lacking):
            return unknown(waiter, wall)
        for one, amount in lacking:
            if isinstance(one, Rate):
                one.lend(amount, self._monotonic())
            else:
                one.lend(amount - one.free)
        return self._serve(waiter, wall) or unknown(waiter, wall)

    def _lacks(self, one: Allotment | Rate, amount: int) -> bool:
        return not one.gather(amount, self._monotonic()) if isinstance(one, Rate) else one.free < amount

    def _look_again(self, pause: float) -> None:
        """Ask the store, now or after *pause* seconds."""
        if pause <= 0:
            self._counter.ring()
            return
        due = self._monotonic() + pause
        if self._alarm is not None:
            if self._due <= due:
                return
            self._alarm.cancel()
        self._due = due
        self._alarm = asyncio.get_running_loop().call_later(pause, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        self._counter.ring()

    def _too_late(self, waiter: Waiter) -> None:
        if not waiter.over:
            waiter.future.set_result(unknown(waiter, self._clock()))
