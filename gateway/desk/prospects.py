"""What a call would meet at each target of its route: key, breaker, line, rate limits, price, hold, accounts."""

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from catalog.bound import Bound
from config.schema import Key, Route
from core.ask import NOTHING_FETCHED, Ask
from core.call import Call
from core.errors import Refusal
from core.faults import Failure, Fault
from core.target import Target
from core.wire import WireRequest
from gateway.call.needs import needed
from gateway.call.turned_down import turned_down
from gateway.generation import Generation, Shared
from gateway.remembered import Recollection
from gateway.spent import Spent, degraded, elsewhere
from routing.candidates import View
from routing.columns import Sight, headroom, latency
from routing.exhausted import Exhausted
from routing.plan import Attempt
from routing.story import beginning, foreseen, onlooking, told
from routing.vitals import TargetVitals

NANO: Final = 1_000_000_000
MOST_ENCODED: Final = 24  # of the targets of a stage, those tried first; few calls get further
FETCHED: Final = "what is behind its URLs is fetched first, and isn't for this"


class Prospects:
    """Those of one call. *view* is an onlooking one, *moment* when the till has looked how accounts stand."""

    def __init__(
        self, generation: Generation, shared: Shared, key: Key, call: Call, view: View, *, moment: float
    ) -> None:
        self._generation, self._shared = generation, shared
        self._key, self._call, self._view = key, call, view
        self._moment = moment

    def stages(self, route: Route) -> Iterator[dict[str, Any]]:
        targets = {target.id: target for stage in route.stages for target in stage.targets}
        for decision in foreseen(route, self._call, self._view, caller=self._key.name):
            stage = told(decision)
            stage["on"] = sorted(route.stages[decision.stage].on)
            for number, candidate in enumerate(stage["candidates"]):
                target = targets[candidate["target"]]
                if self._generation.lanes[target.provider].provider.configured:
                    candidate |= self._seen(target)
                    if number < MOST_ENCODED:
                        candidate |= self._sent(target, route)
            yield stage

    def verdict(self, route: Route, *, ahead: bool) -> dict[str, Any]:
        """Who would be sent the call first, or what the client would be told. *ahead*: its canary is tried before."""
        view, canary = onlooking(self._generation.view), route.canary
        if ahead and canary is not None:
            with suppress(Refusal):
                return _begun(self._beginning(canary.ahead, view), canary=True)
        try:
            return self._usual(route, view)
        except Refusal as refused:
            return refused_with(refused)

    def _usual(self, route: Route, view: View) -> dict[str, Any]:
        """Who is first where no canary answers. Raises Refusal as the call would."""
        try:
            return _begun(self._beginning(route, view))
        except Spent as spent:
            cheaper = degraded(spent, self._generation.routes)
            if cheaper is None:
                raise
            told = _begun(self._beginning(cheaper, view))
            return told | {"route": cheaper.name, "degraded": spent.shortage.scope}

    def _beginning(self, route: Route, view: View) -> Attempt:
        def refuses(target: Target) -> Failure | None:
            return self.refused(target, route)

        found = beginning(route, self._call, view, caller=self._key.name, refuses=refuses)
        if isinstance(found, Exhausted):
            raise turned_down(found, self._generation, route, call=self._call, key=self._key)
        return found

    def _seen(self, target: Target) -> dict[str, Any]:
        """What is known of it now."""
        view, call = self._view, self._call
        vitals = view.vitals.targets().get(target.id)
        sight = Sight((target,), (vitals,), call, view, view.clock())
        cost = view.cost(target, call)
        return {
            "credential": self._credential(target),
            **_line(vitals),
            "rate_limit_left": headroom(sight)[0],
            "predicted_ms": latency(sight)[0],
            "predicted_cost_usd": None if cost is None else cost / NANO,
        }

    def _credential(self, target: Target) -> str | None:
        """The name of the one that would be used, as logs have it."""
        number = self._view.pools[target.provider].pause(self._view.clock(), target.id).credential
        return None if number < 0 else f"{target.provider}#{number + 1}"

    def _sent(self, target: Target, route: Route) -> dict[str, Any]:
        """What would be sent there, and who pays for it."""
        request = self._encoded(target, route)
        purse = self._shared.till.purse(self._key, target, self._call.model)
        try:
            failure = self._refused(target, request)
            refused = None if failure is None else failure.message
        except Spent as spent:
            refused = spent.message
        return {
            "accounts": [*(one.account for one in purse.allotments), *(one.account for one in purse.rates)],
            "hold": self._hold(target, request),
            "dropped": list(request.dropped) if isinstance(request, WireRequest) else [],
            "refused": refused,
        }

    def refused(self, target: Target, route: Route) -> Failure | None:
        """Why nothing would be sent to *target*, although it may be tried; None if something would. Raises Spent."""
        return self._refused(target, self._encoded(target, route))

    def _refused(self, target: Target, request: WireRequest | Refusal | None) -> Failure | None:
        """The same of what was encoded for it; see Tab.hold, which takes what is only looked at here."""
        if isinstance(request, Refusal):
            code, type, param = request.code, request.type, request.param
            return Failure(Fault.UNSUPPORTED, request.message, code=code, type=type, param=param)
        generation, call, key, till = self._generation, self._call, self._key, self._shared.till
        purse, most = till.purse(key, target, call.model), generation.most(key)
        if request is None or (purse.free and most is None):
            return None
        found = needed(generation, key, call, request, target=target, purse=purse, most=most)
        if isinstance(found, Failure):
            return found
        shortage = till.foreseen(purse, found, self._moment)
        if shortage is None or (failure := elsewhere(shortage)) is not None:
            return None if shortage is None else failure
        raise Spent(shortage, till.limits(purse))

    def _encoded(self, target: Target, route: Route) -> WireRequest | Refusal | None:
        """The very request that would be sent; None where something would be fetched for it first."""
        generation = self._generation
        adapter = generation.lanes[target.provider].adapter
        memory = Recollection(self._shared.memory, target.provider, self._key.name)
        model = generation.abilities(target)
        ask = Ask(self._call, target, model, route.strict, "explain", 0, NOTHING_FETCHED, memory)
        try:
            return None if adapter.fetches(ask) else adapter.encode(ask)
        except Refusal as refused:
            return refused

    def _hold(self, target: Target, request: WireRequest | Refusal | None) -> dict[str, Any]:
        """The most that would be set aside."""
        if request is None:
            return {"unbounded": FETCHED, "param": None}
        if isinstance(request, Refusal):
            return {"unbounded": "the target can't take the call", "param": request.param}
        bound = self._generation.bound(target, self._call, request)
        if isinstance(bound, Bound):
            return {"cost_usd": bound.cost / NANO, "tokens": bound.tokens}
        return {"unbounded": bound.reason, "param": bound.param}


def _begun(attempt: Attempt, *, canary: bool = False) -> dict[str, Any]:
    return {"first": attempt.target.id, "canary": canary, "stage": attempt.stage, "queued": attempt.queued}


def refused_with(refused: Refusal) -> dict[str, Any]:
    wait = refused.headers.get("retry-after")
    return {
        "first": None,
        "status": refused.status,
        "retry_after": None if wait is None else int(wait),
        **refused.body(),
    }


def _line(vitals: TargetVitals | None) -> dict[str, Any]:
    """Breaker, calls under way, how many there may be (None: as many as come), and who waits before it."""
    if vitals is None:
        return {"breaker": "closed", "in_flight": 0, "limit": None, "waiting": 0}
    gate = vitals.gate
    limit = None if math.isinf(gate.most) else int(gate.most)
    return {"breaker": vitals.circuit.state, "in_flight": vitals.in_flight, "limit": limit, "waiting": gate.waiting}
