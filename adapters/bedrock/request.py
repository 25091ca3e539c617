"""A call as Converse takes it, field by field."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from adapters.bedrock.families import Family, family
from adapters.bedrock.history import Historian, History
from adapters.bedrock.thinking import Thinking, inference, sampled, thinking
from adapters.bedrock.toolset import (
    ToolConfig,
    Wanted,
    ids_of_calls,
    names_of_tools,
    single_call,
    tool_config,
    wanted,
)
from adapters.fields import Fields, unsupported
from adapters.tools import Offer, offer
from adapters.turns import turns
from core.ask import Ask
from core.errors import invalid
from core.wire import Json, WireRequest

# OpenAI's names of service tiers -> those of Bedrock.
_TIERS: Mapping[str, str] = {
    "default": "default",
    "fast": "priority",
    "flex": "flex",
    "priority": "priority",
    "scale": "reserved",
}
_SAYS_NOTHING: Mapping[str, Any] = {
    "logprobs": False,
    "modalities": ["text"],
    "service_tier": "auto",
    "store": False,
}
_KEY = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}")
_VALUE = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}")
_MOST_PAIRS = 16
_MOST_POINTS = 4  # cache points in one request
_UNSAID = 32_000  # how long an answer may get that thinks, where neither client nor catalog says


class Notes(NamedTuple):
    """What the answer is read by. *names*: the provider's names of tools -> the client's, where they differ.
    *custom* are the client's tools that take plain text; *answer* the tool whose arguments are the answer.
    """

    names: Mapping[str, str]
    custom: frozenset[str]
    answer: str


def encode(ask: Ask, guardrail: Json | None) -> WireRequest:
    """*guardrail* is what the operator puts before and behind every model."""
    model = ask.target.model
    kind = family(model, ask.model)
    fields = Fields(ask)
    names = names_of_tools()
    tools = offer(fields)
    wish = wanted(fields, kind, tools)
    told = Historian(ask, fields, kind, names=names, ids=ids_of_calls()).told(turns(ask.call.body, ask.media))
    config = tool_config(fields, kind, tools, wish, names=names, called=told.called)
    body = _body(ask, fields, kind, told=told, config=config, wish=wish, tools=tools)
    _extras(body, fields, guardrail)
    dropped = tuple(dict.fromkeys(fields.end()))
    custom = frozenset(tool.name for tool in tools.tools if tool.custom)
    answer = wish.tool["toolSpec"]["name"] if wish.tool else ""
    try:
        data = orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise invalid("the request is nested too deeply") from error
    return WireRequest(_path(model, ask.call.stream), data, (), dropped, Notes(names.changed, custom, answer))


@lru_cache(maxsize=1024)
def _path(model: str, stream: bool) -> str:
    if not model.strip("."):
        # The only names that percent-encoding leaves with a meaning in a path.
        raise invalid(f"the model {model!r} can't be one of Bedrock's", param="model")
    return f"/model/{quote(model, safe='')}/{'converse-stream' if stream else 'converse'}"


def _body(
    ask: Ask, fields: Fields, kind: Family, *, told: History, config: ToolConfig, wish: Wanted, tools: Offer
) -> Json:
    if (fields.take("n") or 1) > 1:
        raise unsupported("This provider gives one answer to a call.", param="n")
    most = _most(ask, fields, kind)
    possible = _may_think(kind, told, config)
    thought = thinking(fields, kind, most=most, possible=possible)
    system = told.system + [{"text": hint} for hint in (config.hint, wish.hint) if hint]
    body: Json = {"messages": told.messages}
    if system:
        body["system"] = system
    if limits := inference(fields, kind, thought, most=most):
        body["inferenceConfig"] = limits
    if config.config is not None:
        body["toolConfig"] = config.config
    output = _output(wish, thought)
    if output:
        body["outputConfig"] = output
    own = {**sampled(fields, kind), **thought.fields, **single_call(config, kind, tools, fields)}
    if thought.effort is not None and not output:
        own["output_config"] = {"effort": thought.effort}
    if own:
        body["additionalModelRequestFields"] = own
    _thin(body, fields)
    return body


def _most(ask: Ask, fields: Fields, kind: Family) -> int | None:
    """The limit in tokens. Claude has none of its own; for the others Converse knows the model's."""
    asked = fields.peek("max_completion_tokens") or fields.peek("max_tokens")
    known = ask.model.max_output
    if asked is not None:
        return int(fields.clamped("max_tokens", asked, 1, known or max(asked, 1)))
    if kind.claude is None:
        return None
    return known or (_UNSAID if fields.peek("reasoning_effort") else None)


def _may_think(kind: Family, told: History, config: ToolConfig) -> bool:
    """Older generations don't think when they must call a tool, or in the middle of a turn that began without."""
    claude = kind.claude
    if claude is None:
        return True
    if config.forced and not claude.forced_thinking:
        return False
    return claude.adaptive or not told.thoughtless


def _output(wish: Wanted, thought: Thinking) -> Json:
    """Effort goes beside the schema, if there is one: Claude's own field of that name can't be said twice."""
    if wish.native is None:
        return {}
    effort = {"effort": thought.effort} if thought.effort is not None else {}
    return {"textFormat": wish.native, **effort}


def _extras(body: Json, fields: Fields, guardrail: Json | None) -> None:
    """What Converse has fields for beside the model's."""
    fields.ignore(*(name for name, value in _SAYS_NOTHING.items() if fields.peek(name) == value))
    if fields.peek("service_tier") in _TIERS:
        body["serviceTier"] = {"type": _TIERS[fields.take("service_tier")]}
    if pairs := _metadata(fields):
        body["requestMetadata"] = pairs
    if own := _object(fields, "additionalModelRequestFields"):
        body["additionalModelRequestFields"] = {**body.get("additionalModelRequestFields", {}), **own}
    if latency := _object(fields, "performanceConfig"):
        body["performanceConfig"] = latency
    if guarded := guardrail or _object(fields, "guardrailConfig"):
        body["guardrailConfig"] = guarded


def _object(fields: Fields, name: str) -> Json | None:
    """Takes a field that is Converse's own; one of another shape is left, and dropped like any that nobody knows."""
    given = fields.peek(name)
    return fields.take(name) if isinstance(given, dict) and given else None


def _metadata(fields: Fields) -> dict[str, str]:
    """Goes into the operator's logs of calls; entries that AWS wouldn't take are left out and named."""
    given = fields.take("metadata") or {}
    pairs: dict[str, str] = {}
    for key, value in given.items():
        fits = isinstance(value, str) and _KEY.fullmatch(key) and _VALUE.fullmatch(value)
        if fits and len(pairs) < _MOST_PAIRS:
            pairs[key] = value
        else:
            fields.dropped(f"metadata.{key[:64]}")
    return pairs


def _thin(body: Json, fields: Fields) -> None:
    """Too many cache points are refused; the first in the messages are the least worth."""
    places = [*(message["content"] for message in body["messages"]), body.get("system", [])]
    places.append(body.get("toolConfig", {}).get("tools", []))
    points = [(place, block) for place in places for block in place if "cachePoint" in block]
    for place, block in points[: max(0, len(points) - _MOST_POINTS)]:
        place[:] = [other for other in place if other is not block]
        fields.dropped("cache_control")
