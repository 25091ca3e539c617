"""JSON schemas as providers accept them: each knows some of the keywords and refuses, or ignores, the others.

What a provider doesn't know is said in the description instead, where a model can still read it, in an order that
depends on nothing but the schema, so that prompt caches keep working.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from core.errors import invalid
from core.wire import Json

_DEEPEST = 100
_MOST_NODES = 20_000
# Keywords whose values are schemas by name, a list of schemas, and a schema.
_BY_NAME = ("properties", "$defs", "definitions", "patternProperties")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_ONE = ("items", "additionalProperties", "not", "contains")


class Rules(NamedTuple):
    """*keep* are the keywords that may stand. *formats*: those of `format`, None for any.

    *closed*: every object gets `additionalProperties: false`. *inline*: references are replaced by what they name.
    *one_of*: what `oneOf` is called. *describe*: what is left out goes into the description. *nullable*: a type of
    null beside another becomes `nullable: true`, *upper* writes types as STRING. *least_items*: the largest
    `minItems` that is accepted.
    """

    keep: frozenset[str]
    formats: frozenset[str] | None = None
    closed: bool = False
    inline: bool = False
    one_of: str = "anyOf"
    describe: bool = True
    nullable: bool = False
    upper: bool = False
    least_items: int | None = None


def fitted(schema: Json, rules: Rules, at: str) -> Json:
    """*schema* in the provider's words. *at* is where the client wrote it, for refusals."""
    return _Tailor(schema, rules, at).root()


class _Tailor:
    """Works on one schema. *_open* are the references that are being inlined: one within itself has no end."""

    __slots__ = ("_at", "_nodes", "_open", "_rules", "_schema")

    def __init__(self, schema: Json, rules: Rules, at: str) -> None:
        self._schema = schema
        self._rules = rules
        self._at = at
        self._open: list[str] = []
        self._nodes = 0

    def root(self) -> Json:
        return self._fit(self._schema, 0)

    def _fit(self, given: Any, depth: int) -> Json:
        self._nodes += 1
        if depth > _DEEPEST or self._nodes > _MOST_NODES:
            raise self._refused("is too large or nested too deeply for this provider")
        if given is True or given == {}:
            return {}
        if not isinstance(given, dict):
            raise self._refused("holds a schema that is no object")
        if self._rules.inline and isinstance(reference := given.get("$ref"), str):
            return self._inlined(reference, given, depth)
        node = self._simple(dict(given))
        made: Json = {}
        lost: Json = {}
        for name, value in node.items():
            if name in self._rules.keep and self._accepts(name, value):
                made[name] = self._value(name, value, depth)
            else:
                lost[name] = value
        return self._finished(made, lost)

    def _inlined(self, reference: str, given: Json, depth: int) -> Json:
        if reference in self._open:
            raise self._refused("refers to itself, which this provider can't take")
        self._open.append(reference)
        beside = {name: value for name, value in given.items() if name != "$ref"}
        made = self._fit({**self._named(reference), **beside}, depth + 1)
        self._open.pop()
        return made

    def _named(self, reference: str) -> Json:
        if not reference.startswith("#"):
            raise self._refused("refers to another document")
        found: Any = self._schema
        for step in filter(None, reference[1:].split("/")):
            step = step.replace("~1", "/").replace("~0", "~")
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise self._refused(f"refers to '{reference[:64]}', which isn't there")
        return found

    def _simple(self, node: Json) -> Json:
        """Spellings that mean the same as others: one of them is enough for each provider."""
        keep = self._rules.keep
        if "oneOf" in node and "oneOf" not in keep and "anyOf" not in node:
            node[self._rules.one_of] = node.pop("oneOf")
        if "definitions" in node and "definitions" not in keep and "$defs" in keep:
            node["$defs"] = {**node.pop("definitions"), **node.get("$defs", {})}
        if "const" in node and "const" not in keep:
            node["enum"] = [node.pop("const")]
        if isinstance(parts := node.get("allOf"), list) and "allOf" not in keep:
            node.pop("allOf")
            for part in parts:
                node = _together(node, self._named(part["$ref"]) if _is_reference(part) else part)
        if self._rules.nullable:
            node = _nullable(node)
        return node

    def _accepts(self, name: str, value: Any) -> bool:
        if name == "format" and self._rules.formats is not None:
            return value in self._rules.formats
        if name == "minItems" and self._rules.least_items is not None:
            return isinstance(value, int) and value <= self._rules.least_items
        return not (name == "additionalProperties" and self._rules.closed)

    def _value(self, name: str, value: Any, depth: int) -> Any:
        if name in _BY_NAME and isinstance(value, dict):
            return {key: self._fit(one, depth + 1) for key, one in value.items()}
        if name in _LISTS and isinstance(value, list):
            return [self._fit(one, depth + 1) for one in value]
        if name in _ONE and isinstance(value, dict):
            return self._fit(value, depth + 1)
        if name == "items" and isinstance(value, list):  # the old spelling of prefixItems
            return {"anyOf": [self._fit(one, depth + 1) for one in value]} if value else {}
        if name == "type" and self._rules.upper:
            return value.upper() if isinstance(value, str) else value
        return value

    def _finished(self, made: Json, lost: Json) -> Json:
        kind = made.get("type")
        is_object = "properties" in made or (isinstance(kind, str) and kind.lower() == "object")
        if self._rules.closed and (is_object or (isinstance(kind, list) and "object" in kind)):
            lost.pop("additionalProperties", None)
            made["additionalProperties"] = False
        if self._rules.describe and (said := _said(lost)):
            before = made.get("description")
            made["description"] = f"{before} ({said})" if before else said
        return made

    def _refused(self, what: str) -> Exception:
        return invalid(f"The schema {what}.", param=self._at, code="invalid_json_schema")


_SILENT = frozenset(
    {
        "$schema",
        "$id",
        "$comment",
        "$anchor",
        "title",
        "strict",
        "additionalProperties",
        "$defs",
        "definitions",
        "examples",
        "default",
        "nullable",
    }
)


def _said(lost: Mapping[str, Any]) -> str:
    """The constraints that can't be sent, as words: `minimum: 1, maxLength: 20`."""
    told = {name: value for name, value in lost.items() if name not in _SILENT}
    return ", ".join(
        f"{name}: {orjson.dumps(told[name], option=orjson.OPT_SORT_KEYS).decode()}" for name in sorted(told)
    )


def _is_reference(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("$ref"), str)


def _together(node: Json, part: Any) -> Json:
    """Two schemas that must both hold, as one."""
    if not isinstance(part, dict):
        return node
    both = {**part, **node}
    if "properties" in part and "properties" in node:
        both["properties"] = {**part["properties"], **node["properties"]}
    if "required" in part and "required" in node:
        both["required"] = [*node["required"], *(name for name in part["required"] if name not in node["required"])]
    return both


def _nullable(node: Json) -> Json:
    """A type of null beside others, said as `nullable`."""
    kind = node.get("type")
    if isinstance(kind, list):
        kinds = [one for one in kind if one != "null"]
        if len(kinds) != len(kind):
            node["nullable"] = True
        if len(kinds) == 1:
            node["type"] = kinds[0]
        elif kinds:
            del node["type"]
            node["anyOf"] = [{"type": one} for one in kinds]
    options = node.get("anyOf")
    if isinstance(options, list):
        real = [one for one in options if not (isinstance(one, dict) and one.get("type") == "null")]
        if len(real) != len(options):
            node["nullable"] = True
            if len(real) == 1 and isinstance(real[0], dict):
                del node["anyOf"]
                node = {**real[0], **node}
            else:
                node["anyOf"] = real
    return node
