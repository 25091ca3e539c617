"""Anthropic's streams as OpenAI's: named events that open, fill and close numbered blocks."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Final

import orjson

from adapters.anthropic.answer import annotations, called, explanation, finish_of, free_text, thoughts_shown
from adapters.anthropic.failures import SIGNALS
from adapters.anthropic.thoughts import KINDS, kept
from adapters.anthropic.toolbox import Notes
from adapters.anthropic.usage import tier_shown, usage_of
from adapters.digits import exact
from adapters.eventful import Eventful
from adapters.failure import broken, failure_inside, is_error
from adapters.flow import Flow, Match, flow, read, spelt
from adapters.sse import event
from core.ask import Ask
from core.faults import UpstreamError
from core.usage import Usage, is_nothing
from core.wire import Json

_BYTES_PER_TOKEN = 4
_PIECES: Final = {"text_delta": "text", "input_json_delta": "partial_json", "thinking_delta": "thinking"}
# Where a piece would get lost, or spoil what is there.
_NEVER_IN: Final = {
    "text_delta": {"tool_use"},
    "thinking_delta": {"tool_use"},
    "input_json_delta": {"text", "thinking"},
}
_DELTA: Final = (
    "event: content_block_delta\n"
    'data: {"type":"content_block_delta","index":%d,"delta":{"type":"%s","%s":"<text>"}<blanks>}\n\n'
)


@lru_cache(maxsize=64)
def _more(index: int, kind: str) -> Flow:
    """Events with more of the block *index*."""
    return flow(_DELTA % (index, kind, _PIECES[kind]))


class Block:
    """One block that is being told. *number* is that of a tool call, None for all that is none.

    *raw* is the block as it began; *start* is where its text begins in the whole; *pieces* are spelt as in JSON.
    *half*: what a tool is called with turned out to be no JSON object.
    """

    __slots__ = ("citations", "half", "kind", "number", "pieces", "raw", "start")

    def __init__(self, raw: Json, start: int) -> None:
        self.kind: str = raw["type"]
        self.raw = raw
        self.start = start
        self.half = False
        self.number: int | None = None
        self.pieces: list[bytes] = []
        self.citations: list[Json] = []

    def whole(self) -> Json:
        """As it would stand in an answer that isn't streamed."""
        said = read(self.pieces)
        match self.kind:
            case "text":
                cited = [*(self.raw.get("citations") or ()), *self.citations]
                return {**self.raw, "text": (self.raw.get("text") or "") + said, "citations": cited or None}
            case "thinking":
                return {**self.raw, "thinking": (self.raw.get("thinking") or "") + said}
            case "tool_use" | "server_tool_use":
                return {**self.raw, "input": self._arguments(said) if said else self.raw.get("input") or {}}
            case _:
                return self.raw

    def _arguments(self, said: str) -> Any:
        """The arguments of a call. Half of them, where the answer was cut off, are kept as they are."""
        try:
            given = exact(orjson.loads(said), said)
        except ValueError:
            given = {"input": said}
            self.half = True
        self.half = self.half or given.__class__ is not dict
        return given


