"""A streamed answer that another target may go on with: where it broke, who is asked for the rest, how it is joined."""

from typing import Final

from adapters.contract import Adapter
from config.schema import Route
from core.ask import Ask
from core.call import Call
from core.faults import Blame, Failure, Fault
from core.usage import Usage
from core.wire import Event, Json
from gateway.call.transcript import Transcript, bodies, text_of, with_text, written
from routing.rest import continuable, rest
from routing.seam import Seam, mended
from telemetry.record import Record

NO_SEAM: Final = Failure(Fault.UNSUPPORTED, "what it said doesn't continue the answer that broke off")


def continuing(route: Route, call: Call, record: Record) -> "Continuing | None":
    """For calls whose route wants broken answers continued, and whose answers can be."""
    return Continuing(call, record) if route.on_break == "continue" and continuable(call) else None


class Continuing:
    """One for each such call. It has to see every event.

    *broke* is why the answer broke off last, None as long as it didn't. *lost*: the attempt under way can't go on with
    it, and nothing more of it may be told.
    """

    __slots__ = (
        "_call",
        "_first",
        "_from",
        "_marked",
        "_record",
        "_seam",
        "_to",
        "_transcript",
        "_way",
        "broke",
        "lost",
    )

    def __init__(self, call: Call, record: Record) -> None:
        self._call = call
        self._record = record
        self._transcript = Transcript()
        self._seam: Seam | None = None  # of the attempt under way, if it is to go on with something
        self._way = ""
        self._from = self._to = ""
        self._marked = False  # the client has something of the attempt under way
        self._first: Usage | None = None  # what the part took that broke off first
        self.broke: Failure | None = None
        self.lost = False

    # Between attempts

    def fails(self, failure: Failure, target: str, *, heard: bool) -> tuple[Failure, bool]:
        """What the plan is told, and whether it may be asked. *heard*: the client has something of the attempt."""
        self._transcript.read()
        if self._seam is not None:
            heard = self._marked
            if failure.fault is Fault.BAD_REQUEST:
                # The question was ours, and another target may understand it.
                failure = Failure(Fault.UNSUPPORTED, failure.message, code=failure.code)
        self._seam = None
        if not heard:
            return failure, True
        if failure.fault.blame is not Blame.TARGET or not self._transcript.open:
            return failure, False
        self.broke, self._from = failure, target
        return failure, True

    def asks(self, ask: Ask, adapter: Adapter, before: Usage | None) -> Ask:
        """*ask*, for the rest of what broke off, which took so much *before*. Raises a Refusal where its target can't
        give that.
        """
        if self._first is None:
            self._first = before
        said = self._transcript.said = mended(self._transcript.said)
        onward = adapter.onward(ask)
        ask = ask._replace(call=rest(ask.call, said, onward), goes_on=bool(onward))
        self._seam = Seam(said, onward)
        self._way, self._to = "prefill" if onward else "anchor", ask.target.id
        self._marked = self.lost = False
        self._transcript.again()
        return ask

    # While an attempt is heard

    def passed(self, events: list[Event], *, last: bool) -> list[Event]:
        """What the client gets for *events*; nothing where the attempt is *lost*."""
        if self._seam is None:
            self._transcript.note(events)
            return events
        out: list[Event] = []
        for body in bodies(events):
            joined = self._joined(body, self._seam)
            if self.lost:
                return []
            if joined is not None:
                out.append(written(joined))
        self.lost = last and not self._marked
        return [] if self.lost else out

    def shown(self, total: Usage) -> Usage:
        """What the client reads: its own prompt as the first target counted it, and all that was said by anyone."""
        first = self._first
        if first is None:
            return total
        return total._replace(
            input=first.input,
            cache_read=first.cache_read,
            cache_write=first.cache_write,
            cache_write_long=first.cache_write_long,
            audio_input=first.audio_input,
            free_input=first.free_input,
        )

    def _joined(self, body: Json | None, seam: Seam) -> Json | None:
        """A chunk of the rest as one of the first part; None for what the client isn't to see, or if all is *lost*."""
        if body is None:
            self.lost = True
            return None
        if not (choices := body.get("choices")):
            return None
        choice, transcript = choices[0], self._transcript
        transcript.hear(choice)
        text = seam.feed(text_of(choice))
        if transcript.ended or transcript.whole:
            text += seam.close()
            # Thoughts and nothing else: the model took the beginning for something else than its answer.
            self.lost = transcript.ended and transcript.silent
        self.lost = self.lost or seam.lost
        made = with_text(choice, text)
        if self.lost or made is None or not seam.found:
            return None
        self._mark()
        transcript.said += text
        return self._framed(made)

    def _framed(self, choice: Json) -> Json:
        body = {**self._transcript.frame, "choices": [choice]}
        if self._call.include_usage:
            body["usage"] = None
        if choice.get("finish_reason"):
            body["switchyard"] = {"continued": self._record.continued}
        return body

    def _mark(self) -> None:
        if self._marked:
            return
        self._marked = True
        seam = {"at": len(self._transcript.said), "from": self._from, "to": self._to, "how": self._way}
        self._record.continued = (*self._record.continued, seam)
