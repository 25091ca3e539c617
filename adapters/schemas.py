"""JSON schemas as providers accept them: each knows some of the keywords and refuses, or ignores, the others.

What a provider doesn't know is said in the description instead, where a model can still read it, in an order that
depends on nothing but the schema, so that prompt caches keep working.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

from core.errors import invalid
from core.wire import Json

_DEEPEST = 100
_MOST_NODES = 20_000
_MOST_COPIED = 4 * 1024 * 1024  # bytes that references, put in place, may add
# Keywords whose values are schemas by name, a list of schemas, and a schema.
_BY_NAME = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_ONE = frozenset({"items", "additionalProperties", "not", "contains", "if", "then", "else", "propertyNames"})
_NAMED = frozenset({"properties", "$defs", "definitions", "patternProperties"})
_OLD = re.compile(r"^#/definitions/")
_MAP = "additionalProperties"
# What need not be told a model in words.
_SILENT = frozenset(
    {
        "$schema",
        "$id",
        "$comment",
        "$anchor",
        "title",
        "strict",
        _MAP,
        "$defs",
        "definitions",
        "examples",
        "default",
        "nullable",
    }
)
_NOTES = _SILENT | {"description"}


class Rules(NamedTuple):
    """*keep* are the keywords that may stand. *formats*: those of `format`, None for any.

    *closed*: every object gets `additionalProperties: false`. *inline*: references are replaced by what they name.
    *one_of*: what `oneOf` is called. *describe*: what is left out goes into the description. *nullable*: a type of
    null beside another becomes `nullable: true`, *upper* writes types as STRING. *least_items*: the largest
    `minItems` that is accepted. *regular*: a `pattern` may only be what a finite automaton can match.
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
    regular: bool = False


def fitted(schema: Json, rules: Rules, at: str) -> Json:
    """*schema* in the provider's words. *at* is where the client wrote it, for refusals."""
    return _Tailor(schema, rules, at).root()


# Looking around, at the edge of a word, and back at a group.
_IRREGULAR = re.compile(r"\(\?(?:<?[=!]|P=)|\\[bB1-9]")


