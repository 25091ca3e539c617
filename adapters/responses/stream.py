"""A response that comes in events, told as chunks of a chat completion."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, ClassVar, Final

import orjson

from adapters import sse
from adapters.eventful import Eventful
from adapters.failure import broken, failure_inside, is_error
from adapters.flow import NUMBER, Flow, Match, flow
from adapters.responses.answer import (
    PARAGRAPH,
    check,
    citations,
    is_item,
    listed,
    reason,
    thoughts_of,
    tier_of,
    tokens,
    usage_in,
    word,
)
from adapters.responses.kept import CALLS, details, kept
from adapters.responses.request import Bridged
from adapters.signals import Signal
from core.ask import Ask
from core.faults import UpstreamError
from core.wire import Json

_TEXT: Final = "response.output_text.delta"
_THOUGHT: Final = "response.reasoning_summary_text.delta"
_ARGUMENTS: Final = "response.function_call_arguments.delta"

# OpenAI has written members by their names since the end of 2025; others write them as it did before.
_NAMED: Final = 'event: %s\ndata: {"type":"%s",%s}\n\n'
_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    _TEXT: (
        '"content_index":<number>,"delta":"<text>",<item>,"logprobs":[]<hidden>,"output_index":%d,<count>',
        '<count>,<item>,"output_index":%d,"content_index":<number>,"delta":"<text>","logprobs":[]<hidden>',
    ),
    _THOUGHT: (
        '"delta":"<text>",<item><hidden>,"output_index":%d,<count>,"summary_index":<number>',
        '<count>,<item>,"output_index":%d,"summary_index":<number>,"delta":"<text>"<hidden>',
    ),
    _ARGUMENTS: (
        '"delta":"<text>",<item><hidden>,"output_index":%d,<count>',
        '<count>,<item>,"output_index":%d,"delta":"<text>"<hidden>',
    ),
}
_HOLES: Final = {
    "count": b'"sequence_number":' + NUMBER,
    "hidden": rb'(?:,"obfuscation":"[0-9A-Za-z]*+")?',  # so that nobody can guess words by their length
    "item": rb'"item_id":"[0-9A-Za-z_-]++"',
}


@lru_cache(maxsize=64)
def _more(kind: str, place: int) -> tuple[Flow, ...]:
    """Events of a kind for the item at *place*, in each way in which they may be written."""
    return tuple(flow(_NAMED % (kind, kind, members % place), **_HOLES) for members in _MORE[kind])


class ResponsesDecoder(Eventful):
    """Events of kinds that aren't in the table say nothing to a client of chat completions."""

    __slots__ = (
        "_base",
        "_break",
        "_flowing",
        "_items",
        "_length",
        "_mused",
        "_note",
        "_notes",
        "_numbers",
        "_said",
        "_signals",
    )

    def __init__(self, ask: Ask, note: Bridged, signals: tuple[Signal, ...]) -> None:
        super().__init__(ask)
        self._flowing = ""  # the kind of the events of the flow
        self._note = note
        self._signals = signals
        self._items: dict[int, Json] = {}  # those that are whole, by their place in the output
        self._said: set[int] = set()  # of which items something was told
        self._numbers: dict[int, int] = {}  # tool calls, by the place of their item
        self._notes = 0  # how many annotations were told
        self._length = self._base = 0  # characters of text, and how many of them before the part at hand
        self._mused = self._break = False  # something was thought; and it was a paragraph

    def _over(self) -> None:
        """The last event may lack its blank line; or it was no stream at all, and may still say why."""
        rest = self._frames.end().strip()
        data = rest if rest.startswith(b"{") else sse.event(rest).data
        if data and _is_json(data):
            self._hear(b"data: " + data.replace(b"\n", b" ") + b"\n\n")

    def _hear(self, raw: bytes) -> None:
        data = sse.event(raw).data
        if data is None or not (data := data.strip()) or data == b"[DONE]":
            return
        body = _object(data)
        if (kind := body.get("type")).__class__ is str and (tell := self._TOLD.get(kind)) is not None:
            tell(self, body)
            self._goes_on(raw, kind, _place(body))
        elif is_error(body):
            raise UpstreamError(failure_inside(body, signals=self._signals))

    def _goes_on(self, raw: bytes, kind: str, place: int) -> None:
        """Whether more events like *raw* may follow that need no more than it did."""
        flows = _more(kind, place) if kind in _MORE else ()
        found = next((one for one in flows if one.fullmatch(raw) is not None), None)
        write = None if found is None else self._way(kind, place)
        if found is None or write is None:
            self._flow = None
        else:
            self._flowing = kind
            self._flows(found, write)

    def _way(self, kind: str, place: int) -> Callable[[str], bytes] | None:
        """How pieces of this kind are told, where that is all that is to be done with them."""
        chunks, note = self._open(0), self._note
        if kind == _TEXT:
            return None if note.logprobs else chunks.text
        if kind == _THOUGHT:
            return chunks.reasoning
        return None if note.legacy else partial(chunks.arguments, self._numbers[place])

    def _heard(self, said: bytes, length: int, last: Match) -> None:
        del said, last
        if self._flowing == _TEXT:
            self._length += length

    # Events, by their type

    def _created(self, event: Json) -> None:
        response = _inside(event, "response")
        self._begin(word(response.get("id")), word(response.get("model")))

    def _text(self, event: Json) -> None:
        text = _delta(event)
        self._said.add(_place(event))
        self._length += len(text)
        if not self._note.logprobs:
            self._say(text)
        elif text:
            self._content(len(text))
            logprobs = {"content": tokens(event.get("logprobs")), "refusal": None}
            self._told.append(self._open(0).chunk({"content": text}, logprobs=logprobs))

    def _refusal(self, event: Json) -> None:
        if text := _delta(event):
            self._said.add(_place(event))
            self._add({"refusal": text}, size=len(text))

    def _thought(self, event: Json) -> None:
        if text := _delta(event):
            self._said.add(_place(event))
            self._think(PARAGRAPH + text if self._break else text)
            self._mused, self._break = True, False

    def _thought_over(self, _event: Json) -> None:
        self._break = self._mused

    def _part(self, _event: Json) -> None:
        self._base = self._length

    def _added(self, event: Json) -> None:
        item, place = _inside(event, "item"), _place(event)
        if word(item.get("type")) in CALLS:
            self._open_call(place, item)

    def _arguments(self, event: Json) -> None:
        place = _place(event)
        if place not in self._numbers:
            raise broken("the answer goes on with a call that it never began")
        if fragment := _delta(event):
            self._said.add(place)
            self._go_on(place, fragment, custom=event["type"].startswith("response.custom"))

    def _annotation(self, event: Json) -> None:
        for told in citations([event.get("annotation")], self._base):
            self._add({"annotations": [{"index": self._notes, **told}]})
            self._notes += 1

    def _item(self, event: Json) -> None:
        """An item is whole. What of it no delta has told is told now."""
        self._whole(_place(event), _inside(event, "item"))

    def _completed(self, event: Json) -> None:
        response = _inside(event, "response")
        check(response, self._signals)
        output = response.get("output")
        for place, item in enumerate(output if isinstance(output, list) else ()):
            if place not in self._items:
                self._whole(place, item)
        why = reason(response, calls=bool(self._numbers), legacy=self._note.legacy)
        if why == "tool_calls":
            said = [self._items[place] for place in sorted(self._items)]
            if thoughts := details(said):
                self._add({"reasoning_details": thoughts})
            self.remember = kept(said, self._ask.target.model)
        self.usage = usage_in(response)
        self._stop(why)
        self._end(**tier_of(response))

    def _failed(self, event: Json) -> None:
        """Of the whole response, or of the stream; an error comes in an object of its own, or flat."""
        told = event.get("response", event)
        error = told.get("error") if isinstance(told, dict) else None
        if not isinstance(error, dict):
            error = {name: value for name, value in event.items() if name != "type"}
        raise UpstreamError(failure_inside({"error": error}, signals=self._signals))

    # What they have in common

    def _whole(self, place: int, item: Any) -> None:
        if not is_item(item):
            return
        self._items[place] = item
        kind = item["type"]
        if kind in CALLS:
            if place not in self._numbers:
                self._open_call(place, item)
            if place not in self._said:
                custom = kind == "custom_tool_call"
                self._go_on(place, item["input"] if custom else item["arguments"] or "{}", custom=custom)
        elif kind == "reasoning":
            for thought in thoughts_of(item) if place not in self._said else ():
                self._thought({"delta": thought, "output_index": place})
                self._break = True
            self._break = self._mused
        elif kind == "message" and place not in self._said:
            self._message(place, item)

    def _message(self, place: int, item: Json) -> None:
        for part in listed(item.get("content")):
            if word(part.get("refusal")):
                self._refusal({"delta": part["refusal"], "output_index": place})
            elif word(part.get("text")):
                self._base = self._length
                self._text({"delta": part["text"], "output_index": place, "logprobs": part.get("logprobs")})
                for annotation in listed(part.get("annotations")):
                    self._annotation({"annotation": annotation})
            elif part.get("text") or part.get("refusal"):
                raise broken("the answer has a text that is none")

    def _open_call(self, place: int, item: Json) -> None:
        id, name = word(item.get("call_id")), word(item.get("name"))
        if not (id and name):
            raise broken("the answer has a call without an id or a name")
        if self._note.legacy:
            self._numbers[place] = len(self._numbers)
            if not self._numbers[place]:  # clients take one
                self._add({"function_call": {"name": name, "arguments": ""}}, size=1 + len(name))
        elif item["type"] == "function_call":
            self._numbers[place] = self._call(id, name)
        else:
            self._numbers[place] = number = self._calls.get(0, 0)
            self._calls[0] = number + 1
            call = {"index": number, "id": id, "type": "custom", "custom": {"name": name, "input": ""}}
            self._add({"tool_calls": [call]}, size=1 + len(name))

    def _go_on(self, place: int, fragment: str, *, custom: bool) -> None:
        number = self._numbers[place]
        if self._note.legacy:
            if not number:
                self._add({"function_call": {"arguments": fragment}}, size=len(fragment))
        elif custom:
            self._add({"tool_calls": [{"index": number, "custom": {"input": fragment}}]}, size=len(fragment))
        else:
            self._argue(number, fragment)

    _TOLD: ClassVar[dict[str, Callable[["ResponsesDecoder", Json], None]]] = {
        "response.created": _created,
        _TEXT: _text,
        "response.refusal.delta": _refusal,
        _THOUGHT: _thought,
        "response.reasoning_summary_part.done": _thought_over,
        "response.reasoning_text.delta": _thought,
        "response.reasoning_text.done": _thought_over,
        "response.content_part.added": _part,
        "response.output_item.added": _added,
        _ARGUMENTS: _arguments,
        "response.custom_tool_call_input.delta": _arguments,
        "response.output_text.annotation.added": _annotation,
        "response.output_item.done": _item,
        "response.completed": _completed,
        "response.incomplete": _completed,
        "response.failed": _failed,
        "response.cancelled": _failed,
        "error": _failed,
    }


def _is_json(data: bytes) -> bool:
    """Whether an event was not cut in two."""
    try:
        orjson.loads(data)
    except ValueError:
        return False
    return True


def _object(data: bytes) -> Json:
    try:
        body = orjson.loads(data)
    except ValueError:
        raise broken("an event of the stream is not JSON") from None
    if not isinstance(body, dict):
        raise broken("an event of the stream is not a JSON object")
    return body


def _inside(event: Json, name: str) -> Json:
    value: Any = event.get(name)
    if not isinstance(value, dict):
        raise broken(f"an event of the stream has no {name}")
    return value


def _place(event: Json) -> int:
    place = event.get("output_index")
    return place if isinstance(place, int) else 0


def _delta(event: Json) -> str:
    delta: Any = event.get("delta")
    if not isinstance(delta, str):
        raise broken("an event of the stream has a delta without text")
    return delta
