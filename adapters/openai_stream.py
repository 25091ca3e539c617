"""A stream in OpenAI's dialect, which is already canonical: mostly bytes that go through untouched.

The first events are parsed until content is seen. From then on, a read that consists of ordinary deltas only
is passed whole (see adapters.ordinary). Every other read is split and parsed event by event, and an event that would
break the clients that put pieces together is mended (see adapters.openai_parts.Heard).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from adapters import sse
from adapters.accent import Accent
from adapters.ears import Ear
from adapters.failure import broken, failure, failure_inside, is_error
from adapters.openai_parts import KEPT, MORE, ROLE, Heard, renamed, size_of
from adapters.ordinary import ERROR, TAIL, Memory, Ordinary, Swap, learnt, replaced, run
from adapters.usage import usage_of
from core.call import Call
from core.faults import Failure, UpstreamError
from core.usage import Usage
from core.wire import NOTHING, Chunk, Event, Json, Report, Verbatim

_NO_USAGE = (b',"usage":null', b', "usage": null')
_SHALLOW = 200  # brackets, with which an event can't be nested too deeply to be written
_ENDED_EARLY = "the answer ended before it was complete"


class OpenAIDecoder:
    """See adapters.contract.Decoder. *swaps* come from swaps_of.

    An error that follows content in one and the same read is *broken*, so that the content isn't lost; the next feed
    or close raises it, too, and until then neither *finished* nor *done* is true.
    """

    remember: Mapping[str, Json] = NOTHING

    __slots__ = (
        "_accent",
        "_choices",
        "_deltas",
        "_ear",
        "_frames",
        "_heard",
        "_include_usage",
        "_may_cruise",
        "_memory",
        "_ordinary",
        "_report",
        "_seen",
        "_stopped",
        "_swaps",
        "broken",
        "done",
        "finish",
        "finished",
        "produced",
        "started",
        "usage",
    )

    def __init__(
        self, call: Call, accent: Accent, swaps: tuple[Swap, ...], memory: Memory, ear: Ear | None = None
    ) -> None:
        self.started = False
        self.finished = False
        self.done = False
        self.usage: Usage | None = None
        self.finish: str | None = None
        self.produced = 0
        self.broken: Failure | None = None
        self._accent = accent
        self._choices = call.choices
        self._include_usage = call.include_usage
        self._ear = ear
        self._may_cruise = call.choices == 1
        self._deltas = call.endpoint != "completions"
        self._ordinary: Ordinary | None = None  # set while cruising
        self._swaps = swaps
        self._memory = memory
        self._frames = sse.Frames()
        self._seen: set[int] = set()  # indexes of choices, and of those that have finished
        self._stopped: set[int] = set()
        self._heard: dict[int, Heard] = {}
        self._report: Report | None = None  # the last usage; told at the end

    def feed(self, data: bytes) -> list[Event]:
        if self.done:
            return []
        if self._frames.rest or not data.endswith(b"\n\n"):
            data = self._frames.whole(data)
            if not data:
                return []
        known = self._ordinary
        if known is None:
            return self._careful(data)
        # Not in a function of its own: this is done once for each piece of each answer.
        opening, closing, overhead, swaps = known
        count = data.count(opening)
        if 0 < count == data.count(closing) and 2 * count == data.count(b"\n") and data.find(ERROR, -TAIL) < 0:
            content = len(data) - count * overhead
            if content > 0:
                self.produced += content
            for theirs, ours in swaps:
                data = data.replace(theirs, ours)
            return [Verbatim(data)]
        end, count = run(data, 0, known)
        if end:
            return _joined([self._passed(data[:end], count, known), *self._careful(data[end:])])
        return self._careful(data)

    def close(self) -> list[Event]:
        if self.broken is not None:
            raise UpstreamError(self.broken)
        out: list[Event] = []
        rest = b"" if self.done else self._frames.end()
        if rest and _whole(rest):
            out = self._careful(rest + b"\n\n")
        elif not self._seen:
            self._refuse_plain_json(rest)
        if not self.done:
            self._end(out)
        return out

    def _passed(self, data: bytes, count: int, known: Ordinary) -> Verbatim:
        """*count* ordinary events, which go through whole."""
        self.produced += max(0, len(data) - count * known.overhead)
        return Verbatim(replaced(data, known.swaps))

    def _careful(self, data: bytes) -> list[Event]:
        """Event by event; but once one shows anew how ordinary ones look, the next of them at once."""
        if self.broken is not None:
            raise UpstreamError(self.broken)
        out: list[Event] = []
        at, end = 0, len(data)
        before, tried = self._ordinary, False
        try:
            while at < end and not self.done:
                raw, at = sse.next_event(data, at)
                self._take(raw, out)
                known = self._ordinary
                if known is not None and known is not before and not tried:
                    tried = True
                    stop, count = run(data, at, known)
                    if stop:
                        out.append(self._passed(data[at:stop], count, known))
                        at = stop
        except UpstreamError as error:
            if not (self.started and out):
                raise
            self.broken = error.failure
            self._ordinary = None
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
        event = raw if plain else sse.framed(data)
        heard = self._ear is not None and self._ear.hear(body, "delta")
        if usage := body.get("usage"):
            self._take_usage(usage, body, event, heard=heard)
        if body.get("choices"):
            self._take_choices(event, body, out, plain=plain, mended=MORE if heard else KEPT)

    def _take_usage(self, reported: Json, body: Json, event: bytes, *, heard: bool) -> None:
        """Clients get one usage chunk, the last, if they asked for it; providers send it at any time."""
        usage = usage_of(reported, self._accent.cost)
        if usage is None:
            return
        self.usage = usage
        if body.get("choices") == []:
            self._report = Report(usage, body, None if heard else event)
        else:
            self._report = Report(usage, _writable({**body, "choices": []}, event))

    def _take_choices(self, event: bytes, body: Json, out: list[Event], *, plain: bool, mended: int) -> None:
        choices = body["choices"]
        if not (isinstance(choices, list) and all(isinstance(choice, dict) for choice in choices)):
            raise broken("an event of the stream has choices that are none")
        for choice in choices:
            mended |= self._mend(choice)
        size = sum([size_of(choice, "delta") for choice in choices])
        odd = bool(body.get("usage")) or (bool(self._accent.finish) and self._ends_oddly(choices))
        if mended & MORE:
            self._ordinary = None
        elif plain and size and self._may_cruise and not odd and not (self._ear and self._ear.attentive):
            self._learn(event, choices, mended)
        apart = bool(mended) or odd
        if apart:
            renamed(choices, "delta", self._accent)
            self._hide_usage(body)
        was_finished = self.finished
        for choice in choices:
            self._note(choice)
        self.produced += size
        self.started = self.started or size > 0 or self.finished
        if self.finished:
            self._ordinary = None
            self._may_cruise = False
        if not was_finished or size:
            # Else it is a second finish, as with filters that come late: clients take exactly one.
            out.append(Chunk(_writable(body, event)) if apart else Verbatim(replaced(event, self._swaps)))

    def _ends_oddly(self, choices: list[Json]) -> bool:
        """Whether a finish reason has another name with OpenAI."""
        reasons = [choice.get("finish_reason") for choice in choices]
        return any(isinstance(reason, str) and reason in self._accent.finish for reason in reasons)

    def _mend(self, choice: Json) -> int:
        """Whether the choice had to be changed for the clients' sake: KEPT, ROLE or MORE."""
        index = choice.get("index")
        mended = KEPT
        if not isinstance(index, int):
            index = choice["index"] = 0
            mended = MORE
        if not self._deltas:
            return mended
        heard = self._heard.get(index)
        if heard is None:
            heard = self._heard[index] = Heard()
        return mended | heard.mend(choice)

    def _note(self, choice: Json) -> None:
        """Who has finished, and how."""
        if error := choice.get("error"):
            raise UpstreamError(failure_inside({"error": error}, signals=self._accent.signals))
        index = choice["index"]
        self._seen.add(index)
        reason = choice.get("finish_reason")
        if not reason or not isinstance(reason, str):
            return
        if fault := self._accent.fatal.get(reason):
            raise UpstreamError(Failure(fault, f"the provider ended the answer with {reason!r}"))
        if index == 0 or self.finish is None:
            self.finish = reason if index not in self._stopped else self.finish
        self._stopped.add(index)
        self.finished = len(self._stopped) >= self._choices

    def _hide_usage(self, body: Json) -> None:
        """What comes along with choices is told at the end. Where nothing stood there nothing stands afterwards."""
        if "usage" not in body:
            return
        if body.pop("usage"):
            self._may_cruise = False
            self._ordinary = None
        if self._include_usage:
            body["usage"] = None

    def _learn(self, event: bytes, choices: list[Json], mended: int) -> None:
        """From here on reads can go through whole, if this event shows by what to know them."""
        known = self._ordinary
        if known is None or known.opening not in event or known.closing not in event:
            memory = self._memory
            fresh = memory.recall(event, choices[0]) if mended == KEPT else None
            if fresh is None:
                fresh = learnt(event, choices[0], self._swaps, role=mended == ROLE)
                if mended == KEPT:
                    memory.last = fresh or memory.last
            self._ordinary = fresh or known

    def _end(self, out: list[Event]) -> None:
        """The end mark, or the end of the body. A finish without a mark is whole, a mark without a finish is not."""
        if not self._stopped or self._seen != self._stopped:
            raise broken(_ENDED_EARLY)
        self.started = True
        self.finished = True
        self._ordinary = None
        if self._report is not None:
            out.append(self._report)
            self._report = None

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


def _object(data: bytes) -> Json:
    try:
        body = orjson.loads(data)
    except ValueError:
        raise broken("an event of the stream is not JSON") from None
    if not isinstance(body, dict):
        raise broken("an event of the stream is not a JSON object")
    return body


def _writable(body: Json, event: bytes) -> Json:
    """*body*, which was read from *event*: what is nested deeply can be read, but not all of it written again."""
    if event.count(b"{") + event.count(b"[") > _SHALLOW:
        try:
            orjson.dumps(body)
        except orjson.JSONEncodeError:
            raise broken("an event of the stream is nested too deeply") from None
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
