"""A streamed answer of streamGenerateContent: each event holds whole parts, and the end is the end of the body."""

from collections.abc import Iterator
from typing import Any

import orjson

from adapters import sse
from adapters.failure import broken, failure_inside, is_error
from adapters.gemini.answer import candidates_of, drawn, index_of, said
from adapters.gemini.array import Objects
from adapters.gemini.calls import Calls
from adapters.gemini.errors import SIGNALS
from adapters.gemini.finish import blocked, finish_of
from adapters.gemini.functions import Notes
from adapters.gemini.grounding import annotations, searches_of
from adapters.gemini.parts import signed
from adapters.gemini.pieces import logprobs_of, media_of, parts_of, text_of
from adapters.gemini.usage import tier_of, usage_of
from adapters.retelling import Retelling
from core.ask import Ask
from core.faults import UpstreamError
from core.wire import Json

_ORDINARY = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId"})
_TALKING = frozenset({"content", "index"})


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


class GeminiDecoder(Retelling):
    """See adapters.contract.Decoder."""

    __slots__ = ("_array", "_begun", "_cites", "_frames", "_made", "_refused", "_seen", "_tier")

    def __init__(self, ask: Ask, notes: Notes) -> None:
        super().__init__(ask)
        self._frames = sse.Frames()
        self._array: Objects | None = None  # in place of events
        self._begun = False
        self._made = Calls(ask, notes)
        self.remember = self._made.remember
        self._seen: dict[int, _Told] = {}
        self._cites = "web_search_options" in ask.call.body
        self._refused = False
        self._tier = ""

    def _read(self, data: bytes) -> None:
        for body in self._bodies(data):
            self._take(body)

    # Framing

    def _bodies(self, data: bytes) -> Iterator[Json]:
        if not self._begun:
            data = data.lstrip()
            if not data:
                return
            self._begun = True
            self._array = Objects() if data[:1] in {b"[", b"{"} else None
        if self._array is None:
            yield from _events(self._frames.whole(data))
            return
        for raw in self._array.feed(data):
            yield from _objects(raw)

    def _over(self) -> None:
        if (rest := self._frames.end()).strip():
            try:
                orjson.loads(sse.event(rest).data or b"{}")
            except ValueError:
                return  # half an event
            for body in _events(rest + b"\n\n"):
                self._take(body)
        if self._array is not None and not self._array.closed:
            return
        if not self._seen and not self._refused:
            raise broken("the answer has no candidates")
        if all(told.reason is not None for told in self._seen.values()):
            for index in sorted(self._seen):
                self._conclude(index, self._seen[index])
            self._end(**({"service_tier": self._tier} if self._tier else {}))

    # What an event means

    def _take(self, body: Json) -> None:
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
            self.usage = usage
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
        if isinstance(reason := candidate.get("finishReason"), str):
            told.reason = reason
        if "groundingMetadata" in candidate:
            told.grounded = candidate
            told.searches = searches_of(candidate)

    def _part(self, part: Json, index: int, told: _Told) -> None:
        if "functionCall" in part:
            self._function(part, index, told)
        elif "toolCall" in part or "toolResponse" in part:
            self._made.before(part, index)
        elif (media := media_of(part)) is not None:
            self._media(part, media, index, told)
        elif part.get("thought"):
            self._think(text_of(part), index)
        else:
            # The signature may come with an empty text.
            self._text(text_of(part), index, told)
            told.signature = said(part, "thoughtSignature") or told.signature

    def _text(self, text: str, index: int, told: _Told) -> None:
        if text:
            told.content = True
            if self._cites:
                told.texts.append(text)
            self._say(text, index)

    def _likely(self, text: str, index: int, told: _Told, logprobs: Json) -> None:
        """Text, with the probabilities of its tokens."""
        if text:
            told.content = True
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

    def _media(self, part: Json, media: tuple[str, str], index: int, told: _Told) -> None:
        kind, data = media
        told.content = True
        if kind.startswith("audio/"):
            first: Json = {} if told.sounds else {"id": f"audio_{self._ask.id}"}
            told.sounds += 1
            self._add({"audio": {**first, "data": data}}, index, size=len(data))
        else:
            self._add({"images": [{"index": told.images, **drawn(part, kind, data)}]}, index, size=len(data))
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


def _events(whole: bytes) -> Iterator[Json]:
    at, end = 0, len(whole)
    while at < end:
        raw, at = sse.next_event(whole, at)
        data = sse.event(raw).data
        if data is not None and (data := data.strip()) and data != b"[DONE]":
            yield from _objects(data)


def _objects(data: bytes) -> list[Json]:
    """The one object of an event; errors may come in a list."""
    try:
        value: Any = orjson.loads(data)
    except ValueError:
        raise broken("an event of the stream is no JSON") from None
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict) for one in listed):
        raise broken("an event of the stream is no JSON object")
    return listed
