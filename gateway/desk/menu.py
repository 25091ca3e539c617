"""The names that can be asked for, with their entries: those of routes, and those that listed models give."""

from collections.abc import Mapping

from api.models import entry
from core.wire import Json
from gateway.auto import AUTO
from gateway.generation import Generation
from gateway.watch.sightings import Sightings


class Menu:
    """Made anew only when routes or lists have changed. *born* is when entries were made of which nobody says it."""

    __slots__ = ("_born", "_entries", "_made_of", "_sightings")

    def __init__(self, sightings: Sightings, born: int) -> None:
        self._sightings = sightings
        self._born = born
        self._made_of = (b"", -1)
        self._entries: Mapping[str, Json] = {}

    def entries(self, generation: Generation) -> Mapping[str, Json]:
        """By name; wildcards aren't names."""
        made_of = (generation.config.fingerprint, self._sightings.version)
        if made_of != self._made_of:
            self._entries = self._written(generation)
            self._made_of = made_of
        return self._entries

    def entry(self, generation: Generation, name: str) -> Json:
        """That of any name, listed or not."""
        return self.entries(generation).get(name) or entry(name, self._born)

    def _written(self, generation: Generation) -> dict[str, Json]:
        config = generation.config
        entries = {name: entry(name, self._born) for name in config.routes if "*" not in name}
        if generation.auto.on and generation.auto.anything():
            entries[AUTO] = entry(AUTO, self._born)
        listed = {
            provider: {model.id: model for model in models}
            for provider, models in self._sightings.models(config.providers).items()
        }
        for name, target in generation.routes.offers(listed).items():
            model = listed[target.provider][target.model]
            entries[name] = entry(name, model.created or self._born, model.owner or target.provider)
        return entries
