"""Targets as operators see them: what was observed of each, and how it has done; taken out and brought back by hand."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from admin.asked import Asked, Row
from admin.model_facts import live
from core.errors import Refusal, invalid
from core.target import Target
from gateway.current import Current
from gateway.desk.clerk import ROOT
from gateway.watch.benches import LONGEST, LONGEST_REASON, USUAL, Hand, shown
from gateway.watch.lately import Lately
from routing.breaker import CLOSED
from routing.live import Seen
from routing.vitals import TargetVitals

MOST_SEEN: Final = 500  # targets that no route names, of those that clients have called


class TargetPages:
    __slots__ = ("_current", "_hand", "_lately")

    def __init__(self, current: Current, hand: Hand, lately: Lately) -> None:
        self._current = current
        self._hand = hand
        self._lately = lately

    def rows(self) -> Iterator[Row]:
        yield Row("GET", f"{ROOT}/targets", self._targets)
        yield Row("POST", f"{ROOT}/targets/{{}}/bench", self._bench)
        yield Row("POST", f"{ROOT}/targets/{{}}/unbench", self._unbench)

    async def _targets(self, _asked: Asked) -> object:
        seen = await self._lately.seen()
        routes = self._routes()
        data = [self._told(target, seen, routes) for target in self._known().values()]
        return {"object": "list", "data": data, "live": self._lately.told()}

    async def _bench(self, asked: Asked) -> object:
        fields = asked.fields()
        for name in fields:
            if name not in {"seconds", "reason"}:
                raise invalid("Unknown field; known are seconds and reason.", param=str(name)[:64])
        seconds = fields.get("seconds", USUAL)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= LONGEST:
            raise invalid(f"Expected a number of seconds from 1 to {LONGEST}.", param="seconds")
        reason = fields.get("reason", "")
        if not isinstance(reason, str) or len(reason) > LONGEST_REASON or not (reason.isprintable() or not reason):
            raise invalid(f"Expected at most {LONGEST_REASON} printable characters.", param="reason")
        target = self._named(asked)
        await self._hand.bench(target.id, float(seconds), reason, self._current.generation.config)
        return self._told(target, await self._lately.seen(), self._routes())

    async def _unbench(self, asked: Asked) -> object:
        target = self._named(asked)
        await self._hand.unbench(target.id)
        return self._told(target, await self._lately.seen(), self._routes())

    def _named(self, asked: Asked) -> Target:
        (id,) = asked.names
        target = self._known().get(id)
        if target is None:
            shown = id.encode("unicode_escape").decode("ascii")[:128]
            raise Refusal(404, f"There is no target {shown}.", code="target_not_found", param="id")
        return target

    def _known(self) -> Mapping[str, Target]:
        """Those of routes, then the latest of those that were called besides."""
        config, vitals = self._current.generation.config, self._current.shared.vitals
        routed = (target for route in config.routes.values() for target in route.every_target)
        known = {target.id: target for target in routed if "*" not in target.model}
        observed = vitals.targets()
        others = {*observed, *vitals.benches.ids()} - known.keys()
        latest = sorted(others, key=lambda name: observed[name].used if name in observed else math.inf, reverse=True)
        for id in latest[:MOST_SEEN]:
            provider, _, model = id.partition("/")
            if provider in config.providers:
                known[id] = Target(provider, model)
        return known

    def _routes(self) -> Mapping[str, list[str]]:
        """By target, the routes that name it: in their chains, as a canary or as a shadow."""
        found: dict[str, list[str]] = {}
        for name, route in self._current.generation.config.routes.items():
            for id in dict.fromkeys(target.id for target in route.every_target):
                found.setdefault(id, []).append(name)
        return found

    def _told(self, target: Target, seen: Callable[[str], Seen], routes: Mapping[str, list[str]]) -> dict[str, Any]:
        generation, shared = self._current.generation, self._current.shared
        provider, now = generation.config.providers[target.provider], shared.loop.time()
        presence = shared.vitals.provider(target.provider).presence
        return {
            "id": target.id,
            "provider": target.provider,
            "model": target.model,
            "configured": provider.configured,
            "routes": routes.get(target.id, []),
            "credentials": self._credentials(target, now),
            "presence": "there" if presence.lost is None else "lost",
            "benched": shown(shared.vitals.benches.of(target.id, now), shared),
            **_observed(shared.vitals.targets().get(target.id), now),
            "live": live(seen(target.id)),
        }

    def _credentials(self, target: Target, now: float) -> list[dict[str, Any]]:
        found = []
        for credential in self._current.generation.pools[target.provider].members:
            rest = credential.rest(now, target.id)
            until = None if rest is None else round(time.time() + rest.until - now, 3)
            cause = None if rest is None else rest.fault.code
            found.append({"name": credential.name, "resting_until": until, "cause": cause})
        return found


def _observed(vitals: TargetVitals | None, now: float) -> dict[str, Any]:
    """By the process that is asked."""
    if vitals is None:
        breaker = {"state": CLOSED, "opens_until": None, "strikes": 0, "cause": None, "heard": False}
        return {"breaker": breaker, "in_flight": 0, "queued": 0, "limit": None}
    circuit, most = vitals.circuit, vitals.gate.most
    shut = circuit.state is CLOSED
    return {
        "breaker": {
            "state": circuit.state,
            "opens_until": None if shut or circuit.until <= now else round(time.time() + circuit.until - now, 3),
            "strikes": circuit.strikes,
            "cause": None if shut or circuit.cause is None else circuit.cause.code,
            "heard": not shut and circuit.heard,
        },
        "in_flight": vitals.in_flight,
        "queued": vitals.gate.waiting,
        "limit": None if most == math.inf else int(most),
    }
