"""Chains put together: what a client asks for by `models`, its own chain."""

from collections.abc import Sequence
from dataclasses import replace

from config.schema import Route, Stage
from core.caching import narrowest
from core.target import Target


def joined(routes: Sequence[Route]) -> Route:
    """The stages of all *routes* (one or more), one after the other; no target stands in two of them.

    All else (its name, timeouts, retries, breakers) is the first one's, but that answers are kept only as all of them
    allow.
    """
    first, *others = routes
    stages = list(first.stages)
    seen = {target.id for target in targets_of(first)}
    for route in others:
        fresh = (_without(stage, seen) for stage in route.stages)
        stages += [stage for stage in fresh if stage.targets]
        seen |= {target.id for target in targets_of(route)}
    most = sum(route.most or len(targets_of(route)) for route in routes) if any(one.most for one in routes) else 0
    return replace(first, stages=tuple(stages), most=most, cache=narrowest(route.cache for route in routes))


def targets_of(route: Route) -> list[Target]:
    """All that stand in its stages, in order."""
    return [target for stage in route.stages for target in stage.targets]


def _without(stage: Stage, seen: set[str]) -> Stage:
    return replace(stage, targets=tuple(target for target in stage.targets if target.id not in seen))
