"""Canonical chunks written as bytes: what comes by the thousand is filled into templates, not built as objects.

All chunks of a stream have the same id, time and model; the role comes once, in the first.
"""

from typing import Any

import orjson

from core.usage import Usage, shown
from core.wire import Json, Report

_dumps = orjson.dumps


class Chunks:
    """*usage*: the client asked to see the usage, so every chunk says that it isn't known yet."""

    __slots__ = ("_close", "_frame", "_head", "_open", "_tail")

    def __init__(self, id: str, created: int, model: str, *, usage: bool) -> None:
        self._frame: Json = {"id": id, "object": "chat.completion.chunk", "created": created, "model": model}
        self._head = b"data: " + _dumps(self._frame)[:-1] + b',"choices":[{"index":'
        self._open = self._head + b'0,"delta":{'
        self._tail = b',"usage":null}\n\n' if usage else b"}\n\n"
        self._close = b'},"logprobs":null,"finish_reason":null}]' + self._tail

    def role(self, index: int = 0) -> bytes:
        return self._delta(index, b'"role":"assistant","content":""')

    def text(self, text: str, index: int = 0) -> bytes:
        if not index:
            return b"".join((self._open, b'"content":', _dumps(text), self._close))
        return self._delta(index, b'"content":' + _dumps(text))

    def reasoning(self, text: str, index: int = 0) -> bytes:
        return self._delta(index, b'"reasoning_content":' + _dumps(text))

    def call(self, number: int, id: str, name: str, arguments: str = "", index: int = 0) -> bytes:
        """A tool call begins; *number* counts the calls of its choice from 0."""
        call = {"index": number, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
        return self._delta(index, b'"tool_calls":[' + _dumps(call) + b"]")

    def arguments(self, number: int, fragment: str, index: int = 0) -> bytes:
        """A tool call goes on."""
        piece = b'"tool_calls":[{"index":%d,"function":{"arguments":%b}}]' % (number, _dumps(fragment))
        return self._delta(index, piece)

    def delta(self, delta: Json, index: int = 0) -> bytes:
        """Whatever else a delta may say. Lists in it need an `index` in each entry."""
        return self._delta(index, _dumps(delta)[1:-1])

    def finish(self, reason: str, index: int = 0, logprobs: Any = None) -> bytes:
        """The last chunk of a choice."""
        said = (_dumps(logprobs), _dumps(reason))
        return b'%b%d,"delta":{},"logprobs":%b,"finish_reason":%b}]%b' % (self._head, index, *said, self._tail)

    def chunk(self, delta: Json, index: int = 0, **more: Any) -> bytes:
        """A chunk with members beside its delta, such as `logprobs`."""
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": None, **more}
        return b"data: " + _dumps({**self._frame, "choices": [choice]})[:-1] + self._tail

    def report(self, usage: Usage, **more: Any) -> Report:
        """The usage chunk; *more* are members of its top level, such as `service_tier`."""
        return Report(usage, {**self._frame, **more, "choices": [], "usage": shown(usage)})

    def _delta(self, index: int, inside: bytes) -> bytes:
        return b'%b%d,"delta":{%b%b' % (self._head, index, inside, self._close)
