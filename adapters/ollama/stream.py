"""Ollama's streams: JSON objects, one a line, until one says that it is done."""

from abc import abstractmethod

import orjson

from adapters.failure import broken
from adapters.ndjson import Lines
from adapters.ollama.answer import calls_of, logprobs_of, reason_of, sound, text_logprobs_of, text_of, usage_of
from adapters.retelling import Retelling
from core.ask import Ask
from core.wire import Json


class _Told(Retelling):
    """What streams of chats and of completions have in common."""

    __slots__ = ("_lines",)

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self._lines = Lines()

    def _read(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            if self.done:
                return
            self._line(line)

    def _over(self) -> None:
        if rest := self._lines.end():
            self._line(rest)

    def _line(self, line: bytes) -> None:
        try:
            told = orjson.loads(line)
        except ValueError:
            raise broken("a line of the answer is not JSON, or only half of it") from None
        if not isinstance(told, dict):
            raise broken("a line of the answer is not a JSON object")
        sound(told)
        if self._chunks is None:
            self._begin("", text_of(told, "model"))
        self._hear(told)
        if told.get("done") is True:
            self.usage = usage_of(told)
            self._stop(reason_of(told, called=bool(self._calls)))
            self._end()

    @abstractmethod
    def _hear(self, told: Json) -> None:
        """Tell what a line says, but for its end."""


class ChatLines(_Told):
    __slots__ = ()

    def _hear(self, told: Json) -> None:
        message = told.get("message")
        if not isinstance(message, dict):
            return
        thoughts, text = text_of(message, "thinking"), text_of(message, "content")
        self._think(thoughts)
        if "logprobs" in told and (text or not thoughts) and (logprobs := logprobs_of(told)):
            self._say_with(text, logprobs)
        else:
            self._say(text)
        for call in calls_of(message, self._ask, self._calls.get(0, 0)) if "tool_calls" in message else ():
            self._call(call.id, call.name, call.arguments)


class TextLines(_Told):
    __slots__ = ("_offset",)

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self._offset = 0

    def _hear(self, told: Json) -> None:
        text = text_of(told, "response")
        self._think(text_of(told, "thinking"))
        if "logprobs" in told and text and (logprobs := text_logprobs_of(told, self._offset)):
            self._say_with(text, logprobs)
        else:
            self._say(text)
        self._offset += len(text)
