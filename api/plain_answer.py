"""Chat completions in the plain form: what was said, without the frame around it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

ALSO: Final = ("tool_calls", "refusal")
REASONING: Final = ("reasoning_content", "reasoning", "thinking")  # as adapters and providers call it
Told = dict[str, Any]


def whole(body: bytes) -> Told:
    """`content` and what else was said in a chat completion."""
    answer = orjson.loads(body)
    choice = _first(answer)
    message = _thing(choice.get("message"))
    told: Told = {"content": _text(message.get("content")), "finish_reason": choice.get("finish_reason")}
    told |= {name: message[name] for name in ALSO if message.get(name)}
    if reasoning := _reasoning(message):
        told["reasoning"] = reasoning
    if usage := _thing(answer.get("usage")):
        told["usage"] = usage
    return told


class Pieces:
    """Those of one streamed chat completion. *finish* is how it ended, *note* what else is said of that; *whole*: the
    end has come, and no error before it.
    """

    __slots__ = ("_left", "finish", "note", "whole")

    def __init__(self) -> None:
        self._left = b""
        self.finish: str | None = None
        self.note: str | None = None
        self.whole = False

    def feed(self, data: bytes) -> Iterator[Told]:
        """What the events in *data* say; what is left of it waits for more."""
        text = (self._left + data).replace(b"\r\n", b"\n")
        *events, self._left = text.split(b"\n\n")
        for event in events:
            said = b"".join([line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:")])
            if said == b"[DONE]":
                self.whole = True
            elif said.startswith(b"{"):
                yield from self._said(orjson.loads(said))

    def end(self) -> Told:
        """How it ended."""
        return {"finish_reason": self.finish} | ({} if self.note is None else {"note": self.note})

    def _said(self, chunk: Mapping[str, Any]) -> Iterator[Told]:
        if chunk.get("error"):
            yield {"type": "error", "error": chunk["error"]}
            return
        self.note = chunk.get("note") or self.note
        choice = _first(chunk)
        delta = _thing(choice.get("delta"))
        self.finish = choice.get("finish_reason") or self.finish
        if reasoning := _reasoning(delta):
            yield {"type": "reasoning", "delta": {"reasoning": reasoning}}
        if content := _text(delta.get("content")):
            yield {"type": "content", "delta": {"content": content}}
        for name in ALSO:
            if delta.get(name):
                yield {"type": name, "delta": {name: delta[name]}}


def event(told: Told) -> bytes:
    """*told* as a server-sent event that is named by its type."""
    return b"event: %b\ndata: %b\n\n" % (told["type"].encode("ascii"), orjson.dumps(told))


def _first(body: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = body.get("choices")
    return _thing(choices[0]) if isinstance(choices, list) and choices else {}


def _thing(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(content: Any) -> str:
    """What is text in it: some providers send parts."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _reasoning(message: Mapping[str, Any]) -> str:
    return next((text for name in REASONING if (text := _text(message.get(name)))), "")
