"""OpenAI's calls as requests to version 2 of Cohere's API."""

import re
from typing import Any

import orjson

from adapters import vectors, wishes
from adapters.cohere.messages import messages
from adapters.fields import Fields, unsupported
from adapters.schemas import Rules, fitted
from adapters.tools import Names, Offer, Tool, offer
from core.ask import Ask
from core.errors import invalid
from core.wire import Json, WireRequest

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_LONGEST_NAME = 64
_SCHEMA = Rules(
    keep=frozenset(
        {
            "$defs",
            "$ref",
            "additionalProperties",
            "anyOf",
            "const",
            "description",
            "enum",
            "format",
            "items",
            "properties",
            "required",
            "title",
            "type",
        }
    ),
    formats=frozenset({"date", "date-time", "time", "uuid"}),
)
# Its own fields, which OpenAI doesn't have; the client may send them as extras.
_OWN = {
    "citation_options": dict,
    "documents": list,
    "priority": int,
    "safety_mode": str,
    "strict_tools": bool,
    "thinking": dict,
}
_CALLED = {bool: "a boolean", dict: "an object", int: "an integer", list: "an array", str: "a string"}
_CHOICES = {"required": "REQUIRED", "named": "REQUIRED", "none": "NONE"}  # one tool is named by being alone
# Tokens to think with; more effort than these has no limit.
_BUDGETS = {"minimal": 512, "low": 2048, "medium": 8192}
_EFFORTS = frozenset({"none", *_BUDGETS, "high", "xhigh", "max"})
_MOST_STOPS = 5
_MOST_TEXTS = 96


def chat(ask: Ask) -> WireRequest:
    """The request's notes are the names of tools as the client knows them, by Cohere's."""
    model = ask.target.model
    fields = Fields(ask)
    wishes.settle(fields, model)
    names = Names(_fits, _LONGEST_NAME, stand_in="_")
    body: Json = {"model": model, "stream": ask.call.stream}
    for name, kind in _OWN.items():
        if (value := fields.take(name)) is not None:
            body[name] = _of(kind, name, value)
    offered = offer(fields)
    if (form := _format(fields)) is not None:
        offered = _without_tools(offered, body, model)
        body["response_format"] = form
    _tools(body, offered, fields, names)
    body["messages"] = messages(ask, fields, names)
    _sample(body, fields, model)
    _think(body, fields, ask)
    if fields.take("logprobs"):
        body["logprobs"] = True
    if fields.peek("top_logprobs") == 0:
        fields.ignore("top_logprobs")
    return _request("/v2/chat", body, fields, names.changed)


def embed(ask: Ask, input_type: str) -> WireRequest:
    fields = Fields(ask)
    given = vectors.texts(fields, ask.target.model)
    if len(given) > _MOST_TEXTS:
        raise unsupported(f"{ask.target.model} takes at most {_MOST_TEXTS} texts at once.", param="input")
    body: Json = {"model": ask.target.model, "texts": given, "embedding_types": ["float"], "truncate": "NONE"}
    for name in ("input_type", "truncate"):
        if (value := fields.take(name)) is not None:
            body[name] = _of(str, name, value)
    body.setdefault("input_type", input_type)
    if (size := fields.take("dimensions")) is not None:
        body["output_dimension"] = size
    return _request("/v2/embed", body, fields, {})


