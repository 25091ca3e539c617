"""Keys that were made at run time: fields as JSON instead of YAML, read by the same readers."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from config.keys import read_key
from config.problems import Notes, Spot, below
from config.schema import Config, Key
from config.section import Entry, Section
from config.yaml_lines import DEEPEST, Fields, Items, Node, Scalar


class Names(NamedTuple):
    """What the fields of a key may speak of, and what its budgets do *when_down* unless they say otherwise."""

    routes: Collection[str]
    providers: Collection[str]
    teams: Collection[str]
    tags: Collection[str]
    when_down: str = "allotment"

    @classmethod
    def of(cls, config: Config) -> "Names":
        return cls(config.routes, config.providers, config.teams, config.tags, config.state.when_down)


def stored_key(name: str, digest: bytes, fields: Mapping[str, Any], names: Names) -> Key:
    """Raise ConfigErrors with all that is wrong; the paths of the problems begin in *fields*."""
    return examined(name, digest, fields, names)[0]


def examined(name: str, digest: bytes, fields: Mapping[str, Any], names: Names) -> tuple[Key, tuple[str, ...]]:
    """A stored key, and what its operator should know of it."""
    notes = Notes("")
    section = Section(Entry(_node(fields, "", 0, notes), "", 0), notes)
    key = read_key(
        name,
        section,
        notes,
        routes=names.routes,
        providers=names.providers,
        teams=names.teams,
        tags=names.tags,
        needs_secret=False,
        when_down=names.when_down,
    )
    notes.check()
    return replace(key, digest=digest, stored=True), tuple(line.removeprefix(": ") for line in notes.warnings())


def _node(value: Any, path: str, depth: int, notes: Notes) -> Node:
    """JSON as YAML would have it."""
    if depth >= DEEPEST:
        notes.error(Spot(path, 0), f"is nested more than {DEEPEST} deep")
        return Scalar("", 0)
    match value:
        case Mapping():
            fields = {name: _node(one, below(path, name), depth + 1, notes) for name, one in value.items()}
            return Fields(fields, dict.fromkeys(fields, 0), 0)
        case list() | tuple():
            return Items(tuple(_node(one, f"{path}[{at}]", depth + 1, notes) for at, one in enumerate(value)), 0)
        case str():
            return Scalar(value, 0, plain=False)
        case bool() | None:
            return Scalar({True: "true", False: "false", None: "null"}[value], 0)
        case float():
            # As it was written: 0.0000001, not 1e-07.
            return Scalar(format(Decimal(repr(value)), "f"), 0)
        case _:
            return Scalar(str(value), 0)
