"""The tools of a call as function declarations, and how freely the model may choose among them."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from adapters.fields import Fields, unsupported
from adapters.gemini.schema import json_schema, openapi, without_parameters
from adapters.gemini.traits import Traits
from adapters.tools import Choice, Names, Offer, Tool
from core.wire import Json

_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,63}", re.ASCII)
LONGEST = 64


class Notes(NamedTuple):
    """What has to be known again when the answer comes: names that were changed, tools that are custom, the model."""

    names: Mapping[str, str] = {}
    custom: frozenset[str] = frozenset()
    model: str = ""


def spelling() -> Names:
    return Names(lambda name: _NAME.fullmatch(name) is not None, LONGEST)


def declared(offered: Offer, names: Names, traits: Traits) -> Json:
    """`tools` and `toolConfig` of functions; empty where there are none."""
    if not offered.tools:
        return {}
    declarations = [_declaration(tool, names, traits) for tool in offered.tools]
    made: Json = {"tools": [{"functionDeclarations": declarations}]}
    if config := _calling(offered.choice, names):
        made["toolConfig"] = {"functionCallingConfig": config}
    return made


def with_search(made: Json, fields: Fields, traits: Traits) -> None:
    """Adds the search on the web to what `declared` made."""
    wanted = fields.take("web_search_options")
    if wanted is None:
        return
    for name, value in wanted.items():
        if value is not None:
            fields.dropped(f"web_search_options.{name}")
    if made:
        if traits.second:
            raise unsupported("This model can't search the web beside other tools.", param="web_search_options")
        made.setdefault("toolConfig", {})["includeServerSideToolInvocations"] = True
    made.setdefault("tools", []).append({"googleSearch": {}})


def _declaration(tool: Tool, names: Names, traits: Traits) -> Json:
    made: Json = {"name": names.theirs(tool.name)}
    if tool.description:
        made["description"] = tool.description
    if without_parameters(tool.parameters):
        return made
    at = f"{tool.at}.parameters"
    if traits.json_schema:
        return {**made, "parametersJsonSchema": json_schema(tool.parameters, at)}
    return {**made, "parameters": openapi(tool.parameters, at)}


def _calling(choice: Choice, names: Names) -> Json | None:
    allowed = {"allowedFunctionNames": [names.theirs(name) for name in choice.names]} if choice.names else {}
    match choice.mode:
        case "none":
            return {"mode": "NONE"}
        case "auto":
            # With AUTO the names are refused; VALIDATED is the same but for the check of the arguments.
            return {"mode": "VALIDATED", **allowed} if allowed else None
        case _:
            return {"mode": "ANY", **allowed}
