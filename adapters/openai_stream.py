"""A stream in OpenAI's dialect, which is already canonical: mostly bytes that go through untouched.

The first events are parsed until content is seen. From then on, a read that consists of ordinary deltas only
is passed whole (see adapters.cruising). Every other read is split and parsed event by event, and an event that would
break the clients that put pieces together is mended (see adapters.openai_parts.Heard).
"""

from collections.abc import Mapping
from typing import Any

from adapters import sse
from adapters.accent import Accent
from adapters.alike import Swap
from adapters.cruising import Cruising
from adapters.digits import exact_calls
from adapters.early import Early, caught_late
from adapters.ears import Ear
from adapters.endings import USUAL, is_worse, refuse_failed
from adapters.failure import broken, failure, failure_inside, is_error
from adapters.openai_events import hide_usage, is_head, joined, read_event, refuse_plain_json, whole_event, writable
from adapters.openai_parts import KEPT, MORE, Heard, ends_oddly, placed, renamed, size_of
from adapters.ordinary import CHOICES, Memory, replaced
from adapters.usage import usage_of
from core.call import Call
from core.faults import Failure, UpstreamError
from core.filled import filled
from core.usage import Usage, is_nothing
from core.wire import NOTHING, Chunk, Event, Json, Report, Verbatim

_LOOKS = 4  # how often one read is scanned for ordinary events without finding any
_END = b"data: [DONE]\n\n"
_ENDED_EARLY = "the answer ended before it was complete"


