"""POST /v1/chat/completions."""

from collections.abc import Mapping
from typing import Any

from api import messages
from api.body import parse as parse_json
from api.caching import wished
from api.shape import (
    COMMON,
    Check,
    check,
    flag,
    model_of,
    natural,
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
from core.wishes import NO_WISHES

NOTHING: frozenset[str] = frozenset()

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


def parse(body: bytes) -> Call:
    """Bytes -> Call, or a Refusal that names the field."""
    fields = parse_json(body)
    model = model_of(fields)
    check(fields, FIELDS)
    get = fields.get
    needs = messages.check(get("messages"))
    if get("tools"):
        needs.add("tools")
    if (wanted := get("response_format")) is not None and _format(wanted) == "json_schema":
        needs.add("json_schema")
    # By position: a tuple with names is made twice as fast that way.
    return Call(
        "chat",
        model,
        fields,
        bool(get("stream")),
        "stream_options" in fields and usage_asked(fields),
        len(body),
        get("n") or 1,
        get("max_completion_tokens") or get("max_tokens"),
        frozenset(needs) if needs else NOTHING,
        wishes(fields) if "routing" in fields or "models" in fields else NO_WISHES,
        wished(fields) if "cache" in fields else None,
    )


def _format(wanted: Mapping[str, Any]) -> str:
    kind = wanted.get("type")
    if not isinstance(kind, str):
        raise wrong("response_format.type", "a string")
    return kind
