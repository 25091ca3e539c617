"""JSON schemas as Gemini takes them: nearly whole since 2.5, and before that as OpenAPI's."""

from collections.abc import Callable
from typing import Any

import orjson

from adapters.schemas import Rules, fitted
from core.wire import Json

_JSON_SCHEMA = Rules(
    keep=frozenset(
        {
            "$anchor",
            "$defs",
            "$id",
            "$ref",
            "additionalProperties",
            "anyOf",
            "description",
            "enum",
            "format",
            "items",
            "maxItems",
            "maximum",
            "minItems",
            "minimum",
            "oneOf",
            "prefixItems",
            "properties",
            "propertyOrdering",
            "required",
            "title",
            "type",
        }
    ),
)
_OPENAPI = Rules(
    keep=frozenset(
        {
            "anyOf",
            "description",
            "enum",
            "format",
            "items",
            "maxItems",
            "maximum",
            "maxLength",
            "maxProperties",
            "minItems",
            "minLength",
            "minProperties",
            "minimum",
            "nullable",
            "pattern",
            "properties",
            "required",
            "title",
            "type",
        }
    ),
    formats=frozenset({"date-time", "double", "enum", "float", "int32", "int64"}),
    inline=True,
    nullable=True,
    upper=True,
)
_SAYS_NOTHING = frozenset({"type", "properties", "required", "additionalProperties", "$schema", "title", "strict"})


def json_schema(schema: Json, at: str) -> Json:
    """For `responseJsonSchema` and `parametersJsonSchema`."""
    if "$ref" in schema:
        # A root that only refers to what it defines: nothing else may stand beside that.
        schema = {name: value for name, value in schema.items() if name.startswith("$") or name == "definitions"}
    made: Json = _everywhere(fitted(schema, _JSON_SCHEMA, at), _tidy)
    return made


def openapi(schema: Json, at: str) -> Json:
    """For `responseSchema` and `parameters`."""
    made: Json = _everywhere(fitted(schema, _OPENAPI, at), _tidy_openapi)
    return made


def without_parameters(schema: Json) -> bool:
    """Whether it says no more than that there is an object without members."""
    empty = not schema.get("properties") and not schema.get("additionalProperties") and not schema.get("required")
    return empty and schema.get("type", "object") == "object" and schema.keys() <= _SAYS_NOTHING


def _everywhere(node: Any, tidy: Callable[[Json], Json]) -> Any:
    """*node* with every schema in it tidied, the innermost first."""
    if not isinstance(node, dict):
        return node
    made: Json = {}
    for name, value in node.items():
        if name in {"properties", "$defs"} and isinstance(value, dict):
            made[name] = {key: _everywhere(one, tidy) for key, one in value.items()}
        elif name in {"anyOf", "oneOf", "prefixItems"} and isinstance(value, list):
            made[name] = [_everywhere(one, tidy) for one in value]
        elif name in {"items", "additionalProperties"}:
            made[name] = _everywhere(value, tidy)
        else:
            made[name] = value
    return tidy(made)


def _tidy(node: Json) -> Json:
    if "$ref" in node and any(not name.startswith("$") for name in node):
        # It may have only neighbours that begin with a dollar sign.
        rest = {name: value for name, value in node.items() if name != "$ref"}
        return {**rest, "anyOf": [{"$ref": node["$ref"]}]} if "anyOf" not in rest else {"$ref": node["$ref"]}
    if not isinstance(options := node.get("enum"), list) or all(_plain(one) for one in options):
        return node
    rest = {name: value for name, value in node.items() if name != "enum"}
    plain = [one for one in options if _plain(one)]
    if options == [None]:
        return {**rest, "type": "null"}
    if None in options and len(plain) == len(options) - 1 and "anyOf" not in rest:
        # Null can't be a member of an enum; beside it, it can.
        kind = rest.pop("type", None)
        kinds = [one for one in (kind if isinstance(kind, list) else [kind]) if one not in (None, "null")]
        typed = {"type": kinds[0]} if len(kinds) == 1 else {}
        return {**rest, "anyOf": [{**typed, "enum": plain}, {"type": "null"}]}
    return _described(rest, options)


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _tidy_openapi(node: Json) -> Json:
    options = node.get("enum")
    if isinstance(options, list):
        node = {name: value for name, value in node.items() if name != "enum"}
        words = [one for one in options if isinstance(one, str) and one]
        if words and node.get("type", "STRING") == "STRING":
            node = {**node, "type": "STRING", "enum": words}
        else:
            node = _described(node, options)
    if isinstance(properties := node.pop("properties", None), dict) and properties:
        node = {**node, "properties": properties, "propertyOrdering": list(properties)}
    if isinstance(either := node.pop("anyOf", None), list):
        # It must stand alone, so what stands beside it goes inside.
        return {"anyOf": [{**node, **one} for one in either]}
    return node


def _described(node: Json, options: list[Any]) -> Json:
    said, before = f"enum: {orjson.dumps(options).decode()}", node.get("description")
    return {**node, "description": f"{before} ({said})" if before else said}
