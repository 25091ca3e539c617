"""POST /api/v1/explain: what would happen to a call, and why, without sending it anywhere."""

from typing import Any, Final

from admin.asked import Asked, Row
from api import ENDPOINTS
from config.schema import Hedge, Key, Route
from core.call import Call
from core.errors import Refusal
from core.tasks import task_of
from gateway.auto import AUTO
from gateway.call.shadow import unwanted
from gateway.call.tab import PATIENCE
from gateway.desk.clerk import ROOT, Clerk
from gateway.desk.prospects import NANO, Prospects, refused_with
from gateway.generation import Generation, Shared
from quota.purse import Purse
from routing.canary import session
from routing.joined import targets_of
from routing.plan import most_attempts
from routing.story import onlooking
from routing.wishes import checked

# What a call is refused with that no target can take: the rest of the explanation says why.
NOBODY: Final = frozenset({"unsupported_by_model", "no_target_available"})


class Explanations(Clerk):
    """What would happen to calls."""

    __slots__ = ()

    def rows(self) -> tuple[Row, ...]:
        return (Row("POST", f"{ROOT}/explain", self._page, operator=False),)

    async def _page(self, asked: Asked) -> object:
        generation = self._current.generation
        key = await self._caller(asked)
        endpoint = asked.query.get("endpoint", "chat")
        if endpoint not in ENDPOINTS:
            message = f"There is no endpoint {endpoint!r}; there are {', '.join(ENDPOINTS)}."
            raise Refusal(400, message, param="endpoint", code="unknown_endpoint")
        call = ENDPOINTS[endpoint].parse(asked.raw)
        shared = self._current.shared
        moment = await shared.till.look(_purses(generation, shared, key, call), within=PATIENCE)
        return explained(generation, shared, key, call, moment=moment)


def _purses(generation: Generation, shared: Shared, key: Key, call: Call) -> list[Purse]:
    """Those that may pay for the call, on the routes that it may take."""
    try:
        call, route = generation.ways.find(call, key)
    except Refusal:
        return []
    routes = [route] if route.canary is None else [route, route.canary.ahead]
    purses = [shared.till.purse(key, target, call.model) for one in routes for target in targets_of(one)]
    names = {one.budget.when_spent for purse in purses for one in purse.money if one.budget is not None}
    cheaper = [found for name in names if name is not None and (found := generation.routes.find(name)) is not None]
    return [*purses, *(shared.till.purse(key, target, call.model) for one in cheaper for target in targets_of(one))]


def explained(generation: Generation, shared: Shared, key: Key, call: Call, *, moment: float) -> dict[str, Any]:
    """Raises Refusal as the call itself would, unless it is because of its targets. *moment*: when the till has looked
    how the accounts stand that may pay for it.
    """
    try:
        call, route = generation.ways.find(call, key)
    except Refusal as refused:
        if refused.code not in NOBODY:
            raise
        found = {"passed_over": _passed_over(generation, key, call), "verdict": refused_with(refused)}
        return _asked(generation, key, call, None) | {"stages": []} | found
    prospects = Prospects(generation, shared, key, call, onlooking(generation.view), moment=moment)
    canary = _canary(shared, route, key, call)
    ahead = canary is not None and canary["tried"] is True and route.canary is not None
    if canary is not None and ahead and route.canary is not None:
        canary["stages"] = list(prospects.stages(route.canary.ahead))
    return {
        **_asked(generation, key, call, route),
        "canary": canary,
        "stages": list(prospects.stages(route)),
        "passed_over": _passed_over(generation, key, call),
        "shadow": _shadow(generation, route, call),
        "policy": policy(generation, route, key),
        "verdict": prospects.verdict(route, ahead=ahead),
    }


def _asked(generation: Generation, key: Key, call: Call, route: Route | None) -> dict[str, Any]:
    """What is asked for, and what is made of that."""
    forecast = generation.view.outlook.forecast
    return {
        "object": "explanation",
        "config": generation.config.hash,
        "model": call.model,
        "route": None if route is None else route.name,
        "key": key.name or None,
        "endpoint": call.endpoint,
        "task": task_of(call),
        "needs": sorted(call.needs),
        "predicted": {"prompt_tokens": forecast.input(call), "output_tokens": forecast.output(call)},
    }


def _passed_over(generation: Generation, key: Key, call: Call) -> list[dict[str, str]]:
    """Targets that are none of a stage, since `auto` knows beforehand that they can't take the call."""
    if AUTO not in (call.model, *call.wishes.models) or not generation.auto.on:
        return []
    call = call._replace(wishes=checked(call.wishes))
    try:
        return [_reasoned(each.target.id, each.reason) for each in generation.auto.passed_over(call, key)]
    except Refusal:
        return []  # it isn't for calls of this kind, as the verdict says


def _reasoned(target: str, reason: str) -> dict[str, str]:
    return {"target": target, "reason": reason}


def _canary(shared: Shared, route: Route, key: Key, call: Call) -> dict[str, Any] | None:
    """*tried* None: it is drawn by the call's id, since nobody knows whose it is."""
    canary = route.canary
    if canary is None:
        return None
    flight = shared.canaries.flight(canary)
    part = None if flight is None else flight.part(canary, call, key.name, "")
    standing = None if flight is None else flight.standing
    tried = part is not None and (part.ahead is not None if session(call, key.name, "") else None)
    return {
        "targets": [target.id for stage in canary.ahead.stages for target in stage.targets],
        "status": None if standing is None else standing.status,
        "share": 0.0 if standing is None else standing.share(canary),
        "tried": tried,
    }


def _shadow(generation: Generation, route: Route, call: Call) -> dict[str, Any] | None:
    shadow = route.shadow
    if shadow is None:
        return None
    return {"target": shadow.target.id, "share": 0.0 if unwanted(generation, shadow, call) else shadow.share}


def policy(generation: Generation, route: Route, key: Key) -> dict[str, Any]:
    """What holds for the whole call; times in seconds."""
    times, retry, most, hedge = route.timeouts, route.retry, generation.most(key), route.hedge
    return {
        "fallback": route.fallback,
        "attempts": most_attempts(route),
        "timeouts": {name: getattr(times, name) for name in ("connect", "first_content", "idle", "attempt", "total")},
        "retry": {"attempts": retry.attempts, "backoff": retry.backoff, "max_backoff": retry.max_backoff},
        "queue": {"most": route.queue.most, "wait": route.queue.wait, "priority": key.priority},
        "hedge": None if hedge is None else hedge_told(hedge),
        "on_break": route.on_break,
        "params": "strict" if route.strict else "drop",
        "max_cost_usd": None if most is None else most / NANO,
    }


def hedge_told(hedge: Hedge) -> dict[str, Any]:
    """*after_s* None: after that quantile of recent times."""
    return {"after_s": hedge.seconds, "after_quantile": hedge.quantile, "at_most": hedge.at_most}
