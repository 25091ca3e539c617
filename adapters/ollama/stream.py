"""Ollama's streams: JSON objects, one a line, until one says that it is done."""

from abc import abstractmethod
from functools import cache

import orjson

from adapters.digits import exact
from adapters.eventful import Eventful
from adapters.failure import broken
from adapters.flow import Flow, Match, flow
from adapters.ndjson import Lines, next_line
from adapters.ollama.answer import calls_of, logprobs_of, reason_of, said_of, sound, text_logprobs_of, text_of, usage_of
from core.ask import Ask
from core.wire import Json

_LINE = '{"model":"<word>","created_at":"<word>",%s,"done":false}\n'
_SAYS = {
    "content": '"message":{"role":"assistant","content":"<text>"}',
    "thinking": '"message":{"role":"assistant","content":"","thinking":"<text>"}',
    "response": '"response":"<text>"',
}


@cache
def _more(name: str) -> Flow:
    """Lines with more of the answer; *name* is what its pieces are called."""
    return flow(_LINE % _SAYS[name])


class _Told(Eventful):
    """What streams of chats and of completions have in common."""

    __slots__ = ()

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask, Lines())

    def _next(self, whole: bytes, at: int) -> tuple[bytes, int]:
        return next_line(whole, at)

    def _over(self) -> None:
        self._hear(self._frames.end())

    def _hear(self, raw: bytes) -> None:
        if not raw:
            return
        try:
            told = orjson.loads(raw)
        except ValueError:
            raise broken("a line of the answer is not JSON, or only half of it") from None
        if not isinstance(told, dict):
            raise broken("a line of the answer is not a JSON object")
        if b'"tool_calls"' in raw:
            told = exact(told, raw)
        sound(told)
        if self._chunks is None:
            self._begin("", text_of(told, "model"))
        self._tell(told)
        if told.get("done") is True:
            self.usage = usage_of(told)
            self._stop(reason_of(told, called=bool(self._calls)))
            self._end()

    @abstractmethod
    def _tell(self, told: Json) -> None:
        """Tell what a line says, but for its end."""


class ChatLines(_Told):
    __slots__ = ()

    def _tell(self, told: Json) -> None:
        message = told.get("message")
        if message is None:
            return
        if not isinstance(message, dict):
            raise broken("a line of the answer has a message that is none")
        thoughts, text = said_of(message, "thinking"), said_of(message, "content")
        if thoughts:
            self._think(thoughts)
            self._flows(_more("thinking"), self._open(0).reasoning)
        if "logprobs" in told and (text or not thoughts) and (logprobs := logprobs_of(told)):
            self._say_with(text, logprobs)
        elif text:
            self._say(text)
            self._flows(_more("content"), self._open(0).text)
        for call in calls_of(message, self._ask, self._calls.get(0, 0)) if "tool_calls" in message else ():
            self._call(call.id, call.name, call.arguments)


class TextLines(_Told):
    __slots__ = ("_offset",)

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self._offset = 0

    def _tell(self, told: Json) -> None:
        text = said_of(told, "response")
        self._think(said_of(told, "thinking"))
        if "logprobs" in told and text and (logprobs := text_logprobs_of(told, self._offset)):
            self._say_with(text, logprobs)
        elif text:
            self._say(text)
            self._flows(_more("response"), self._open(0).text)
        self._offset += len(text)

    def _heard(self, said: bytes, length: int, last: Match) -> None:
        del said, last
        self._offset += length
