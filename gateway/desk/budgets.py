"""GET /api/v1/budgets: how every budget stands, what is still to come in its window, and the day it runs out."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from admin import costs
from admin.asked import Asked, Row
from admin.forecast import History
from admin.periods import began
from config.schema import Allowance, Config, Key
from core.secret import Secret
from gateway.current import Current
from gateway.desk.clerk import ROOT, Clerk, down
from gateway.treasury import Treasury
from quota.purse import scope_of
from store.contract import StoreDown
from store.ledger import Ledger, LedgerDown

USUAL: Final = 25  # keys, beside all that isn't a key's
MOST: Final = 200
FRESH: Final = 60.0  # seconds for which a history is taken as it was: most of it is of days that are over
REMEMBERED: Final = 1000


class Share(NamedTuple):
    """A scope with its allowance. *where* finds its calls in the ledger; None where nothing in there tells."""

    scope: str
    allowance: Allowance
    where: Mapping[str, str] | None
    model: str | None = None


class Budgets(Clerk):
    """All budgets that somebody has set, but of keys only those that spend the most."""

    __slots__ = ("_histories",)

    def __init__(self, current: Current, treasury: Treasury, admin_key: Callable[[], Secret | None]) -> None:
        super().__init__(current, treasury, admin_key)
        self._histories: dict[tuple[tuple[str, str], ...], tuple[float, History]] = {}

    def rows(self) -> tuple[Row, ...]:
        return (Row("GET", f"{ROOT}/budgets", self._page),)

    async def _page(self, asked: Asked) -> object:
        most = asked.whole("most", USUAL, 1, MOST)
        try:
            shares = [*_written(self._current.generation.config), *[share async for share in self._of_keys(most)]]
            told = await asyncio.gather(*[self._told(share) for share in shares if share.allowance.budgets])
        except StoreDown:
            raise down("store", code="store_unavailable") from None
        except LedgerDown:
            raise down("ledger", code="ledger_unavailable") from None
        return {"object": "list", "data": [budget for budgets in told for budget in budgets]}

    async def _of_keys(self, most: int) -> AsyncIterator[Share]:
        config, left = self._current.generation.config, most
        async for name in self._names(most):
            key = config.keys.get(name) or await self._treasury.stored.named(name)
            if key is None:
                continue  # it has spent, and is no more
            for share in _shares(key):
                yield share
            left -= 1
            if left == 0:
                return

    async def _names(self, most: int) -> AsyncIterator[str]:
        """Those that have spent the most this month, then any others."""
        seen = {""}
        if self._treasury.ledger is not None:
            sums = await self._treasury.ledger.sums(["key"], began("month", time.time(), "UTC"), math.inf)
            for sum in sorted(sums, key=lambda one: -one.cost):
                seen.add(sum.by[0])
                if sum.by[0]:
                    yield sum.by[0]
        for name in self._current.generation.config.keys:
            if name not in seen:
                yield name
        for stored in await self._treasury.store.keys("", most):
            if stored.name not in seen:
                yield stored.name

    async def _told(self, share: Share) -> list[dict[str, Any]]:
        budgets = await self._treasury.till.standing(share.scope, share.allowance)
        past = None if share.where is None else await self._history(share.where)
        now = time.time()
        named = {"scope": share.scope, "model": share.model}
        return [{**named, **(costs.standing(one) if past is None else costs.coming(past, one, now))} for one in budgets]

    async def _history(self, where: Mapping[str, str]) -> History | None:
        ledger: Ledger | None = self._treasury.ledger
        if ledger is None:
            return None
        name, now = tuple(where.items()), time.time()
        at, past = self._histories.get(name, (-math.inf, None))
        if past is None or now - at > FRESH:
            past = await costs.past(ledger, where, now=now)
            if len(self._histories) >= REMEMBERED:
                self._histories.clear()
            self._histories[name] = (now, past)
        return past


def _written(config: Config) -> Iterator[Share]:
    """What isn't a key's, the widest first."""
    shadows = {one.shadow.key.scope: one.shadow.key.name for one in config.routes.values() if one.shadow is not None}
    for scope, allowance in config.allowances.items():
        kind, _, name = scope.partition("/")
        if scope in shadows:
            kind, name = "route", shadows[scope]
        yield Share(scope, allowance, {kind: name} if name else {})
    for team in config.teams.values():
        yield Share(f"team/{team.name}", team.allowance, {"team": team.name})


def _shares(key: Key) -> Iterator[Share]:
    yield Share(scope_of(key), key.allowance, {"key": key.name})
    for pattern, allowance in key.per_model:
        yield Share(scope_of(key, pattern), allowance, None, pattern)