class OpenAIDecoder(Cruising):
    """See adapters.contract.Decoder. *swaps* come from swaps_of.

    An error that follows content in one and the same read is *broken*, so that the content isn't lost; the next feed
    or close raises it, too, and until then neither *finished* nor *done* is true.
    """

    remember: Mapping[str, Json] = NOTHING

    __slots__ = (
        "_accent",
        "_bare",
        "_call",
        "_ear",
        "_early",
        "_heard",
        "_only",
        "_owed",
        "_report",
        "_seen",
        "_stopped",
        "broken",
        "done",
        "finish",
        "finished",
        "usage",
    )

    def __init__(
        self, call: Call, accent: Accent, swaps: tuple[Swap, ...], memory: Memory, ear: Ear | None = None
    ) -> None:
        super().__init__(swaps, memory, trusts=ear is None)
        self.finished = False
        self.done = False
        self.usage: Usage | None = None
        self.finish: str | None = None
        self.broken: Failure | None = None
        self._accent = accent
        self._call = call
        self._ear = ear
        self._owed = accent.owed(call) if call.choices > 1 else 1
        self._only = 0  # the index with which the one choice comes
        self._may_cruise = self._owed == 1
        self._seen: set[int] = set()  # indexes of choices
        self._stopped: dict[int, str] = {}  # of those that have finished, and why
        self._heard: dict[int, Heard | None] = {}  # None: it has told its role, and nothing that matters
        self._report: Report | None = None  # the last usage; told at the end
        self._bare = b""  # an event that says nothing but a finish, and waits as those in *early* do
        self._early: Early | None = None

    def feed(self, data: bytes) -> list[Event]:
        if self.done:
            return []
        if self._frames.rest or not data.endswith(b"\n\n"):
            data = self._frames.whole(data)
            if not data:
                return []
        passed = self.cruise(data)
        if passed is not None:
            return [Verbatim(passed)]
        if self._ordinary is None:
            return self._careful(data)
        stop, swaps = self._pass_on(data, 0)
        return [Verbatim(replaced(data, swaps))] if stop == len(data) else self._careful(data, stop, swaps)

    def close(self) -> list[Event]:
        if self.broken is not None:
            raise UpstreamError(self.broken)
        out: list[Event] = []
        rest = b"" if self.done else self._frames.end()
        if rest and whole_event(rest):
            out = self._careful(rest + b"\n\n")
        elif not self._seen:
            refuse_plain_json(rest, self._accent.signals)
        if not self.done:
            self._end(out)
        return out

    def _careful(self, data: bytes, at: int = 0, swaps: tuple[Swap, ...] = ()) -> list[Event]:
        """Event by event from *at* on, up to where they are ordinary, with *swaps* in them; but once one shows anew how
        ordinary ones look, the next of them at once. Neighbours that need no change are told as one, from *since* on.
        """
        if self.broken is not None:
            raise UpstreamError(self.broken)
        out: list[Event] = [filled(Verbatim, (replaced(data[:at], swaps),))] if swaps else []
        since = at if swaps else 0
        start, end, passed = at, len(data), at or -1
        before, looks = self._ordinary, _LOOKS
        unix = end <= sse.LIMIT and data.find(b"\r") < 0
        try:
            while at < end and not self.done:
                start, known = at, True
                # What follows a run is another kind of event, or it would be part of it.
                if looks and at > passed and (self._shape is not None or self._ordinary is not before):
                    at, swaps = self._pass_on(data, start)
                    passed = at
                    looks -= at == start
                if at == start:
                    if unix:
                        at = data.find(b"\n\n", start) + 2
                        raw = data[start:at].lstrip(b"\n")
                    else:
                        raw, at = sse.next_event(data, start)
                    known = self._may_cruise and self._trusts and self._knows(raw)
                    swaps = self._swaps
                if known and not (swaps or self.finished):
                    continue
                if since < start:
                    out.append(filled(Verbatim, (data[since:start],)))
                since = at
                if not known:
                    self._take(raw, out)
                elif not self.finished:  # else it is held
                    out.append(filled(Verbatim, (replaced(data[start:at], swaps),)))
        except UpstreamError as error:
            at = start
            if not (self.started and (out or since < at)):
                raise
            self.broken = error.failure
            self._may_cruise = False
            self._forget()
        if since < at:
            out.append(filled(Verbatim, (data[since:at],)))
        return out if len(out) < 2 or out[1].__class__ is Report else joined(out)

    def _take(self, raw: bytes, out: list[Event]) -> None:
        """One event."""
        if raw == _END:
            self._end(out)
            self.done = True
            return
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
        body = read_event(data)
        if is_error(body):
            raise UpstreamError(failure_inside(body, signals=signals))
        event = raw if plain else sse.framed(data)
        heard = self._ear is not None and self._ear.hear(exact_calls(body, data), "delta")
        if usage := body.get("usage"):
            self._take_usage(usage, body, event, heard=heard)
        if body.get("choices"):
            self._take_choices(event, body, out, plain=plain, mended=MORE if heard else KEPT)
        elif usage and self.finished:
            self._release(out)

    def _take_usage(self, reported: Any, body: Json, event: bytes, *, heard: bool) -> None:
        """Clients get one usage chunk, the last that counts, if they asked for it; providers send it at any time."""
        usage = usage_of(reported, self._accent.cost, body.get("service_tier"))
        if usage is None or (self.usage is not None and is_nothing(usage)):
            return
        self.usage = usage
        if body.get("choices") == []:
            self._report = filled(Report, (usage, body, None if heard else event))
        else:
            self._report = Report(usage, writable({**body, "choices": []}, event))

    def _take_choices(self, event: bytes, body: Json, out: list[Event], *, plain: bool, mended: int) -> None:
        choices = body["choices"]
        if not (isinstance(choices, list) and all(isinstance(choice, dict) for choice in choices)):
            raise broken("an event of the stream has choices that are none")
        for choice in choices:
            mended |= self._mend(choice)
        size = sum([size_of(choice, "delta") for choice in choices])
        again = not size and bool(self._stopped) and all(choice["index"] in self._stopped for choice in choices)
        odd = bool(body.get("usage")) or ends_oddly(choices, self._accent) or (again and caught_late(choices))
        if mended & MORE or (size and choices[0].get("finish_reason")):
            self._forget()
        elif plain and size and self._may_cruise and not odd and not (self._ear and self._ear.attentive):
            self._learn(event, choices, mended)
        apart = bool(mended) or odd
        if apart:
            renamed(choices, "delta", self._accent)
            if hide_usage(body, include_usage=self._call.include_usage):
                self._may_cruise = False
                self._forget()
        news = False
        for choice in choices:
            news |= self._note(choice)
        self.produced += size
        if self.finished:
            self._may_cruise = False
            self._forget()
        elif not self._head and self._may_cruise and plain and self._trusts:
            self._begin(event[: event.find(CHOICES)])
        # Clients take exactly one finish: another one that is no worse says nothing.
        if again and not (news and self._waits(choices)):
            return
        if not (apart or size) and self._head and event.startswith(self._head):
            self._learn_ending(event[len(self._head) :], choices[0])
        if news and not (apart or size or len(choices) > 1 or self._bare or self._early):
            self._bare = event
        else:
            told = Chunk(writable(body, event)) if apart else Verbatim(replaced(event, self._swaps))
            if len(choices) == 1 and (self._bare or self._early or choices[0].get("finish_reason")):
                out += self._waiting().hear(event, body, told)
            else:
                out.append(told)
        self.started = self.started or (size > 0 and bool(out)) or (self.finished and not size)

    def _mend(self, choice: Json) -> int:
        """Whether the choice had to be changed for the clients' sake: KEPT, ROLE or MORE."""
        if self._owed == 1 and not self._seen and choice.get("index").__class__ is int:
            self._only = choice["index"]
        mended = placed(choice, self._only)
        index = choice["index"]
        if self._call.endpoint == "completions":  # which has no deltas
            text = choice.get("text")
            if text is not None and text.__class__ is not str:
                raise broken("the answer has a text that is none")
            return mended
        heard = self._heard.get(index)
        if heard is None:
            heard = self._heard[index] = Heard(role=index in self._heard)
        return mended | heard.mend(choice)

    def _note(self, choice: Json) -> bool:
        """Who has finished, and how: whether that is news. Who goes on has not."""
        if error := choice.get("error"):
            raise UpstreamError(failure_inside({"error": error}, signals=self._accent.signals))
        index = choice["index"]
        self._seen.add(index)
        before = self._stopped.get(index)
        if before is not None and size_of(choice, "delta"):
            del self._stopped[index]
            self.finished = False
            before = None
        reason = choice.get("finish_reason")
        if not reason or not isinstance(reason, str):
            return False
        if reason not in USUAL:
            refuse_failed(reason)
        if before is not None and not is_worse(reason, before):
            return False
        self._stopped[index] = reason
        if index == 0 or self.finish is None:
            self.finish = reason
        self.finished = len(self._stopped) >= self._owed
        return True

    def _waiting(self) -> Early:
        """Where finishes wait that more than their own event is known of."""
        early = self._early
        if early is None:
            early = self._early = Early(self._accent, include_usage=self._call.include_usage)
        if self._bare:
            bare, self._bare = self._bare, b""
            early.hear(bare, read_event(bare[5:]), Verbatim(replaced(bare, self._swaps)))
        return early

    def _waits(self, choices: list[Json]) -> bool:
        """Whether the finish of what is the only one of *choices* hasn't been told yet."""
        return len(choices) == 1 and self._waiting().has(choices[0]["index"])

    def _learn_ending(self, ending: bytes, choice: Json) -> None:
        """*choice* is an event's only one, and it says nothing but a finish or, as the first, the role."""
        if self.finished:
            self._memory.learn_ending(ending, self.finish or "")
        elif (
            self._call.endpoint != "completions"
            and choice["delta"].get("role")
            and len(self._seen) == 1
            and not self.started
        ):
            self._memory.learn_ending(ending, "")

    def _knows(self, event: bytes) -> bool:
        """Whether *event* tells the role or a finish, to the byte as the last stream did."""
        head, endings = self._head, self._memory.endings
        if head:
            reason = endings.get(event[len(head) :]) if event.startswith(head) else None
            if not reason:
                return False
            self._stopped[0] = self.finish = reason
            self._bare = event
            self.started = self.finished = True
            self._may_cruise = False
            self._forget()
        else:
            at = event.find(CHOICES)
            if endings.get(event[at:]) != "" or self._seen or not is_head(event[:at]):
                return False
            self._heard[0] = None
            self._begin(event[:at])
        self._seen.add(0)
        return True

    def _end(self, out: list[Event]) -> None:
        """The end mark, or the end of the body. A finish without a mark is whole, a mark without a finish is not."""
        if self._seen != self._stopped.keys() or len(self._stopped) < self._owed:
            raise broken(_ENDED_EARLY)
        self.finished = True
        self._forget()
        self._release(out)
        if self._report is not None:
            out.append(self._report)
            self._report = None

    def _release(self, out: list[Event]) -> None:
        """What waited has come last: where the usage of a finished answer is told, or its end."""
        self.started = True
        if self._bare:
            out.append(filled(Verbatim, (replaced(self._bare, self._swaps),)))
            self._bare = b""
        elif self._early is not None:
            out += self._early.end()
            self._early = None