def _fits(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _sample(body: Json, fields: Fields, model: str) -> None:
    if (most := wishes.limit(fields)) is not None:
        body["max_tokens"] = most
    if stop := wishes.stops(fields):
        if len(stop) > _MOST_STOPS:
            raise unsupported(f"{model} takes at most {_MOST_STOPS} texts to stop at.", param="stop")
        body["stop_sequences"] = stop
    for name, theirs, least, most_of_it in (
        ("temperature", "temperature", 0, 1),
        ("top_p", "p", 0.01, 0.99),
        ("p", "p", 0.01, 0.99),
        ("top_k", "k", 0, 500),
        ("k", "k", 0, 500),
        ("frequency_penalty", "frequency_penalty", 0, 1),
        ("presence_penalty", "presence_penalty", 0, 1),
    ):
        if (value := fields.take(name)) is not None:
            body[theirs] = fields.clamped(name, _number(name, value), least, most_of_it)
    _penalize(body, fields)
    if (seed := fields.take("seed")) is not None:
        if seed < 0:
            fields.dropped("seed")
        else:
            body["seed"] = seed


def _penalize(body: Json, fields: Fields) -> None:
    """There may be one penalty, not both; none is the default."""
    for name in ("frequency_penalty", "presence_penalty"):
        if body.get(name) == 0:
            del body[name]
    if "frequency_penalty" in body and body.pop("presence_penalty", None) is not None:
        fields.dropped("presence_penalty")


def _think(body: Json, fields: Fields, ask: Ask) -> None:
    effort = fields.peek("reasoning_effort")
    if effort is None:
        return
    if effort not in _EFFORTS:
        raise invalid(f"Invalid value for 'reasoning_effort': '{effort[:64]}'.", param="reasoning_effort")
    can = ask.model.capabilities
    if "thinking" in body or (can and "reasoning" not in can and effort != "none"):
        fields.drop("reasoning_effort")
        return
    fields.take("reasoning_effort")
    if effort == "none":
        if not can or "reasoning" in can:
            body["thinking"] = {"type": "disabled"}
        return
    body["thinking"] = {"type": "enabled"}
    if (budget := _BUDGETS.get(effort)) is not None:
        # Thoughts count as output: there must be something left for the answer.
        most = body.get("max_tokens")
        body["thinking"]["token_budget"] = budget if most is None else max(1, min(budget, most // 2))


def _without_tools(offered: Offer, body: Json, model: str) -> Offer:
    """Cohere has no format beside documents and tools. Tools that must not be called may as well not be there."""
    if body.get("documents") or (offered.tools and offered.choice.mode != "none"):
        raise unsupported(f"{model} can't keep to a format beside tools or documents.", param="response_format")
    return offered._replace(tools=())


def _tools(body: Json, offered: Offer, fields: Fields, names: Names) -> None:
    if offered.parallel is False:
        fields.dropped("parallel_tool_calls")
    if not offered.tools:
        return
    strict = any(tool.strict for tool in offered.allowed)
    if strict:
        body.setdefault("strict_tools", True)
    body["tools"] = [_tool(tool, names, strict=strict) for tool in offered.allowed]
    if (choice := _CHOICES.get(offered.choice.mode)) is not None:
        body["tool_choice"] = choice


def _tool(tool: Tool, names: Names, *, strict: bool) -> Json:
    if tool.custom:
        raise unsupported("Cohere has functions, but no custom tools.", param=tool.at)
    parameters = fitted(tool.parameters, _SCHEMA, f"{tool.at}.parameters") if strict else tool.parameters
    function: Json = {"name": names.theirs(tool.name), "parameters": parameters}
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}


def _format(fields: Fields) -> Json | None:
    wanted = fields.take("response_format") or {}
    match wanted.get("type", "text"):
        case "text":
            return None
        case "json_object":
            return {"type": "json_object"}
        case "json_schema":
            at = "response_format.json_schema"
            schema = _of(dict, at, wanted.get("json_schema")).get("schema")
            if schema is None:
                return {"type": "json_object"}
            return {"type": "json_object", "json_schema": fitted(_of(dict, f"{at}.schema", schema), _SCHEMA, at)}
        case kind:
            raise invalid(f"Invalid value for 'response_format.type': '{str(kind)[:64]}'.", param="response_format")


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid(f"Invalid type for '{name}': expected a number.", param=name, code="invalid_type")
    return value


def _of(kind: type, name: str, value: Any) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid(f"Invalid type for '{name}': expected {_CALLED[kind]}.", param=name, code="invalid_type")
    return value


def _request(path: str, body: Json, fields: Fields, notes: dict[str, str]) -> WireRequest:
    dropped = fields.end()
    try:
        data = orjson.dumps(body)
    except orjson.JSONEncodeError:
        raise invalid("the request is nested too deeply") from None
    return WireRequest(path, data, (), dropped, notes)
