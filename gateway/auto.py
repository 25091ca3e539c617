"""The model `auto`: one stage of all targets that can do what a call needs.

They are those that routes name, those that providers list and the catalog knows, and of providers whose list nobody
asks for what the catalog says that they offer today. Other than in a route, what isn't known of a model counts as
missing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from adapters import ADAPTERS
from catalog.current import answers, current, gone
from catalog.lookup import Model
from config.schema import Config, Key, Route, Stage
from core.call import Call
from core.errors import Refusal
from core.target import Provider, Target
from gateway.watch.sightings import Sightings
from routing.candidates import Skipped
from routing.eligibility import lacking
from routing.exhausted import Exhausted, refusal
from routing.joined import targets_of
from routing.match import Routes
from routing.naming import means

AUTO: Final = "auto"
MOST_TARGETS: Final = 500
MOST_ATTEMPTS: Final = 5
MOST_REMEMBERED: Final = 1_000
DEMO: Final = "demo"
ONLY: Final = (AUTO,)

Question = tuple[frozenset[str], str, tuple[str, ...], tuple[str, ...]]


class Sifted(NamedTuple):
    """*targets* can take calls of a kind; *outputs* are the most tokens that each can write, 0 where nobody knows.
    *away* can't, and say why.
    """

    route: Route
    outputs: tuple[int, ...]
    away: tuple[Skipped, ...]


class Auto:
    """That of one generation. *model* says what is known of a target, *can* by its id what it can do, *fits* why its
    dialect can't carry a call. *allows* says whether a list of names holds a name.
    """

    __slots__ = (
        "_allows",
        "_can",
        "_config",
        "_fits",
        "_made_of",
        "_model",
        "_names",
        "_routes",
        "_sifted",
        "_sightings",
        "_targets",
        "on",
    )

    def __init__(
        self,
        config: Config,
        routes: Routes,
        sightings: Sightings,
        *,
        model: Callable[[Target], Model],
        can: Mapping[str, frozenset[str]],
        fits: Callable[[Target, Call], str | None],
        allows: Callable[[tuple[str, ...], str], bool],
    ) -> None:
        self.on = config.auto.on and routes.find(AUTO) is None
        self._config = config
        self._routes = routes
        self._sightings = sightings
        self._model = model
        self._can = can
        self._fits = fits
        self._allows = allows
        self._made_of = -1
        self._targets: tuple[Target, ...] = ()
        self._names: Mapping[str, set[str]] = {}
        self._sifted: dict[Question, Sifted] = {}

    def route(self, call: Call, key: Key) -> Route:
        """All targets that can take *call* of *key*. Raises Refusal where there are none."""
        sifted = self.sifted(call, key)
        if not sifted.outputs:
            if not sifted.away:
                raise Refusal(503, f"'{AUTO}' has no target to choose.", code="no_target_available")
            raise refusal(Exhausted((), sifted.away))
        route = sifted.route
        wanted = call.max_output
        if wanted and any(most < wanted for most in sifted.outputs):
            targets = route.stages[0].targets
            able = tuple(one for one, most in zip(targets, sifted.outputs, strict=True) if most >= wanted)
            route = replace(route, stages=(replace(route.stages[0], targets=able),)) if able else route
        return route

    def sifted(self, call: Call, key: Key) -> Sifted:
        """Remembered for each kind of call and list of models that a key may use."""
        if call.endpoint not in ("chat", "completions"):
            message = f"'{AUTO}' doesn't choose models for {call.endpoint}: what they give can't be compared."
            raise Refusal(400, message, param="model", code="unsupported_by_model")
        self._look()
        team = self._config.teams.get(key.team or "")
        question = (
            call.needs | call.wishes.capabilities,
            call.endpoint,
            key.models,
            () if team is None else team.models,
        )
        sifted = self._sifted.get(question)
        if sifted is None:
            sifted = self._sift(call, question)
            if len(self._sifted) >= MOST_REMEMBERED:
                del self._sifted[next(iter(self._sifted))]
            self._sifted[question] = sifted
        return sifted

    def passed_over(self, call: Call, key: Key) -> Iterator[Skipped]:
        """Targets that the key may use, and that aren't asked. Raises Refusal for a wrong kind of call."""
        sifted = self.sifted(call, key)
        yield from sifted.away
        wanted = call.max_output
        if wanted and any(most >= wanted for most in sifted.outputs):
            for target, most in zip(sifted.route.stages[0].targets, sifted.outputs, strict=True):
                if most < wanted:
                    known = f"{most} tokens at most" if most else "nobody knows how many tokens"
                    yield Skipped(target, f"it writes {known}, and {wanted} are wanted", unfit=True)

    def anything(self) -> bool:
        """Whether there is a target at all."""
        self._look()
        return bool(self._targets)

    def _look(self) -> None:
        """Once for every list of models that has changed."""
        version = self._sightings.version
        if version == self._made_of:
            return
        self._made_of = version
        self._sifted.clear()
        found = {target.id: target for target in self._found()}
        self._targets = tuple(found.values())[:MOST_TARGETS]
        self._names = self._called()

    def _found(self) -> Iterator[Target]:
        config = self._config
        real = {name: one for name, one in config.providers.items() if one.configured and one.dialect != DEMO}
        if not real:
            demos = (one for one in config.providers.values() if one.dialect == DEMO)
            yield from (Target(one.name, "echo") for one in demos)
            return
        patterns = config.auto.targets
        for provider, _, model in (pattern.partition("/") for pattern in patterns if "*" not in pattern):
            if provider in real:
                yield Target(provider, model)
        for target in (*self._routed(real), *self._listed(real)):
            if not patterns or any(means(pattern, target.id) for pattern in patterns):
                yield target

    def _routed(self, real: Mapping[str, Provider]) -> Iterator[Target]:
        for route in self._config.routes.values():
            for target in targets_of(route):
                provider = real.get(target.provider)
                if provider is not None and "*" not in target.model and not gone(*_place(provider), target.model):
                    yield Target(target.provider, target.model)

    def _listed(self, real: Mapping[str, Provider]) -> Iterator[Target]:
        for name, provider in real.items():
            listed = self._sightings.models((name,)).get(name)
            if listed:
                found = (Target(name, model.id) for model in listed if not gone(*_place(provider), model.id))
                yield from (target for target in found if self._model(target).source)
            elif at_home(provider):
                yield from (Target(name, model) for model in current(provider.dialect))

    def _called(self) -> dict[str, set[str]]:
        """By which names each target can be asked for."""
        names: dict[str, set[str]] = {target.id: set() for target in self._targets}
        for name, route in self._config.routes.items():
            for target in targets_of(route) if "*" not in name else ():
                if target.id in names:
                    names[target.id].add(name)
        by_provider: dict[str, list[str]] = {}
        for target in self._targets:
            by_provider.setdefault(target.provider, []).append(target.model)
        for name, target in self._routes.offers(by_provider).items():
            names[target.id].add(name)
        return names

    def _sift(self, call: Call, question: Question) -> Sifted:
        wanted, endpoint, *lists = question
        lists = [models for models in lists if models and models != ONLY]
        kept: list[Target] = []
        away: list[Skipped] = []
        for target in self._targets:
            names = self._names[target.id]
            if not all(any(self._allows(models, name) for name in names) for models in lists):
                continue  # what a key may not use is none of its business
            reason = self._fits(target, call) or self._reason(target, wanted, endpoint)
            if reason is None:
                kept.append(target)
            else:
                away.append(Skipped(target, reason, unfit=True))
        stage = Stage(targets=tuple(kept), strategy=self._config.auto.strategy, weights=self._config.defaults.weights)
        route = replace(self._config.defaults, name=AUTO, stages=(stage,), most=MOST_ATTEMPTS)
        outputs = tuple(self._model(target).abilities.max_output or 0 for target in kept)
        return Sifted(route, outputs, tuple(away))

    def _reason(self, target: Target, wanted: frozenset[str], endpoint: str) -> str | None:
        if not answers(target.model, self._model(target), endpoint):
            return f"the model isn't made for {endpoint}"
        missing = wanted - self._can[target.id]
        return lacking(missing) if missing else None


def _place(provider: Provider) -> tuple[str, str]:
    return provider.name, provider.dialect


def at_home(provider: Provider) -> bool:
    """Whether *provider* is the one that the catalog speaks of, and not a machine that talks like it."""
    return not provider.local and provider.base_url == ADAPTERS[provider.dialect].base_url
