"""What this process may still spend of one account without asking the store: dollars of a budget, or slots.

*free*, *held* and what was spent but not told yet make up what the store believes this process to have. What is given
back leaves *free* before the store is told, and what is granted enters it afterwards, so that a message that is lost
never makes both of them count the same money as theirs.

Purses take money out of all their accounts at once (`Purse.draw`) and count for themselves what becomes of it. Whoever
asks an account what is free, held, spent or taken has them all emptied into it first, so that it is always told all.
"""

import math
from typing import Final, Protocol

from config.schema import Budget
from quota.windows import EVER, Window
from store.contract import Heard, Tell

IDLE: Final = 1.0  # seconds unused after which everything free goes back
FORGOTTEN: Final = 60.0  # seconds unused after which the account leaves our memory
HEARTBEAT: Final = 20.0
SLOT_HEARTBEAT: Final = 5.0
WANTED: Final = 2.0  # seconds for which nothing is stocked after somebody else was refused
SLOTS_KEPT: Final = 86400.0


class Drawer(Protocol):
    """A purse that has taken something out."""

    def empty(self) -> None:
        """Give back what is left, and tell its accounts what became of the rest."""
        ...


class Allotment:
    """*budget* None: slots. *spent* is the total of this owner, ever. Times are of the monotonic clock.

    *loose*, *out*, *paid* and *drawn* are what is free, held, spent and taken beside what *drawers* know.
    """

    __slots__ = (
        "account",
        "asked",
        "asleep",
        "based",
        "beat",
        "budget",
        "drawers",
        "drawn",
        "due",
        "heard",
        "hurry",
        "kept",
        "limit",
        "loose",
        "low",
        "out",
        "pace",
        "paid",
        "refused",
        "scope",
        "sent",
        "shares",
        "smallest",
        "told",
        "unrestored",
        "unsure",
        "used",
        "wanted",
        "window",
    )

    def __init__(
        self, account: str, scope: str, *, limit: int, now: float, budget: Budget | None = None, window: Window = EVER
    ) -> None:
        self.account, self.scope = account, scope
        self.limit, self.budget, self.window = limit, budget, window
        self.loose = self.out = self.paid = self.told = 0
        self.drawn = 0  # taken since the last word to the store
        self.drawers: set[Drawer] = set()
        self.pace = 0.0  # about what was taken in the last two seconds
        self.low = 0  # ring for more when *free* falls below; 0 for not at all
        self.asked = self.smallest = 0  # by those who wait: together, and the most modest
        self.kept = 0  # what the store believes us to have in hand, beside what we have told as spent
        self.sent: tuple[int, int] | None = None  # (spent, keep) of the word on its way
        self.heard: Heard | None = None
        self.based = False  # *spent* counts from the beginning, not only from when it was made here
        self.unrestored = False  # the ledger has to be asked before anything may be leased
        self.due = False  # something is to be told
        self.hurry = False  # and at once
        self.unsure = False  # what the store believes
        self.used = self.asleep = now
        self.beat = self.wanted = -math.inf
        self.refused = False  # the watchers know
        self.shares = 0  # thresholds that they know of

    @property
    def free(self) -> int:
        if self.drawers:
            self.gather()
        return self.loose

    @property
    def held(self) -> int:
        if self.drawers:
            self.gather()
        return self.out

    @property
    def spent(self) -> int:
        if self.drawers:
            self.gather()
        return self.paid

    def gather(self) -> None:
        """All that purses have of it."""
        drawers, self.drawers = self.drawers, set()
        for one in drawers:
            one.empty()

    @property
    def unsent(self) -> int:
        return self.spent - self.told

    @property
    def per(self) -> str:
        return "" if self.budget is None else self.budget.per

    @property
    def lapses(self) -> bool:
        return self.budget is None

    def hold(self, amount: int) -> None:
        """Whoever calls this has looked whether it is there."""
        self.loose -= amount
        self.out += amount
        self.drawn += amount

    def drop(self) -> None:
        """Nothing is free any more."""
        self.gather()
        self.loose = 0

    def lend(self, amount: int) -> None:
        """Go on without a lease: the store hears of it when it is back."""
        self.loose += amount

    def shun(self, now: float) -> None:
        """Keep nothing in stock for a while."""
        self.wanted = now + WANTED

    def want(self, amount: int) -> None:
        """Somebody waits, who holds *amount* as soon as it is there."""
        self.asked += amount
        self.hurry = True
        self.smallest = min(self.smallest, amount) if self.smallest else amount

    def word(self, now: float, wall: float, *, quiet: bool = False) -> Tell:
        """What is to be told at *now*. *quiet*: want nothing this time."""
        self._keep_pace(now)
        least, most = self._wish(now)
        if quiet or self.unrestored:
            least = most = 0
        keep = self.free + self.held
        spent = self.spent if self.based else 0
        self.sent = (spent, keep)
        self.hurry = False
        self.asked = self.smallest = 0
        ends = wall + SLOTS_KEPT if self.budget is None else self.window.ends
        return Tell(self.account, self.limit, spent, keep, least, most, ends, self.lapses)

    def _keep_pace(self, now: float) -> None:
        if self.drawers:
            self.gather()
        if self.drawn:
            self.used = now
        self.pace = self.pace * 0.5 ** (now - self.asleep) + self.drawn
        self.drawn, self.asleep = 0, now

    def _wish(self, now: float) -> tuple[int, int]:
        """The least and the most to ask for; what is too much leaves *free*."""
        stock = 0 if now < self.wanted or now - self.used >= IDLE else math.ceil(self.pace)
        target = self.asked + stock
        # Whoever makes a trip anyway fills up at a half; nobody makes one for more than a quarter.
        self.low, enough = (stock // 4, stock // 2) if stock > 1 else (0, -1)
        surplus = self.free - 2 * target
        if surplus > 0 and not self.unsure:  # a store that doesn't answer gets nothing back: it may be a while
            self.loose -= surplus
            return 0, 0
        if self.free >= self.asked and self.free > enough:
            return 0, 0
        least = max(0, self.smallest - self.free)
        return least, max(least, target - self.free)

    def digest(self, heard: Heard, now: float, *, restore: bool) -> None:
        """The store's answer to the last word. *restore*: if the store has never heard of the account, the ledger
        has to be asked, and until then what it granted doesn't count.
        """
        if self.sent is None:
            return
        (spent, keep), self.sent = self.sent, None
        self.heard = heard
        if heard.late:
            return
        if self.based:
            # The ledger may have been ahead of us with what we spent ourselves while the word was on its way.
            self.paid = max(self.spent, heard.own)
        else:
            # What this owner had spent before and wasn't known here.
            self.paid += heard.own
        self.based, self.unsure = True, False
        self.told, self.kept, self.beat = max(spent, heard.own), keep, now
        if heard.wanted:
            # Once: somebody waits for what is given back.
            self.hurry = self.free + heard.granted > 0 and now >= self.wanted
            self.shun(now)
        # It isn't fresh once anybody has restored it.
        self.unrestored = heard.fresh and restore
        if self.unrestored:
            return
        self.loose += heard.granted
        self.kept += heard.granted

    def lost(self) -> None:
        """Whether the last word arrived isn't known, nor what was granted. The next one says all of it again."""
        self.sent, self.unsure = None, True

    def restless(self, now: float) -> bool:
        """Whether there is something to tell, or something free about which others might ask."""
        return (
            self.unsure
            or self.unsent != 0
            or self.free > 0
            or self.kept != self.free + self.held
            or (self.kept > 0 and now - self.beat >= (SLOT_HEARTBEAT if self.budget is None else HEARTBEAT))
        )

    def forgettable(self, now: float) -> bool:
        """Whether nothing would be lost with it."""
        idle = now - max(self.used, self.beat) >= FORGOTTEN
        return idle and not (self.held or self.free or self.unsent or self.kept or self.sent or self.unsure)

    def grantable(self) -> int:
        """What the store could still have granted when it answered last."""
        heard = self.heard
        return 0 if heard is None else self.limit - heard.spent - heard.leased

    def elsewhere(self) -> int:
        """What others have in hand and may give back."""
        heard = self.heard
        if heard is None:
            return 0
        return heard.leased - self.kept - (0 if self.lapses else heard.lost)

    def spent_by_all(self) -> int:
        return self.unsent + (self.told if self.heard is None else self.heard.spent)

    def held_by_all(self) -> int:
        """By calls, as far as is known: what others have in hand counts whole."""
        return self.held + max(0, self.elsewhere())
