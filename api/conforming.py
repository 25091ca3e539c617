"""Whether a value fits a JSON schema, as far as models are asked to keep to one.

Types, properties, items, choices, lengths and bounds are looked at; keywords that aren't known here, patterns and
formats among them, are taken for kept, so that a value is only found wrong where it certainly is. For that reason
nothing is asked of `not`, nor of `oneOf` that only one fits. The work has an end, whatever the schema says.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

MOST: Final = 20_000  # looks at a value with a schema; what takes more is believed
DEEPEST: Final = 64

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}


def conforms(value: Any, schema: Any) -> bool:
    """*value* and *schema* as JSON has them. A schema that is none is kept by everything."""
    return _Look(schema).fits(value, schema, 0)


class _Look:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._left = MOST

    def fits(self, value: Any, schema: Any, depth: int) -> bool:
        self._left -= 1
        if not isinstance(schema, dict):
            return schema is not False
        if self._left < 0 or depth > DEEPEST:
            return True
        return (
            _typed(value, schema.get("type"))
            and self._chosen(value, schema)
            and _bounded(value, schema)
            and self._combined(value, schema, depth + 1)
            and self._inside(value, schema, depth + 1)
        )

    def _chosen(self, value: Any, schema: Mapping[str, Any]) -> bool:
        if "const" in schema and not _same(value, schema["const"]):
            return False
        choices = schema.get("enum")
        if not isinstance(choices, list):
            return True
        self._left -= len(choices)
        return any(_same(value, one) for one in choices)

    def _combined(self, value: Any, schema: Mapping[str, Any], depth: int) -> bool:
        if (name := schema.get("$ref")) is not None and not self.fits(value, self._referred(name), depth):
            return False
        if not all(self.fits(value, one, depth) for one in _list(schema.get("allOf"))):
            return False
        for word in ("anyOf", "oneOf"):
            either = _list(schema.get(word))
            if either and not any(self.fits(value, one, depth) for one in either):
                return False
        return True

    def _referred(self, name: Any) -> Any:
        """The part of the schema that a reference names; anything fits one that leads nowhere."""
        if not isinstance(name, str) or not f"{name}/".startswith("#/"):
            return True
        found = self._root
        for step in name.removeprefix("#").split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            found = found.get(step, True) if isinstance(found, dict) else True
        return found

    def _inside(self, value: Any, schema: Mapping[str, Any], depth: int) -> bool:
        if isinstance(value, dict):
            return self._fields(value, schema, depth)
        return not isinstance(value, list) or self._items(value, schema, depth)

    def _fields(self, value: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> bool:
        needed = _list(schema.get("required"))
        self._left -= len(needed)
        if any(name not in value for name in needed if isinstance(name, str)):
            return False
        known = schema.get("properties")
        known = known if isinstance(known, dict) else {}
        others = schema.get("additionalProperties", True)
        if "patternProperties" in schema:
            others = True
        return all(self.fits(one, known.get(name, others), depth) for name, one in value.items())

    def _items(self, value: list[Any], schema: Mapping[str, Any], depth: int) -> bool:
        first = _list(schema.get("prefixItems"))
        rest = schema.get("items", True)
        return all(
            self.fits(one, first[place] if place < len(first) else rest, depth) for place, one in enumerate(value)
        )


def _typed(value: Any, wanted: Any) -> bool:
    if wanted is None:
        return True
    tests = [_TYPES.get(name) for name in (wanted if isinstance(wanted, list) else [wanted]) if isinstance(name, str)]
    return not tests or any(test is None or test(value) for test in tests)


def _same(one: Any, other: Any) -> bool:
    """As JSON means it: true is no 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _bounded(value: Any, schema: Mapping[str, Any]) -> bool:
    if isinstance(value, str):
        return _within(len(value), schema, "minLength", "maxLength")
    if isinstance(value, list):
        return _within(len(value), schema, "minItems", "maxItems")
    if isinstance(value, dict):
        return _within(len(value), schema, "minProperties", "maxProperties")
    if not _TYPES["number"](value):
        return True
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    return (
        _within(value, schema, "minimum", "maximum")
        and (not _TYPES["number"](above) or value > above)
        and (not _TYPES["number"](below) or value < below)
    )


def _within(size: float, schema: Mapping[str, Any], lowest: str, highest: str) -> bool:
    low: Any = schema.get(lowest)
    high: Any = schema.get(highest)
    return (not _TYPES["number"](low) or size >= low) and (not _TYPES["number"](high) or size <= high)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
