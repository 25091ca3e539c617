"""The configuration that is in force, without its secrets, and its routes as pictures can be drawn of them."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from admin.asked import Asked, Row, Sheet
from admin.redacted import redacted
from config.schema import Canary, Hedge, Route, Shadow, Stage
from gateway.current import Current
from gateway.desk.clerk import ROOT
from gateway.watch.lately import Lately
from routing.live import Seen


class ConfigPages:
    __slots__ = ("_current", "_lately", "_shown")

    def __init__(self, current: Current, lately: Lately) -> None:
        self._current = current
        self._lately = lately
        self._shown: tuple[bytes, bytes] = (b"", b"")  # by fingerprint, since it may be long

    def rows(self) -> Iterator[Row]:
        yield Row("GET", f"{ROOT}/config", self._config)
        yield Row("POST", f"{ROOT}/config/reload", self._reload)
        yield Row("GET", f"{ROOT}/routes", self._routes)

    async def _config(self, _asked: Asked) -> object:
        current = self._current
        config, last = current.generation.config, current.last
        if self._shown[0] != config.fingerprint:
            self._shown = (config.fingerprint, orjson.dumps(redacted(config)))
        return {
            "generation": config.hash,
            "loaded_at": round(current.loaded, 3),
            "file": current.source.file,
            "last_reload": {**last.shown(), "error": "\n".join(last.problems) or None},
            "warnings": config.warnings,
            "config": orjson.Fragment(self._shown[1]),
        }

    async def _reload(self, _asked: Asked) -> object:
        result = await self._current.reload_everywhere()
        return Sheet(orjson.dumps(result.shown()), status=200 if result.ok else 422)

    async def _routes(self, _asked: Asked) -> object:
        seen = await self._lately.seen()
        routes = self._current.generation.config.routes.values()
        return {"object": "list", "data": [route_told(route, seen) for route in routes], "live": self._lately.told()}


def route_told(route: Route, seen: Callable[[str], Seen]) -> dict[str, Any]:
    """*seen* says by target how many calls came by this route in the last hour."""
    strategies = {stage.strategy for stage in route.stages}
    targets = dict.fromkeys(target.id for target in route.every_target)
    calls = {id: count for id in targets if (count := seen(id).routes.get(route.name, 0))}
    return {
        "name": route.name,
        "strategy": strategies.pop() if len(strategies) == 1 else None,
        "stages": [_stage(stage) for stage in route.stages],
        "fallback": route.fallback,
        "on_break": route.on_break,
        "canary": None if route.canary is None else _canary(route.canary),
        "shadow": None if route.shadow is None else _shadow(route.shadow),
        "hedge": None if route.hedge is None else _hedge(route.hedge),
        "seen": calls,
        "time": round(time.time(), 3),
    }


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "strategy": stage.strategy,
        "on": sorted(stage.on),
        "targets": [target.id for target in stage.targets],
        "weights": {target.id: target.weight for target in stage.targets if target.weight != 1},
    }


def _canary(canary: Canary) -> dict[str, Any]:
    ahead = [target.id for stage in canary.ahead.stages for target in stage.targets]
    return {"targets": ahead, "shares": canary.stages, "every_seconds": canary.every, "minimum": canary.minimum}


def _shadow(shadow: Shadow) -> dict[str, Any]:
    return {"target": shadow.target.id, "share": shadow.share, "key": shadow.key.name}


def _hedge(hedge: Hedge) -> dict[str, Any]:
    return {"seconds": hedge.seconds, "quantile": hedge.quantile, "at_most": hedge.at_most}
