"""The tools that a model may call, how freely it chooses, and answers that must follow a schema.

A model that takes no schema for its answer is made to call a tool instead whose arguments are the answer.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import orjson

from adapters.bedrock.families import Family
from adapters.bedrock.history import point
from adapters.fields import Fields, unsupported
from adapters.schemas import Rules, fitted
from adapters.tools import Names, Offer, Tool
from core.errors import invalid
from core.wire import Json

NO_TOOLS = "Answer without calling any tool."
JSON_ONLY = "Answer with one JSON object and nothing else."

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_LONGEST = 64
_GONE = "It can't be called any more."
_ANYTHING: Json = {"type": "object", "properties": {}}

# What structured outputs and strict tools take, by Bedrock's own account of them.
_STRICT = Rules(
    keep=frozenset(
        {
            "$defs",
            "$ref",
            "allOf",
            "anyOf",
            "const",
            "default",
            "definitions",
            "description",
            "enum",
            "format",
            "items",
            "minItems",
            "properties",
            "required",
            "title",
            "type",
        }
    ),
    formats=frozenset(
        {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"},
    ),
    closed=True,
    least_items=1,
)
# What Nova reads; at its top a schema may say less than that.
_PLAIN = Rules(
    keep=frozenset({"anyOf", "description", "enum", "format", "items", "properties", "required", "type"}), inline=True
)
_TOP = ("type", "properties", "required")


class Wanted(NamedTuple):
    """What shape the answer shall have. *native*: the `textFormat` that says so; *tool*: the tool that does;
    *hint*: words that ask for it.
    """

    native: Json | None = None
    tool: Json | None = None
    hint: str = ""


class ToolConfig(NamedTuple):
    """*config* is Converse's `toolConfig`, *hint* what it can't say; *forced*: the model has to call a tool."""

    config: Json | None
    hint: str
    forced: bool


def names_of_tools() -> Names:
    return Names(lambda name: _NAME.fullmatch(name) is not None, _LONGEST)


def ids_of_calls() -> Names:
    return Names(lambda name: _ID.fullmatch(name) is not None, _LONGEST)


def wanted(fields: Fields, family: Family, offer: Offer) -> Wanted:
    """Takes response_format."""
    given = fields.take("response_format")
    kind = "text" if given is None else given["type"]
    if kind == "text":
        return Wanted()
    if kind == "json_object":
        return Wanted(hint=JSON_ONLY)
    at = "response_format.json_schema"
    asked = given.get("json_schema")
    if kind != "json_schema" or not isinstance(asked, dict):
        raise invalid(f"'{str(kind)[:64]}' is no format of answers.", param="response_format")
    schema = asked.get("schema")
    if schema is None:
        return Wanted(hint=JSON_ONLY)
    if not isinstance(schema, dict):
        raise invalid("The schema must be an object.", param=f"{at}.schema", code="invalid_type")
    name, description = str(asked.get("name") or "answer"), asked.get("description")
    about = {"description": description} if isinstance(description, str) and description else {}
    if family.structured:
        text = orjson.dumps(fitted(schema, _STRICT, f"{at}.schema")).decode()
        definition = {"schema": text, "name": name, **about}
        return Wanted(native={"type": "json_schema", "structure": {"jsonSchema": definition}})
    if offer.choice.mode in {"required", "named"}:
        return Wanted()  # the model has to call a tool of the client's: there will be no answer to shape
    return Wanted(tool=_answering(schema, about, family=family, taken={tool.name for tool in offer.tools}, at=at))


def _answering(schema: Json, about: Json, *, family: Family, taken: Collection[str], at: str) -> Json:
    if not family.forced:
        raise unsupported("This model can't be held to a schema.", param="response_format")
    if schema.get("type") != "object":
        raise unsupported("The schema must be that of an object for this model.", param=f"{at}.schema")
    own = "answer"
    while own in taken:
        own += "_"
    description = about.get("description") or "Give the answer."
    json = _schema(schema, family, f"{at}.schema")
    return {"toolSpec": {"name": own, "description": description, "inputSchema": {"json": json}}}


def tool_config(
    fields: Fields, family: Family, offer: Offer, wish: Wanted, *, names: Names, called: Collection[str]
) -> ToolConfig:
    """*called*: what the history calls, in the provider's names. Converse wants to know tools that it reads of."""
    mode = offer.choice.mode
    if wish.tool is not None:
        own = _specs(offer.allowed, fields, family, names) if mode == "auto" else []
        return _answer_only(wish.tool, own, family)
    if not offer.tools or mode == "none":
        if not called:
            return ToolConfig(None, "", forced=False)
        own = _specs(offer.tools, fields, family, names)
        known = {spec["toolSpec"]["name"] for spec in own if "toolSpec" in spec}
        return ToolConfig({"tools": [*own, *(_stub(name) for name in called if name not in known)]}, NO_TOOLS, False)
    specs = _specs(offer.allowed, fields, family, names)
    if mode == "auto":
        return ToolConfig({"tools": specs}, "", forced=False)
    return ToolConfig({"tools": specs, "toolChoice": _choice(offer, family, names)}, "", forced=True)


