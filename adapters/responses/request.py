"""A chat call as a request to POST /responses."""

from typing import Any, Final, NamedTuple

import orjson

from adapters.fields import Fields, unsupported
from adapters.limits import NEUTRAL, Limits, fit
from adapters.responses.items import Writer
from adapters.tools import Offer, Tool, offer
from core.ask import Ask
from core.errors import invalid
from core.wire import Json, WireRequest

_LEAST_OUTPUT: Final = 16  # tokens; less is refused there
_SAME = (
    "metadata",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "temperature",
    "top_p",
    "user",
)
# There is nothing for them, whatever the model.
_NOTHING_FOR = ("frequency_penalty", "logit_bias", "prediction", "presence_penalty", "seed", "stop")


class Bridged(NamedTuple):
    """The note of a request that went to /responses. *legacy*: the client knows functions, but no tools."""

    legacy: bool
    logprobs: bool


def request(ask: Ask, limits: Limits, path: str, *, summaries: bool) -> WireRequest:
    """*summaries*: whether to ask for summaries of what the model thinks."""
    call = ask.call
    body = dict(call.body)
    dropped = fit(body, limits, ask, responses=True)
    ask = ask._replace(call=call._replace(body=body))
    fields = Fields(ask)
    _refuse(fields)
    legacy = "functions" in fields and "tools" not in fields
    sent: Json = {"model": ask.target.model}
    sent["input"] = Writer(ask, fields, breakpoints=limits.breakpoints, thinks=limits.reasons).items()
    sent |= _tools(fields, ask, legacy=legacy) | _text(fields)
    if limits.reasons:
        sent["reasoning"] = _reasoning(fields, limits, summaries=summaries)
    include = ["reasoning.encrypted_content"] if limits.reasons else []
    if logprobs := bool(fields.take("logprobs")):
        include.append("message.output_text.logprobs")
        sent["top_logprobs"] = fields.take("top_logprobs") or 0
    if (most := _most(fields)) is not None:
        sent["max_output_tokens"] = most
    sent |= {name: value for name in _SAME if (value := fields.take(name)) is not None}
    sent["store"] = False
    if include:
        sent["include"] = include
    if call.stream:
        sent |= _stream(call.body.get("stream_options"))
    said = tuple(sorted({*dropped, *fields.end()}))
    try:
        data = orjson.dumps(sent)
    except orjson.JSONEncodeError as error:
        raise invalid("the request is nested too deeply") from error
    return WireRequest(path, data, (), said, Bridged(legacy, logprobs))


def _refuse(fields: Fields) -> None:
    """What makes another answer of it is refused; the rest that has no place is dropped."""
    if (fields.take("n") or 1) > 1:
        raise unsupported("This model gives one answer only on the endpoint that it needs here.", param="n")
    if set(fields.take("modalities") or ()) - {"text"}:
        raise unsupported("This model doesn't speak on the endpoint that it needs here.", param="modalities")
    if "moderation" in fields:
        raise unsupported("'moderation' is not available on the endpoint that this model needs.", param="moderation")
    for name in _NOTHING_FOR:
        if fields.peek(name) in (NEUTRAL.get(name), []):
            fields.ignore(name)
    if fields.peek("store") is False:
        fields.ignore("store")


def _reasoning(fields: Fields, limits: Limits, *, summaries: bool) -> Json:
    effort = fields.take("reasoning_effort")
    told: Json = {} if effort is None else {"effort": effort}
    if summaries and (effort or limits.default) != "none":
        told["summary"] = "auto"
    return told


def _most(fields: Fields) -> int | None:
    short, most = fields.take("max_tokens"), fields.take("max_completion_tokens")
    most = short if most is None else most
    if most is None:
        return None
    return int(fields.clamped("max_completion_tokens", most, _LEAST_OUTPUT, max(most, _LEAST_OUTPUT)))


def _stream(options: Any) -> Json:
    told: Json = {"stream": True}
    if isinstance(options, dict) and (hidden := options.get("include_obfuscation")) is not None:
        told["stream_options"] = {"include_obfuscation": hidden}
    return told


def _text(fields: Fields) -> Json:
    told: Json = {}
    wanted = fields.take("response_format")
    match wanted and wanted.get("type"):
        case None | "text":
            pass
        case "json_object":
            told["format"] = {"type": "json_object"}
        case "json_schema":
            told["format"] = _schema(wanted.get("json_schema"))
        case kind:
            raise unsupported(f"A format of type '{str(kind)[:64]}' is unknown.", param="response_format.type")
    if (verbosity := fields.take("verbosity")) is not None:
        told["verbosity"] = verbosity
    return {"text": told} if told else {}


def _schema(given: Any) -> Json:
    at = "response_format.json_schema"
    if not isinstance(given, dict):
        raise invalid(f"Invalid type for '{at}': expected an object.", param=at, code="invalid_type")
    told: Json = {"type": "json_schema", "name": given.get("name"), "schema": given.get("schema") or {"type": "object"}}
    if given.get("description") is not None:
        told["description"] = given["description"]
    told["strict"] = given.get("strict") is True  # where it isn't said, the two endpoints differ
    return told


def _tools(fields: Fields, ask: Ask, *, legacy: bool) -> Json:
    given: list[Json] = fields.peek("tools") or []
    offered = offer(fields)
    tools = [_tool(tool, given) for tool in offered.tools]
    search = fields.take("web_search_options")
    if search is not None or "deep-research" in ask.target.model:  # which does nothing but search
        tools.append(_search(search or {}))
    told: Json = {"tools": tools} if tools else {}
    if offered.tools:
        told |= _choice(offered)
    parallel = False if legacy and offered.tools else offered.parallel  # else there were calls that it can't tell
    return told if parallel is None else {**told, "parallel_tool_calls": parallel}


def _tool(tool: Tool, given: list[Json]) -> Json:
    if not tool.custom:
        described = {"description": tool.description} if tool.description else {}
        return {
            "type": "function",
            "name": tool.name,
            **described,
            "parameters": tool.parameters,
            "strict": tool.strict,
        }
    custom = given[int(tool.at.rpartition(".")[2])]["custom"]
    told: Json = {"type": "custom", "name": tool.name}
    if custom.get("description"):
        told["description"] = custom["description"]
    if isinstance(form := custom.get("format"), dict):
        grammar = form.get("grammar")
        told["format"] = {"type": form.get("type"), **(grammar if isinstance(grammar, dict) else {})}
    return told


def _choice(offered: Offer) -> Json:
    kinds = {tool.name: "custom" if tool.custom else "function" for tool in offered.tools}
    mode, names = offered.choice
    if mode == "named":
        return {"tool_choice": {"type": kinds[names[0]], "name": names[0]}}
    if names:
        allowed = [{"type": kinds[name], "name": name} for name in names]
        return {"tool_choice": {"type": "allowed_tools", "mode": mode, "tools": allowed}}
    return {"tool_choice": mode}


def _search(options: Json) -> Json:
    told: Json = {"type": "web_search"}
    if (size := options.get("search_context_size")) is not None:
        told["search_context_size"] = size
    if isinstance(place := options.get("user_location"), dict):
        near = place.get("approximate")
        told["user_location"] = {"type": "approximate", **(near if isinstance(near, dict) else {})}
    return told
