"""Which way a call goes: the route that it names, or one that is made of what it asks for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from api.models import unknown
from config.schema import Key, Route
from core.call import Call
from core.errors import invalid
from core.wishes import NO_WISHES
from gateway.auto import AUTO, Auto
from quota.purse import fits
from routing.joined import joined
from routing.match import Routes
from routing.wishes import checked

MOST_REMEMBERED: Final = 1_000
MOST_FOUND: Final = 10_000


class Ways:
    """Those of one generation. *may_use* says whether a key may ask for a name."""

    __slots__ = ("_auto", "_found", "_joined", "_may_use", "_routes")

    def __init__(self, routes: Routes, may_use: Callable[[Key, str], bool], auto: Auto) -> None:
        self._routes = routes
        self._may_use = may_use
        self._auto = auto
        self._joined: dict[tuple[str, ...], Route] = {}
        self._found: dict[tuple[str, bytes], tuple[Key, Route]] = {}  # by name and key, as it was then

    def find(self, call: Call, key: Key) -> tuple[Call, Route]:
        """*call* with its wishes in our own words, and its route. Raises Refusal for names that don't exist, or aren't
        the key's, and where none of all targets could do it.
        """
        if call.wishes is NO_WISHES:
            found = self._found.get((call.model, key.digest))
            if found is not None and found[0] is key:
                return call, found[1]
            return call, self._plain(call, key)
        call = call._replace(wishes=checked(call.wishes))
        wishes = call.wishes
        route = self._chained(call, key) if wishes.models else self._one(call.model, call, key)
        if wishes.fallback is False:
            route = replace(route, fallback=False)
        return call, route

    def offers(self, name: str) -> bool:
        """Whether somebody could ask for *name*."""
        return self._routes.find(name) is not None or (name == AUTO and self._auto.on)

    def _plain(self, call: Call, key: Key) -> Route:
        """The one that it names, and nothing else is wished."""
        route = self._one(call.model, call, key)
        if call.model != AUTO:  # which isn't the same for all calls
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            self._found[call.model, key.digest] = key, route
        return route

    def _one(self, name: str, call: Call, key: Key, param: str = "model") -> Route:
        route = self._routes.find(name)
        if (route is None and not (name == AUTO and self._auto.on)) or not self._may_use(key, name):
            raise unknown(name, param)
        return route or self._auto.route(call, key)

    def _chained(self, call: Call, key: Key) -> Route:
        """The client's own chain: the model that it asks for, then those of `models`."""
        names = tuple(dict.fromkeys((call.model, *call.wishes.models)))
        _check_allowances(names, key)
        params = ("model", *(f"models.{call.wishes.models.index(name)}" for name in names[1:]))
        routes = [self._one(name, call, key, param) for name, param in zip(names, params, strict=True)]
        if (made := self._joined.get(names)) is not None:
            return made
        made = joined(routes)
        if AUTO not in names:  # which isn't the same for all calls
            if len(self._joined) >= MOST_REMEMBERED:
                del self._joined[next(iter(self._joined))]
            self._joined[names] = made
        return made


def _check_allowances(names: tuple[str, ...], key: Key) -> None:
    """A call is charged to what its key may spend on the model it asks for; others must not slip in by `models`."""
    if not key.per_model:
        return
    patterns = [next((pattern for pattern, _ in key.per_model if fits(pattern, name)), None) for name in names]
    for name, pattern in zip(names, patterns, strict=True):
        if pattern != patterns[0]:
            shown = name.encode("unicode_escape").decode("ascii")[:128]
            message = f"What this key may spend on '{shown}' is counted by itself: ask for it by 'model'."
            raise invalid(message, param="models")
