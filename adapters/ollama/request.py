"""OpenAI's calls as requests to Ollama's own API."""

from typing import Any

import orjson

from adapters import vectors, wishes
from adapters.fields import Fields, unsupported
from adapters.ollama.messages import messages
from adapters.ollama.options import Setting, keep_alive, options
from adapters.ollama.thinking import think
from adapters.schemas import Rules, fitted
from adapters.tools import Tool, offer
from core.ask import Ask
from core.errors import invalid
from core.wire import Json, WireRequest

# Its structs have no other members: it would forget them without a word.
_SCHEMA = Rules(
    keep=frozenset({"type", "items", "description", "enum", "properties", "required", "anyOf"}), inline=True
)
_NOT_AT_THE_TOP = ("anyOf", "enum")


def chat(ask: Ask, setting: Setting) -> WireRequest:
    fields = Fields(ask)
    wishes.settle(fields, ask.target.model)
    body = {**_asked(ask), "messages": messages(ask, fields)}
    if tools := _tools(fields, ask.target.model):
        body["tools"] = tools
    _generating(body, fields, ask, setting)
    if fields.take("logprobs"):
        body["logprobs"] = True
        _put(body, "top_logprobs", fields.take("top_logprobs"))
    return _request("/api/chat", body, fields)


def generate(ask: Ask, setting: Setting) -> WireRequest:
    """/v1/completions. The model's template is applied, unless the client sends `raw`."""
    fields = Fields(ask)
    wishes.settle(fields, ask.target.model)
    body = {**_asked(ask), "prompt": _prompt(fields, ask.target.model)}
    _put(body, "suffix", fields.take("suffix"))
    for name, kind in (("raw", bool), ("system", str), ("template", str)):
        if (value := fields.take(name)) is not None:
            body[name] = _of(kind, name, value)
    _generating(body, fields, ask, setting)
    if (logprobs := fields.take("logprobs")) not in {None, False}:
        body |= {"logprobs": True, "top_logprobs": int(logprobs)}
    return _request("/api/generate", body, fields)


def embed(ask: Ask, setting: Setting) -> WireRequest:
    fields = Fields(ask)
    body: Json = {"model": ask.target.model, "input": vectors.texts(fields, ask.target.model), "truncate": False}
    _put(body, "truncate", _truth(fields, "truncate"))
    _put(body, "dimensions", fields.take("dimensions"))
    _put(body, "options", options(fields, setting, ask.target.model) or None)
    _put(body, "keep_alive", keep_alive(fields, setting))
    return _request("/api/embed", body, fields)


def _asked(ask: Ask) -> Json:
    """Without `stream` it would stream; without the other two it would cut old messages off in silence."""
    return {"model": ask.target.model, "stream": ask.call.stream, "truncate": False, "shift": False}


def _generating(body: Json, fields: Fields, ask: Ask, setting: Setting) -> None:
    """What chats and completions have in common."""
    model = ask.target.model
    _put(body, "truncate", _truth(fields, "truncate"))
    _put(body, "shift", _truth(fields, "shift"))
    _put(body, "format", _format(fields, model))
    _put(body, "think", think(fields, model, ask.model))
    _put(body, "options", options(fields, setting, model) or None)
    _put(body, "keep_alive", keep_alive(fields, setting))


def _prompt(fields: Fields, model: str) -> str:
    given = fields.take("prompt")
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, str):
        raise unsupported(f"{model} takes one prompt at a time, as text.", param="prompt")
    if not given:
        # To Ollama it is a wish to load the model, and nothing else.
        raise invalid("'prompt' must not be empty.", param="prompt")
    return given


def _tools(fields: Fields, model: str) -> list[Json]:
    offered = offer(fields)
    if offered.parallel is False:
        fields.dropped("parallel_tool_calls")
    mode = offered.choice.mode
    if mode == "none":
        return []
    if mode != "auto":
        raise unsupported(f"{model} can't be made to call a tool.", param="tool_choice")
    return [_tool(tool, fields, model) for tool in offered.allowed]


def _tool(tool: Tool, fields: Fields, model: str) -> Json:
    if tool.custom:
        raise unsupported(f"{model} has functions, but no custom tools.", param=tool.at)
    if tool.strict:
        fields.dropped(f"{tool.at}.strict")
    schema = fitted(tool.parameters, _SCHEMA, f"{tool.at}.parameters")
    described = [tool.description, schema.pop("description", "")]
    described += [f"{name}: {orjson.dumps(schema.pop(name)).decode()}" for name in _NOT_AT_THE_TOP if name in schema]
    function: Json = {"name": tool.name}
    _put(function, "description", "\n".join(filter(None, described)) or None)
    function["parameters"] = {"properties": {}, **schema, "type": "object"}
    return {"type": "function", "function": function}


def _format(fields: Fields, model: str) -> str | Json | None:
    wanted = fields.take("response_format") or {}
    match wanted.get("type", "text"):
        case "text":
            return None
        case "json_object":
            return "json"
        case "json_schema":
            return _schema(wanted.get("json_schema"), model)
        case kind:
            raise invalid(f"Invalid value for 'response_format.type': '{str(kind)[:64]}'.", param="response_format")


def _schema(wanted: Any, model: str) -> str | Json:
    if model.endswith(("-cloud", ":cloud")):
        raise unsupported(f"{model} runs in Ollama's cloud, which can't keep to a schema.", param="response_format")
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    if schema is None:
        return "json"
    made: Json = _of(dict, "response_format.json_schema.schema", schema)
    return made


def _truth(fields: Fields, name: str) -> bool | None:
    value = fields.take(name)
    return None if value is None else bool(_of(bool, name, value))


_CALLED = {bool: "a boolean", str: "a string", dict: "an object"}


def _of(kind: type, name: str, value: Any) -> Any:
    if not isinstance(value, kind):
        raise invalid(f"Invalid type for '{name}': expected {_CALLED[kind]}.", param=name, code="invalid_type")
    return value


def _put(body: Json, name: str, value: Any) -> None:
    if value is not None:
        body[name] = value


def _request(path: str, body: Json, fields: Fields) -> WireRequest:
    dropped = fields.end()
    try:
        data = orjson.dumps(body)
    except orjson.JSONEncodeError:
        raise invalid("the request is nested too deeply") from None
    return WireRequest(path, data, (), dropped)
