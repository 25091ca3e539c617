"""Function calls of an answer as OpenAI's tool calls, and what has to be remembered of each."""

from hashlib import blake2s
from typing import Any

import orjson

from adapters.failure import broken
from adapters.gemini.functions import Notes
from adapters.gemini.parts import signed
from core.ask import Ask
from core.wire import Json


class Calls:
    """Made for one answer; counts its calls. *remember*: see core.wire.Completion."""

    __slots__ = ("_ask", "_before", "_count", "_notes", "_used", "remember")

    def __init__(self, ask: Ask, notes: Notes) -> None:
        self.remember: dict[str, Json] = {}
        self._ask = ask
        self._notes = notes
        self._count = 0
        self._used: set[str] = set()
        self._before: dict[int, list[Json]] = {}

    def before(self, part: Json, index: int) -> None:
        """A tool that Google itself ran on the way to the next call of a choice, or its result."""
        self._before.setdefault(index, []).append(part)

    def made(self, part: Json, index: int) -> Json:
        """The tool call of a part with a `functionCall`, its signature beside it."""
        function = part["functionCall"]
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(name, str):
            raise broken("the answer has a function call without a name")
        id = self._id(function.get("id"))
        name = self._notes.names.get(name, name)
        arguments = function.get("args") or {}
        call: Json = {"id": id, "type": "function"}
        if name in self._notes.custom:
            call = {"id": id, "type": "custom", "custom": {"name": name, "input": _free(arguments)}}
        else:
            call["function"] = {"name": name, "arguments": _text(arguments)}
        signature = part.get("thoughtSignature")
        signature = signature if isinstance(signature, str) and signature else None
        before = self._before.pop(index, None)
        if signature is not None:
            call |= signed(signature)
        if signature is not None or before:
            state: Json = {"model": self._notes.model, "thought_signature": signature}
            self.remember[id] = {**state, "before": before} if before else state
        return call

    def _id(self, given: Any) -> str:
        """Its own, where it has one that isn't taken; else one that is the same whenever the answer is read."""
        number, self._count = self._count, self._count + 1
        if isinstance(given, str) and given and given not in self._used:
            self._used.add(given)
            return given
        return f"call_{blake2s(f'{self._ask.id}:{number}'.encode(), digest_size=12).hexdigest()}"


def _text(arguments: Any) -> str:
    try:
        return orjson.dumps(arguments).decode()
    except orjson.JSONEncodeError:
        raise broken("the answer is nested too deeply") from None


def _free(arguments: Any) -> str:
    """The text of a custom tool, which went out as a function of one argument."""
    given = arguments.get("input") if isinstance(arguments, dict) else None
    return given if isinstance(given, str) else _text(arguments)
