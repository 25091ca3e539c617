"""Canonical events -> the bytes of a server-sent event stream, as OpenAI's clients expect them.

Every event is closed by a blank line, keep-alives are comments (a client that finds an empty `data:` breaks),
`[DONE]` comes once, and an error is an event of its own after which nothing follows.
"""

from typing import Any, Final

import orjson

from core.errors import Refusal
from core.usage import Usage, shown
from core.wire import Chunk, Event, Report, Verbatim

DONE: Final = b"data: [DONE]\n\n"
KEEPALIVE: Final = b": keepalive\n\n"


def event(body: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"


def error(refusal: Refusal) -> bytes:
    """What a client sees of a stream that broke: no finish_reason, no [DONE]."""
    return event(refusal.body())


class StreamWriter:
    """Made for each streamed call. *show_usage*: the client asked to see the usage chunk."""

    __slots__ = ("_first", "_reported", "show_usage")

    def __init__(self, *, show_usage: bool) -> None:
        self.show_usage = show_usage
        self._reported = False
        self._first: bytes | None = None

    def write(self, events: list[Event]) -> bytes:
        """The bytes of *events*; empty if the client is to see none of them."""
        if len(events) == 1 and events[0].__class__ is Verbatim:
            data = events[0].data
        else:
            data = b"".join([each.data if isinstance(each, Verbatim) else self._bytes(each) for each in events])
        if self._first is None and data:
            self._first = data
        return data

    def _bytes(self, each: Chunk | Report) -> bytes:
        if isinstance(each, Chunk):
            return event(each.body)
        if not self.show_usage:
            return b""
        self._reported = True
        return each.raw if each.raw is not None else event(each.body)

    def end(self, usage: Usage) -> bytes:
        """The end of a whole answer; with a usage chunk of our own making if the provider sent none."""
        if not self.show_usage or self._reported:
            return DONE
        return event({**self._frame(), "choices": [], "usage": shown(usage)}) + DONE

    def cut(self, choices: int, note: str) -> bytes:
        """The end of an answer that may not go on: as if its length were limited, with a *note* that says by what."""
        ended = [{"index": index, "delta": {}, "finish_reason": "length"} for index in range(choices)]
        return event({**self._frame(), "choices": ended, "note": note})

    def _frame(self) -> dict[str, Any]:
        """id, created and model as the first chunk had them: all chunks of a stream share them."""
        line = (self._first or b"").partition(b"\n")[0].removeprefix(b"data:")
        try:
            first = orjson.loads(line)
        except orjson.JSONDecodeError:
            first = {}
        return {name: first[name] for name in ("id", "object", "created", "model") if name in first}
