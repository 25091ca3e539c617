"""POST /v1/chat/completions."""

from collections.abc import Mapping
from typing import Any

from api import messages
from api.body import parse as parse_json
from api.caching import wished
from api.messages import NOTHING
from api.shape import (
    COMMON,
    GATEWAYS_OWN,
    NULL,
    Check,
    check,
    flag,
    model_of,
    natural,
    sufficient,
    text,
    text_or_thing,
    texts,
    thing,
    things,
    usage_asked,
    wrong,
)
from api.wishes import wishes
from core.call import Call
from core.filled import filled
from core.tasks import EFFORT, LONG
from core.wire import Json
from core.wishes import NO_WISHES

FIELDS: Mapping[str, Check] = {
    **COMMON,
    "audio": thing,
    "function_call": text_or_thing,
    "functions": things,
    "logprobs": flag,
    "max_completion_tokens": natural,
    "modalities": texts,
    "parallel_tool_calls": flag,
    "prediction": thing,
    "reasoning_effort": text,
    "response_format": thing,
    "store": flag,
    "tool_choice": text_or_thing,
    "tools": things,
    "top_logprobs": natural,
    "verbosity": text,
    "web_search_options": thing,
}
# The types of a plain body's fields: nothing about them is wrong, and parse has to do nothing for them. None of them is
# our own, and none says anything that a price could depend on.
PLAIN: Mapping[str, frozenset[type]] = {
    **sufficient({name: rule for name, rule in FIELDS.items() if name not in GATEWAYS_OWN}),
    **dict.fromkeys(("audio", "prediction", "response_format", "service_tier", "web_search_options"), NULL),
    **dict.fromkeys(("max_completion_tokens", "max_tokens"), NULL | {int}),
    "messages": frozenset({list}),
    "model": frozenset({str}),
}


def parse(body: bytes | memoryview) -> Call:
    """Bytes -> Call, or a Refusal that names the field."""
    fields = parse_json(body)
    get = fields.get
    try:
        for name, value in fields.items():
            if value.__class__ not in PLAIN[name]:
                return _parse(fields, len(body))
        model, said = fields["model"], fields["messages"]
    except KeyError:  # one that we don't know, or one that is missing
        return _parse(fields, len(body))
    most, limit = get("max_tokens"), get("max_completion_tokens")
    if not model or (most or 0) < 0 or (limit or 0) < 0:
        return _parse(fields, len(body))
    plain, size = messages.plain(said), len(body)
    needs = NOTHING if plain else messages.check(said)
    if EFFORT in fields or size >= LONG:
        plain = False
    asked = "stream_options" in fields and usage_asked(fields)
    stream = get("stream") is True
    most = limit or most
    return filled(Call, ("chat", model, fields, stream, asked, size, 1, most, needs, NO_WISHES, None, plain))


def _parse(fields: Json, size: int) -> Call:
    """With everything that a body may have."""
    model = model_of(fields)
    check(fields, FIELDS)
    get = fields.get
    needs = messages.check(get("messages"))
    if tools := get("tools"):
        _check_tools(tools)
        needs |= {"tools"}
    if (wanted := get("response_format")) is not None and _format(wanted) == "json_schema":
        needs |= {"json_schema"}
    return filled(
        Call,
        (
            "chat",
            model,
            fields,
            bool(get("stream")),
            "stream_options" in fields and usage_asked(fields),
            size,
            get("n") or 1,
            get("max_completion_tokens") or get("max_tokens"),
            needs,
            wishes(fields) if "routing" in fields or "models" in fields else NO_WISHES,
            wished(fields) if "cache" in fields else None,
            False,
        ),
    )


def _format(wanted: Mapping[str, Any]) -> str:
    kind = wanted.get("type")
    if not isinstance(kind, str):
        raise wrong("response_format.type", "a string")
    if kind == "json_schema" and not isinstance(wanted.get(kind), dict):
        raise wrong("response_format.json_schema", "an object")
    return kind


def _check_tools(tools: list[Json]) -> None:
    """A function needs a name; what else a tool may be, its provider knows. Some leave the type of functions out."""
    for index, tool in enumerate(tools):
        kind = tool.get("type") or "function"
        if not isinstance(kind, str):
            raise wrong(f"tools.{index}.type", "a string")
        if kind != "function":
            continue
        function = tool.get(kind)
        if not isinstance(function, dict):
            raise wrong(f"tools.{index}.function", "an object")
        name = function.get("name")
        if not isinstance(name, str):
            raise wrong(f"tools.{index}.function.name", "a string")
