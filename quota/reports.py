"""How budgets stand, for those who ask; and those who want to know when one of them nears its end."""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from config.schema import Budget
from quota.allotment import Allotment
from quota.waiting import Waiter
from quota.windows import Window
from quota.words import Shortage


class Event(NamedTuple):
    """A budget has passed a share of its limit, or has refused somebody: once for each window, share and process."""

    scope: str
    budget: Budget
    window: Window
    spent: int
    held: int
    kind: Literal["share", "refused"]


class Standing(NamedTuple):
    """A budget, in nano-dollars. *resets_at* is unix time, None for never."""

    budget: Budget
    limit: int
    spent: int
    held: int
    per: str
    resets_at: float | None


def standing(one: Allotment) -> Standing:
    budget = one.budget or Budget(limit=one.limit)
    ends = one.window.ends
    resets = None if math.isinf(ends) else ends
    return Standing(budget, one.limit, one.spent_by_all(), one.held_by_all(), budget.per, resets)


class Watch:
    """*at*: the shares of a limit that are worth a word, rising."""

    def __init__(self) -> None:
        self.at: tuple[float, ...] = ()
        self.watchers: list[Callable[[Event], None]] = []

    def look(self, one: Allotment) -> None:
        """The store has told how *one* stands."""
        if one.budget is None or one.limit <= 0 or not self.watchers:
            return
        passed = sum(one.spent_by_all() >= share * one.limit for share in self.at)
        if passed > one.shares:
            one.shares = passed
            self._say(one, "share")

    def refused(self, waiter: Waiter, shortage: Shortage) -> None:
        if shortage.kind != "budget":
            return
        for one in waiter.purse.money:
            if (one.scope, one.per) == (shortage.scope, shortage.per) and not one.refused:
                one.refused = True
                self._say(one, "refused")

    def _say(self, one: Allotment, kind: Literal["share", "refused"]) -> None:
        if one.budget is None:
            return
        event = Event(one.scope, one.budget, one.window, one.spent_by_all(), one.held_by_all(), kind)
        for watcher in self.watchers:
            watcher(event)
