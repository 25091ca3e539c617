"""A streamed answer of Converse, told again in OpenAI's words."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import orjson

from adapters.bedrock.answer import (
    NO_NOTES,
    annotation,
    called,
    finish_of,
    joined,
    picture,
    pictured,
    place_of,
    plain,
    tier_of,
    usage_of,
    words_of,
)
from adapters.bedrock.failures import failure_in_stream
from adapters.bedrock.request import Notes
from adapters.bedrock.thoughts import kept, shown
from adapters.digits import exact
from adapters.eventstream import PRELUDE, Message, Messages, only, opened
from adapters.failure import broken
from adapters.flow import Flow, Match, flow, read, spelt
from adapters.retelling import Retelling
from core.ask import Ask
from core.faults import Failure, UpstreamError
from core.wire import Json

_DELTA = "contentBlockDelta"
_SAID = (  # headers, each name and each value after its length, and the payload
    f"\x0b:event-type\x07\0\x11{_DELTA}\r:content-type\x07\0\x10application/json\r:message-type\x07\0\x05event"
    '{"contentBlockIndex":%d,"delta":%s<padding>}'
)
_PADDING = rb'(?:,"p":"[0-9A-Za-z]*+")?'  # so that nobody can guess words by their length
_PIECES = {
    "text": '{"text":"<text>"}',
    "toolUse": '{"toolUse":{"input":"<text>"}}',
    "reasoningContent": '{"reasoningContent":{"text":"<text>"}}',
}


@lru_cache(maxsize=64)
def _more(index: int, kind: str) -> Flow:
    """Messages with more of the block *index*, after their preludes."""
    return flow(_SAID % (index, _PIECES[kind]), padding=_PADDING)


class Block:
    """One block of the answer while it comes. *id* and *name* are those of a tool call as the provider told them,
    *number* the client's count of it; *answer*: it is the tool whose arguments are the answer. *foreign*: the
    provider runs the tool. *pieces* are spelt as in JSON.
    """

    __slots__ = (
        "answer",
        "begun",
        "cited",
        "custom",
        "foreign",
        "form",
        "hidden",
        "id",
        "name",
        "number",
        "pieces",
        "sealed",
    )

    def __init__(self, begun: int) -> None:
        self.begun = begun  # how many characters of text came before it
        self.pieces: list[bytes] = []  # of its text, its thought or its arguments
        self.sealed = ""  # the signature of a thought
        self.hidden: list[str] = []  # base64 of an encrypted thought, or of an image
        self.cited: list[Json] = []
        self.form: Any = None  # of an image
        self.id = self.name = self.custom = ""
        self.number = -1
        self.answer = self.foreign = False


class ConverseStream(Retelling):
    """The order: messageStart, blocks, messageStop with the reason, and metadata with the usage, which is the end."""

    __slots__ = (
        "_answered",
        "_blocks",
        "_flowing",
        "_half",
        "_held",
        "_kept",
        "_messages",
        "_notes",
        "_numbers",
        "_said",
        "_talking",
        "_used",
    )

    def __init__(self, ask: Ask, notes: Notes | None) -> None:
        super().__init__(ask)
        self._messages = Messages()
        self._rest = self._messages.rest
        self._notes = notes or NO_NOTES
        self._blocks: dict[int, Block] = {}
        self._kept: list[Json] = []  # the blocks that have come, as they would be sent back
        self._held: list[str] = []  # words beside the tool that is the answer, in case that it isn't called
        self._answered = False
        self._used = False  # whether any tool is called, be it one that the provider runs
        self._half = False  # whether a tool is called with half of its arguments
        self._said = 0
        self._flowing: Block  # the one that the flow goes on with
        self._talking = False  # and whether with text
        self._numbers: dict[str, int] = {}  # of the entries in lists of a delta, by the list's name

    def _read(self, data: bytes) -> None:
        run: list[Match] = []  # events of the flow, which are told together
        try:
            for whole in self._messages.feed(data):
                if self._flow is not None and (found := self._flow.fullmatch(whole, PRELUDE)) is not None:
                    run.append(found)
                    continue
                self._tell(run)
                self._hear(opened(whole))
                if self.done:
                    return
        finally:
            self._tell(run)

    def _tell(self, run: list[Match]) -> None:
        """Tell what *run* says, once."""
        if run:
            self._told.append(self._again([one[1] for one in run], run[-1]))
            run.clear()

    def cruise(self, data: bytes) -> bytes | None:
        flow = self._flow
        if flow is None or self._rest or (whole := only(data)) is None:
            return None
        found = flow.fullmatch(whole, PRELUDE)
        return None if found is None else self._again([found[1]], found)

    def _hear(self, message: Message) -> None:
        headers = message.headers
        if headers.get(":message-type", "event") != "event":
            raise UpstreamError(_failure(message))
        tell = _EVENTS.get(headers.get(":event-type", ""))
        if tell is not None:
            tell(self, _event(message.payload))

    def _over(self) -> None:
        """The reason is what ends an answer; the usage that should have followed is only missed."""
        if self._reasons:
            self._whole("")

    def _opens(self, event: Json) -> None:
        del event
        if self.started:
            raise broken("the answer begins anew in the middle of itself")

    # Blocks

    def _begun(self, event: Json) -> None:
        start = event.get("start")
        if not isinstance(start, dict):
            return
        if _index(event) in self._blocks:
            raise broken("a block of the answer begins before the last one of its number has ended")
        block = self._block(event)
        if isinstance(image := start.get("image"), dict):
            block.form = image.get("format")
        use = start.get("toolUse")
        if not isinstance(use, dict):
            return
        self._used = True
        if use.get("type") == "server_tool_use":
            block.foreign = True
            return
        block.id, block.name = called(use, self._ask, self._calls.get(0, 0))
        ours = self._notes.names.get(block.name, block.name)
        if ours == self._notes.answer:
            block.answer = self._answered = True
        elif ours in self._notes.custom:
            block.custom = ours
            block.number = self._calls.get(0, 0)
            self._calls[0] = block.number + 1
        else:
            block.number = self._call(block.id, ours)

    def _went_on(self, event: Json) -> None:
        delta = event.get("delta")
        if not isinstance(delta, dict):
            return
        index = _index(event)
        block = self._blocks.get(index) or self._block(event)
        if (text := words_of(delta)) is not None:
            if block.name:
                raise broken("the answer has words in the call of a tool")
            block.pieces.append(spelt(text))
            self._said += len(text)
            if self._notes.answer:
                self._held.append(text)
            else:
                self._say(text)
                self._flows_on(block, index, "text" if text else "")
            return
        for name, tell in _DELTAS.items():
            if isinstance(told := delta.get(name), dict):
                tell(self, block, told)
                self._flows_on(block, index, name)

    def _flows_on(self, block: Block, index: int, kind: str) -> None:
        """More of the same kind may follow."""
        if 0 not in self._opened:
            return
        if kind == "text" or (kind == "toolUse" and block.answer):
            write = self._open(0).text
        elif kind == "reasoningContent":
            write = self._open(0).reasoning
        elif kind == "toolUse" and block.name and not block.custom:
            write = partial(self._open(0).arguments, block.number)
        else:
            return
        self._flowing, self._talking = block, kind == "text"
        self._flows(_more(index, kind), write)

    def _heard(self, said: bytes, length: int, last: Match) -> None:
        del last
        self._flowing.pieces.append(said)
        self._said += length if self._talking else 0

    def _argued(self, block: Block, told: Json) -> None:
        fragment = told.get("input")
        if not isinstance(fragment, str) or block.foreign:
            return
        if not block.name:
            raise broken("the answer goes on with the call of a tool that it never began")
        block.pieces.append(spelt(fragment))
        if block.answer:
            self._say(fragment)
        elif not block.custom:
            self._argue(block.number, fragment)

    def _thought(self, block: Block, told: Json) -> None:
        if isinstance(text := told.get("text"), str):
            block.pieces.append(spelt(text))
            self._think(text)
        if isinstance(signature := told.get("signature"), str):
            block.sealed += signature
        if isinstance(hidden := told.get("redactedContent"), str):
            block.hidden.append(hidden)

    def _cited(self, block: Block, told: Json) -> None:
        block.cited.append(told)

    def _drew(self, block: Block, told: Json) -> None:
        if (place := place_of(told)) is not None:
            self._list("images", [pictured(place)])
        source = told.get("source")
        if isinstance(source, dict) and isinstance(data := source.get("bytes"), str):
            block.form = block.form or "png"
            block.hidden.append(data)

    def _ended(self, event: Json) -> None:
        self._flow = None
        block = self._blocks.pop(_index(event), None)
        if block is None:
            return
        said = read(block.pieces)
        if block.name:
            self._call_ended(block, said)
        elif block.form is not None:
            self._list("images", [picture(block.form, joined(block.hidden))] if block.hidden else [])
        elif block.hidden or block.sealed:
            self._thought_ended(block, said)
        elif said:
            self._kept.append({"text": said})
        found = (annotation(citation, block.begun, self._said) for citation in block.cited)
        self._list("annotations", [one for one in found if one is not None])

    def _call_ended(self, block: Block, said: str) -> None:
        arguments = _arguments(said)
        if arguments is None:
            self._half, arguments = True, {}
        if block.custom:
            text = plain(arguments)
            custom = {"name": block.custom, "input": text}
            call = {"index": block.number, "id": block.id, "type": "custom", "custom": custom}
            self._add({"tool_calls": [call]}, size=1 + len(block.custom) + len(text))
        elif not said.strip():
            self._say("{}") if block.answer else self._argue(block.number, "{}")
        if not block.answer:
            self._kept.append({"toolUse": {"toolUseId": block.id, "name": block.name, "input": arguments}})

    def _thought_ended(self, block: Block, said: str) -> None:
        if block.hidden:
            reasoning: Json = {"redactedContent": joined(block.hidden)}
        else:
            reasoning = {"reasoningText": {"text": said, "signature": block.sealed}}
        thought = {"reasoningContent": reasoning}
        self._kept.append(thought)
        self._list("thinking_blocks", shown([thought]))

    def _block(self, event: Json) -> Block:
        self._flow = None
        block = self._blocks[_index(event)] = Block(self._said)
        return block

    def _list(self, name: str, entries: list[Json]) -> None:
        """Entries of a list that clients put together by their index."""
        if not entries:
            return
        first = self._numbers.get(name, 0)
        self._numbers[name] = first + len(entries)
        numbered = [{"index": first + number, **entry} for number, entry in enumerate(entries)]
        self._add({name: numbered}, size=1 if name == "images" else 0)

    # The end

    def _stopped(self, event: Json) -> None:
        for index in sorted(self._blocks):
            self._ended({"contentBlockIndex": index})
        if self._held and not self._answered:
            self._say("".join(self._held))
        calls = self._calls.get(0, 0) > 0
        self._stop(finish_of(event.get("stopReason"), calls=calls, used=self._used, half=self._half))
        if self.usage is not None:
            self._whole(self.usage.tier)

    def _measured(self, event: Json) -> None:
        tier = tier_of(event)
        self.usage = usage_of(event.get("usage"), tier)
        if self._reasons:
            self._whole(tier)

    def _whole(self, tier: str) -> None:
        self.remember = kept(self._ask.target.model, self._kept)
        self._end(**({"service_tier": tier} if tier else {}))


_EVENTS: Mapping[str, Callable[[ConverseStream, Json], None]] = {
    _DELTA: ConverseStream._went_on,  # noqa: SLF001  (a table of its own methods)
    "contentBlockStart": ConverseStream._begun,  # noqa: SLF001
    "contentBlockStop": ConverseStream._ended,  # noqa: SLF001
    "messageStart": ConverseStream._opens,  # noqa: SLF001
    "messageStop": ConverseStream._stopped,  # noqa: SLF001
    "metadata": ConverseStream._measured,  # noqa: SLF001
}
_DELTAS: Mapping[str, Callable[[ConverseStream, Block, Json], None]] = {
    "toolUse": ConverseStream._argued,  # noqa: SLF001
    "reasoningContent": ConverseStream._thought,  # noqa: SLF001
    "citation": ConverseStream._cited,  # noqa: SLF001
    "image": ConverseStream._drew,  # noqa: SLF001
}


def _event(payload: bytes) -> Json:
    try:
        event = orjson.loads(payload)
    except ValueError:
        raise broken("an event of the stream is not JSON") from None
    if not isinstance(event, dict):
        raise broken("an event of the stream is not a JSON object")
    return event


def _index(event: Json) -> int:
    index = event.get("contentBlockIndex", 0)
    if not isinstance(index, int):
        raise broken("a block of the answer has no number")
    return index


def _failure(message: Message) -> Failure:
    headers = message.headers
    kind = headers.get(":exception-type") or headers.get(":error-code", "")
    return failure_in_stream(kind, message.payload, headers.get(":error-message", ""))


def _arguments(said: str) -> Json | None:
    """None for what is cut off, or no object; a tool may be called with nothing."""
    if not said.strip():
        return {}
    try:
        value = exact(orjson.loads(said), said)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
