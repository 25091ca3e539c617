"""Tools and the choice among them, in Anthropic's words; among them the tool that stands for an answer's schema."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from adapters.anthropic.blocks import marked
from adapters.anthropic.model import Model
from adapters.anthropic.structure import RULES
from adapters.fields import Fields
from adapters.schemas import fitted
from adapters.tools import Names, Offer, Tool, offer
from core.errors import invalid
from core.wire import Json

SEARCH: Final = "web_search"
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_LONGEST_NAME = 64
_USES: Final = {"low": 1, "medium": 5, "high": 10}
_LONG: Final = frozenset({"1h", "12h", "24h"})
_PLACE: Final = ("city", "region", "country", "timezone")
_AS_THEY_ARE: Final[Mapping[str, str]] = {}
_EMPTY: Final[Json] = {"type": "object", "properties": {}}


class Notes(NamedTuple):
    """What has to be known again when the answer comes.

    *names*: Anthropic's spelling of a tool's name -> the client's. *custom* are tools that take free text, *output* is
    the tool that stands for the answer itself, both in Anthropic's spelling.
    """

    names: Mapping[str, str] = _AS_THEY_ARE
    custom: frozenset[str] = frozenset()
    output: str = ""


class Toolbox(NamedTuple):
    """*choice* None says nothing. *forced*: the model must call a tool."""

    tools: list[Json]
    choice: Json | None
    notes: Notes

    @property
    def forced(self) -> bool:
        return self.choice is not None and self.choice["type"] in {"any", "tool"}


def spelling(fields: Fields) -> Names:
    """Of tools' names. That of a server tool is taken."""
    taken = {SEARCH} if fields.peek("web_search_options") is not None else set()
    return Names(lambda name: name not in taken and _NAME.fullmatch(name) is not None, _LONGEST_NAME, stand_in="_")


def toolbox(fields: Fields, model: Model, names: Names, *, schema: Json | None) -> Toolbox:
    """*schema*: the answer has to fit it, and the model knows no other way than a tool that takes it."""
    offered = offer(fields)
    tools = offered.allowed if offered.choice.mode in {"auto", "required"} else offered.tools
    written = [_tool(tool, fields, model, names) for tool in tools]
    custom = frozenset(names.theirs(tool.name) for tool in tools if tool.custom)
    choice = _choice(fields, offered, model, names)
    if search := _search(fields):
        written.append(search)
    output = ""
    if schema is not None and offered.choice.mode not in {"required", "named"}:
        output = _free("answer", {tool["name"] for tool in written})
        written.append({"name": output, "description": "Give your answer with this tool.", "input_schema": schema})
        alone = offered.choice.mode == "none" or not (offered.tools or search)
        once: Json = {"type": "tool", "name": output, "disable_parallel_tool_use": True}
        choice = once if alone else {"type": "any"}
    if offered.parallel is False and choice != {"type": "none"}:
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    return Toolbox(written, choice, Notes(names.changed, custom, output))


def stubs(called: tuple[str, ...]) -> list[Json]:
    """Tools that a history tells of and the call no longer offers: Anthropic wants to know them."""
    return [{"name": name, "input_schema": dict(_EMPTY)} for name in called]


def _tool(tool: Tool, fields: Fields, model: Model, names: Names) -> Json:
    written: Json = {"name": names.theirs(tool.name)}
    if tool.description:
        written["description"] = tool.description
    strict = tool.strict and model.schemas
    if tool.strict and not model.schemas:
        fields.dropped("tools.strict")
    schema = rooted(tool.parameters, f"{tool.at}.parameters")
    written["input_schema"] = fitted(schema, RULES, f"{tool.at}.parameters") if strict else schema
    if strict:
        written["strict"] = True
    return marked(written, tool.mark and ("1h" if str(tool.mark) in _LONG else "5m"))


def rooted(schema: Json, at: str) -> Json:
    """*schema* with an object at its root, as Anthropic wants it."""
    kind = schema.get("type", "object")
    if kind != "object":
        raise invalid("The schema must be that of an object.", param=at, code="invalid_function_parameters")
    return schema if "type" in schema else {"type": "object", **({} if schema else {"properties": {}}), **schema}


def _choice(fields: Fields, offered: Offer, model: Model, names: Names) -> Json | None:
    if not offered.tools:
        return None
    mode = offered.choice.mode
    if mode in {"required", "named"} and model.forced == "never":
        fields.changed("tool_choice", "auto")
        return {"type": "auto"}
    if mode == "named":
        return {"type": "tool", "name": names.theirs(offered.choice.names[0])}
    return {"none": {"type": "none"}, "required": {"type": "any"}}.get(mode)


def _search(fields: Fields) -> Json | None:
    """Anthropic's own search of the web."""
    options = fields.take("web_search_options")
    if options is None:
        return None
    uses = _USES.get(str(options.get("search_context_size") or "medium"))
    if uses is None:
        raise invalid("'search_context_size' is low, medium or high.", param="web_search_options.search_context_size")
    tool: Json = {"type": "web_search_20250305", "name": SEARCH, "max_uses": uses}
    if place := _place(options.get("user_location")):
        tool["user_location"] = {"type": "approximate", **place}
    return tool


def _place(given: Any) -> Json:
    inner = given.get("approximate", given) if isinstance(given, dict) else None
    if not isinstance(inner, dict):
        return {}
    return {name: inner[name] for name in _PLACE if isinstance(inner.get(name), str)}


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
