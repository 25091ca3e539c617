"""A streamed answer of another dialect, told again in OpenAI's: what all such decoders have in common.

A decoder of this kind reads its provider's events in `_read` and tells what they mean with `_say`, `_think`, `_call`
and the like. The finish is told only when the answer has ended as the dialect says that it must: a stream that is
cut off never looks complete.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from adapters.chunks import Chunks, TextChunks
from adapters.failure import broken
from adapters.flow import Flow, Match, Row, row
from core.ask import Ask
from core.faults import Failure, UpstreamError
from core.usage import Usage
from core.wire import Event, Json, Report, Verbatim

_NO_ROW = Row(b"", b"", b"")


class Retelling(ABC):
    """See adapters.contract.Decoder. Choices other than the first are told with *index*."""

    __slots__ = (
        "_ask",
        "_calls",
        "_chunks",
        "_flow",
        "_opened",
        "_reasons",
        "_report",
        "_rest",
        "_row",
        "_told",
        "broken",
        "done",
        "finish",
        "finished",
        "produced",
        "remember",
        "started",
        "usage",
    )

    def __init__(self, ask: Ask) -> None:
        self.started = False
        self.finished = False
        self.done = False
        self.usage: Usage | None = None
        self.finish: str | None = None
        self.produced = 0
        self.broken: Failure | None = None
        self.remember: Mapping[str, Json] = {}
        self._ask = ask
        self._chunks: Chunks | None = None
        self._opened: set[int] = set()  # choices that have told their role
        self._calls: dict[int, int] = {}  # how many tool calls each choice has made
        self._reasons: dict[int, str] = {}
        self._told: list[bytes] = []
        self._report: Report | None = None
        self._flow: Flow | None = None  # set while events may come that only go on with what was said
        self._row = _NO_ROW
        self._rest: bytes | bytearray = b""  # of an event that isn't whole yet

    @property
    def waiting(self) -> int:
        return len(self._rest)

    def cruise(self, data: bytes) -> bytes | None:
        """See adapters.contract.Decoder. Takes one event of the flow, which is how they come when it matters."""
        flow = self._flow
        if flow is None or self._rest:
            return None
        found = flow.fullmatch(data)
        return None if found is None else self._again([found[1]], found)

    def feed(self, data: bytes) -> list[Event]:
        if self.broken is not None:
            raise UpstreamError(self.broken)
        if self.done:
            return []
        try:
            self._read(data)
        except UpstreamError as error:
            self._flow = None
            if not self.done:  # whatever follows the end takes nothing away from it
                if not (self.started and self._told):
                    raise
                self.broken = error.failure
        return self._events()

    def close(self) -> list[Event]:
        if self.broken is not None:
            raise UpstreamError(self.broken)
        if not self.done:
            self._over()
            if not self.done:
                raise broken("the answer ended before it was complete")
        return self._events()

    @abstractmethod
    def _read(self, data: bytes) -> None:
        """Frame *data*, and tell what each event in it means."""

    def _over(self) -> None:  # noqa: B027  (most dialects have an end mark and nothing to do here)
        """The body has ended without `_end`. A dialect whose end is just that calls it now."""

    # What a dialect tells

    def _begin(self, id: str, model: str) -> Chunks:
        """The answer's own id and model; the gateway's and the target's where it has none. The first one counts."""
        if self._chunks is None:
            ask = self._ask
            kind = TextChunks if ask.call.endpoint == "completions" else Chunks
            self._chunks = kind(
                id or f"{kind.prefix}{ask.id}", ask.created, model or ask.target.model, usage=ask.call.include_usage
            )
        return self._chunks

    def _say(self, text: str, index: int = 0) -> None:
        if text:
            self._content(_bytes(text))
            self._told.append(self._open(index).text(text, index))

    def _say_with(self, text: str, logprobs: Json, index: int = 0) -> None:
        """Text, with what is known of its tokens."""
        self._content(len(text))
        self._told.append(self._open(index).chunk({"content": text}, index, logprobs=logprobs))

    def _think(self, text: str, index: int = 0) -> None:
        if text:
            self._content(_bytes(text))
            self._told.append(self._open(index).reasoning(text, index))

    def _call(self, id: str, name: str, arguments: str = "", index: int = 0) -> int:
        """A tool call begins. Returns its number, for the rest of its arguments."""
        number = self._calls.get(index, 0)
        self._calls[index] = number + 1
        self._content(1 + _bytes(name) + _bytes(arguments))
        self._told.append(self._open(index).call(number, id, name, arguments, index))
        return number

    def _argue(self, number: int, fragment: str, index: int = 0) -> None:
        """The arguments of call *number* go on."""
        if fragment:
            self._content(_bytes(fragment))
            self._told.append(self._open(index).arguments(number, fragment, index))

    def _add(self, delta: Json, index: int = 0, *, size: int = 0) -> None:
        """Whatever else there is to say; *size* is how much of it is content."""
        if size:
            self._content(size)
        self._told.append(self._open(index).delta(delta, index))

    def _stop(self, reason: str, index: int = 0) -> None:
        """Why a choice ends; told when the whole answer has ended. The last one counts."""
        self._reasons[index] = reason

    def _end(self, **more: Any) -> None:
        """The answer is whole: all choices have said why. *more* goes into the usage chunk. Only the first counts."""
        if self.done:
            return
        if not self._reasons or self._opened - self._reasons.keys():
            raise broken("the answer ended without a reason to finish")
        for index in sorted(self._reasons):
            self._told.append(self._open(index).finish(self._reasons[index], index))
        if self.usage is not None:
            self._report = self._open(min(self._reasons)).report(self.usage, **more)
        self.finish = self._reasons.get(0, next(iter(self._reasons.values())))
        self.started = self.finished = self.done = True
        self._flow = None

    # What only goes on

    def _flows(self, flow: Flow, write: Callable[[str], bytes]) -> None:
        """From here on events such as *flow* are told as *write* does it; the role has been told."""
        if flow is not self._flow:
            self._flow = flow
            self._row = row(write)

    def _pass_on(self, data: bytes, at: int) -> int:
        """Tell the events of the flow that *data* has from *at* on. Where they end."""
        match, strings, last = self._flow.match, [], None  # type: ignore[union-attr]  # there is one
        while (found := match(data, at)) is not None:
            strings.append(found[1])
            last, at = found, found.end()
        if last is not None:
            self._told.append(self._again(strings, last))
        return at

    def _again(self, strings: list[bytes], last: Match) -> bytes:
        """A chunk for each of *strings*, which are spelt as in JSON. *last*: the event of the last one."""
        said = strings[0] if len(strings) == 1 else b"".join(strings)
        size = length = len(said)
        if not said.isascii():
            length = len(said.decode())
        if b"\\" in said:
            escapes = said.count(b"\\") - said.count(b"\\\\")
            size -= escapes
            length -= escapes
        self.produced += size
        self._heard(said, length, last)
        return self._row.of(strings)

    def _heard(self, said: bytes, length: int, last: Match) -> None:  # noqa: B027  (most have nothing to remember of it)
        """The flow went on with *said*, spelt as in JSON, which has *length* characters. *last* is its last event."""

    # What becomes of it

    def _content(self, size: int) -> None:
        self.started = True
        self.produced += size

    def _open(self, index: int) -> Chunks:
        """The writer of chunks, after the role of this choice has been told."""
        chunks = self._chunks or self._begin("", "")
        if index not in self._opened:
            self._opened.add(index)
            self._told.append(chunks.role(index))
        return chunks

    def _events(self) -> list[Event]:
        told, self._told = self._told, []
        events: list[Event] = [Verbatim(told[0] if len(told) == 1 else b"".join(told))] if told else []
        if self._report is not None:
            events.append(self._report)
            self._report = None
        return events


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
