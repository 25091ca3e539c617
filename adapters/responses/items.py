"""Messages of a chat as the items of a response's input."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from adapters.fields import Fields, unsupported
from adapters.responses.kept import CALLS, echoed, recalled
from adapters.tools import Names
from adapters.turns import Document, Part, Picture, Request, Sound, Text, Turn, turns
from core.ask import Ask
from core.wire import Json

_LONGEST_ID: Final = 64


class Writer:
    """*breakpoints*: the model takes marks of what shall be cached. *thinks*: it may get its thoughts back."""

    def __init__(self, ask: Ask, fields: Fields, *, breakpoints: bool, thinks: bool) -> None:
        self._ask = ask
        self._fields = fields
        self._breakpoints = breakpoints
        self._thinks = thinks
        self._names = Names(_short, _LONGEST_ID)
        self._custom: set[str] = set()  # ids of calls of custom tools
        self._lost: set[str] = set()

    def items(self) -> list[Json]:
        told = [item for turn in turns(self._ask.call.body, self._ask.media) for item in self._items(turn)]
        for name in sorted(self._lost):
            self._fields.dropped(name)
        return told

    def _items(self, turn: Turn) -> list[Json]:
        if turn.role == "tool":
            return [self._result(turn)]
        if turn.raw.get("name"):
            self._lost.add("messages.name")  # there is no place for it
        if turn.role == "assistant":
            return self._answer(turn)
        return [{"type": "message", "role": turn.raw["role"], "content": self._content(turn)}]

    def _answer(self, turn: Turn) -> list[Json]:
        """What the assistant said and called, and between it what it thought, where that is known."""
        for part in turn.parts:
            if not isinstance(part, Text):
                raise unsupported("An assistant's message can only hold text.", param=part.at)
        text = turn.text
        message: Json | None = {"type": "message", "role": "assistant", "content": text} if text else None
        calls: dict[str, list[Json]] = {}
        for call, given in zip(turn.calls, _given(turn), strict=True):
            calls.setdefault(call.id, []).append(self._call(call, given))
        told: list[Json] = []
        for entry in self._order(turn):
            if entry["type"] == "message":
                if message is not None:
                    told.append({**message, **entry})
                message = None
            elif entry["type"] in CALLS:
                told += calls.pop(entry["call_id"], [])
            else:
                told.append(entry)
        return [*([] if message is None else [message]), *told, *(one for same in calls.values() for one in same)]

    def _order(self, turn: Turn) -> list[Json]:
        if not (turn.calls and self._thinks):
            return []
        order = recalled([call.id for call in turn.calls], self._ask.memory, self._ask.target.model)
        if order is not None:
            return order
        thoughts = echoed(turn.raw)
        return [*thoughts, {"type": "message"}] if thoughts else []

    def _call(self, call: Request, given: Any) -> Json:
        """*given* are its arguments as the client sent them: the very same text is found in the provider's cache."""
        id = self._names.theirs(call.id)
        if call.custom:
            self._custom.add(call.id)
            return {"type": "custom_tool_call", "call_id": id, "name": call.name, "input": call.arguments["input"]}
        arguments = given if isinstance(given, str) and given.strip() else orjson.dumps(call.arguments).decode()
        return {"type": "function_call", "call_id": id, "name": call.name, "arguments": arguments}

    def _result(self, turn: Turn) -> Json:
        kind = "custom_tool_call_output" if turn.answers in self._custom else "function_call_output"
        return {"type": kind, "call_id": self._names.theirs(turn.answers), "output": self._content(turn)}

    def _content(self, turn: Turn) -> str | list[Json]:
        parts = list(turn.parts)
        if turn.mark and parts and not isinstance(parts[-1], Sound):
            parts[-1] = parts[-1]._replace(mark=turn.mark)
        if len(parts) < 2 and all(isinstance(part, Text) and not part.mark for part in parts):
            return turn.text
        if turn.role == "system" and (odd := next((one for one in parts if not isinstance(one, Text)), None)):
            raise unsupported("Instructions can only hold text.", param=odd.at)
        return [self._part(part) for part in parts]

    def _part(self, part: Part) -> Json:
        if isinstance(part, Sound):
            raise unsupported("This model doesn't listen to audio on the endpoint that it needs here.", param=part.at)
        told = _told(part)
        if part.mark and self._breakpoints:
            # 30 minutes are the default, and 12 hours what else there is.
            long = {"ttl": "12h"} if part.mark == "1h" else {}
            told["prompt_cache_breakpoint"] = {"mode": "explicit", **long}
        elif part.mark:
            self._lost.add("prompt_cache_breakpoint")
        return told


def _short(id: str) -> bool:
    return len(id) <= _LONGEST_ID


def _told(part: Text | Picture | Document) -> Json:
    if isinstance(part, Text):
        return {"type": "input_text", "text": part.text}
    blob = part.blob
    data = "" if blob is None else f"data:{blob.kind};base64,{blob.data}"
    if isinstance(part, Picture):
        if blob is not None and blob.kind == "application/pdf":
            return _file(data, None)
        return {"type": "input_image", "image_url": data or part.url, "detail": part.detail or "auto"}
    if part.id is not None:
        return {"type": "input_file", "file_id": part.id}
    return _file(data, part.name) if data else {"type": "input_file", "file_url": part.url}


def _file(data: str, name: str | None) -> Json:
    """Without a name a file is refused."""
    return {"type": "input_file", "filename": name or "file.pdf", "file_data": data}


def _given(turn: Turn) -> Iterator[Any]:
    """The arguments of the turn's calls as they stand in the message."""
    if not (calls := turn.raw.get("tool_calls")):
        calls = [{"function": turn.raw["function_call"]}] if turn.calls else []
    for call in calls:
        function = call.get("function")
        yield function.get("arguments") if isinstance(function, dict) else None
