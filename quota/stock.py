"""Everything that this process has in hand, by account, and what it has to say about it. Pure: time is handed in.

*now* is of the monotonic clock, *wall* is unix time.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from config.schema import Allowance, Budget, Limits
from config.schema import Rate as Pace  # quota.rates.Rate is what we have of it
from quota.allotment import SLOT_HEARTBEAT, Allotment
from quota.rates import Rate
from quota.windows import EVER, Window, account, lasts, window
from store.contract import SLOT_LEASE, Draw, Drawn, Heard, Tell

MOST_AT_ONCE: Final = 200  # accounts in one word
NO_BUDGET: Final = Budget(limit=0)


class Stock:
    """*restores*: accounts that the store knows nothing of have to be restored from the ledger first, unless they
    began after *since*: from then on the store is known to have forgotten nothing.
    """

    def __init__(self, *, restores: bool) -> None:
        self.allotments: dict[str, Allotment] = {}
        self.rates: dict[str, Rate] = {}
        self.since = math.inf
        self._restores = restores
        self._due: list[Allotment] = []
        self._due_rates: list[Rate] = []

    # What there is

    def of(self, scope: str, allowance: Allowance, now: float, wall: float) -> Iterator[Allotment | Rate]:
        """The accounts of *scope*, with its limits as they are now."""
        for budget in allowance.budgets:
            yield self._budget(scope, budget, now, wall)
        yield from self._limits(scope, allowance.limits, now)

    def _budget(self, scope: str, budget: Budget, now: float, wall: float) -> Allotment:
        current = window(budget, wall)
        return self._allotment(account(scope, current), scope, budget.limit, now, budget=budget, window=current)

    def _limits(self, scope: str, limits: Limits, now: float) -> Iterator[Allotment | Rate]:
        if limits.concurrent is not None:
            yield self._allotment(f"run:{scope}", scope, limits.concurrent, now)
        for kind, paces in (("req", limits.requests), ("tok", limits.tokens)):
            for pace in paces:
                yield self._rate(f"{kind}:{scope}:{pace.per:g}", scope, pace, now, tokens=kind == "tok")

    def _allotment(
        self, name: str, scope: str, limit: int, now: float, *, budget: Budget | None = None, window: Window = EVER
    ) -> Allotment:
        one = self.allotments.get(name)
        if one is None:
            one = self.allotments[name] = Allotment(name, scope, limit=limit, now=now, budget=budget, window=window)
            return one
        if limit < one.limit:
            # What is in hand was leased by the old limit, and so is what is on its way: that goes back when it comes.
            one.shun(now)
            if one.sent is None:
                one.drop()
                one.unsure = True
            self.mark(one)
        one.scope, one.limit, one.budget, one.window = scope, limit, budget, window
        return one

    def _rate(self, name: str, scope: str, pace: Pace, now: float, *, tokens: bool) -> Rate:
        one = self.rates.get(name)
        if one is None:
            one = self.rates[name] = Rate(name, scope, limit=pace.amount, per=pace.per, tokens=tokens, now=now)
        elif one.limit != pace.amount:
            one.reform(pace.amount)
        return one

    def inherit(self, totals: Mapping[str, int], now: float, wall: float) -> None:
        """What this owner has spent of accounts that aren't known here (any more), as its journal knows."""
        for name, spent in totals.items():
            if name.startswith("usd:") and name not in self.allotments:
                when = Window(name.rpartition(":")[2], -math.inf, lasts(name, wall))
                one = self.allotments[name] = Allotment(name, "", limit=0, now=now, budget=NO_BUDGET, window=when)
                one.paid, one.based = spent, True
                self.mark(one)

    def total(self, name: str) -> int:
        """What this owner has spent of an account, ever, as far as is known here."""
        one = self.allotments.get(name)
        return 0 if one is None else one.spent

    # What is to be said

    def mark(self, one: Allotment) -> None:
        """There is something to tell of it."""
        if not one.due:
            one.due = True
            self._due.append(one)

    def mark_rate(self, one: Rate) -> None:
        if not one.due:
            one.due = True
            self._due_rates.append(one)

    def mark_all(self) -> None:
        """The store may have forgotten something."""
        for one in self.allotments.values():
            one.unsure = True
            self.mark(one)

    def words(
        self, now: float, wall: float, *, urgent: bool = False, quiet: bool = False
    ) -> list[tuple[Allotment, Tell]]:
        """What is to be told now, or only what is *urgent*. Each is answered by `digest` or `lost`. *quiet*: want
        nothing.
        """
        due = [one for one in self._due if one.hurry] if urgent else self._due
        self._due = [one for one in self._due if not one.hurry] if urgent else []
        for one in due:
            one.due = False
        return [(one, one.word(now, wall, quiet=quiet)) for one in due]

    def digest(self, words: Sequence[tuple[Allotment, Tell]], heard: Sequence[Heard], now: float) -> list[Allotment]:
        """The answers to some of the words. Returns the accounts that the ledger has to be asked about, if it isn't
        being asked already.
        """
        unknown = []
        for (one, _), answer in zip(words, heard, strict=True):
            restore = self._restores and one.budget is not None and one.window.begins < self.since
            one.digest(answer, now, restore=restore)
            if one.unrestored:
                unknown.append(one)
            if one.restless(now):
                self.mark(one)
        return unknown

    def lost(self, words: Sequence[tuple[Allotment, Tell]], now: float) -> None:
        """Nobody knows whether these words arrived."""
        for one, _ in words:
            one.lost()
            self.mark(one)
        for one in self.allotments.values():
            # What we have of these lapses while we can't say a word, and others may have it then.
            if one.budget is None and one.free and now - one.beat > SLOT_LEASE - SLOT_HEARTBEAT:
                one.drop()

    def restored(self, one: Allotment) -> None:
        """The store now knows what the ledger knows."""
        one.unrestored = False
        self.mark(one)

    def draws(self, now: float) -> list[tuple[Rate, Draw]]:
        due, self._due_rates = self._due_rates, []
        draws = []
        for one in due:
            one.due = False
            if (draw := one.draw(now)) is not None:
                draws.append((one, draw))
            elif one.restless(now):
                self.mark_rate(one)
        return draws

    def digest_draws(self, draws: Sequence[tuple[Rate, Draw]], drawn: Sequence[Drawn], now: float) -> None:
        for (one, draw), answer in zip(draws, drawn, strict=True):
            one.digest(draw, answer, now)
            if one.restless(now):
                self.mark_rate(one)

    def lost_draws(self, draws: Sequence[tuple[Rate, Draw]], now: float) -> None:
        for one, _ in draws:
            one.lost()
            if one.restless(now):
                self.mark_rate(one)

    # What goes on by itself

    def look_around(self, now: float) -> bool:
        """Find what has to be repeated to the store, and forget what isn't used; True if something was forgotten."""
        gone = [name for name, one in self.allotments.items() if self._settled(one, now)]
        for name in gone:
            del self.allotments[name]
        over = [name for name, rate in self.rates.items() if not rate.due and rate.forgettable(now)]
        for name in over:
            del self.rates[name]
        return bool(gone or over)

    def _settled(self, one: Allotment, now: float) -> bool:
        if one.due:
            return False
        if one.forgettable(now):
            return True
        if one.restless(now) and not one.sent:
            self.mark(one)
        return False

    def give_up(self) -> None:
        """Nothing more will be used: everything free is to go back with the next words."""
        for one in self.allotments.values():
            one.gather()
            one.drawn, one.pace, one.used, one.unsure = 0, 0.0, -math.inf, False
            self.mark(one)
        for rate in self.rates.values():
            rate.empty()
            self.mark_rate(rate)
