"""A stream in OpenAI's dialect, which is already canonical: mostly bytes that go through untouched.

The first events are parsed until content is seen. From then on, a read that consists of ordinary deltas only
is passed whole: each of its events says `"finish_reason":null`, which no error, usage report, comment, end mark
or finish does, and which no text can fake, since quotes inside JSON strings are escaped. Every other read is
split and parsed event by event.
"""

from typing import Any

import orjson

from adapters import sse
from adapters.accent import Accent
from adapters.failure import broken, failure, failure_inside, is_error
from adapters.openai_parts import Numbering, renamed, size_of
from adapters.usage import usage_of
from core.call import Call
from core.faults import Failure, UpstreamError
from core.usage import Usage
from core.wire import Chunk, Event, Json, Report, Verbatim

_NO_FINISH = (b'"finish_reason":null', b'"finish_reason": null')
_NO_USAGE = (b',"usage":null', b', "usage": null')
_ERROR = b'"error":'
_TAIL = 600  # an error with a null finish would be the last that comes; further up it reaches the client as it is
_ENDED_EARLY = "the answer ended before it was complete"

Swap = tuple[bytes, bytes]


class OpenAIDecoder:
    """See adapters.contract.Decoder. *swaps* come from swaps_of.

    An error that follows content in one and the same read is raised by the next feed or by close, so that the
    content isn't lost; until then neither *finished* nor *done* is true.
    """

    __slots__ = (
        "_accent",
        "_broken",
        "_choices",
        "_every_swap",
        "_frames",
        "_include_usage",
        "_may_cruise",
        "_null",
        "_numbering",
        "_overhead",
        "_report",
        "_seen",
        "_stopped",
        "_swaps",
        "done",
        "finish",
        "finished",
        "produced",
        "started",
        "usage",
    )

    def __init__(self, call: Call, accent: Accent, swaps: tuple[Swap, ...]) -> None:
        self.started = False
        self.finished = False
        self.done = False
        self.usage: Usage | None = None
        self.finish: str | None = None
        self.produced = 0
        self._accent = accent
        self._choices = call.choices
        self._include_usage = call.include_usage
        self._may_cruise = call.choices == 1 and accent.verbatim
        self._null: bytes | None = None  # how this provider writes "no finish yet"; set while cruising
        self._overhead = 0  # bytes of an event that aren't content
        self._every_swap = swaps
        self._swaps: tuple[Swap, ...] = ()  # those of them that this stream needs
        self._frames = sse.Frames()
        self._seen: set[int] = set()  # indexes of choices, and of those that have finished
        self._stopped: set[int] = set()
        self._numbering: dict[int, Numbering] = {}
        self._report: Json | None = None  # usage that came along with choices; told at the end
        self._broken: Failure | None = None

    def feed(self, data: bytes) -> list[Event]:
        if self.done:
            return []
        if self._frames.rest or not data.endswith(b"\n\n"):
            data = self._frames.whole(data)
            if not data:
                return []
        if self._null is not None:
            end, count = _ordinary(data, 0, self._null)
            if end == len(data):
                return [self._passed(data, count)]
            if end:
                return _joined([self._passed(data[:end], count), *self._careful(data[end:])])
        return self._careful(data)

    def close(self) -> list[Event]:
        if self._broken is not None:
            raise UpstreamError(self._broken)
        out: list[Event] = []
        rest = b"" if self.done else self._frames.end()
        if rest and _whole(rest):
            out = self._careful(rest + b"\n\n")
        elif not self._seen:
            self._refuse_plain_json(rest)
        if not self.done:
            self._end(out)
            self._report = None
        return out

    def _passed(self, data: bytes, count: int) -> Verbatim:
        """*count* ordinary events, which go through whole."""
        content = len(data) - count * self._overhead
        if content > 0:
            self.produced += content
        for theirs, ours in self._swaps:
            data = data.replace(theirs, ours)
        return Verbatim(data)

    def _careful(self, data: bytes) -> list[Event]:
        """Event by event; but once it shows how ordinary ones look, the next of them at once."""
        if self._broken is not None:
            raise UpstreamError(self._broken)
        out: list[Event] = []
        at, end = 0, len(data)
        cruised = self._null is not None
        try:
            while at < end and not self.done:
                raw, at = sse.next_event(data, at)
                self._take(raw, out)
                if self._null is not None and not cruised:
                    cruised = True
                    stop, count = _ordinary(data, at, self._null)
                    if stop:
                        out.append(self._passed(data[at:stop], count))
                        at = stop
        except UpstreamError as error:
            if not (self.started and out):
                raise
            self._broken = error.failure
            self._null = None
            self._may_cruise = False
        return _joined(out)

    def _take(self, raw: bytes, out: list[Event]) -> None:
        """One event."""
        plain = sse.plain(raw)
        name, data = (b"", raw[5:-2]) if plain else sse.event(raw)
        if data is None or not (data := data.strip()):
            return
        if data == b"[DONE]":
            self._end(out)
            self.done = True
            return
        signals = self._accent.signals
        if name == b"error":
            raise UpstreamError(failure(200, {}, data, signals=signals))
        body = _object(data)
        if is_error(body):
            raise UpstreamError(failure_inside(body, signals=signals))
        usage = body.get("usage")
        if usage:
            self.usage = usage_of(usage, self._accent.cost) or self.usage
        event = raw if plain else sse.framed(data)
        if body.get("choices"):
            self._take_choices(event, body, out, plain=plain)
        elif usage and self.usage is not None:
            self._report = None
            out.append(Report(self.usage, body, event))

    def _take_choices(self, event: bytes, body: Json, out: list[Event], *, plain: bool) -> None:
        choices = body["choices"]
        if not (isinstance(choices, list) and all(isinstance(choice, dict) for choice in choices)):
            raise broken("an event of the stream has choices that are none")
        apart = not self._accent.verbatim or bool(body.get("usage"))
        if apart:
            renamed(choices, "delta", self._accent)
            self._take_usage_out(body)
        size = sum(size_of(choice, "delta") for choice in choices)
        was_finished = self.finished
        for choice in choices:
            self._note(choice)
        self.produced += size
        self.started = self.started or size > 0 or self.finished
        if was_finished and not size:
            return  # a second finish, as with filters that come late: clients take exactly one
        if apart:
            out.append(Chunk(body))
            return
        out.append(Verbatim(_swapped(event, self._every_swap)))
        if self.finished:
            self._null = None
            self._may_cruise = False
        elif plain and size and self._null is None and self._may_cruise:
            self._learn(event, size)

    def _note(self, choice: Json) -> None:
        """Who has finished, and how."""
        if error := choice.get("error"):
            raise UpstreamError(failure_inside({"error": error}, signals=self._accent.signals))
        number = choice.get("index")
        index = number if isinstance(number, int) else 0
        self._seen.add(index)
        if self._accent.renumber and isinstance(delta := choice.get("delta"), dict) and "tool_calls" in delta:
            self._numbering.setdefault(index, Numbering()).apply(delta["tool_calls"])
        reason = choice.get("finish_reason")
        if not reason or not isinstance(reason, str):
            return
        if fault := self._accent.fatal.get(reason):
            raise UpstreamError(Failure(fault, f"the provider ended the answer with {reason!r}"))
        if index == 0 or self.finish is None:
            self.finish = reason if index not in self._stopped else self.finish
        self._stopped.add(index)
        self.finished = len(self._stopped) >= self._choices

    def _take_usage_out(self, body: Json) -> None:
        """Clients get one usage chunk, the last, if they asked for it; providers send it with any choice."""
        usage = body.pop("usage", None)
        if usage:
            self._may_cruise = False
            self._null = None
            self._report = {**body, "choices": [], "usage": usage}
        if self._include_usage:
            body["usage"] = None

    def _learn(self, raw: bytes, size: int) -> None:
        """From here on reads can go through whole, if this event shows by what to know them."""
        for null in _NO_FINISH:
            if raw.count(null) == 1 and _ERROR not in raw:
                self._null = null
                self._overhead = len(raw) - size
                self._swaps = tuple(swap for swap in self._every_swap if swap[1] or swap[0] in raw)

    def _end(self, out: list[Event]) -> None:
        """The end mark, or the end of the body. A finish without a mark is whole, a mark without a finish is not."""
        if not self._stopped or self._seen != self._stopped:
            raise broken(_ENDED_EARLY)
        self.started = True
        self.finished = True
        self._null = None
        if self._report is not None and self.usage is not None:
            out.append(Report(self.usage, self._report))

    def _refuse_plain_json(self, rest: bytes) -> None:
        """A body that was no stream at all may still say why."""
        if rest.lstrip().startswith(b"{"):
            body = _object(rest)
            if is_error(body):
                raise UpstreamError(failure_inside(body, signals=self._accent.signals))