def _answer_only(answer: Json, own: list[Json], family: Family) -> ToolConfig:
    """The model calls the tool that is the answer, or one of the client's."""
    named = {"tool": {"name": answer["toolSpec"]["name"]}}
    choice = named if not own and "tool" in family.forced else {"any": {}}
    return ToolConfig({"tools": [*own, answer], "toolChoice": choice}, "", forced=True)


def _choice(offer: Offer, family: Family, names: Names) -> Json:
    allowed = offer.allowed
    if offer.choice.mode == "named" and "tool" in family.forced:
        return {"tool": {"name": names.theirs(allowed[0].name)}}
    # Where only the named one is on offer, any is that one.
    if not family.forced:
        raise unsupported("This model can't be made to call a tool.", param="tool_choice")
    return {"any": {}}


def _specs(tools: tuple[Tool, ...], fields: Fields, family: Family, names: Names) -> list[Json]:
    specs: list[Json] = []
    for tool in tools:
        strict = tool.strict and family.structured
        if tool.strict and not strict:
            fields.dropped(f"{tool.at}.strict")
        spec: Json = {"name": names.theirs(tool.name)}
        if tool.description.strip():
            spec["description"] = tool.description
        at = f"{tool.at}.parameters"
        schema = fitted(tool.parameters, _STRICT, at) if strict else _schema(tool.parameters, family, at)
        spec["inputSchema"] = {"json": {**schema, "type": "object"}}
        if strict:
            spec["strict"] = True
        specs.append({"toolSpec": spec})
        if tool.mark is not None and family.cache == "everywhere":
            specs.append(point(tool.mark))
        elif tool.mark is not None:
            fields.dropped("cache_control")
    return specs


def _schema(schema: Json, family: Family, at: str) -> Json:
    if not family.plain_schemas:
        return schema
    plain = fitted(schema, _PLAIN, at)
    return {name: plain[name] for name in _TOP if name in plain}


def _stub(name: str) -> Json:
    return {"toolSpec": {"name": name, "description": _GONE, "inputSchema": {"json": _ANYTHING}}}


def single_call(config: ToolConfig, family: Family, offer: Offer, fields: Fields) -> Mapping[str, Any]:
    """The model's own field that keeps it from calling several tools at once, if that was asked for."""
    if offer.parallel is not False or config.config is None:
        return {}
    if family.claude is None or not family.claude.single_call:
        fields.dropped("parallel_tool_calls")
        return {}
    # Together with Converse's own choice the type would be said twice, which is refused.
    kind = {} if config.forced else {"type": "auto"}
    return {"tool_choice": {**kind, "disable_parallel_tool_use": True}}
