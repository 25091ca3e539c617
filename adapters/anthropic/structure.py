"""What shape the answer must have: `response_format` as Anthropic knows it."""

from typing import Any, Final, NamedTuple

from adapters.fields import Fields
from adapters.schemas import Rules, fitted
from core.errors import invalid
from core.wire import Json

RULES: Final = Rules(
    keep=frozenset(
        {
            "$defs",
            "$ref",
            "additionalProperties",
            "allOf",
            "anyOf",
            "const",
            "default",
            "description",
            "enum",
            "format",
            "items",
            "minItems",
            "pattern",
            "properties",
            "required",
            "title",
            "type",
        }
    ),
    formats=frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}),
    closed=True,
    least_items=1,
    regular=True,
)
# There is no mode for just any object.
HINT: Final = "Answer with a single JSON object and nothing else: no words around it and no code fence."
_AT = "response_format.json_schema.schema"


class Shape(NamedTuple):
    """*schema* is the client's own, *any_object*: whatever it is, it must be an object."""

    schema: Json | None = None
    any_object: bool = False

    @property
    def fitted(self) -> Json:
        """As `output_config.format` takes it."""
        return {"type": "json_schema", "schema": fitted(self.schema or {}, RULES, _AT)}


def shape(fields: Fields) -> Shape:
    """Takes response_format."""
    wanted: Any = fields.take("response_format")
    match None if wanted is None else wanted.get("type"):
        case None | "text":
            return Shape()
        case "json_object":
            return Shape(any_object=True)
        case "json_schema":
            return _of(wanted.get("json_schema"))
        case kind:
            raise invalid(f"Unknown type of response format: '{str(kind)[:64]}'.", param="response_format.type")


def _of(given: Any) -> Shape:
    schema = given.get("schema") if isinstance(given, dict) else given
    if schema is None and isinstance(given, dict):
        return Shape(any_object=True)
    if not isinstance(schema, dict):
        raise invalid("A schema must be an object.", param=_AT, code="invalid_type")
    return Shape(schema)