class AnthropicDecoder(Eventful):
    """See adapters.contract.Decoder."""

    __slots__ = (
        "_blocks",
        "_cited",
        "_counts",
        "_details",
        "_final",
        "_flowing",
        "_half",
        "_held",
        "_length",
        "_notes",
        "_thoughts",
        "_usage",
        "_whole",
        "_why",
    )

    def __init__(self, ask: Ask, notes: Notes) -> None:
        super().__init__(ask)
        self._notes = notes
        self._blocks: dict[int, Block] = {}
        self._flowing: Block  # the one that the flow goes on with
        self._whole: list[Json] = []
        self._cited: list[Json] = []
        self._thoughts = 0
        self._length = 0  # characters of text so far
        self._held: list[str] | None = [] if notes.output else None
        self._counts: Json = {}
        self._half = False  # whether a tool is called with half of its arguments
        self._final = False  # whether the counts are those of the whole answer
        self._why: object = None
        self._details: object = None

    def _over(self) -> None:
        """The last event may lack its blank line; or the body was no stream at all, but an error."""
        rest = self._frames.end().strip()
        if rest.startswith(b"{"):
            rest = b"data: " + rest.replace(b"\n", b" ").replace(b"\r", b" ")
        self._hear(rest)

    def _hear(self, raw: bytes) -> None:
        name, line = event(raw)
        if line is None or line == b"[DONE]":
            return
        try:
            said = orjson.loads(line)
        except ValueError:
            raise broken("an event of the stream is not JSON") from None
        try:
            self._tell(exact(said, line) if b'"tool_use"' in line else said, name)
        except (KeyError, TypeError, AttributeError):
            raise broken("an event of the stream is none of Anthropic's") from None

    def _tell(self, said: Json, name: bytes) -> None:
        match said.get("type"):
            case "content_block_delta":
                self._delta(said["index"], said["delta"])
            case "content_block_start":
                self._start(said["index"], said["content_block"])
            case "content_block_stop":
                self._close(self._blocks.pop(said["index"]))
            case "message_start":
                message = said["message"]
                if self._blocks or self._whole:
                    raise broken("the answer begins anew in the middle of itself")
                self._begin(message.get("id") or "", message.get("model") or "")
                self._count(message.get("usage"))
            case "message_delta":
                self._change(said)
            case "message_stop":
                self._whole_told()
            case kind if b"error" in (name, str(kind).encode()) or is_error(said):
                raise UpstreamError(failure_inside(said, signals=SIGNALS))
            case _:
                pass  # pings, and what is new

    # Events

    def _start(self, index: int, raw: Json) -> None:
        self._flow = None
        if index in self._blocks:
            raise broken("a block of the answer begins before the last one of its number has ended")
        block = self._blocks[index] = Block(raw, self._length)
        match block.kind:
            case "text":
                self._text(raw.get("text") or "")
            case "thinking":
                self._think(raw.get("thinking") or "")
            case "tool_use" if called(raw)["name"] != self._notes.output:
                name = self._notes.names.get(raw["name"], raw["name"])
                custom = raw["name"] in self._notes.custom
                block.number = self._custom(raw["id"], name) if custom else self._call(raw["id"], name)
            case _:
                pass

    def _delta(self, index: int, delta: Json) -> None:
        block, kind = self._blocks[index], delta["type"]
        name = _PIECES.get(kind)
        if name is None:
            self._rarer(block, delta)
            return
        piece = delta[name]
        if piece.__class__ is not str or block.kind in _NEVER_IN[kind]:
            raise TypeError
        block.pieces.append(spelt(piece))
        if kind == "text_delta" and self._held is not None:
            self._text(piece)
        elif piece and (write := self._way(block, kind)) is not None:
            self._content(len(piece.encode()))
            self._told.append(write(piece))
            self._length += len(piece) if kind == "text_delta" else 0
            if index.__class__ is int and (kind == "text_delta") == (block.kind == "text"):
                self._flowing = block
                self._flows(_more(index, kind), write)

    def _way(self, block: Block, kind: str) -> Callable[[str], bytes] | None:
        """How pieces of this kind are told, if they are."""
        if kind == "text_delta":
            return self._open(0).text
        if kind == "thinking_delta":
            return self._open(0).reasoning
        if block.number is not None:
            custom = block.raw["name"] in self._notes.custom
            return None if custom else partial(self._open(0).arguments, block.number)
        # What the tool of the answer is called with is the answer.
        return self._open(0).text if block.kind == "tool_use" else None

    def _heard(self, said: bytes, length: int, last: Match) -> None:
        del last
        block = self._flowing
        block.pieces.append(said)
        if block.kind == "text":
            self._length += length

    @staticmethod
    def _rarer(block: Block, delta: Json) -> None:
        if delta["type"] == "signature_delta":
            block.raw["signature"] = delta["signature"]
        elif delta["type"] == "citations_delta":
            block.citations.append(delta["citation"])

    def _close(self, block: Block) -> None:
        self._flow = None
        whole = block.whole()
        self._whole.append(whole)
        self._half = self._half or (block.half and block.kind == "tool_use")
        if block.kind == "text":
            self._cited += annotations(whole, block.start)
        elif block.kind in KINDS:
            shown = {"index": self._thoughts, **thoughts_shown([whole])[0]}
            self._thoughts += 1
            self._add({"thinking_blocks": [shown]})
        elif block.number is not None:
            self._call_ends(block, whole)
        elif block.kind == "tool_use" and not any(block.pieces):
            self._say(orjson.dumps(whole["input"]).decode())

    def _change(self, said: Json) -> None:
        self._count(said.get("usage"), final=True)
        delta = said["delta"]
        self._why = delta.get("stop_reason") or self._why
        self._details = delta.get("stop_details") or self._details
        self._stop("")  # which one is known when the blocks are

    def _whole_told(self) -> None:
        for index in sorted(self._blocks):
            self._close(self._blocks.pop(index))
        calls = self._calls.get(0, 0) > 0
        if self._held and not any(_is(block, self._notes.output) for block in self._whole):
            self._say("".join(self._held))
        if self._cited:
            self._add({"annotations": [{"index": index, **cited} for index, cited in enumerate(self._cited)]})
        if self._why == "refusal" and (why := explanation(self._details)) is not None:
            self._add({"refusal": why})
        if self._reasons:
            used = any(block["type"] == "tool_use" for block in self._whole)
            self._stop(finish_of(self._why, calls=calls, used=used, half=self._half))
        self.remember = kept(self._ask.target.model, self._whole) if calls else {}
        self._end(**tier_shown(self._counts))

    # What they mean

    def _text(self, text: str) -> None:
        self._length += len(text)
        if self._held is None:
            self._say(text)
        else:
            self._held.append(text)

    def _custom(self, id: str, name: str) -> int:
        """A call of a tool that takes free text; what it says follows when it is whole."""
        number = self._calls.get(0, 0)
        self._calls[0] = number + 1
        call = {"index": number, "id": id, "type": "custom", "custom": {"name": name, "input": ""}}
        self._add({"tool_calls": [call]}, size=1 + len(name))
        return number

    def _call_ends(self, block: Block, whole: Json) -> None:
        number = block.number or 0
        if block.raw["name"] in self._notes.custom:
            text = free_text(whole["input"])
            self._add({"tool_calls": [{"index": number, "custom": {"input": text}}]}, size=len(text))
        elif not any(block.pieces):
            self._argue(number, orjson.dumps(whole["input"]).decode())

    def _count(self, given: Any, *, final: bool = False) -> None:
        """Later counts replace earlier ones; a null says nothing, nor do zeros alone."""
        counts = self._counts
        if isinstance(given, dict):
            counts = counts | {name: value for name, value in given.items() if value is not None}
        usage, before = usage_of(counts), self._usage
        if usage is not None and is_nothing(usage) and before is not None and not is_nothing(before):
            return
        self._counts = counts
        self._final = self._final or final
        self.usage = usage

    @property
    def usage(self) -> Usage | None:
        """Before the end, the provider has counted the prompt only: then the output is an estimate."""
        usage = self._usage
        if usage is None or self._final:
            return usage
        output = max(usage.output, self.produced // _BYTES_PER_TOKEN)
        return usage._replace(output=output, estimated=True)

    @usage.setter
    def usage(self, usage: Usage | None) -> None:
        self._usage = usage


def _is(block: Json, tool: str) -> bool:
    return bool(block["type"] == "tool_use" and block["name"] == tool)
