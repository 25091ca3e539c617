"""What a machine can find wrong with an answer, without knowing whether it is a good one: the only judge of that.

Most answers are judged at first sight, by what costs nothing. Those that are to have a form have to be read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from api.conforming import conforms
from core.call import Call
from core.wire import Json

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
FORM: Final = ("tools", "response_format")  # fields of a call that say which form its answer is to have
SHORT: Final = 1024  # bytes of an answer that may be an empty one
_FORMS: Final = frozenset({"json_object", "json_schema"})
_CONTENT: Final = re.compile(rb'"content":(\s{0,6}(?:""|null))?')  # and whether nothing seems to be said in it
# Said, and not by text or by calls of tools that we know the form of.
_OTHERWISE: Final = ("audio", "images", "function_call")


class Said(NamedTuple):
    """One choice of an answer. *calls* are pairs of a tool's name and its arguments as they were written."""

    text: str
    refusal: bool
    calls: Sequence[tuple[str, str]]
    finish: str
    otherwise: bool


def formed(call: Call) -> bool:
    """Whether its answer is to have a form, so that it has to be read to see whether it has it."""
    body = call.body
    return "tools" in body or "response_format" in body


def sight(call: Call, finish: str | None, answer: bytes | None, produced: int) -> str | None:
    """The flaw that is seen at first sight; None where it takes a second one.

    Only for calls whose answer is to have no form. *answer* is a whole one, None for a stream, of which *produced* is
    how many bytes of content were in it.
    """
    if finish == "content_filter":
        return "refused"
    if finish == "length":
        return _cut(call)
    if answer is None:
        return SOUND if produced else "empty"
    # A long answer isn't an empty one.
    if len(answer) < SHORT and (content := _CONTENT.search(answer)) is not None and content[1] is not None:
        return None
    return SOUND


def flaw(call: Call, answer: bytes | Sequence[bytes]) -> str | None:
    """The first flaw of *answer*, SOUND for none, None where that can't be said.

    *answer* is a whole body, or the pieces of a stream.
    """
    try:
        choices = _whole(answer) if isinstance(answer, bytes) else _streamed(b"".join(answer))
        found = [_flaw(call, choice) for choice in choices]
    except (AttributeError, TypeError, ValueError, RecursionError):
        # Answers pass as providers write them, and some have shapes of their own, of which nothing is certain.
        return None
    return next((one for one in found if one), SOUND) if found else None


def _flaw(call: Call, said: Said) -> str:
    if said.refusal or said.finish == "content_filter":
        return "refused"
    if said.finish == "length":
        return _cut(call)
    if said.calls:
        tools = dict(_tools(call.body.get("tools") or ()))
        return SOUND if all(_usable(one, tools) for one in said.calls) else "tool_arguments"
    if said.otherwise:
        return SOUND
    return _misfit(call.body.get("response_format"), said.text) if said.text.strip() else "empty"


def _cut(call: Call) -> str:
    """Half of something is no JSON, and that is the doing of whoever set the limit."""
    return SOUND if call.max_output is not None else "cut_short"


def _misfit(form: Any, text: str) -> str:
    if not isinstance(form, dict) or form.get("type") not in _FORMS:
        return SOUND
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "invalid_json"
    named = form.get("json_schema")
    return SOUND if not isinstance(named, dict) or conforms(value, named.get("schema")) else "schema_mismatch"


def _tools(tools: Iterable[Any]) -> Iterable[tuple[str, Any]]:
    for tool in tools:
        function = tool.get("function")
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            yield function["name"], function.get("parameters")


def _usable(call: tuple[str, str], tools: Mapping[str, Any]) -> bool:
    """Whether a tool can do something with it: it exists, and its arguments are what it says it takes."""
    name, written = call
    if tools and name not in tools:
        return False
    try:
        # No arguments at all is what many models say to tools that take none.
        arguments = orjson.loads(written or "{}")
    except orjson.JSONDecodeError:
        return False
    return isinstance(arguments, dict) and conforms(arguments, tools.get(name))


# Reading


def _whole(body: bytes) -> Iterable[Said]:
    """Its choices; none where it has another form."""
    for choice in _choices(body):
        if "message" in choice:
            heard = _Choice()
            heard.hear(choice["message"] or {}, choice.get("finish_reason"))
            yield heard.said()


def _streamed(events: bytes) -> Iterable[Said]:
    heard: dict[int, _Choice] = {}
    for line in events.split(b"\n"):
        for choice in _choices(line[6:]) if line.startswith(b"data: {") else ():
            if "delta" in choice:
                one = heard.setdefault(choice.get("index") or 0, _Choice())
                one.hear(choice["delta"] or {}, choice.get("finish_reason"))
    return [one.said() for one in heard.values()]


def _choices(body: bytes) -> Iterable[Json]:
    return orjson.loads(body).get("choices") or ()


class _Choice:
    """One choice, as far as it has come."""

    __slots__ = ("_calls", "_finish", "_otherwise", "_refusal", "_text")

    def __init__(self) -> None:
        self._text: list[str] = []
        self._refusal = False
        self._calls: dict[int, list[str]] = {}
        self._otherwise = False
        self._finish = ""

    def hear(self, message: Mapping[str, Any], finish: str | None) -> None:
        content = message.get("content")
        if isinstance(content, str):
            self._text.append(content)
        self._otherwise = self._otherwise or isinstance(content, list) or any(map(message.get, _OTHERWISE))
        self._refusal = self._refusal or bool(message.get("refusal"))
        for place, one in enumerate(message.get("tool_calls") or ()):
            self._call(one.get("index", place), one.get("function"))
        self._finish = finish or self._finish

    def _call(self, place: int, function: Any) -> None:
        if not isinstance(function, dict):
            self._otherwise = True  # tools of other kinds have a form of their own
            return
        known = self._calls.setdefault(place, ["", ""])
        known[0] = known[0] or function.get("name") or ""
        known[1] += function.get("arguments") or ""

    def said(self) -> Said:
        calls = [(name, arguments) for name, arguments in self._calls.values()]
        return Said("".join(self._text), self._refusal, calls, self._finish, self._otherwise)
