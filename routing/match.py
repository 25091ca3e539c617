"""Which route a model name means: its own, the closest wildcard's, or a provider's model addressed directly."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from config.schema import Config, Route, Stage
from core.target import Provider, Target

_LONGEST_NAME = 256
_MOST_REMEMBERED = 1000


class Wildcard(NamedTuple):
    """A route whose name holds a `*`, cut there."""

    before: str
    after: str
    route: Route

    def rest(self, model: str) -> str:
        """What the `*` stands for in *model*; empty if it doesn't match."""
        # A `*` stands for one character at least: `claude-` alone is nobody's model.
        if model.startswith(self.before) and model.endswith(self.after):
            return model[len(self.before) : len(model) - len(self.after)]
        return ""


def sane(model: str) -> bool:
    """Whether *model* can be a name at all; everything else never matches."""
    return 0 < len(model) <= _LONGEST_NAME and model.isprintable() and " " not in model and "*" not in model


class Routes:
    """The routes of one generation, ready to be found."""

    __slots__ = ("_defaults", "_named", "_providers", "_remembered", "_wildcards")

    def __init__(self, config: Config) -> None:
        self._named = {name: route for name, route in config.routes.items() if sane(name)}
        self._wildcards = wildcards(config.routes)
        self._providers: Mapping[str, Provider] = config.providers
        self._defaults = config.defaults
        self._remembered: dict[str, Route] = {}

    def find(self, model: str) -> Route | None:
        """The route for *model*, its targets complete. Its *name* is always the operator's word, never the client's:
        a wildcard's own name, or `provider/*` for a model addressed directly.
        """
        route = self._named.get(model) or self._remembered.get(model)
        if route is None and sane(model):
            route = self._resolve(model)
            if route is not None:
                self._remember(model, route)
        return route

    def names(self) -> tuple[str, ...]:
        """The names clients may ask for, then the wildcards."""
        return (*self._named, *(wildcard.route.name for wildcard in self._wildcards))

    def offers(self, listed: Mapping[str, Iterable[str]]) -> dict[str, Target]:
        """The names by which the models that are *listed*, by provider, can be asked for: what wildcards make of them,
        then `provider/model`. Names of routes are not among them.
        """
        found: dict[str, Target] = {}
        for wildcard in self._wildcards:
            targets = [target for stage in wildcard.route.stages for target in stage.targets]
            for target in targets:
                for model in listed.get(target.provider, ()):
                    rest = stood_for(target.model, model)
                    name = f"{wildcard.before}{rest}{wildcard.after}"
                    if rest and self._closest(name) is wildcard and self._free(name):
                        found.setdefault(name, Target(target.provider, model))
        for provider, models in listed.items():
            direct = {f"{provider}/{model}": Target(provider, model) for model in models if model}
            found.update((name, to) for name, to in direct.items() if self._closest(name) is None and self._free(name))
        return found

    def _free(self, name: str) -> bool:
        return sane(name) and name not in self._named

    def _closest(self, model: str) -> Wildcard | None:
        return next((wildcard for wildcard in self._wildcards if wildcard.rest(model)), None)

    def _resolve(self, model: str) -> Route | None:
        if (wildcard := self._closest(model)) is not None:
            return filled(wildcard.route, wildcard.rest(model))
        provider, _, rest = model.partition("/")
        if not rest or provider not in self._providers:
            return None
        return replace(self._defaults, name=f"{provider}/*", stages=(Stage(targets=(Target(provider, rest),)),))

    def _remember(self, model: str, route: Route) -> None:
        if len(self._remembered) >= _MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[model] = route


def wildcards(routes: Mapping[str, Route]) -> tuple[Wildcard, ...]:
    """The wildcard routes, most literal characters first."""
    cut = ((*name.partition("*")[::2], route) for name, route in routes.items() if "*" in name)
    return tuple(sorted((Wildcard(*parts) for parts in cut), key=lambda it: -len(it.before) - len(it.after)))


def stood_for(pattern: str, model: str) -> str:
    """What each `*` in *pattern* stands for if it means *model*; empty if it can't mean it, or only ever means it."""
    stars = pattern.count("*")
    start = pattern.find("*")
    rest = model[start : start + (len(model) - len(pattern) + stars) // stars] if stars else ""
    return rest if pattern.replace("*", rest) == model else ""


def filled(route: Route, rest: str) -> Route:
    """*route* with *rest* for the `*` in its targets, its shadow's and its canary's among them."""
    stages = (replace(stage, targets=tuple(_meant(target, rest) for target in stage.targets)) for stage in route.stages)
    shadow, canary = route.shadow, route.canary
    return replace(
        route,
        stages=tuple(stages),
        shadow=None if shadow is None else replace(shadow, target=_meant(shadow.target, rest)),
        canary=None if canary is None else replace(canary, ahead=filled(canary.ahead, rest)),
    )


def _meant(target: Target, rest: str) -> Target:
    return replace(target, model=target.model.replace("*", rest))