class _Tailor:
    """Works on one schema. *_open* are the references that are being inlined: one within itself has no end."""

    __slots__ = ("_at", "_copied", "_nodes", "_open", "_rules", "_schema", "_sizes")

    def __init__(self, schema: Json, rules: Rules, at: str) -> None:
        self._schema = schema
        self._rules = rules
        self._at = at
        self._open: list[str] = []
        self._nodes = 0
        self._sizes: dict[str, int] = {}
        self._copied = 0

    @property
    def _moves(self) -> bool:
        """Whether `definitions` become `$defs`, and references follow them."""
        return "definitions" not in self._rules.keep and "$defs" in self._rules.keep

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
        given = self._moved(given)
        node = self._simple(dict(given))
        if self._rules.inline and isinstance(reference := node.get("$ref"), str):
            return self._inlined(reference, node, depth)
        made: Json = {}
        lost: Json = {}
        for name, value in node.items():
            if name in self._rules.keep and self._accepts(name, value):
                made[name] = self._value(name, value, depth)
            else:
                lost[name] = value
        return self._finished(made, lost)

    def _moved(self, given: Json) -> Json:
        """A reference into `definitions` follows them to `$defs`; see _simple."""
        keep, reference = self._rules.keep, given.get("$ref")
        if not isinstance(reference, str) or "definitions" in keep or "$defs" not in keep:
            return given
        start, _, name = reference.partition("#/definitions/")
        return {**given, "$ref": f"#/$defs/{name}"} if name and not start else given

    def _inlined(self, reference: str, given: Json, depth: int) -> Json:
        if reference in self._open:
            raise self._refused("refers to itself, which this provider can't take")
        self._open.append(reference)
        beside = {name: value for name, value in given.items() if name != "$ref"}
        made = self._fit(_together(beside, self._named(reference)), depth + 1)
        self._open.pop()
        return made

    def _named(self, reference: str) -> Json:
        if not reference.startswith("#"):
            raise self._refused("refers to another document")
        found: Any = self._schema
        for step in filter(None, unquote(reference[1:]).split("/")):
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list):
                found = found[int(step)] if step.isdecimal() and int(step) < len(found) else None
            else:
                found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise self._refused(f"refers to '{reference[:64]}', which isn't there")
        self._weigh(reference, found)
        return found

    def _weigh(self, reference: str, found: Json) -> None:
        """A few lines that refer to one another can mean gigabytes."""
        if reference not in self._sizes:
            self._sizes[reference] = len(self._words(found))
        self._copied += self._sizes[reference]
        if self._copied > _MOST_COPIED:
            raise self._refused("is too large for this provider")

    def _words(self, value: Any) -> bytes:
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:
            raise self._refused("is nested too deeply for this provider") from None

    def _simple(self, node: Json) -> Json:
        """Spellings that mean the same as others: one of them is enough for each provider."""
        node, opened = self._simpler(node)
        while opened:
            node, opened = self._simpler(node)
        return node

    def _simpler(self, node: Json) -> tuple[Json, bool]:
        """Whether it was *opened*: then it has members that nobody has looked at yet."""
        keep = self._rules.keep
        kept = "$ref" in keep
        if isinstance(parts := node.get("allOf"), list) and "allOf" not in keep:
            del node["allOf"]
            if len(parts) == 1 and _is_reference(parts[0]) and "$ref" not in node and (kept or self._rules.inline):
                node = _together(node, parts[0])  # put in its place, it might lead back to here for ever
            else:
                node = self._all_of(node, parts, (), 0)
        if "oneOf" in node and "oneOf" not in keep and "anyOf" not in node:
            node[self._rules.one_of] = node.pop("oneOf")
        older, newer = node.get("definitions"), node.get("$defs", {})
        if isinstance(older, dict) and isinstance(newer, dict) and self._moves:
            node["$defs"] = {**node.pop("definitions"), **newer}
        if "const" in node and "const" not in keep:
            node["enum"] = [node.pop("const")]
        return _nullable(node) if self._rules.nullable else (node, False)

    def _all_of(self, node: Json, parts: list[Any], within: tuple[str, ...], depth: int) -> Json:
        """*node* with all that its *parts* say. *within* are the references that led here."""
        if depth > _DEEPEST:
            raise self._refused("is nested too deeply for this provider")
        for part in parts:
            if part is True:
                continue
            said, led = self._followed(part, within)
            further = said.pop("allOf", None)
            node = _together(node, said)
            if isinstance(further, list):
                node = self._all_of(node, further, led, depth + 1)
        return node

    def _followed(self, part: Any, led: tuple[str, ...]) -> tuple[Json, tuple[str, ...]]:
        """A copy of *part* with what it refers to in its place, and the references that have *led* there."""
        if not isinstance(part, dict):
            raise self._refused("holds a schema that is no object")
        said = dict(part)
        while isinstance(reference := said.pop("$ref", None), str):
            if reference in led:
                raise self._refused("refers to itself, which this provider can't take")
            led = (*led, reference)
            said = _together(said, self._named(reference))
        return said, led

    def _accepts(self, name: str, value: Any) -> bool:
        if name == "format" and self._rules.formats is not None:
            return isinstance(value, str) and value in self._rules.formats
        if name == "minItems" and self._rules.least_items is not None:
            return isinstance(value, int) and value <= self._rules.least_items
        if name == "pattern" and self._rules.regular:
            return isinstance(value, str) and _IRREGULAR.search(value) is None
        if name == "type" and self._rules.nullable:
            return isinstance(value, str)
        return not (name == _MAP and self._rules.closed)

    def _value(self, name: str, value: Any, depth: int) -> Any:
        if name in _BY_NAME and isinstance(value, dict):
            return {key: self._fit(one, depth + 1) for key, one in value.items()}
        if name in _LISTS and isinstance(value, list):
            return [self._fit(one, depth + 1) for one in value]
        if name in _ONE and isinstance(value, dict):
            return self._fit(value, depth + 1)
        if name == "items" and isinstance(value, list):  # the old spelling of prefixItems
            return self._fit({"anyOf": value}, depth + 1) if value and "anyOf" in self._rules.keep else {}
        if name == "$ref" and isinstance(value, str) and self._moves:
            return _OLD.sub("#/$defs/", value)
        if name == "type" and self._rules.upper:
            return value.upper() if isinstance(value, str) else value
        return value

    def _finished(self, made: Json, lost: Json) -> Json:
        kind = made.get("type")
        is_object = "properties" in made or (isinstance(kind, str) and kind.lower() == "object")
        if self._rules.closed and (is_object or (isinstance(kind, list) and "object" in kind)):
            made[_MAP] = False
        if self._rules.describe and (said := self._said(lost)):
            before = made.get("description")
            made["description"] = f"{before} ({said})" if before else said
        return made

    def _said(self, lost: Mapping[str, Any]) -> str:
        """The constraints that can't be sent, as words: `minimum: 1, maxLength: 20`."""
        told = [
            name
            for name, value in lost.items()
            if name not in _SILENT or (name == _MAP and value and value is not True)
        ]
        return ", ".join(f"{name}: {self._words(lost[name]).decode()}" for name in sorted(told))

    def _refused(self, what: str) -> Exception:
        return invalid(f"The schema {what}.", param=self._at, code="invalid_json_schema")


