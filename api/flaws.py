"""What is certainly wrong with an answer, whatever was asked: seen in its form, without judging what it says."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from api.conforming import conforms
from core.call import Call

EMPTY: Final = "empty"
TRUNCATED: Final = "truncated"
NO_JSON: Final = "no_json"
OFF_SCHEMA: Final = "off_schema"
TOOL_ARGUMENTS: Final = "tool_arguments"
LONGEST: Final = 1024 * 1024  # bytes that are worth reading again
_JSON: Final = ("json_object", "json_schema")
_NOTHING: Final[Mapping[str, Any]] = {}


def formed(call: Call) -> bool:
    """Whether *call* asks for a form, so that its answer has to be read to see whether it has it."""
    return "tools" in call.needs or _format(call).get("type") in _JSON


def flaw(call: Call, answer: bytes, finish: str | None) -> str:
    """The first flaw of *answer*, whole or as the events of a stream; empty where none is seen. Only chats have any."""
    if call.endpoint != "chat":
        return ""
    if finish == "length":
        return TRUNCATED
    if len(answer) > LONGEST:
        return ""
    try:
        said = _streamed(answer) if call.stream else _whole(answer)
        return next((found for message in said if (found := _of(message, call))), "")
    except (AttributeError, TypeError, ValueError):
        # Providers' answers pass untouched, and some have shapes of their own, of which nothing is certain.
        return ""


class _Said:
    """What one choice says."""

    __slots__ = ("arguments", "content", "other")

    def __init__(self) -> None:
        self.content = ""
        self.arguments: dict[int, str] = {}
        self.other = False  # a refusal, sound, images: not empty, and not ours to judge

    def hear(self, message: Mapping[str, Any]) -> None:
        content = message.get("content")
        if isinstance(content, str):
            self.content += content
        self.other = (
            self.other
            or isinstance(content, list)
            or any(message.get(name) for name in ("refusal", "audio", "images", "function_call"))
        )
        for place, one in enumerate(message.get("tool_calls") or ()):
            self._call(one.get("index", place), one.get("function") or _NOTHING)

    def _call(self, index: int, function: Mapping[str, Any]) -> None:
        said = function.get("arguments")
        self.arguments[index] = self.arguments.get(index, "") + (said if isinstance(said, str) else "")


def _of(said: _Said, call: Call) -> str:
    if said.arguments:
        # No arguments at all is what many models say to tools that take none.
        return TOOL_ARGUMENTS if any(_parsed(one or "{}") is None for one in said.arguments.values()) else ""
    if said.other:
        return ""
    if not said.content.strip():
        return EMPTY
    form = _format(call)
    if form.get("type") not in _JSON:
        return ""
    value = _parsed(said.content)
    if value is None:
        return NO_JSON
    wanted = form.get("json_schema")
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    return "" if schema is None or conforms(value[0], schema) else OFF_SCHEMA


def _format(call: Call) -> Mapping[str, Any]:
    form = call.body.get("response_format")
    return form if isinstance(form, dict) else _NOTHING


def _parsed(text: str) -> tuple[Any] | None:
    """The value, in a tuple of its own since it may be null; None where it isn't JSON."""
    try:
        return (orjson.loads(text),)
    except orjson.JSONDecodeError:
        return None


def _whole(answer: bytes) -> Iterable[_Said]:
    for choice in _choices(answer):
        said = _Said()
        said.hear(choice.get("message") or _NOTHING)
        yield said


def _streamed(answer: bytes) -> Iterable[_Said]:
    found: dict[int, _Said] = {}
    for line in answer.split(b"\n"):
        for choice in _choices(line[6:]) if line.startswith(b"data: {") else ():
            said = found.setdefault(choice.get("index", 0), _Said())
            said.hear(choice.get("delta") or _NOTHING)
    return found.values()


def _choices(data: bytes) -> Iterable[Mapping[str, Any]]:
    parsed = orjson.loads(data)
    return parsed.get("choices") or ()