def swaps_of(accent: Accent, *, include_usage: bool) -> tuple[Swap, ...]:
    """What is replaced in bytes that else go through untouched."""
    names = tuple((b'"%s":' % theirs.encode(), b'"%s":' % ours.encode()) for theirs, ours in accent.keys.items())
    # Where we asked for usage and the client did not, its chunks have no such member.
    return names if include_usage else (*names, *((null, b"") for null in _NO_USAGE))


def _ordinary(data: bytes, start: int, null: bytes) -> tuple[int, int]:
    """The ordinary events that *data* holds from *start* on: where they end, at its end or before the last few, and
    how many they are. 0, 0 if there are none, or others between them.

    Each has one *null* and one blank line, which is two line feeds; whatever else there is upsets the count.
    """
    last = data.rfind(null, start)
    if last < 0 or not data.startswith(b"data:", start):
        return 0, 0
    end = data.find(b"\n\n", last) + 2
    count = data.count(null, start, end)
    if 2 * count != data.count(b"\n", start, end) or data.find(_ERROR, max(start, end - _TAIL), end) >= 0:
        return 0, 0
    return end, count


def _object(data: bytes) -> Json:
    try:
        body = orjson.loads(data)
    except ValueError:
        raise broken("an event of the stream is not JSON") from None
    if not isinstance(body, dict):
        raise broken("an event of the stream is not a JSON object")
    return body


def _whole(rest: bytes) -> bool:
    """Whether an event that lacks its blank line was cut inside its JSON."""
    data = sse.event(rest).data
    if data is None or data.strip() == b"[DONE]":
        return data is not None
    try:
        value: Any = orjson.loads(data)
    except ValueError:
        return False
    return isinstance(value, dict)


def _swapped(event: bytes, swaps: tuple[Swap, ...]) -> bytes:
    for theirs, ours in swaps:
        event = event.replace(theirs, ours)
    return event


def _joined(events: list[Event]) -> list[Event]:
    """Neighbouring Verbatims as one."""
    out: list[Event] = []
    run: list[bytes] = []
    for event in events:
        if isinstance(event, Verbatim):
            run.append(event.data)
            continue
        if run:
            out.append(Verbatim(b"".join(run)))
            run = []
        out.append(event)
    if run:
        out.append(Verbatim(b"".join(run)))
    return out
