"""What the demo says: friendly sentences, tool calls, JSON, vectors. The same question always has the same answer."""

import base64
import hashlib
import math
import re
import struct
from typing import Any, NamedTuple

import orjson

from adapters.demo_schema import sample
from adapters.demo_wish import Wish, last_said, said, without_directives
from core.wire import Json

_ECHOED = 200
_DIMENSIONS = 256
_MOST_DIMENSIONS = 4096
_FILLER = "Switchyard routes this demo word by word and never tires of it. ".split()  # noqa: SIM905  (reads better)
_PIECE = re.compile(r"\s*\S+|\s+$")


class Answer(NamedTuple):
    """One choice. *pieces* are its text as a stream brings it; *call* is a tool call in place of text."""

    pieces: tuple[str, ...]
    finish: str
    call: Json | None = None

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def answer(body: Json, wish: Wish, index: int, digest: str) -> Answer:
    """The choice number *index*; *digest* makes ids that depend on nothing but the question."""
    tool = None if "prompt" in body else _chosen_tool(body)
    if tool is not None:
        given = sample(tool.get("parameters") or {"type": "object"})
        arguments = orjson.dumps(given if isinstance(given, dict) else {}).decode()
        call = {"name": tool["name"], "arguments": arguments}
        return Answer((), "tool_calls", {"id": f"call_{digest}{index}", "type": "function", "function": call})
    return _limited(body, _text(body, wish))


def pieces_of(text: str) -> tuple[str, ...]:
    """Words with the blanks before them; together they are the text again."""
    return tuple(_PIECE.findall(text))


def words_in(body: Json) -> int:
    """How many tokens the demo counts in a request: its words."""
    texts = [said(message.get("content")) for message in body.get("messages") or ()]
    return sum(len(text.split()) for text in (*texts, said(body.get("prompt")), said(body.get("input"))))


def vector(text: str, body: Json) -> Any:
    """A vector of length 1 that only depends on the text, as a list or in base64."""
    size = min(max(body.get("dimensions") or _DIMENSIONS, 1), _MOST_DIMENSIONS)
    numbers = struct.unpack(f"<{size}h", hashlib.shake_256(text.encode()).digest(2 * size))
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    unit = [number / length for number in numbers]
    if body.get("encoding_format") == "base64":
        return base64.b64encode(struct.pack(f"<{size}f", *unit)).decode()
    return unit


def _text(body: Json, wish: Wish) -> str:
    if wish.words is not None:
        return " ".join(_FILLER[number % len(_FILLER)] for number in range(wish.words))
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return orjson.dumps(sample((wanted.get("json_schema") or {}).get("schema") or {"type": "object"})).decode()
    echo = without_directives(last_said(body))[:_ECHOED]
    if wanted.get("type") == "json_object":
        return orjson.dumps({"demo": True, "you_said": echo}).decode()
    last: Json = next(reversed(body.get("messages") or ()), {})
    if last.get("role") == "tool":
        return f"This is Switchyard's demo. The tool answered: {said(last.get('content'))[:_ECHOED]}"
    return (
        f"Hello! This is Switchyard's demo: no model was asked. You said: “{echo}” "
        "Try the models demo/slow or demo/fails, or write [[words 200]], [[pace 50ms]] or [[fail 503]] in a message."
    )


def _limited(body: Json, text: str) -> Answer:
    """Cut at a stop sequence, then at the limit of tokens, which are words here."""
    stops = body.get("stop") or ()
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.partition(stop)[0]
    pieces = pieces_of(text)
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if limit is None or len(pieces) <= limit:
        return Answer(pieces, "stop")
    return Answer(pieces[:limit], "length")


def _chosen_tool(body: Json) -> Json | None:
    """The function to call: the one that is named, else the one that the user mentions, else the first.

    An offered tool is called once, when the user has spoken last; its result is answered in words.
    """
    functions: list[Json] = [tool["function"] for tool in body.get("tools") or () if tool.get("type") == "function"]
    choice = body.get("tool_choice", "auto")
    last: Json = next(reversed(body.get("messages") or ()), {})
    if not functions or choice == "none" or last.get("role") != "user":
        return None
    text = last_said(body)
    named = choice.get("function", {}).get("name") if isinstance(choice, dict) else None
    mentioned = (function for function in functions if function["name"] in text)
    return next((function for function in functions if function["name"] == named), next(mentioned, functions[0]))
