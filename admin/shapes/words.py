"""The words that JSON schemas are made of here: plain values, put together by small functions."""

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
Fields = Mapping[str, Schema]

TEXT: Final[Schema] = {"type": "string"}
NAME: Final[Schema] = {"type": "string", "minLength": 1}
FLAG: Final[Schema] = {"type": "boolean"}
NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
WHOLE: Final[Schema] = {"type": "integer"}
DOLLARS: Final[Schema] = {"type": "number", "description": "US dollars"}
SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
DAY: Final[Schema] = {"type": "string", "format": "date"}
SECONDS: Final[Schema] = {"type": "number", "description": "seconds since 1970"}
ANYTHING: Final[Schema] = {}
ANY_THING: Final[Schema] = {"type": "object"}


def named(name: str) -> Schema:
    """A schema that stands under *name* in the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def some(schema: Schema, **limits: int) -> Schema:
    return {"type": "array", "items": schema, **limits}


def one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def thing(always: Fields, sometimes: Fields | None = None) -> Schema:
    """An object with these fields; there may be others some day."""
    properties = {**always, **(sometimes or {})}
    required = {"required": list(always)} if always else {}
    return {"type": "object", "properties": properties, **required}


def by_name(schema: Schema) -> Schema:
    """An object whose fields are named by somebody else."""
    return {"type": "object", "additionalProperties": schema}


def word(value: str) -> Schema:
    """That very text."""
    return {"type": "string", "const": value}


def listed(schema: Schema, **more: Schema) -> Schema:
    """A list as OpenAI has them."""
    return thing({"object": word("list"), "data": some(schema), **more})


def about(schema: Schema, said: str) -> Schema:
    return {**schema, "description": said}
