"""Evidence of how good answers are, taken from finished calls behind their backs, without asking anybody.

Every answer is looked at for what costs nothing: was there one, was it refused or cut short, did the client ask for it
again. Answers of calls that want JSON or offer tools are read by a thread, so many a second; of all others of these
nothing is said, so that the shares come out right. What is found goes to `routing.quality`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from core.call import Call
from gateway.flaws import FLAWS, SOUND, Wanted, flaw, wanted
from routing.quality import Evidence, Qualities
from telemetry.meters import Meters
from telemetry.record import Record
from upstream.trial import Relay

RECENT: Final = 10_000  # calls that are known by their ids
AT_ONCE: Final = 32  # answers read in a batch, and streams listened to in a second
LARGEST: Final = 256 * 1024  # bytes of an answer that is read
PAUSE: Final = 0.25  # seconds in which a batch comes together
SHORT: Final = 1024  # bytes of an answer that may be an empty one
AGAIN: Final = 60.0  # seconds within which the same question means that the answer wasn't liked
PERSONS: Final = 2  # times that a person asks again; a program does it for ever
ASKED: Final = 10_000  # questions that are remembered

FLAWS_TOTAL: Final = "switchyard_answer_flaws_total"
CONTENT: Final = b'"content":'
EMBEDDINGS: Final = "embeddings"


class Finished(NamedTuple):
    """A call that was answered. *time* is unix time when it began."""

    id: str
    time: float
    key: str
    target: str
    task: str


class Ear:
    """Hears what a client is told in a stream, as far as it isn't too much."""

    __slots__ = ("_size", "pieces")

    def __init__(self) -> None:
        self._size = 0
        self.pieces: list[bytes] = []

    def hear(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= LARGEST:
            self.pieces.append(piece)

    def beside(self, relay: Relay) -> Relay:
        """*relay*, heard."""

        def heard(piece: bytes) -> float:
            self.hear(piece)
            return relay(piece)

        return heard

    @property
    def whole(self) -> Sequence[bytes]:
        """All that was said; nothing where that was too much."""
        return self.pieces if self._size <= LARGEST else ()


class _Doubt(NamedTuple):
    """An answer that has to be read."""

    finished: Finished
    wanted: Wanted
    answer: bytes | Sequence[bytes]


class _Question(NamedTuple):
    """Who answered it last, until when, and how often it was asked again."""

    ended: float
    target: str
    task: str
    times: int


class Assessor:
    """One for each process; all of it belongs to the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, qualities: Qualities, meters: Meters) -> None:
        self._loop = loop
        self._qualities = qualities
        self._meters = meters
        self._recent: deque[Finished] = deque(maxlen=RECENT)
        self._sound: dict[tuple[str, str], int] = {}
        self._asked: dict[int, _Question] = {}
        self._doubts: list[_Doubt] = []
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.Future[list[str | None]] | None = None
        self._second = 0
        self._ears = 0

    def ear(self, call: Call) -> Ear | None:
        """What is to hear a stream, if its answer can be checked and it is one of those that are."""
        body = call.body
        if "tools" not in body and "response_format" not in body:
            return None
        second = int(self._loop.time())
        if second != self._second:
            self._second, self._ears = second, 0
        self._ears += 1
        return Ear() if self._ears <= AT_ONCE else None

    def finished(self, record: Record, call: Call, answer: bytes | Ear | None, produced: int) -> None:
        """A call was answered to its end. *answer*: a whole one, or what was heard of a stream, if anything;
        *produced*: of a stream, the bytes of content in it.
        """
        finished = Finished(record.id, record.time, record.key, record.target, record.task)
        self._recent.append(finished)
        if record.endpoint == EMBEDDINGS:
            return
        self._ask(finished, call, record.total)
        body = call.body
        if "tools" in body or "response_format" in body:
            heard = answer.whole if isinstance(answer, Ear) else answer
            if heard:
                self._doubt(finished, call, heard)
        elif (found := _seen(record, call, answer, produced)) is None:
            self._doubt(finished, call, answer if isinstance(answer, bytes) else b"")
        elif found:
            self._flawed(finished, found, seen=1.0)
        else:
            place = (record.target, record.task)
            self._sound[place] = self._sound.get(place, 0) + 1

    def recall(self, id: str, key: str | None) -> Finished | None:
        """The newest call with that id that was answered here (to *key*, unless None), if it was lately."""
        for one in reversed(self._recent):
            if one.id == id and key in {None, one.key}:
                return one
        return None

    def look(self, now: float) -> None:
        """What was counted becomes evidence; to be called about once a second. *now* is unix time."""
        counted, self._sound = self._sound, {}
        for (target, task), times in counted.items():
            self._qualities.add(target, task, Evidence(seen=times), now)
        self._qualities.tick(now)

    async def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._doubts.clear()
        if self._reading is not None:
            await asyncio.wait([self._reading])
        self.look(time.time())

    # What the client does

    def _ask(self, finished: Finished, call: Call, milliseconds: float) -> None:
        """The same question again, soon after its answer: that one wasn't good enough."""
        text = _question(call)
        if text is None:
            return
        mark = hash((finished.key, call.model, call.size, text))
        before = self._asked.pop(mark, None)
        times = 0
        if before is not None and (since := finished.time - before.ended) < AGAIN:
            # Nobody asks again before the answer is there: that is a program, too.
            times = before.times + 1 if since >= 0.0 else PERSONS + 1
            if times <= PERSONS:
                self._flawed(finished._replace(target=before.target, task=before.task), "asked_again", seen=0.0)
        if len(self._asked) >= ASKED:
            del self._asked[next(iter(self._asked))]
        self._asked[mark] = _Question(finished.time + milliseconds / 1e3, finished.target, finished.task, times)

    # What has to be read

    def _doubt(self, finished: Finished, call: Call, answer: bytes | Sequence[bytes]) -> None:
        if len(self._doubts) >= AT_ONCE or (isinstance(answer, bytes) and len(answer) > LARGEST):
            return
        self._doubts.append(_Doubt(finished, wanted(call), answer))
        if self._timer is None and self._reading is None:
            self._timer = self._loop.call_later(PAUSE, self._read)

    def _read(self) -> None:
        self._timer = None
        doubts, self._doubts = self._doubts, []
        self._reading = self._loop.run_in_executor(None, _flaws, doubts)
        self._reading.add_done_callback(self._noting(doubts))

    def _noting(self, doubts: Sequence[_Doubt]) -> Callable[[asyncio.Future[list[str | None]]], None]:
        def note(read: asyncio.Future[list[str | None]]) -> None:
            self._reading = None
            for doubt, found in zip(doubts, read.result(), strict=True):
                if found is not None:
                    self._flawed(doubt.finished, found, seen=1.0)
            if self._doubts:
                self._timer = self._loop.call_later(PAUSE, self._read)

        return note

    def _flawed(self, finished: Finished, found: str, *, seen: float) -> None:
        evidence = Evidence(flaws=FLAWS.get(found, 0.0), seen=seen)
        self._qualities.add(finished.target, finished.task, evidence, finished.time)
        if found != SOUND:
            self._meters.counter(FLAWS_TOTAL, finished.target, found).value += 1


def _flaws(doubts: Sequence[_Doubt]) -> list[str | None]:
    return [flaw(doubt.wanted, doubt.answer) for doubt in doubts]


def _seen(record: Record, call: Call, answer: bytes | Ear | None, produced: int) -> str | None:
    """What is wrong at first sight; None where it takes a second one."""
    if record.finish == "content_filter":
        return "refused"
    if record.finish == "length" and call.max_output is None:
        return "cut_short"
    if isinstance(answer, bytes):
        return None if len(answer) < SHORT and _bare(answer) else SOUND
    return SOUND if produced else "empty"


def _bare(answer: bytes) -> bool:
    """Whether it looks as if nothing was said in it."""
    place = answer.find(CONTENT)
    return place >= 0 and answer[place + len(CONTENT) : place + len(CONTENT) + 8].lstrip().startswith((b'""', b"null"))


def _question(call: Call) -> str | None:
    """What the client wants to know, if that is a text."""
    messages = call.body.get("messages")
    if not messages:
        return None
    last = messages[-1]
    content = last.get("content")
    return content if isinstance(content, str) and last.get("role") == "user" else None