def _is_reference(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("$ref"), str)


def _together(node: Json, part: Json) -> Json:
    """Two schemas that must both hold, as one. What can't be one stays beside the rest, under `allOf`."""
    both = {**part, **node}
    beside: list[Any] = []
    for name, other in part.items():
        mine = node.get(name, other)
        if mine == other:
            continue
        if isinstance(mine, dict) and isinstance(other, dict) and name in _NAMED:
            both[name] = {**other, **mine}
            for key in other.keys() & mine.keys() if name == "properties" else ():
                if other[key] != mine[key]:
                    both[name][key] = {"allOf": [mine[key], other[key]]}
        elif isinstance(mine, list) and isinstance(other, list) and name == "required":
            both[name] = [*mine, *(one for one in other if one not in mine)]
        elif isinstance(mine, list) and isinstance(other, list) and name == "allOf":
            both[name] = [*mine, *other]
        elif name not in _NOTES:
            beside.append({name: other})
    if beside:
        given = both.get("allOf")
        both["allOf"] = [*(given if isinstance(given, list) else ()), *beside]
    return both


def _nullable(node: Json) -> tuple[Json, bool]:
    """A type of null beside others, said as `nullable`. Types that then are more than one become options.

    Where only one option is left, it takes the place of them all, and the node was opened.
    """
    kind = node.get("type")
    if isinstance(kind, list):
        kinds = [one for one in kind if one != "null"]
        if len(kinds) != len(kind):
            node["nullable"] = True
        if len(kinds) == 1:
            node["type"] = kinds[0]
        elif kinds and "anyOf" not in node:
            del node["type"]
            node["anyOf"] = [{"type": one} for one in kinds]
        elif kind and not kinds:
            node["type"] = "null"
    options = node.get("anyOf")
    if not isinstance(options, list):
        return node, False
    real = [one for one in options if not (isinstance(one, dict) and one.get("type") == "null")]
    if len(real) == len(options):
        return node, False
    rest = {name: value for name, value in node.items() if name != "anyOf"}
    if not real:
        return {"type": "null", **rest}, False
    rest["nullable"] = True
    if len(real) == 1 and isinstance(real[0], dict):
        return _together(rest, real[0]), True
    return {**rest, "anyOf": real}, False
