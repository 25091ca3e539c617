"""A call as the body of a request to /v1/messages."""

import re
from hashlib import blake2s
from typing import Any, Final, NamedTuple

import orjson

from adapters.anthropic.conversation import Conversation, conversation
from adapters.anthropic.marks import settle
from adapters.anthropic.model import Model, model_of
from adapters.anthropic.structure import HINT, Shape, shape
from adapters.anthropic.thinking import thinking
from adapters.anthropic.thoughts import KINDS
from adapters.anthropic.toolbox import Notes, Toolbox, rooted, spelling, stubs, toolbox
from adapters.fields import Fields, unsupported
from core.ask import Ask
from core.errors import invalid
from core.wire import Json

OLD_VERSION: Final = "2023-06-01"
FAST: Final = "fast-mode-2026-02-01"

_TIERS: Final = {"auto": "auto", "default": "standard_only", "priority": "auto"}
_PERSONAL = re.compile(r"@|^[+(\s]*\d[\d\s()./-]{5,}$")
_LONGEST_USER = 512
# What a field says when it says nothing.
_DEFAULTS: Final = {
    "frequency_penalty": 0,
    "logit_bias": {},
    "logprobs": False,
    "modalities": ["text"],
    "n": 1,
    "presence_penalty": 0,
    "store": False,
    "top_logprobs": 0,
    "verbosity": "medium",
}


class Written(NamedTuple):
    """*betas* are features that the request has to name."""

    body: Json
    notes: Notes
    dropped: tuple[str, ...]
    betas: tuple[str, ...]


def written(ask: Ask, *, version: str = OLD_VERSION) -> Written:
    """*version* is that of the API: from 2026-10-21 on, it knows no sampling."""
    model, fields = model_of(ask), Fields(ask)
    _refuse(fields)
    names = spelling(fields)
    wanted = shape(fields)
    by_tool = None if wanted.schema is None or model.schemas else rooted(wanted.schema, "response_format.json_schema")
    tools = toolbox(fields, model, names, schema=by_tool)
    talk = conversation(ask, model, names)
    for place in talk.patched:
        fields.dropped(place)
    body: Json = {"model": ask.target.model, "max_tokens": _max_tokens(fields, model)}
    if system := _system(talk, wanted):
        body["system"] = system
    body["messages"] = talk.messages
    _offer(body, talk, tools)
    _think(body, fields, model, tools, wanted)
    if version == OLD_VERSION:
        _sample(body, fields, model)
    else:
        _unsampled(fields)
    betas = _rest(body, fields, model)
    if ask.call.stream:
        body["stream"] = True
    settle(body, fields)
    notes = tools.notes._replace(names=names.changed)
    return Written(body, notes, fields.end(), betas)


def dumped(body: Json) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise invalid("the request is nested too deeply") from error


def _refuse(fields: Fields) -> None:
    """What no other answer could stand for, and what needs no answer."""
    for name, default in _DEFAULTS.items():
        if fields.peek(name) == default:
            fields.ignore(name)
    fields.ignore("prompt_cache_key")
    if "n" in fields:
        raise unsupported("Anthropic gives one answer at a time: 'n' must be 1.", param="n")
    if "audio" in fields or "audio" in (fields.peek("modalities") or ()):
        raise unsupported("Anthropic's models don't speak.", param="modalities")


def _system(talk: Conversation, wanted: Shape) -> list[Json]:
    hint = [{"type": "text", "text": HINT}] if wanted.any_object else []
    return [*talk.system, *hint]


def _offer(body: Json, talk: Conversation, tools: Toolbox) -> None:
    if tools.tools:
        body["tools"] = tools.tools
    elif talk.called:
        # It wants to know the tools that the history speaks of; but nobody offers them any more.
        body["tools"], body["tool_choice"] = stubs(talk.called), {"type": "none"}
    if tools.choice is not None:
        body["tool_choice"] = tools.choice


