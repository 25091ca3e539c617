"""The pages of the answers that are kept: how much they are used, and how they are forgotten."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from admin.asked import Asked, Row
from admin.dollars import number
from cache.entry import Forgetting
from core.errors import invalid
from gateway.call.visit import BYPASS, HIT, MISS, STALE
from gateway.current import Current
from gateway.desk.clerk import ROOT, down
from gateway.larder import CALLS, SAVED, Larder
from store.contract import StoreDown
from telemetry.counters import Labels

NAMES: Final = Forgetting._fields
COLUMNS: Final = ((HIT, "hits"), (MISS, "misses"), (STALE, "stale"), (BYPASS, "bypassed"))
IN_MEMORY: Final = ("switchyard_cache_entries", "switchyard_cache_bytes", "switchyard_cache_evicted_total")


class CachePages:
    """For operators alone."""

    __slots__ = ("_current",)

    def __init__(self, current: Current) -> None:
        self._current = current

    def rows(self) -> tuple[Row, ...]:
        return (Row("GET", f"{ROOT}/cache", self._shown), Row("DELETE", f"{ROOT}/cache", self._forget))

    @property
    def _larder(self) -> Larder:
        return self._current.shared.larder

    async def _shown(self, asked: Asked) -> object:
        """What all workers of this machine have counted; samples are those of the one that is asked."""
        larder = self._larder
        sums = await asyncio.to_thread(larder.tally.sums, CALLS, SAVED, *IN_MEMORY)
        entries, size = (int(sum(sums[name].values())) for name in IN_MEMORY[:2])
        reached = True
        if larder.shared:
            try:
                entries, size = await larder.figures()
            except StoreDown:
                entries, size, reached = 0, 0, False
        return {
            "object": "cache",
            "kind": "redis" if larder.shared else "memory",
            "reached": reached,
            "entries": entries,
            "bytes": size,
            "max_bytes": self._current.generation.config.cache.max,
            **_total(sums),
            "by_route": list(_by_route(sums)),
            **({"samples": list(reversed(larder.likeness.samples))} if asked.truth("samples") else {}),
        }

    async def _forget(self, asked: Asked) -> object:
        names = Forgetting(**{name: asked.query.get(name, "") for name in NAMES})
        everything = asked.truth("all")
        if unknown := sorted(asked.query.keys() - {*NAMES, "all"}):
            raise invalid(f"Forget by {', '.join(NAMES)} or all.", param=unknown[0], code="unknown_parameter")
        if everything == any(names):
            message = f"Say what is to be forgotten, by {', '.join(NAMES)}; or, without any of them, all=true."
            raise invalid(message, param="all")
        try:
            return {"removed": await self._larder.forget(names)}
        except StoreDown:
            raise down("store", code="store_unavailable") from None


def _total(sums: dict[str, dict[Labels, float]]) -> dict[str, Any]:
    counted = dict.fromkeys((name for _, name in COLUMNS), 0)
    for row in _by_route(sums):
        for name in counted:
            counted[name] += row[name]
    return {**counted, "saved_usd": number(int(sum(sums[SAVED].values())))}


def _by_route(sums: dict[str, dict[Labels, float]]) -> Iterator[dict[str, Any]]:
    for route in sorted({route for route, _ in sums[CALLS]}):
        counted = {name: int(sums[CALLS].get((route, outcome), 0)) for outcome, name in COLUMNS}
        yield {"route": route, **counted, "saved_usd": number(int(sums[SAVED].get((route,), 0)))}
