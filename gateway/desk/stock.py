"""The models that can be had: of routes, of providers' lists, and of what the catalog says that providers offer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from admin.model_facts import facts
from catalog.current import current, gone
from catalog.lookup import Model
from config.schema import Key
from core.target import Target
from core.tasks import TASKS
from gateway.auto import AUTO, ONLY, at_home
from gateway.generation import Generation
from gateway.watch.sightings import Sightings
from routing.joined import targets_of

MOST: Final = 5_000  # models; routers list hundreds


class Offer(NamedTuple):
    """*names* are what it can be asked for by, *routes* those of them that are routes. *facts* are what there is to
    tell of it, as JSON, but for what changes from moment to moment.
    """

    target: Target
    model: Model
    names: tuple[str, ...]
    routes: tuple[str, ...]
    configured: bool
    facts: Mapping[str, Any]


class Stock:
    """Made anew only when the configuration or a list of models has changed."""

    __slots__ = ("_made_of", "_offers", "_sightings")

    def __init__(self, sightings: Sightings) -> None:
        self._sightings = sightings
        self._made_of = (b"", -1)
        self._offers: Mapping[str, Offer] = {}

    def offers(self, generation: Generation) -> Mapping[str, Offer]:
        """By `provider/model`."""
        made_of = (generation.config.fingerprint, self._sightings.version)
        if made_of != self._made_of:
            self._offers = {offer.target.id: offer for offer in _offers(generation, self._listed(generation))}
            self._made_of = made_of
        return self._offers

    def open_to(self, key: Key | None, generation: Generation) -> list[Offer]:
        """Those that *key* may use, by the routes that it may; None is the operator, who sees all."""
        offers = self.offers(generation).values()
        if key is None:
            return list(offers)
        if key.models == ONLY and generation.auto.on and generation.may_use(key, AUTO):
            return [offer._replace(names=ONLY, routes=()) for offer in offers]  # since `auto` chooses among all
        seen = (_seen_by(key, offer, generation) for offer in offers)
        return [offer for offer in seen if offer is not None]

    def _listed(self, generation: Generation) -> dict[str, list[str]]:
        """By provider: what it lists itself, else what the catalog knows; and what routes name."""
        config = generation.config
        listed: dict[str, list[str]] = {name: [] for name in config.providers}
        for target in _routed(generation):
            listed[target.provider].append(target.model)
        for name, provider in config.providers.items():
            if not provider.configured:
                continue
            own = [model.id for model in self._sightings.models((name,)).get(name, ())]
            if not own and at_home(provider):
                own = list(current(provider.dialect))
            listed[name] += [model for model in own if not gone(name, provider.dialect, model)]
        return listed


def quality(offer: Offer, generation: Generation) -> dict[str, float]:
    """By task, as it stands now."""
    return {task: generation.quality(offer.target, task) for task in TASKS}


def _offers(generation: Generation, listed: Mapping[str, Iterable[str]]) -> Iterator[Offer]:
    targets: dict[str, Target] = {}
    routes: dict[str, list[str]] = {}
    names: dict[str, list[str]] = {}
    for name, route in generation.config.routes.items():
        for target in targets_of(route):
            if "*" not in target.model:
                targets.setdefault(target.id, target)
                routes.setdefault(target.id, []).append(name)
    for name, target in generation.routes.offers(listed).items():
        targets.setdefault(target.id, target)
        names.setdefault(target.id, []).append(name)
    for id, target in list(targets.items())[:MOST]:
        of_routes = tuple(dict.fromkeys(routes.get(id, ())))
        model = generation.model(target)
        yield Offer(
            target,
            model,
            (*of_routes, *names.get(id, ())),
            of_routes,
            generation.config.providers[target.provider].configured,
            facts(target, model),
        )


def _routed(generation: Generation) -> Iterator[Target]:
    for route in generation.config.routes.values():
        yield from (target for target in targets_of(route) if "*" not in target.model)


def _seen_by(key: Key, offer: Offer, generation: Generation) -> Offer | None:
    names = tuple(name for name in offer.names if generation.may_use(key, name))
    if not names:
        return None
    return offer._replace(names=names, routes=tuple(name for name in offer.routes if name in names))
