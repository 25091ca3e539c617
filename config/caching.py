"""Which answers are kept, for whom and for how long; and the room that there is for them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from config.budgets import Terms, read_budgets
from config.problems import Notes, Place, Spot, printable
from config.readers import TEXT, TRUTH, choice, duration, number, size, whole
from config.schema import NO_LIMITS, Allowance, Config
from config.section import Entry, Reader, Section, changed
from config.yaml_lines import Fields, Scalar
from core.caching import NO_CACHE, SCOPES, SERVE, SHADOW, Caching, Room, Semantic

SCOPE = "cache"  # whose account the embeddings are that the cache asks for itself
_OFF = frozenset({"off", "false", "no"})
_TTL = duration("366d", zero=True)
_ROOM: Mapping[str, Reader[Any]] = {
    "max": size("64GiB"),
    "largest": size("64MiB"),
    "shared": TRUTH,
    "wait": duration("1h", zero=True),
}
_SEMANTIC: Mapping[str, Reader[Any]] = {
    "route": TEXT,
    "threshold": number(0.5, 1),
    "mode": choice((SHADOW, SERVE), "mode"),
    "timeout": duration("1m"),
    "most": whole(1, 100_000),
}


def read_caching(entry: Entry | None, base: Caching, notes: Notes) -> Caching:
    """A mapping, or a duration for one that says nothing else, or `false` for none. *base* is what isn't said."""
    if entry is None:
        return base
    if not isinstance(entry.node, Fields):
        if isinstance(entry.node, Scalar) and entry.node.text.lower() in _OFF:
            return NO_CACHE
        seconds = _TTL(entry, notes)
        return base if seconds is None else replace(base, ttl=seconds)
    section = Section(entry, notes)
    caching = replace(
        base,
        ttl=section.read("ttl", _TTL, base.ttl),
        scope=section.read("scope", choice(SCOPES, "scope"), base.scope),
        stale=section.read("stale", _TTL, base.stale),
        semantic=_semantic(section.take("semantic"), base.semantic, notes),
    )
    section.close()
    return caching


def _semantic(entry: Entry | None, base: Semantic | None, notes: Notes) -> Semantic | None:
    if entry is None:
        return base
    if isinstance(entry.node, Scalar) and entry.node.text.lower() in _OFF:
        return None
    section = Section(entry, notes)
    semantic = replace(base or Semantic(), **changed(section, _SEMANTIC))
    section.close()
    if not semantic.route:
        notes.error(section.at("route"), "is missing (the route that embeds questions)")
    return semantic


def read_room(entry: Entry | None, notes: Notes, terms: Terms) -> tuple[Room, Allowance]:
    """Where answers are kept, and what the cache may spend on embeddings of its own."""
    section = Section(entry, notes)
    room = replace(Room(), **changed(section, _ROOM))
    budgets = section.take("budget")
    allowance = NO_LIMITS
    if budgets:
        allowance = Allowance(budgets=read_budgets(budgets, notes, terms, lambda _: False))
        if any(budget.when_spent for budget in allowance.budgets):
            notes.error(section.at("budget"), "has no client that could be sent elsewhere; leave out when_spent")
    section.close()
    if room.largest > room.max:
        notes.error(section.at("largest"), "is more than all that may be kept (max)")
    return room, allowance


def check_caching(config: Config, written: Mapping[str, Place], defaults: Spot, notes: Notes) -> None:
    """The routes that embed questions must be there. *defaults*: where they are spoken of for all routes."""
    spots = {name: Spot(f"{one.path}.cache.semantic.route", one.line) for name, one in written.items()}
    _check_embedder(config.defaults.cache, defaults, config, notes)
    for name, route in config.routes.items():
        if route.cache.semantic != config.defaults.cache.semantic:
            _check_embedder(route.cache, spots[name], config, notes)


def _check_embedder(caching: Caching, spot: Spot, config: Config, notes: Notes) -> None:
    name = "" if caching.semantic is None else caching.semantic.route
    if name and (name not in config.routes or "*" in name):
        notes.error(spot, f"no route is called {printable(name)}{notes.meant(name, config.routes)}")
