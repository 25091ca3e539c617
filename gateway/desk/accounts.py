"""The pages about money: what a key has used, what everything costs, what it will, and what a call would."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from admin import costs
from admin.asked import Asked, Row
from admin.costs import Standing
from admin.periods import PERIODS
from config.schema import Key
from core.errors import Refusal, invalid
from gateway.desk.clerk import ROOT, Clerk, down
from quota.purse import scope_of
from store.contract import StoreDown
from store.ledger import LedgerDown
from store.zones import zone_of


class Accounts(Clerk):
    """What was spent, and what will be."""

    __slots__ = ()

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", f"{ROOT}/usage", self._usage, operator=False),
            Row("GET", f"{ROOT}/costs", self._costs),
            Row("GET", f"{ROOT}/costs/daily", self._daily),
            Row("GET", f"{ROOT}/forecast", self._forecast),
        )

    async def _usage(self, asked: Asked) -> object:
        """A client sees its own; the operator names one."""
        name = asked.query.get("key")
        key = await self._client(asked)
        if key is not None and name not in {None, key.name}:
            raise Refusal(403, "A key sees its own usage only.", code="not_your_key", param="key")
        if key is None:
            if not name:
                raise invalid("Which key? Say ?key=NAME.", param="key")
            key = await self._named(name)
        ledger = self._ledger()
        models: list[str | None] = []
        budgets: list[Standing] = []
        for pattern in (None, *(pattern for pattern, _ in key.per_model)):
            found = await self._standing(scope_of(key, pattern) if pattern else scope_of(key), key)
            budgets += found
            models += [pattern] * len(found)
        told = await _told(costs.usage(ledger, key.name, budgets))
        for budget, model in zip(told["budgets"], models, strict=True):
            if model is not None:
                budget["model"] = model
        return told

    async def _costs(self, asked: Asked) -> object:
        period = asked.query.get("period", "month")
        if period not in PERIODS:
            raise invalid(f"Expected one of {', '.join(PERIODS)}.", param="period")
        told = costs.costs(self._ledger(), period=period, now=time.time(), where=self._where(asked), zone=_zone(asked))
        return await _told(told)

    async def _daily(self, asked: Asked) -> object:
        days = asked.whole("days", 30, 1, costs.MOST_DAYS)
        told = costs.daily(self._ledger(), days=days, now=time.time(), where=self._where(asked), zone=_zone(asked))
        return await _told(told)

    async def _forecast(self, asked: Asked) -> object:
        given = [(kind, asked.query[kind]) for kind in ("key", "team") if asked.query.get(kind)]
        if len(given) != 1:
            raise invalid("Say ?key=NAME or ?team=NAME.", param="key")
        kind, name = given[0]
        key = await self._named(name) if kind == "key" else None
        if kind == "team" and name not in self._current.generation.config.teams:
            raise Refusal(404, f"There is no team {name}.", code="team_not_found", param="team")
        budgets = await self._standing(f"{kind}/{name}", key)
        told = costs.forecasts(self._ledger(), name, budgets, kind=kind, now=time.time(), zone=_zone(asked))
        return await _told(told)

    async def _standing(self, scope: str, key: Key | None) -> Sequence[Standing]:
        allowance = None
        if key is not None:
            of_models = {scope_of(key, pattern): one for pattern, one in key.per_model}
            allowance = of_models.get(scope, key.allowance)
        try:
            return await self._treasury.till.standing(scope, allowance)
        except StoreDown:
            raise down("store", code="store_unavailable") from None

    def _where(self, asked: Asked) -> Mapping[str, str]:
        return costs.workspace(asked.query.get("workspace"), self._current.generation.config.teams)


async def _told(answer: Any) -> Any:
    try:
        return await answer
    except LedgerDown:
        raise down("ledger", code="ledger_unavailable") from None


def _zone(asked: Asked) -> str:
    zone = asked.query.get("zone", "UTC")
    try:
        zone_of(zone)
    except ValueError as error:
        raise invalid(f"{error}.", param="zone") from None
    return zone
