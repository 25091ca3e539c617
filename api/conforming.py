"""Whether a value is what a JSON schema asks for: the part of JSON Schema that structured outputs are written in.

Keywords that aren't known here ask for nothing, so that an answer is only found wrong where it certainly is.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

DEEPEST: Final = 64


def conforms(value: Any, schema: Any) -> bool:
    """Whether *value* is what *schema* asks for. A schema that refers to itself for ever asks for nothing."""
    return _fits(value, schema, schema, 0)


def _fits(value: Any, schema: Any, root: Any, depth: int) -> bool:
    if not isinstance(schema, dict):
        return schema is not False
    if depth > DEEPEST:
        return True
    if isinstance(reference := schema.get("$ref"), str) and not _fits(value, _found(reference, root), root, depth + 1):
        return False
    kinds = schema.get("type")
    if kinds is not None and not any(_is(value, kind) for kind in (kinds if isinstance(kinds, list) else [kinds])):
        return False
    if isinstance(values := schema.get("enum"), list) and not any(_same(value, one) for one in values):
        return False
    if "const" in schema and not _same(value, schema["const"]):
        return False
    return _combined(value, schema, root, depth) and _inside(value, schema, root, depth)


def _combined(value: Any, schema: Mapping[str, Any], root: Any, depth: int) -> bool:
    for name, enough in _COMBINED.items():
        if isinstance(ones := schema.get(name), list) and not enough(
            [_fits(value, one, root, depth + 1) for one in ones]
        ):
            return False
    return True


def _inside(value: Any, schema: Mapping[str, Any], root: Any, depth: int) -> bool:
    if isinstance(value, dict):
        return _object(value, schema, root, depth)
    items = schema.get("items")
    if isinstance(value, list) and items is not None:
        return all(_fits(one, items, root, depth + 1) for one in value)
    return True


def _object(value: Mapping[str, Any], schema: Mapping[str, Any], root: Any, depth: int) -> bool:
    known = schema.get("properties")
    known = known if isinstance(known, dict) else {}
    needed = schema.get("required")
    if isinstance(needed, list) and any(name not in value for name in needed):
        return False
    more = {} if "patternProperties" in schema else schema.get("additionalProperties", {})
    return all(_fits(one, known.get(name, more), root, depth + 1) for name, one in value.items())


def _found(reference: str, root: Any) -> Any:
    """What `#/$defs/name` means; anything where it means nothing here."""
    found = root
    for name in reference.removeprefix("#").split("/")[1:]:
        if not isinstance(found, dict) or name not in found:
            return {}
        found = found[name]
    return found if reference.startswith("#") else {}


def _is(value: Any, kind: Any) -> bool:
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    return known is None or known(value)


def _same(value: Any, other: Any) -> bool:
    """Python takes True for 1; JSON doesn't."""
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_COMBINED: Final[Mapping[str, Callable[[list[bool]], bool]]] = {
    "anyOf": any,
    "allOf": all,
    "oneOf": lambda found: found.count(True) == 1,
}
_KINDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _number,
    "integer": lambda value: _number(value) and value % 1 == 0,
}
