"""What was last seen of providers that are looked at without a client: their models, and whether they are there."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from api.models import Model
from core.secret import Secret
from core.target import Provider

Place = tuple[str, str, tuple[Secret, ...], Mapping[str, str], Mapping[str, str], bool]
NONE: Final[tuple[Model, ...]] = ()


class Look(NamedTuple):
    """How the last look at a provider went. *fault* is empty if it went well, *at* is unix time.

    *seconds* is how long it took; None where a call that succeeded made it unnecessary.
    """

    at: float
    seconds: float | None
    fault: str = ""

    @property
    def ok(self) -> bool:
        return not self.fault

    def shown(self) -> dict[str, object]:
        seconds = None if self.seconds is None else round(self.seconds, 3)
        return {"ok": self.ok, "at": round(self.at, 3), "seconds": seconds, "fault": self.fault or None}


class Sighting:
    """Of one provider. *failures* counts lists that didn't come, in a row; *models* are those of the last good one."""

    __slots__ = ("failures", "listed", "models", "place", "probed")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.models = NONE
        self.listed: Look | None = None
        self.failures = 0
        self.probed: Look | None = None

    def shown(self) -> dict[str, object]:
        """For the health page."""
        page: dict[str, object] = {}
        if self.listed is not None:
            page["discovery"] = {**self.listed.shown(), "models": len(self.models)}
        if self.probed is not None:
            page["probe"] = self.probed.shown()
        return page


class Sightings:
    """By name of the provider. They outlive reloads; *version* changes with every list of models."""

    __slots__ = ("_by_name", "version")

    def __init__(self) -> None:
        self._by_name: dict[str, Sighting] = {}
        self.version = 0

    def adopt(self, providers: Iterable[Provider]) -> set[str]:
        """These are looked at from now on. Returns the names of those that are new, or somewhere or someone else."""
        old = self._by_name
        self._by_name = {}
        for provider in providers:
            known, at = old.get(provider.name), place(provider)
            sighting = known if known is not None and known.place == at else Sighting(at)
            self._by_name[provider.name] = sighting
            if not provider.discover:
                sighting.models, sighting.listed, sighting.failures = NONE, None, 0
            if not provider.probe:
                sighting.probed = None
        self.version += 1
        return {name for name, sighting in self._by_name.items() if old.get(name) is not sighting}

    def __getitem__(self, name: str) -> Sighting:
        return self._by_name[name]

    def probed(self, name: str) -> Look | None:
        """The last probe of a provider, if it is probed."""
        sighting = self._by_name.get(name)
        return None if sighting is None else sighting.probed

    def learnt(self, name: str, models: tuple[Model, ...]) -> None:
        sighting = self._by_name[name]
        if models != sighting.models:
            sighting.models = models
            self.version += 1

    def models(self, names: Collection[str]) -> dict[str, tuple[Model, ...]]:
        """The models of each provider in *names* that has some, in that order."""
        return {name: self._by_name[name].models for name in names if name in self._by_name}

    def shown(self) -> Mapping[str, Mapping[str, object]]:
        return {name: sighting.shown() for name, sighting in self._by_name.items()}


def place(provider: Provider) -> Place:
    """What decides who answers, and to whom."""
    return (
        provider.dialect,
        provider.base_url,
        provider.keys,
        provider.options,
        provider.headers,
        provider.verify_tls,
    )
