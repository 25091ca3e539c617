"""Calls for which there wasn't enough in hand: what they wait for, and when there is no point in waiting any longer.

Pure: *now* is of the monotonic clock, *wall* is unix time.
"""

import asyncio
import math
from typing import Final, NamedTuple

from quota.allotment import Allotment
from quota.hold import Hold
from quota.purse import Purse
from quota.rates import Rate
from quota.words import Needs, Shortage

PATIENCE: Final = 0.42  # seconds for which a call waits for others to give back what they don't need: a round, and more
POLL: Final = 0.05  # between two questions whether they have
RECENT: Final = 0.1  # an answer of the store is good for calls that come so much later
DOWN: Final = 1.0  # when to ask again where the store can't be reached


class Waiter:
    """*hold*: the hold that is to grow, or None for a new one. *until*: when it must have an answer. *again*: as in
    Till.take.
    """

    __slots__ = ("again", "began", "future", "hold", "need", "note", "purse", "until")

    def __init__(
        self,
        purse: Purse,
        need: Needs,
        note: bytes,
        future: "asyncio.Future[Hold | Shortage]",
        *,
        began: float,
        until: float,
        hold: Hold | None = None,
        again: bool = False,
    ) -> None:
        self.again = again
        self.purse, self.need, self.note = purse, need, note
        self.future = future
        self.began, self.until = began, until
        self.hold = hold

    @property
    def over(self) -> bool:
        return self.future.done()

    def wants(self) -> list[tuple[Allotment, int] | tuple[Rate, int]]:
        """What it needs of each account."""
        purse, need = self.purse, self.need
        money: list[tuple[Allotment, int] | tuple[Rate, int]] = [(one, need.cost) for one in purse.money]
        if self.hold is not None:
            return money
        slots = [(one, 1) for one in (purse.turns if self.again else purse.slots)]
        requests = purse.repeated if self.again else purse.requests
        return [*money, *slots, *((r, 1) for r in requests), *((r, need.tokens) for r in purse.tokens)]


class Verdict(NamedTuple):
    """*refusal*: there isn't enough, and won't be in time. Else look again at *again*, asking the store."""

    refusal: Shortage | None = None
    again: float = math.inf


ASK: Final = Verdict(again=-math.inf)


def verdict(waiter: Waiter, now: float, wall: float) -> Verdict | None:
    """On the accounts of which there isn't enough in hand; None if there is enough of all. As long as *waiter* may
    wait for what isn't known, it does.
    """
    found: Verdict | None = None
    for one, amount in waiter.wants():
        if isinstance(one, Allotment):
            said = None if amount <= one.free else _of_allotment(one, amount, waiter, now, wall)
        else:
            said = None if one.gather(amount, now) else _of_rate(one, amount, waiter, now, wall)
        if said is None:
            continue
        if said.refusal is not None:
            return said
        found = said if found is None or said.again < found.again else found
    return found


def _of_allotment(one: Allotment, amount: int, waiter: Waiter, now: float, wall: float) -> Verdict:
    if amount > one.limit:
        return Verdict(short(one, amount, wall))
    heard = one.heard
    if heard is None or heard.late or one.beat < waiter.began - RECENT:
        return ASK
    if one.unrestored:
        # There will be a trip as soon as the ledger has answered.
        return Verdict(again=now + POLL)
    if heard.settling > 0:
        return Verdict(again=now + min(heard.settling, POLL))
    missing = amount - one.free
    if missing <= one.grantable():
        return ASK
    if missing > one.grantable() + one.elsewhere() or now >= min(waiter.began + PATIENCE, waiter.until):
        return Verdict(short(one, amount, wall))
    return Verdict(again=now + POLL)


def _of_rate(one: Rate, amount: int, waiter: Waiter, now: float, wall: float) -> Verdict:
    if amount > one.limit:
        return Verdict(short_of_rate(one, amount, math.inf, now, wall))
    if not one.hopeless(amount + one.owed - one.free, now):
        return ASK
    if one.settling:
        return Verdict(again=one.again)
    if one.comes >= min(waiter.began + PATIENCE, waiter.until):
        return Verdict(short_of_rate(one, amount, max(0.0, one.comes - now), now, wall))
    return Verdict(again=one.again)


def short(one: Allotment, needed: int, wall: float) -> Shortage:
    budget = one.budget
    if budget is None:
        held = one.held_by_all()
        return Shortage(one.scope, "concurrent", limit=one.limit, held=held, needed=needed, wait=DOWN)
    ends = one.window.ends
    return Shortage(
        one.scope,
        "budget",
        limit=one.limit,
        spent=one.spent_by_all(),
        held=one.held_by_all(),
        needed=needed,
        per=budget.per,
        resets=None if math.isinf(ends) else ends,
        wait=0.0 if math.isinf(ends) else max(0.0, ends - wall),
        when_spent=budget.when_spent,
    )


def short_of_rate(one: Rate, needed: int, wait: float, now: float, wall: float) -> Shortage:
    _, left, reset = one.standing(now)
    return Shortage(
        one.scope,
        "tokens" if one.tokens else "requests",
        limit=one.limit,
        spent=one.limit - left,
        needed=needed,
        per=f"{one.per:g}",
        resets=wall + reset,
        wait=0.0 if math.isinf(wait) else wait,
    )


def unknown(waiter: Waiter, wall: float) -> Shortage:
    """What is said where the store can't be asked."""
    for one, amount in waiter.wants():
        if isinstance(one, Allotment) and amount > one.free:
            return short(one, amount, wall)._replace(down=True, wait=DOWN, when_spent=None)
    for one, amount in waiter.wants():
        if isinstance(one, Rate):
            return short_of_rate(one, amount, DOWN, 0.0, wall)._replace(down=True, resets=None)
    one, amount = waiter.wants()[0]
    return Shortage(one.scope, "budget", limit=one.limit, needed=amount, down=True, wait=DOWN)
