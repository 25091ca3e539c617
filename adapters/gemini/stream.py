"""A streamed answer of streamGenerateContent: each event holds whole parts, and the end is the end of the body."""

from functools import cache
from typing import Any, Final

import orjson

from adapters.digits import exact
from adapters.eventful import Eventful
from adapters.failure import broken, failure_inside, is_error
from adapters.flow import NUMBER, Flow, Match, flow, read
from adapters.gemini.answer import candidates_of, drawn, index_of, said
from adapters.gemini.array import Objects
from adapters.gemini.calls import Calls
from adapters.gemini.errors import SIGNALS
from adapters.gemini.finish import blocked, finish_of
from adapters.gemini.functions import Notes
from adapters.gemini.grounding import annotations, searches_of
from adapters.gemini.parts import signed
from adapters.gemini.pieces import logprobs_of, parts_of, picture_of, sound_of, text_of
from adapters.gemini.usage import tier_of, usage_of
from adapters.sse import event
from core.ask import Ask
from core.faults import UpstreamError
from core.usage import Usage, is_nothing
from core.wire import Json

_ORDINARY = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId"})
_TALKING = frozenset({"content", "index"})


# Gemini writes blanks between members, and CRLF; Vertex puts the role first.
_EVENT: Final = (
    'data: {"candidates":<s>[{"content":<s>{%s}<index>}]<usage>,<s>"modelVersion":<s>"<word>"<time>,<s>'
    '"responseId":<s>"<word>"}<end>'
)
_CONTENTS: Final = (
    '"parts":<s>[{"text":<s>"<text>"%s}],<s>"role":<s>"model"',
    '"role":<s>"model",<s>"parts":<s>[{"text":<s>"<text>"%s}]',
)
_THOUGHT: Final = ',<s>"thought":<s>true'
_KIND: Final = rb'\{ ?+"modality": ?+"[A-Z_]++", ?+"tokenCount": ?+%b\}' % NUMBER
_COUNT: Final = rb'"(?:trafficType": ?+"[A-Z_]++"|[a-zA-Z]++": ?+(?:%b|\[%b(?:, ?+%b)*\]))' % (NUMBER, _KIND, _KIND)
_HOLES: Final = {
    "s": rb" ?+",
    "index": rb'(?:, ?+"index": ?+0)?',
    "usage": rb'(?:, ?+"usageMetadata": ?+(\{%b(?:, ?+%b)*\}))?' % (_COUNT, _COUNT),
    "time": rb'(?:, ?+"createTime": ?+"[0-9TZ:.+-]*+")?',
    "end": rb"\r?+\n\r?+\n",
}


@cache
def _more(thought: bool) -> tuple[Flow, ...]:
    """Events with more of the first choice, in each way in which they may be written. Their second group is usage."""
    more = _THOUGHT if thought else ""
    return tuple(flow(_EVENT % (content % more), **_HOLES) for content in _CONTENTS)


class _Told:
    """What one choice has said so far. *texts* is kept only where somebody may cite from it."""

    __slots__ = ("content", "grounded", "images", "reason", "searches", "signature", "sounds", "texts")

    def __init__(self) -> None:
        self.content = False
        self.reason: str | None = None
        self.signature = ""
        self.images = 0
        self.sounds = 0
        self.searches = 0
        self.texts: list[str] = []
        self.grounded: Json | None = None


