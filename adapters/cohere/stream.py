"""Cohere's streams: typed events, of which `message-end` is the last."""

from collections.abc import Mapping
from functools import cache

import orjson

from adapters.cohere.answer import (
    SIGNALS,
    arguments_of,
    as_block,
    logprobs_of,
    reason_of,
    said_in,
    sound,
    text_of,
    usage_of,
    whole_object,
)
from adapters.digits import exact
from adapters.eventful import Eventful
from adapters.failure import broken, failure_inside
from adapters.flow import Flow, flow
from adapters.sse import event
from adapters.tools import made_id
from core.ask import Ask
from core.faults import UpstreamError
from core.wire import Json

_ERRORS = ("error", "stream-error")  # by name or by type
_CONTENT = 'data: {"type":"content-delta","index":<number>,"delta":{"message":{"content":{"%s":"<text>"}}}}\n\n'


@cache
def _more(name: str) -> Flow:
    """Events with more of the answer; *name* is what its pieces are called."""
    return flow(f"event: content-delta\n{_CONTENT % name}")


class CohereEvents(Eventful):
    """*names*: tools as the client knows them, by Cohere's."""

    __slots__ = ("_arguments", "_citations", "_names", "_numbers")

    def __init__(self, ask: Ask, names: Mapping[str, str]) -> None:
        super().__init__(ask)
        self._names = names
        self._numbers: dict[int | None, int] = {}  # the index of a call's events -> its number
        self._arguments: dict[int, list[str]] = {}  # by the number of their call
        self._citations = 0

    def _over(self) -> None:
        if rest := self._frames.end().strip():
            self._hear(rest)

    def _hear(self, raw: bytes) -> None:
        name, data = event(raw)
        if not data or data == b"[DONE]":
            return
        try:
            told = orjson.loads(data)
        except ValueError:
            raise broken("an event of the answer is not JSON, or only half of it") from None
        if not isinstance(told, dict):
            raise broken("an event of the answer is not a JSON object")
        if b'"tool_calls"' in data:
            told = exact(told, data)
        delta = told.get("delta")
        if name.decode("utf-8", "replace") in _ERRORS or told.get("type") in _ERRORS:
            raise UpstreamError(failure_inside(delta if isinstance(delta, dict) else told, signals=SIGNALS))
        self._tell(told, delta if isinstance(delta, dict) else {})

    def _tell(self, told: Json, delta: Json) -> None:
        match told.get("type"):
            case "content-delta" | "content-start":
                self._content_came(told, delta)
            case "tool-call-delta":
                self._call_went_on(told, delta)
            case "tool-call-start":
                self._call_began(told, delta)
            case "tool-plan-delta":
                self._think(said_in(delta.get("message"), "tool_plan"))
            case "citation-start":
                self._cited(delta)
            case "message-start":
                if self.started:
                    raise broken("the answer begins anew in the middle of itself")
                self._begin(text_of(told, "id"), "")
            case "message-end":
                self._ended(delta)
            case _:
                # Ends of blocks, `debug` and what may come to be say nothing to the client; errors have no type.
                sound(told)

    def _content_came(self, told: Json, delta: Json) -> None:
        message = delta.get("message")
        given = message.get("content") if isinstance(message, dict) else None
        content = as_block(given) if given else {}
        text = said_in(content, "text")
        if thought := said_in(content, "thinking"):
            self._think(thought)
            self._flows(_more("thinking"), self._open(0).reasoning)
        if "logprobs" in told and (logprobs := logprobs_of([told["logprobs"]])):
            self._say_with(text, logprobs)
        elif text:
            self._say(text)
            self._flows(_more("text"), self._open(0).text)

    def _call_began(self, told: Json, delta: Json) -> None:
        call = _inside(delta, "tool_calls")
        function = call.get("function")
        if not (name := text_of(function, "name")):
            raise broken("the answer has a tool call without a name")
        arguments = arguments_of(function)
        id = text_of(call, "id") or made_id(self._ask, self._calls.get(0, 0))
        number = self._call(id, self._names.get(name, name), arguments)
        self._numbers[_index(told)] = number
        self._arguments[number] = [arguments]

    def _call_went_on(self, told: Json, delta: Json) -> None:
        number = self._numbers.get(_index(told))
        if number is None:
            raise broken("the answer goes on with a tool call that it never began")
        fragment = said_in(_inside(delta, "tool_calls").get("function"), "arguments")
        if fragment:
            self._arguments[number].append(fragment)
            self._argue(number, fragment)

    def _cited(self, delta: Json) -> None:
        citation = _inside(delta, "citations")
        if citation:
            self._add({"citations": [{"index": self._citations, **citation}]})
            self._citations += 1

    def _ended(self, delta: Json) -> None:
        together = ["".join(pieces) for pieces in self._arguments.values()]
        half = any(said and not whole_object(said) for said in together)
        reason = reason_of(delta, called=bool(self._calls), half=half)
        for number, said in enumerate(together):
            self._argue(number, "" if said else "{}")
        self.usage = usage_of(delta.get("usage"))
        self._stop(reason)
        self._end()


def _index(told: Json) -> int | None:
    index = told.get("index")
    return index if isinstance(index, int) else None


def _inside(delta: Json, name: str) -> Json:
    """The one object that an event tells of: a block, a call or a citation."""
    message = delta.get("message")
    found = message.get(name) if isinstance(message, dict) else None
    return found if isinstance(found, dict) else {}
