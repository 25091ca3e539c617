"""What is different between two configurations, by what they mean and not by how they are written."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, NamedTuple

from admin.dollars import shown as dollars
from config.schema import Config, Rate
from core.secret import Secret
from core.target import Target

UNTOLD: Final = frozenset({"hash", "fingerprint", "warnings", "key_sources", "digest", "mark"})
NONE: Final = object()
ROUTES: Final = "routes"
MOST_NAMED: Final = 3  # routes for which the same is different; of more it is told how many
NANOS: Final = frozenset({"limit", "max_cost"})  # amounts of money
UNSEEN: Final = frozenset({"headers"})  # whose values may be credentials

_USER: Final = re.compile(r"(?<=://)[^/@]*(?=@)")

Path = tuple[str, ...]


class Change(NamedTuple):
    """*path* is as in the YAML, nearly. *before* None: it is new; *after* None: it is gone."""

    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.path}: {self.after}"
        if self.after is None:
            return f"- {self.path}: {self.before}"
        return f"~ {self.path}: {self.before} -> {self.after}"


class Dollars(NamedTuple):
    nanos: int


Found = tuple[Path, str | None, str | None]


def changes(before: Config, after: Config) -> list[Change]:
    """What is the same for several routes is told once."""
    groups: dict[Found, list[str]] = {}
    for path, old, new in _changes((), before, after):
        inside = path[0] == ROUTES and len(path) > 2
        names = groups.setdefault(((ROUTES, "", *path[2:]) if inside else path, old, new), [])
        names += path[1:2] if inside else ()
    return [Change(".".join(_filled(path, names)), old, new) for (path, old, new), names in groups.items()]


def _filled(path: Path, routes: list[str]) -> Path:
    if not routes:
        return path
    names = ", ".join(routes) if len(routes) <= MOST_NAMED else f"({len(routes)} of them)"
    return (ROUTES, names, *path[2:])


def _changes(path: Path, before: Any, after: Any) -> Iterator[Found]:
    if type(before) is type(after):
        if is_dataclass(before) and not isinstance(before, Target):
            yield from _of_things(path, before, after)
            return
        if isinstance(before, Mapping):
            yield from _of_names(path, before, after)
            return
        if isinstance(before, tuple) and not hasattr(before, "_fields") and _nested((*before, *after)):
            yield from _of_names(path, dict(enumerate(before, 1)), dict(enumerate(after, 1)))
            return
    if before != after:
        yield path, *_different(before, after)


def _of_things(path: Path, before: Any, after: Any) -> Iterator[Found]:
    if getattr(before, "digest", None) != getattr(after, "digest", None):
        yield (*path, "key"), "one secret", "another"
    for field in fields(before):
        if field.name not in UNTOLD:
            yield from _changes((*path, field.name), _value(before, field.name), _value(after, field.name))


def _of_names(path: Path, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[Found]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, NONE), after.get(name, NONE)
        if old is NONE or new is NONE:
            old, new = (None if one is NONE else shown(one) for one in (old, new))
            yield (*path, f"{name}"), old, new
        else:
            yield from _changes((*path, f"{name}"), old, new)


def _value(thing: Any, name: str) -> Any:
    """As it is told: an amount as dollars, and what may be a credential as a secret."""
    value = getattr(thing, name)
    if name in NANOS and isinstance(value, int):
        return Dollars(value)
    if name in UNSEEN and isinstance(value, Mapping):
        return {each: Secret(text) for each, text in value.items()}
    return value


def _nested(values: Iterable[Any]) -> bool:
    return any(is_dataclass(value) and not isinstance(value, Target) for value in values)


def _different(before: Any, after: Any) -> tuple[str, str]:
    """As texts that differ, where secrets never do by themselves."""
    old, new = shown(before), shown(after)
    return (old, new) if old != new else (f"{old} (one)", f"{new} (another)")


def shown(value: Any) -> str:
    """In few words; never a secret."""
    match value:
        case Secret():
            return "a secret" if value else "none"
        case Target():
            return value.id if value.weight == 1 else f"{value.id} x {value.weight:g}"
        case Dollars():
            return f"${dollars(value.nanos)}"
        case Rate():
            return f"{value.amount} in {value.per:g} s"
        case Mapping():
            return f"{{{', '.join(f'{name}: {shown(one)}' for name, one in value.items())}}}"
        case tuple() | list() | frozenset() | set():
            members = sorted(value) if isinstance(value, frozenset | set) else value
            return f"[{', '.join(map(shown, members))}]"
        case None | "":
            return "none"
        case float():
            return f"{value:g}"
    return _thing(value) if is_dataclass(value) else _USER.sub("...", f"{value}")


def _thing(value: Any) -> str:
    """What isn't as it would be if nobody had said anything."""
    told = []
    for field in fields(value):
        one = getattr(value, field.name)
        if field.name in UNTOLD or (one == field.default and not isinstance(one, Secret)) or one in ((), {}, None, ""):
            continue
        told.append(f"{field.name}: {shown(_value(value, field.name))}")
    return f"{{{', '.join(told)}}}"
