"""What a machine can find wrong with an answer, without knowing whether it is a good one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from core.call import Call
from core.wire import Json
from gateway.conformity import conforms

FLAWS: Final[Mapping[str, float]] = {
    "invalid_json": 1.0,
    "schema_mismatch": 1.0,
    "tool_arguments": 1.0,
    "empty": 1.0,
    "refused": 0.5,
    "cut_short": 0.5,
    "asked_again": 0.5,
}
"""How much each counts against whoever answered: what may have been the client's fault counts for half."""

SOUND: Final = ""


class Wanted(NamedTuple):
    """What a call asked for that can be checked. *json*: nothing but JSON, by *schema* if there is one. *tools*: those
    that may be called, by name, each with the schema of its arguments. *limited*: it said how long an answer may be.
    """

    json: bool
    schema: Any
    tools: Mapping[str, Any]
    limited: bool


class Said(NamedTuple):
    """One choice of an answer. *calls* are pairs of a tool's name and its arguments as they were written."""

    text: str
    refusal: bool
    calls: Sequence[tuple[str, str]]
    finish: str


def wanted(call: Call) -> Wanted:
    body = call.body
    form = body.get("response_format")
    kind = form.get("type") if form else None
    schema = None
    if form and kind == "json_schema" and isinstance(form.get("json_schema"), dict):
        schema = form["json_schema"].get("schema")
    return Wanted(
        kind in {"json_schema", "json_object"},
        schema,
        dict(_tools(body.get("tools") or ())),
        call.max_output is not None,
    )


def _tools(tools: Iterable[Any]) -> Iterable[tuple[str, Any]]:
    for tool in tools:
        function = tool.get("function")
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            yield function["name"], function.get("parameters")


def flaw(wanted: Wanted, answer: bytes | Sequence[bytes]) -> str | None:
    """The first flaw of *answer*, SOUND for none, None where that can't be said.

    *answer* is a whole body, or the pieces of a stream.
    """
    choices = _whole(answer) if isinstance(answer, bytes) else _streamed(b"".join(answer))
    found = [_flaw(wanted, choice) for choice in choices]
    return next((one for one in found if one), SOUND) if found else None


def _flaw(wanted: Wanted, said: Said) -> str:
    if said.refusal or said.finish == "content_filter":
        return "refused"
    if said.finish == "length":
        # Half of something is no JSON, and that is the doing of whoever set the limit.
        return SOUND if wanted.limited else "cut_short"
    if said.calls:
        return SOUND if all(_usable(call, wanted.tools) for call in said.calls) else "tool_arguments"
    if not said.text.strip():
        return "empty"
    return _misfit(wanted, said.text) if wanted.json else SOUND


def _misfit(wanted: Wanted, text: str) -> str:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "invalid_json"
    return SOUND if conforms(value, wanted.schema) else "schema_mismatch"


def _usable(call: tuple[str, str], tools: Mapping[str, Any]) -> bool:
    """Whether a tool can do something with it: it exists, and its arguments are what it says it takes."""
    name, written = call
    if tools and name not in tools:
        return False
    try:
        arguments = orjson.loads(written or "{}")
    except orjson.JSONDecodeError:
        return False
    return isinstance(arguments, dict) and conforms(arguments, tools.get(name))


def _whole(body: bytes) -> list[Said]:
    return [_said(choice.get("message") or {}, choice) for choice in _choices(body) if "message" in choice]


def _said(message: Mapping[str, Any], choice: Mapping[str, Any]) -> Said:
    calls = [_call(one) for one in message.get("tool_calls") or ()]
    return Said(_text(message), bool(message.get("refusal")), calls, choice.get("finish_reason") or "")


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""


def _call(call: Mapping[str, Any]) -> tuple[str, str]:
    function = call.get("function") or {}
    return function.get("name") or "", function.get("arguments") or ""


def _choices(body: bytes) -> list[Json]:
    """Those of a body or an event; none where it has another form."""
    try:
        choices = orjson.loads(body).get("choices")
    except (orjson.JSONDecodeError, AttributeError):
        return []
    return choices if isinstance(choices, list) else []


class _Growing:
    """One choice of a stream, as far as it has come."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.refusal = False
        self.calls: dict[int, list[str]] = {}
        self.finish = ""

    def hear(self, choice: Mapping[str, Any]) -> None:
        delta = choice.get("delta") or {}
        self.text.append(_text(delta))
        self.refusal = self.refusal or bool(delta.get("refusal"))
        for one in delta.get("tool_calls") or ():
            name, arguments = _call(one)
            known = self.calls.setdefault(one.get("index") or 0, ["", ""])
            known[0] = known[0] or name
            known[1] += arguments
        self.finish = choice.get("finish_reason") or self.finish

    def said(self) -> Said:
        calls = [(name, arguments) for name, arguments in self.calls.values()]
        return Said("".join(self.text), self.refusal, calls, self.finish)


def _streamed(events: bytes) -> list[Said]:
    growing: dict[int, _Growing] = {}
    for line in events.split(b"\n"):
        if line.startswith(b"data: {"):
            for choice in _choices(line[6:]):
                if "delta" in choice:
                    growing.setdefault(choice.get("index") or 0, _Growing()).hear(choice)
    return [one.said() for one in growing.values()]
