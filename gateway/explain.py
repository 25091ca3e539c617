"""POST /api/v1/explain: what would happen to a call, and why, without sending it anywhere."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from admin.asked import Asked, Row
from api import ENDPOINTS
from catalog.bound import Bound, Unbounded
from config.schema import Key, Route
from core.ask import NOTHING_FETCHED, Ask
from core.call import Call
from core.errors import Refusal
from core.secret import Secret
from core.target import Target
from core.wire import WireRequest
from gateway.asker import asker
from gateway.current import Current
from gateway.generation import Generation
from gateway.remembered import Recollection, Remembered
from gateway.treasury import Treasury
from routing.story import foreseen, told

PATH: Final = "/api/v1/explain"
NANO: Final = 1_000_000_000
FETCHED: Final = "what is behind its URLs is fetched first, and isn't for this"


class Explanations:
    """*admin_key* is asked for that of the moment."""

    __slots__ = ("_admin_key", "_current", "_treasury")

    def __init__(self, current: Current, treasury: Treasury, admin_key: Callable[[], Secret | None]) -> None:
        self._admin_key = admin_key
        self._current = current
        self._treasury = treasury

    def rows(self) -> tuple[Row, ...]:
        return (Row("POST", PATH, self._page, operator=False),)

    async def _page(self, asked: Asked) -> object:
        generation = self._current.generation
        key = await asker(generation, self._treasury, asked, self._admin_key())
        endpoint = asked.query.get("endpoint", "chat")
        if endpoint not in ENDPOINTS:
            message = f"There is no endpoint {endpoint!r}; there are {', '.join(ENDPOINTS)}."
            raise Refusal(400, message, param="endpoint", code="unknown_endpoint")
        call = ENDPOINTS[endpoint].parse(asked.raw)
        return explained(generation, self._current.shared.memory, key, call)


def explained(generation: Generation, memory: Remembered, key: Key, call: Call) -> dict[str, Any]:
    """Raises Refusal as the call itself would."""
    call, route = generation.ways.find(call, key)
    desk = _Desk(generation, memory, key, route, call)
    return {
        "object": "explanation",
        "config": generation.config.hash,
        "model": call.model,
        "route": route.name,
        "key": key.name or None,
        "endpoint": call.endpoint,
        "needs": sorted(call.needs),
        "stages": list(desk.stages()),
        "policy": policy(route),
    }


def policy(route: Route) -> dict[str, Any]:
    """What holds for the whole call, in seconds."""
    times, retry = route.timeouts, route.retry
    return {
        "fallback": route.fallback,
        "timeouts": {name: getattr(times, name) for name in ("connect", "first_content", "idle", "attempt", "total")},
        "retry": {"attempts": retry.attempts, "backoff": retry.backoff, "max_backoff": retry.max_backoff},
        "params": "strict" if route.strict else "drop",
    }


class _Desk:
    """Who looks at the targets of one call."""

    def __init__(self, generation: Generation, memory: Remembered, key: Key, route: Route, call: Call) -> None:
        self._generation, self._memory = generation, memory
        self._key, self._route, self._call = key, route, call
        self._targets = {target.id: target for stage in route.stages for target in stage.targets}

    def stages(self) -> Iterator[dict[str, Any]]:
        view = self._generation.view
        for decision in foreseen(self._route, self._call, view, caller=self._key.name):
            stage = told(decision)
            stage["on"] = sorted(self._route.stages[decision.stage].on)
            for candidate in stage["candidates"]:
                candidate |= self._about(self._targets[candidate["target"]])
            yield stage

    def _about(self, target: Target) -> dict[str, Any]:
        generation = self._generation
        if not generation.lanes[target.provider].provider.configured:
            return {}
        vitals = generation.view.vitals.targets().get(target.id)
        cost = generation.view.cost(target, self._call)
        request = self._encoded(target)
        return {
            "credential": self._credential(target),
            "breaker": "closed" if vitals is None else vitals.circuit.state,
            "in_flight": 0 if vitals is None else vitals.in_flight,
            "predicted_cost_usd": None if cost is None else cost / NANO,
            "hold": self._hold(target, request),
            "dropped": list(request.dropped) if isinstance(request, WireRequest) else [],
        }

    def _credential(self, target: Target) -> str | None:
        """The name of the one that would be used, as logs have it."""
        number = self._generation.pools[target.provider].pause(self._generation.view.clock(), target.id).credential
        return None if number < 0 else f"{target.provider}#{number + 1}"

    def _encoded(self, target: Target) -> WireRequest | Unbounded:
        """The very request that would be sent; but nothing is fetched for it."""
        generation = self._generation
        adapter = generation.lanes[target.provider].adapter
        memory = Recollection(self._memory, target.provider, self._key.name)
        model = generation.abilities(target)
        ask = Ask(self._call, target, model, self._route.strict, "explain", 0, NOTHING_FETCHED, memory)
        try:
            return Unbounded(FETCHED) if adapter.fetches(ask) else adapter.encode(ask)
        except Refusal as refused:
            return Unbounded(f"the target can't take the call: {refused.message}", refused.param)

    def _hold(self, target: Target, request: WireRequest | Unbounded) -> dict[str, Any]:
        """The most that would be set aside."""
        bound = request if isinstance(request, Unbounded) else self._generation.bound(target, self._call, request)
        if isinstance(bound, Bound):
            return {"cost_usd": bound.cost / NANO, "tokens": bound.tokens}
        return {"unbounded": bound.reason, "param": bound.param}
