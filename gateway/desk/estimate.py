"""POST /api/v1/estimate: what a call would cost at each target of its chain, without sending it anywhere."""

import asyncio
import time
from typing import Final

from adapters.contract import Adapter
from admin.asked import Asked, Row
from api import ENDPOINTS
from catalog.bound import Bound, Unbounded
from catalog.estimate import Candidate, Past, estimates
from catalog.tokens import counted
from config.schema import Key, Route
from core.ask import NOTHING_FETCHED, Ask
from core.call import Call
from core.errors import Refusal
from core.target import Target
from gateway.desk.clerk import Clerk
from gateway.generation import Generation
from gateway.remembered import Recollection
from store.ledger import Ledger, LedgerDown

HISTORY: Final = 30 * 86400.0  # seconds of it that are looked at
PATH: Final = "/api/v1/estimate"


class Estimates(Clerk):
    """What calls would cost."""

    __slots__ = ()

    def rows(self) -> tuple[Row, ...]:
        return (Row("POST", PATH, self._page, operator=False),)

    async def _page(self, asked: Asked) -> object:
        generation = self._current.generation
        key = await self._caller(asked)
        call, route = generation.ways.find(ENDPOINTS["chat"].parse(asked.raw), key)
        seen: dict[str, Target] = {target.id: target for stage in route.stages for target in stage.targets}
        chain = [await self._candidate(generation, key, route, call, target) for target in seen.values()]
        return {"object": "estimate", "model": call.model, "route": route.name, "targets": estimates(call, chain)}

    async def _candidate(self, generation: Generation, key: Key, route: Route, call: Call, target: Target) -> Candidate:
        lane = generation.lanes[target.provider]
        dialect = lane.provider.dialect
        tokens = await asyncio.to_thread(counted, call, dialect, target.model)
        return Candidate(
            target=target.id,
            model=generation.model(target),
            input=tokens,
            bound=self._bound(generation, key, route, call, target=target, adapter=lane.adapter),
            past=await self._past(key, route, target),
            configured=lane.provider.configured,
        )

    def _bound(
        self, generation: Generation, key: Key, route: Route, call: Call, *, target: Target, adapter: Adapter
    ) -> Bound | Unbounded:
        """By the very request that would be sent; but nothing is fetched for it."""
        memory = Recollection(self._current.shared.memory, target.provider, key.name)
        ask = Ask(call, target, generation.abilities(target), route.strict, "estimate", 0, NOTHING_FETCHED, memory)
        try:
            if adapter.fetches(ask):
                return Unbounded("what is behind its URLs is fetched first, and isn't for an estimate")
            return generation.bound(target, call, adapter.encode(ask))
        except Refusal as refused:
            return Unbounded(f"the target can't take the call: {refused.message}", refused.param)

    async def _past(self, key: Key, route: Route, target: Target) -> Past:
        ledger: Ledger | None = self._treasury.ledger
        if ledger is None:
            return Past()
        since = time.time() - HISTORY
        try:
            return Past(
                await ledger.output(key.name, route.name, None, since) if key.name else None,
                await ledger.output(None, route.name, None, since),
                await ledger.output(None, None, target.id, since),
            )
        except LedgerDown:
            return Past()
