"""Whether everything that calls need is there: the state store and every provider, each with how fast it answers."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from admin.asked import Asked, Row, Sheet
from config.schema import Config
from gateway.current import Current
from gateway.desk.clerk import ROOT
from gateway.treasury import Treasury
from routing.breaker import OPEN
from routing.vitals import TargetVitals
from store.contract import StoreDown

UP: Final = "up"
DOWN: Final = "down"
PATIENCE: Final = 1.0  # seconds that the store has for an answer
FRESH: Final = 1.0  # seconds that its last answer is gone by
NOTHING: Final = "monitoring/"  # what nobody has ever posted


class Monitoring:
    """*health* is what the page shows, for others as well."""

    __slots__ = ("_asked", "_current", "_latency", "_treasury")

    def __init__(self, current: Current, treasury: Treasury) -> None:
        self._current = current
        self._treasury = treasury
        self._asked = -FRESH
        self._latency: float | None = None  # milliseconds; None: it doesn't answer

    def rows(self) -> Iterator[Row]:
        yield Row("GET", f"{ROOT}/monitoring/health", self._page)

    async def health(self) -> dict[str, Any]:
        """`redis` is the state store, whatever it is. A latency of 0 is one that nobody has measured yet."""
        latency = await self._store()
        config = self._current.generation.config
        seen = self._seen()
        providers = {name: self._provider(name, config, seen.get(name, [])) for name in config.providers}
        some = _state(any(told["status"] == UP for told in providers.values()))
        store = _state(latency is not None)
        return {
            "status": "ok" if store == some == UP else "error",
            "info": {
                "redis": {"status": store, "details": {"connection": latency is not None, "latency": latency or 0}},
                "providers": {"status": some, "details": providers},
            },
        }

    async def _page(self, _asked: Asked) -> object:
        told = await self.health()
        return Sheet(orjson.dumps(told), status=200 if told["status"] == "ok" else 503)

    async def _store(self) -> float | None:
        """One trip, at most once a second."""
        clock = self._current.shared.loop.time
        began = clock()
        if began - self._asked >= FRESH:
            self._asked = began
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._treasury.store.posted(NOTHING)
            except (StoreDown, TimeoutError):
                self._latency = None
            else:
                self._latency = round((clock() - began) * 1e3, 2)
        return self._latency

    def _seen(self) -> dict[str, list[TargetVitals]]:
        """What was observed of targets, by provider."""
        found: dict[str, list[TargetVitals]] = {}
        for id, vitals in self._current.shared.vitals.targets().items():
            found.setdefault(id.partition("/")[0], []).append(vitals)
        return found

    def _provider(self, name: str, config: Config, own: Sequence[TargetVitals]) -> dict[str, Any]:
        """Down: without a key, by its last probe, or since the breakers of all targets that were called are open."""
        vitals, now = self._current.shared.vitals, self._current.shared.loop.time()
        looks = self._current.shared.sightings.probed(name)
        shut = bool(own) and all(one.circuit.state is OPEN and one.circuit.until > now for one in own)
        lost = vitals.provider(name).presence.lost is not None or (looks is not None and not looks.ok)
        firsts = [one.pulse.first for one in own if one.pulse.first is not None]
        seconds = min(firsts, default=0.0) if looks is None or looks.seconds is None else looks.seconds
        up = config.providers[name].configured and not shut and not lost
        return {"status": _state(up), "latency": round(seconds * 1e3, 2)}


def _state(up: object) -> str:
    return UP if up else DOWN
