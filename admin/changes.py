"""What is different between two configurations, by what they mean and not by how they are written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, NamedTuple

from config.schema import Config
from core.secret import Secret
from core.target import Target

UNTOLD: Final = frozenset({"hash", "warnings", "key_sources", "digest"})
NONE: Final = object()


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


def changes(before: Config, after: Config) -> list[Change]:
    return list(_changes("", before, after))


def _changes(path: str, before: Any, after: Any) -> Iterator[Change]:
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
        yield Change(path, *_different(before, after))


def _of_things(path: str, before: Any, after: Any) -> Iterator[Change]:
    if getattr(before, "digest", None) != getattr(after, "digest", None):
        yield Change(f"{path}.key", "one secret", "another")
    for field in fields(before):
        if field.name not in UNTOLD:
            yield from _changes(_joined(path, field.name), getattr(before, field.name), getattr(after, field.name))


def _of_names(path: str, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, NONE), after.get(name, NONE)
        if old is NONE or new is NONE:
            yield Change(_joined(path, name), *(None if one is NONE else shown(one) for one in (old, new)))
        else:
            yield from _changes(_joined(path, name), old, new)


def _nested(values: Iterable[Any]) -> bool:
    return any(is_dataclass(value) and not isinstance(value, Target) for value in values)


def _joined(path: str, name: object) -> str:
    return f"{path}.{name}" if path else f"{name}"


def _different(before: Any, after: Any) -> tuple[str, str]:
    """As texts that differ, where secrets never do by themselves."""
    old, new = shown(before), shown(after)
    return (old, new) if old != new else (f"{old} (one)", f"{new} (another)")


def shown(value: Any) -> str:
    """In few words; never a secret."""
    if isinstance(value, Secret):
        return "a secret" if value else "none"
    if isinstance(value, Target):
        return value.id if value.weight == 1 else f"{value.id} x {value.weight:g}"
    if is_dataclass(value) and not isinstance(value, type):
        return _thing(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {shown(one)}' for name, one in value.items())}}}"
    if isinstance(value, tuple | list | frozenset | set):
        members = sorted(value) if isinstance(value, frozenset | set) else value
        return f"[{', '.join(map(shown, members))}]"
    if value is None or value == "":
        return "none"
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def _thing(value: Any) -> str:
    """What isn't as it would be if nobody had said anything."""
    told = []
    for field in fields(value):
        one = getattr(value, field.name)
        if field.name in UNTOLD or (one == field.default and not isinstance(one, Secret)) or one in ((), {}, None, ""):
            continue
        told.append(f"{field.name}: {shown(one)}")
    return f"{{{', '.join(told)}}}"
