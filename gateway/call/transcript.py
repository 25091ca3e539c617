"""What a streamed answer has said so far, read from its events; and chunks with another text in them."""

import json
from collections.abc import Iterator
from typing import Final

import orjson

from core.wire import Chunk, Event, Json, Verbatim

_FRAME: Final = ("id", "object", "created", "model")  # what all chunks of one answer have in common
MOST_UNREAD: Final = 256 * 1024
_USUAL: Final = 500  # bytes of an event
_THOUGHTS: Final = frozenset({"reasoning_content", "reasoning", "reasoning_details", "thinking_blocks"})
_UNSEEN: Final = _THOUGHTS | {"role", "content"}
# What nobody else can go on with once it has begun.
_WHOLE: Final = ("audio", "function_call", "refusal", "tool_calls")


class Transcript:
    """*said* is the text, *frame* the members that all chunks share; both as far as events have been read.

    What is noted is read when somebody wants to know, or when there is much of it: most answers don't break.

    *whole*: something was begun that can't be gone on with. *ended*: it has its finish. *silent*: the attempt under way
    was heard to think, but has said nothing.
    """

    __slots__ = ("_pieces", "_spoke", "_thinks", "_thought", "_unread", "_waiting", "ended", "frame", "whole")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._unread: list[Event] = []
        self._waiting = 0  # bytes in those, about
        self.frame: Json = {}
        self.again()

    def again(self) -> None:
        """Another attempt begins."""
        self._thinks = False  # when last heard
        self._thought = self._spoke = self.whole = self.ended = False

    @property
    def said(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @said.setter
    def said(self, text: str) -> None:
        self._pieces = [text]

    @property
    def open(self) -> bool:
        """Whether it breaks off within its text, if it ends here."""
        return bool(self._pieces) and not (self.whole or self.ended or self._thinks)

    @property
    def silent(self) -> bool:
        return self._thought and not self._spoke

    def note(self, events: list[Event]) -> None:
        """The client hears *events*."""
        self._unread += events
        for each in events:
            self._waiting += len(each.data) if isinstance(each, Verbatim) else _USUAL
        if self._waiting > MOST_UNREAD:
            self.read()

    def read(self) -> None:
        """What was noted and not read yet."""
        unread, self._unread, self._waiting = self._unread, [], 0
        for body in bodies(unread):
            if body is None:
                self.whole = True
                continue
            if not self.frame:
                self.frame = {name: body[name] for name in _FRAME if name in body}
            for choice in body.get("choices") or ():
                self.hear(choice)
                if text := text_of(choice):
                    self._pieces.append(text)

    def hear(self, choice: Json) -> None:
        """What *choice* does, whether or not its text is told."""
        delta = choice.get("delta") or {}
        if text_of(choice):
            self._spoke, self._thinks = True, False
        elif any(delta.get(name) for name in _THOUGHTS):
            self._thought = self._thinks = True
        if any(delta.get(name) for name in _WHOLE):
            self.whole = self._spoke = True
        if choice.get("finish_reason"):
            self.ended = True


def text_of(choice: Json) -> str:
    """What *choice* says in the answer's text."""
    delta = choice.get("delta")
    text = choice.get("text") if delta is None else delta.get("content")
    return text if isinstance(text, str) else ""


def with_text(choice: Json, text: str) -> Json | None:
    """*choice* with *text* for its own, and without thoughts; None if nothing is left to tell."""
    delta = choice.get("delta")
    if delta is None:
        return {**choice, "text": text} if text or choice.get("finish_reason") else None
    left = {name: value for name, value in delta.items() if name not in _UNSEEN and value is not None}
    if text:
        left["content"] = text
    return {**choice, "delta": left} if left or choice.get("finish_reason") else None


def bodies(events: list[Event]) -> Iterator[Json | None]:
    """The chunks in *events*, those of usage aside; None for one that can't be read."""
    for each in events:
        if isinstance(each, Chunk):
            yield each.body
        elif isinstance(each, Verbatim):
            for line in each.data.split(b"\n"):
                if line.startswith(b"data:"):
                    yield _read(line[5:])


def written(body: Json) -> Event:
    """*body* as an event. Half a character goes out as half a character."""
    try:
        data = orjson.dumps(body)
    except orjson.JSONEncodeError:
        data = json.dumps(body).encode()
    return Verbatim(b"data: " + data + b"\n\n")


def _read(data: bytes) -> Json | None:
    """Half a character, which providers may cut one into, is refused by the faster reader."""
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            body = json.loads(data)
        except ValueError:
            return None
    return body if isinstance(body, dict) else None