def _max_tokens(fields: Fields, model: Model) -> int:
    old, new = fields.take("max_tokens"), fields.take("max_completion_tokens")
    wanted: int | None = old if new is None else new
    if wanted is None:
        return model.max_output
    if wanted > model.max_output:
        fields.changed("max_tokens" if new is None else "max_completion_tokens", model.max_output)
    return min(wanted, model.max_output)


def _think(body: Json, fields: Fields, model: Model, tools: Toolbox, wanted: Shape) -> None:
    hindered = (tools.forced and model.forced == "unthinking") or (
        model.thinks == "enabled" and _thoughtless(body["messages"])
    )
    config, effort = thinking(fields, model, max_tokens=body["max_tokens"], hindered=hindered)
    if config is not None:
        body["thinking"] = config
    output: Json = {} if effort is None else {"effort": effort}
    if wanted.schema is not None and model.schemas:
        output["format"] = wanted.fitted
    if output:
        body["output_config"] = output


def _thoughtless(messages: list[Json]) -> bool:
    """Whether the last assistant's message would have to begin with its thoughts, and doesn't."""
    last = next((message for message in reversed(messages) if message["role"] == "assistant"), None)
    if last is None or last["content"][0]["type"] in KINDS:
        return False
    return last is messages[-1] or any(block["type"] == "tool_use" for block in last["content"])


def _sample(body: Json, fields: Fields, model: Model) -> None:
    thinks = body.get("thinking", {}).get("type") in {"enabled", "adaptive"}
    if not model.sampling or thinks:
        _unsampled(fields)
        return
    if "temperature" in fields and not model.both_samplings:
        _neutral(fields, "top_p")
        fields.drop("top_p")
    for name in ("temperature", "top_p"):
        value = fields.take(name)
        if value is not None:
            body[name] = fields.clamped(name, value, 0, 1)
    if "top_k" in fields:
        body["top_k"] = _whole(fields.take("top_k"), "top_k")


def _unsampled(fields: Fields) -> None:
    _neutral(fields, "temperature", "top_p")
    fields.drop("temperature", "top_p", "top_k")


def _neutral(fields: Fields, *names: str) -> None:
    """Let go in silence what is the default anyway."""
    fields.ignore(*(name for name in names if fields.peek(name) == 1))


def _rest(body: Json, fields: Fields, model: Model) -> tuple[str, ...]:
    _stop(body, fields)
    legacy, user = fields.take("user"), fields.take("safety_identifier")
    if user or legacy:
        body["metadata"] = {"user_id": _user(user or legacy)}
    cache = fields.take("cache_control")
    if isinstance(cache, dict):
        body["cache_control"] = {"type": "ephemeral", **({"ttl": "1h"} if cache.get("ttl") == "1h" else {})}
    tier = fields.peek("service_tier")
    if tier == "fast" and model.fast:
        fields.take("service_tier")
        body["speed"] = "fast"
        return (FAST,)
    if tier in _TIERS:
        body["service_tier"] = _TIERS[fields.take("service_tier")]
    return ()


def _stop(body: Json, fields: Fields) -> None:
    given = fields.take("stop")
    stops = [given] if isinstance(given, str) else given or []
    fitting = [stop for stop in stops if stop.strip()]
    if len(fitting) != len(stops):
        fields.dropped("stop")
    if fitting:
        body["stop_sequences"] = fitting


def _user(given: Any) -> str:
    """An opaque id. Anthropic asks for one that identifies nobody: no e-mail address and no phone number."""
    if not isinstance(given, str):
        raise invalid("Invalid type for 'safety_identifier': expected a string.", param="safety_identifier")
    if len(given) <= _LONGEST_USER and _PERSONAL.search(given) is None:
        return given
    return "user-" + blake2s(given.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(f"Invalid type for '{name}': expected an integer.", param=name, code="invalid_type")
    return value