class GeminiDecoder(Eventful):
    """See adapters.contract.Decoder."""

    __slots__ = (
        "_array",
        "_begun",
        "_cites",
        "_made",
        "_refused",
        "_reported",
        "_seen",
        "_thinking",
        "_tier",
        "_usage",
    )

    def __init__(self, ask: Ask, notes: Notes) -> None:
        self._reported: bytes | None = None  # usage that nobody has looked at yet: there is some in each event
        super().__init__(ask)
        self._thinking = False  # whether the flow is one of thoughts
        self._array: Objects | None = None  # in place of events
        self._begun = False
        self._made = Calls(ask, notes)
        self.remember = self._made.remember
        self._seen: dict[int, _Told] = {}
        self._cites = "web_search_options" in ask.call.body
        self._refused = False
        self._tier = ""

    def _read(self, data: bytes) -> None:
        if not self._begun:
            data = data.lstrip()
            if not data:
                return
            self._begun = True
            if data[:1] in {b"[", b"{"}:
                self._array = Objects()
                self._rest = self._array.rest
        if self._array is None:
            super()._read(data)
            return
        for raw in self._array.feed(data):
            self._take_all(raw)

    def _hear(self, raw: bytes) -> None:
        data = event(raw).data
        if data is not None and (data := data.strip()) and data != b"[DONE]":
            self._take_all(data)
            self._goes_on(raw)

    def _take_all(self, data: bytes) -> None:
        for body in _objects(data):
            self._take(body)

    def _goes_on(self, raw: bytes) -> None:
        """Whether more events like *raw* may follow that need no more than it did."""
        for thought in (False, True):
            for one in _more(thought):
                if one.fullmatch(raw) is not None:
                    self._thinking = thought
                    self._flows(one, self._open(0).reasoning if thought else self._open(0).text)
                    return

    def _heard(self, said: bytes, length: int, last: Match) -> None:
        del length
        if self._cites and not self._thinking:
            self._seen[0].texts.append(read([said]))
        self._reported = last[2] or self._reported

    def _over(self) -> None:
        if (rest := self._frames.end()).strip():
            try:
                orjson.loads(event(rest).data or b"{}")
            except ValueError:
                return  # half an event
            self._hear(rest + b"\n\n")
        self._settle()
        if self._array is not None and not self._array.closed:
            return
        if not self._seen and not self._refused:
            raise broken("the answer has no candidates")
        owed = 0 if self._refused else self._ask.call.choices
        if len(self._seen) >= owed and all(told.reason is not None for told in self._seen.values()):
            for index in sorted(self._seen):
                self._conclude(index, self._seen[index])
            self._end(**({"service_tier": self._tier} if self._tier else {}))

    # What an event means

    def _take(self, body: Json) -> None:
        self._settle()
        if self._plain(body):
            return
        if is_error(body):
            raise UpstreamError(failure_inside(body, signals=SIGNALS))
        if self._chunks is None:
            self._begin(said(body, "responseId"), said(body, "modelVersion"))
        for candidate in candidates_of(body):
            self._candidate(candidate)
        if blocked(body) is not None:
            self._refused = True
            for told in self._seen.values():
                told.reason = told.reason or "PROHIBITED_CONTENT"
            self._stop("content_filter")
        self._account(body)

    def _plain(self, body: Json) -> bool:
        """The commonest event by far: some more text of the first choice. Whatever is odd about it is not plain."""
        told = self._seen.get(0)
        if told is None or not _ORDINARY.issuperset(body):
            return False
        try:
            (candidate,) = body["candidates"]
            (part,) = candidate["content"]["parts"]
            text = part["text"]
        except (KeyError, TypeError, ValueError):
            return False
        if len(part) != 1 or text.__class__ is not str or not _TALKING.issuperset(candidate) or candidate.get("index"):
            return False
        self._text(text, 0, told)
        self._account(body)
        return True

    @property
    def usage(self) -> Usage | None:
        self._settle()
        return self._usage

    @usage.setter
    def usage(self, usage: Usage | None) -> None:
        self._usage = usage

    def _settle(self) -> None:
        """Look at the usage that has come meanwhile."""
        reported, self._reported = self._reported, None
        if reported is not None:
            self._account({"usageMetadata": orjson.loads(reported)})

    def _account(self, body: Json) -> None:
        """Each event has all counts up to here; the last one holds."""
        if "serviceTier" in body:
            self._tier = tier_of(body["serviceTier"]) or self._tier
        reported = body.get("usageMetadata")
        if not reported:
            return
        searches = sum([told.searches for told in self._seen.values()])
        usage = usage_of(reported, searches=searches, tier=self._tier)
        if usage is not None:
            before = self._usage
            self.usage = before._replace(searches=searches) if before and is_nothing(usage) else usage
            self._tier = usage.tier

    def _candidate(self, candidate: Json) -> None:
        index = index_of(candidate)
        told = self._seen.get(index)
        if told is None:
            told = self._seen[index] = _Told()
        probable = logprobs_of(candidate) if "logprobsResult" in candidate else None
        for part in parts_of(candidate):
            if probable is not None and not part.get("thought") and (text := text_of(part)):
                self._likely(text, index, told, probable)
                probable = None
            else:
                self._part(part, index, told)
        if probable is not None:
            self._likely("", index, told, probable)
        if isinstance(reason := candidate.get("finishReason"), str) and reason:
            told.reason = reason
            self._flow = None
        if "groundingMetadata" in candidate:
            told.grounded = candidate
            told.searches = searches_of(candidate)

    def _part(self, part: Json, index: int, told: _Told) -> None:
        if "functionCall" in part:
            self._function(part, index, told)
        elif "toolCall" in part or "toolResponse" in part:
            self._made.before(part, index)
        elif (sound := sound_of(part)) is not None:
            self._sound(sound, index, told)
        elif (url := picture_of(part)) is not None:
            self._draw(part, url, index, told)
        elif part.get("thought"):
            self._think(text_of(part), index)
        else:
            # The signature may come with an empty text.
            self._text(text_of(part), index, told)
            told.signature = said(part, "thoughtSignature") or told.signature

    def _text(self, text: str, index: int, told: _Told) -> None:
        if text:
            told.content = True
            told.reason = None  # calls may follow a finish, each of them whole; who goes on to speak has not finished
            if self._cites:
                told.texts.append(text)
            self._say(text, index)

    def _likely(self, text: str, index: int, told: _Told, logprobs: Json) -> None:
        """Text, with the probabilities of its tokens."""
        if text:
            told.content = True
            told.reason = None
            self._content(len(text))
        if self._cites:
            told.texts.append(text)
        self._told.append(self._open(index).chunk({"content": text}, index, logprobs=logprobs))

    def _function(self, part: Json, index: int, told: _Told) -> None:
        call = self._made.made(part, index)
        number = self._calls.get(index, 0)
        self._calls[index] = number + 1
        told.content = True
        self._add({"tool_calls": [{"index": number, **call}]}, index, size=len(orjson.dumps(call)))

    def _sound(self, data: str, index: int, told: _Told) -> None:
        told.content = True
        first: Json = {} if told.sounds else {"id": f"audio_{self._ask.id}"}
        told.sounds += 1
        self._add({"audio": {**first, "data": data}}, index, size=len(data))

    def _draw(self, part: Json, url: str, index: int, told: _Told) -> None:
        told.content = True
        self._add({"images": [{"index": told.images, **drawn(part, url)}]}, index, size=len(url))
        told.images += 1

    def _conclude(self, index: int, told: _Told) -> None:
        reason = finish_of(told.reason or "", content=told.content, calls=index in self._calls)
        if told.grounded is not None:
            cited = annotations(told.grounded, ["".join(told.texts)])
            if cited:
                self._add({"annotations": [{"index": at, **one} for at, one in enumerate(cited)]}, index)
        if told.signature:
            self._add(signed(told.signature), index)
        self._stop(reason, index)


def _objects(data: bytes) -> list[Json]:
    """The one object of an event; errors may come in a list."""
    try:
        value: Any = orjson.loads(data)
    except ValueError:
        raise broken("an event of the stream is no JSON") from None
    if b'"functionCall"' in data:
        value = exact(value, data)
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict) for one in listed):
        raise broken("an event of the stream is no JSON object")
    return listed
