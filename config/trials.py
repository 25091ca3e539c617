"""Shadows and canaries of routes, read when all providers, routes and models are known."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from config import units
from config.budgets import Terms, read_budgets
from config.problems import Notes, printable
from config.readers import TEXT, distinct, duration, scalar, whole
from config.routes import Known, Reference, Written, named
from config.schema import NO_LIMITS, Allowance, Canary, Config, Guard, Key, Route, Shadow, Stage
from config.section import Entry, Reader, Section, settings
from config.yaml_lines import Scalar
from core.target import Target

SHADOW_TAG = "shadow"
MOST_STAGES = 20
SHARE_OF_TIME = 0.5  # of a call's, that a canary may use up: the rest is for those who stand behind it

_TIMES = re.compile(r"([0-9.]+) ?x?")
_OFF = frozenset({"off", "false", "no"})


def with_trials(config: Config, written: Mapping[str, Written], notes: Notes) -> Config:
    """*config* with the shadows and canaries of its routes, and what shadows may spend among its allowances."""
    reading = _Reading(config, written, notes)
    routes = {name: reading.route(route) for name, route in config.routes.items()}
    spent = {one.shadow.key.scope: one.shadow.key.allowance for one in routes.values() if one.shadow is not None}
    allowances = {scope: allowance for scope, allowance in spent.items() if allowance}
    return replace(config, routes=routes, allowances={**config.allowances, **allowances})


class _Reading:
    """All that has to be known for reading one of them."""

    def __init__(self, config: Config, written: Mapping[str, Written], notes: Notes) -> None:
        self._config = config
        self._written = written
        self._notes = notes
        self._known = Known(config.providers, frozenset(config.routes), TEXT)

    def route(self, route: Route) -> Route:
        written = self._written[route.name]
        shadow = None if written.shadow is None else self._shadow(written.shadow, route)
        route = replace(route, shadow=shadow)
        canary = None if written.canary is None else self._canary(written.canary, route)
        return replace(route, canary=canary)

    def _shadow(self, entry: Entry, route: Route) -> Shadow | None:
        section = Section(entry, self._notes)
        target = self._target(section, route)
        share = section.read("share", SHARE, None)
        budgets = section.take("budget")
        if not section.says("share"):
            self._notes.error(section.at("share"), "is missing (the share of calls that are copied, such as 5%)")
        terms = Terms(self._config.routes, self._config.state.when_down)
        allowance = Allowance(budgets=read_budgets(budgets, self._notes, terms, _never)) if budgets else NO_LIMITS
        section.close()
        if any(budget.when_spent for budget in allowance.budgets):
            self._notes.error(section.at("budget"), "has no client that could be sent elsewhere; leave out when_spent")
        if target is None or share is None:
            return None
        if not allowance and not self._free(target):
            message = f"is needed, since calls to {printable(target.id)} may cost money; such as 10/day"
            self._notes.error(section.at("budget"), message)
        name = f"{SHADOW_TAG}:{route.name}"
        scope = f"{SHADOW_TAG}/{route.name}"
        key = Key(name=name, digest=b"", tags=(SHADOW_TAG,), allowance=allowance, scope=scope)
        return Shadow(target=target, share=share, key=key)

    def _target(self, section: Section, route: Route) -> Target | None:
        reference = self._reference(section, route)
        if reference is None:
            return None
        if not reference.provider:
            self._notes.error(reference, "expected a single target such as openai/gpt-4o, not a route")
            return None
        return Target(reference.provider, reference.name)

    def _reference(self, section: Section, route: Route) -> Reference | None:
        """What `target` names; None where the notes know what is wrong with it."""
        entry = section.take("target")
        if entry is None:
            self._notes.error(section.at("target"), "is missing (a target such as openai/gpt-4o)")
            return None
        reference = named(entry, self._notes, self._known, weight=1.0)
        if reference is None:
            return None
        if reference.name.count("*") > route.name.count("*"):
            message = "a target may hold one *, and only where the route's name holds one"
            self._notes.error(reference, message)
            return None
        self._doubt(reference, route)
        return reference

    def _doubt(self, reference: Reference, route: Route) -> None:
        if not reference.provider:
            return
        if not self._config.providers[reference.provider].configured:
            message = f"provider {printable(reference.provider)} is not configured, so that it gets no calls"
            self._notes.warn(reference, message)
        id = f"{reference.provider}/{reference.name}"
        if route.stages and route.stages[0].targets[0].id == id:
            self._notes.warn(reference, "is the route's first target already")

    def _free(self, target: Target) -> bool:
        """Whether it costs nothing to call it, as far as the file says."""
        provider = self._config.providers[target.provider]
        facts = self._config.models.get(target.id)
        price = None if facts is None else facts.price
        if price is not None:
            return not any(price.values())
        return provider.local or not provider.base_url

    def _canary(self, entry: Entry, route: Route) -> Canary | None:
        section = Section(entry, self._notes)
        reference = self._reference(section, route)
        usual = Canary(ahead=route)
        stages = section.read("stages", _stages, usual.stages)
        every = section.read("every", _EVERY, usual.every)
        minimum = section.read("minimum", _MINIMUM, usual.minimum)
        guard = _guard(section.take("guard"), self._notes)
        section.close()
        ahead = None if reference is None else self._stages(reference, route)
        if ahead is None:
            return None
        canary = Canary(ahead=_ahead(route, ahead), stages=stages, every=every, minimum=minimum, guard=guard)
        return replace(canary, mark=_mark(canary))

    def _stages(self, reference: Reference, route: Route) -> tuple[Stage, ...] | None:
        if reference.provider:
            return (Stage(targets=(Target(reference.provider, reference.name),)),)
        if reference.name == route.name or "*" in reference.name:
            what = "the route itself" if reference.name == route.name else "a route whose name holds a *"
            self._notes.error(reference, f"{what} can't be its canary")
            return None
        return self._config.routes[reference.name].stages


def _never(route: str) -> bool:  # noqa: ARG001
    return False


def _ahead(route: Route, stages: tuple[Stage, ...]) -> Route:
    """What is tried before *route*: once each, and soon enough that its own targets have time left."""
    timeouts = replace(route.timeouts, total=route.timeouts.total * SHARE_OF_TIME)
    retry = replace(route.retry, attempts=1)
    return replace(route, stages=stages, timeouts=timeouts, retry=retry, fallback=True, spare=True)


def _mark(canary: Canary) -> str:
    """Of all that makes it this canary and no other."""
    stages = [
        ([(target.id, target.weight) for target in stage.targets], stage.strategy, sorted(stage.on))
        for stage in canary.ahead.stages
    ]
    guard = canary.guard
    limits = (guard.errors, guard.first_content, guard.cost, guard.validity)
    said = (canary.ahead.name, stages, canary.stages, canary.every, canary.minimum, limits)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _stages(entry: Entry, notes: Notes) -> tuple[float, ...] | None:
    stages = _SHARES(entry, notes) or ()
    if not 1 <= len(stages) <= MOST_STAGES or list(stages) != sorted(stages):
        notes.error(
            entry, f"expected 1 to {MOST_STAGES} shares, each larger than the one before, such as [1%, 5%, 25%]"
        )
        return None
    return stages


def _guard(entry: Entry | None, notes: Notes) -> Guard:
    guard = settings(entry, Guard(), _GUARD, notes)
    section = Section(entry, notes)
    off = [name for name in _GUARD if _is_off(section.take(name))]
    return replace(guard, **dict.fromkeys(off))


def _is_off(entry: Entry | None) -> bool:
    return entry is not None and isinstance(entry.node, Scalar) and entry.node.text.lower() in _OFF


def _unless_off(reader: Reader[float]) -> Reader[float]:
    def read(entry: Entry, notes: Notes) -> float | None:
        return None if _is_off(entry) else reader(entry, notes)

    return read


def _factor(text: str) -> float:
    found = _TIMES.fullmatch(text)
    factor = units.money(found[1]) / units.NANOS if found else 0.0
    if not 1 <= factor <= 100:
        raise ValueError(text)
    return factor


SHARE = scalar(units.share, "a share such as 5% or 0.05")
_SHARES: Callable[[Entry, Notes], tuple[float, ...] | None] = distinct(SHARE, float, "says the same as one before it")
_EVERY = duration("30d")
_MINIMUM = whole(1, 1_000_000)
_FACTOR = _unless_off(scalar(_factor, "a factor such as 1.5x, from 1 to 100, or off"))
_MORE = _unless_off(scalar(units.share, "a share such as 2%, or off"))
_GUARD: Mapping[str, Reader[Any]] = {
    "errors": _MORE,
    "first_content": _FACTOR,
    "cost": _FACTOR,
    "validity": _MORE,
}
