"""Choices, messages and deltas: what of them is content, and how to put a provider's words into OpenAI's."""

from typing import Any

from adapters.accent import Accent
from core.wire import Json

_TEXTS = frozenset({"content", "refusal"})
_THOUGHTS = frozenset({"reasoning_content", "reasoning"})
_OTHERS = frozenset({"audio", "function_call"})


def size_of(choice: Json, part: str) -> int:
    """How much visible content there is, roughly in bytes; 0 means none. *part*: message or delta."""
    content = choice.get(part)
    if not isinstance(content, dict):
        return _length(choice.get("text"))
    size = thoughts = 0
    for name, value in content.items():
        if name in _TEXTS:
            size += _length(value)
        elif name in _THOUGHTS:
            thoughts = max(thoughts, _length(value))  # the same text under two names, so only one counts
        elif name == "tool_calls" and isinstance(value, list):
            for call in value:
                size += _call_size(call)
        elif name in _OTHERS:
            size += bool(value)
    return size + thoughts


def renamed(choices: list[Json], part: str, accent: Accent) -> bool:
    """Put finish reasons and members in OpenAI's words, in place. Whether anything was changed."""
    changed = False
    for choice in choices:
        content = choice.get(part)
        if not isinstance(content, dict):
            content = {}
        reason = choice.get("finish_reason")
        # An empty reason is one only beside tool calls; elsewhere it is a way to say "not yet".
        if isinstance(reason, str) and reason in accent.finish and (reason or content.get("tool_calls")):
            choice["finish_reason"] = accent.finish[reason]
            changed = True
        for theirs, ours in accent.keys.items():
            if theirs in content and ours not in content:
                content[ours] = content.pop(theirs)
                changed = True
    return changed


class Numbering:
    """Tool calls of one choice, counted from 0 without gaps, whatever indexes they came with."""

    __slots__ = ("_latest", "_numbers")

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._latest: dict[Any, int] = {}

    def apply(self, calls: Any) -> None:
        """A call with an id that wasn't seen before is a new one; one without id goes on with the last of its index."""
        if not isinstance(calls, list):
            return
        for call in calls:
            if not isinstance(call, dict):
                continue
            id, index = str(call.get("id") or ""), str(call.get("index"))
            number = self._numbers.setdefault(id, len(self._numbers)) if id else self._latest.get(index, 0)
            self._latest[index] = number
            call["index"] = number


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (str, list)) else 0


def _call_size(call: Any) -> int:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return 1
    return 1 + _length(function.get("name")) + _length(function.get("arguments"))
