"""The pages of finished calls: one with all that led to it, or the newest."""

import asyncio
import math
from collections.abc import Awaitable
from typing import Final, TypeVar

from admin.asked import Asked, Row
from admin.periods import moment
from core.errors import Refusal, invalid
from gateway.desk.clerk import ROOT, Clerk
from gateway.desk.told_call import brief, whole
from store.entry import Entry
from store.ledger import Ledger, LedgerDown

T = TypeVar("T")
LATE: Final = 1.0  # seconds until the ledger surely has a call that is just over
MOST: Final = 1000
USUAL: Final = 100
NAMES: Final = ("key", "route")  # by which they can be asked for


class Calls(Clerk):
    """Calls that are over."""

    __slots__ = ()

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", f"{ROOT}/calls", self._newest),
            Row("GET", f"{ROOT}/calls/{{}}", self._one, operator=False),
        )

    async def _newest(self, asked: Asked) -> object:
        most = asked.whole("most", USUAL, 1, MOST)
        since = _since(asked.query.get("since"))
        where = {name: asked.query[name] for name in NAMES if asked.query.get(name)}
        rows = await _reached(self._ledger().rows(since, math.inf, where, most=most))
        return {"object": "list", "data": [brief(row) for row in rows]}

    async def _one(self, asked: Asked) -> object:
        """A client sees its own, the operator any."""
        client = await self._client(asked)
        key = None if client is None else client.name
        ledger, (id,) = self._ledger(), asked.names
        row = await _reached(ledger.call(id, key, 0.0))
        if row is None:
            await asyncio.sleep(LATE)
            row = await _reached(ledger.call(id, key, 0.0))
        if row is None:
            raise unheard_of(id)
        return whole(row)


def unheard_of(id: str) -> Refusal:
    shown = id.encode("unicode_escape").decode("ascii")[:128]
    return Refusal(404, f"There is no call '{shown}' among the newest.", code="call_not_found", param="id")


async def found(ledger: Ledger, id: str) -> Entry:
    """Anybody's. Raises LedgerDown, and Refusal for a call that isn't there."""
    row = await ledger.call(id, None, 0.0)
    if row is None:
        raise unheard_of(id)
    return row


async def _reached(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except LedgerDown:
        lines = {"retry-after": "1"}
        raise Refusal(503, "The ledger can't be reached.", code="ledger_unavailable", headers=lines) from None


def _since(text: str | None) -> float:
    if not text:
        return 0.0
    try:
        return moment(text, "UTC")
    except ValueError as error:
        raise invalid(f"{error}.", param="since") from None
