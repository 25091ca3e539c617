"""A plausible value for a JSON schema: enough that what is made of it fits the schema's basics."""

from typing import Any, Final

from core.wire import Json

_DEEPEST = 16
_MOST_NODES = 500
_LONGEST_LIST = 10
_LONGEST_TEXT = 200
_FORMATS: Final = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "email": "demo@example.com",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def sample(schema: Any, name: str = "demo") -> Any:
    """*name* becomes the text of strings that say no more of themselves. A schema that is none gives an object."""
    try:
        return _Sample(schema).of(schema, name, _DEEPEST)
    except (TypeError, ValueError, KeyError, AttributeError):
        # The schema is a stranger's, and this is only a demo.
        return {}


class _Sample:
    """One value in the making. *left* bounds the work: schemas refer to themselves."""

    __slots__ = ("left", "root")

    def __init__(self, root: Any) -> None:
        self.root = root
        self.left = _MOST_NODES

    def of(self, schema: Any, name: str, depth: int) -> Any:
        self.left -= 1
        if not isinstance(schema, dict) or not depth or self.left < 0:
            return {}
        for fixed in ("const", "default"):
            if fixed in schema:
                return schema[fixed]
        if schema.get("enum"):
            return schema["enum"][0]
        if "$ref" in schema:
            return self.of(self._referred(schema["$ref"]), name, depth - 1)
        for union in ("anyOf", "oneOf", "allOf"):
            if schema.get(union):
                return self.of(schema[union][0], name, depth - 1)
        return self._by_type(schema, name, depth - 1)

    def _by_type(self, schema: Json, name: str, depth: int) -> Any:
        type = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(type, list):
            type = next((one for one in type if one != "null"), "null")
        match type:
            case "object":
                properties = schema.get("properties", {})
                return {key: self.of(properties.get(key), key, depth) for key in schema.get("required", ())}
            case "array":
                many = min(max(1, schema.get("minItems", 1)), _LONGEST_LIST)
                return [self.of(schema.get("items"), name, depth) for _ in range(many)]
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
            case "null":
                return None
        return _string(schema, name)

    def _referred(self, reference: str) -> Any:
        """`#/$defs/name`, and nothing outside of the schema."""
        found = self.root
        for step in reference.split("/")[1:]:
            found = found[step]
        return found


def _number(schema: Json) -> Any:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return min(least, schema.get("maximum", least))


def _string(schema: Json, name: str) -> str:
    text = _FORMATS.get(schema.get("format", ""), name)
    return text.ljust(min(schema.get("minLength", 0), _LONGEST_TEXT), ".")[: schema.get("maxLength", _LONGEST_TEXT)]
