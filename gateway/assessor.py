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
from gateway.hearsay import Hearsay
from routing.quality import Evidence, Qualities
from store.board import Board
from telemetry.meters import Meters
from telemetry.record import Record
from upstream.trial import Relay

RECENT: Final = 10_000  # calls that are known by their ids
AT_ONCE: Final = 32  # answers read in a batch, and streams listened to in a second
LARGEST: Final = 256 * 1024  # bytes of an answer that is read
PAUSE: Final = 0.25  # seconds in which a batch comes together
SHORT: Final = 1024  # bytes of an answer that may be an empty one
FEW: Final = 8  # tokens of an answer that may be an empty one
AGAIN: Final = 60.0  # seconds within which the same question means that the answer wasn't liked
PERSONS: Final = 2  # times that a person asks again; a program does it for ever
ASKED: Final = 5_000  # questions that are remembered at least

FLAWS_TOTAL: Final = "switchyard_answer_flaws_total"
CONTENT: Final = b'"content":'
EMBEDDINGS: Final = "embeddings"


# Plain tuples, since one of each is made for every call: the fields of Finished; and of a question when its last answer
# ended, by which target it was, for which task, and how often it had been asked again.
_Brief = tuple[str, float, str, str, str]
_Question = tuple[float, str, str, int]


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

    brief: _Brief
    wanted: Wanted
    answer: bytes | Sequence[bytes]


class Assessor:
    """One for each process; all of it belongs to the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, qualities: Qualities, meters: Meters) -> None:
        self._loop = loop
        self._qualities = qualities
        self._meters = meters
        self._recent: deque[_Brief] = deque(maxlen=RECENT)
        self._sound: dict[tuple[str, str], int] = {}
        self._asked: dict[int, _Question] = {}
        self._asked_before: dict[int, _Question] = {}  # the ASKED ones before these
        self._doubts: list[_Doubt] = []
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.Future[list[str | None]] | None = None
        self._second = 0
        self._ears = 0
        self._hearsay: Hearsay | None = None

    def begin(self, board: Board, owner: str) -> None:
        """From here on other processes are told and heard; *owner* is the name of this one's place."""
        self._hearsay = Hearsay(self._qualities, board, owner)
        self._hearsay.begin()

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
        brief = (record.id, record.time, record.key, record.target, record.task)
        self._recent.append(brief)
        if record.endpoint == EMBEDDINGS:
            return
        body = call.body
        messages = body.get("messages")
        if messages and (last := messages[-1]).get("role") == "user" and isinstance(text := last.get("content"), str):
            self._ask(brief, hash((record.key, call.model, call.size, text)), record.total)
        if "tools" in body or "response_format" in body:
            heard = answer.whole if isinstance(answer, Ear) else answer
            if heard:
                self._doubt(brief, call, heard)
        elif (found := _seen(record, call, answer, produced)) == SOUND:
            place = (record.target, record.task)
            self._sound[place] = self._sound.get(place, 0) + 1
        elif found is None:
            self._doubt(brief, call, answer if isinstance(answer, bytes) else b"")
        else:
            self._flawed(brief, found, seen=1.0)

    def recall(self, id: str, key: str | None) -> Finished | None:
        """The newest call with that id that was answered here (to *key*, unless None), if it was lately."""
        for one in reversed(self._recent):
            if one[0] == id and key in {None, one[2]}:
                return Finished(*one)
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
        if self._hearsay is not None:
            await self._hearsay.end()

    # What the client does

    def _ask(self, brief: _Brief, mark: int, milliseconds: float) -> None:
        """The same question again, soon after its answer: that one wasn't good enough."""
        asked = self._asked
        id, began, key, target, task = brief
        before = asked.get(mark) or self._asked_before.get(mark)
        times = 0
        if before is not None and (since := began - before[0]) < AGAIN:
            # Nobody asks again before the answer is there: that is a program, too.
            times = before[3] + 1 if since >= 0.0 else PERSONS + 1
            if times <= PERSONS:
                self._flawed((id, began, key, before[1], before[2]), "asked_again", seen=0.0)
        if len(asked) >= ASKED:
            self._asked_before, self._asked = asked, {}
            asked = self._asked
        asked[mark] = (began + milliseconds / 1e3, target, task, times)

    # What has to be read

    def _doubt(self, brief: _Brief, call: Call, answer: bytes | Sequence[bytes]) -> None:
        if len(self._doubts) >= AT_ONCE or (isinstance(answer, bytes) and len(answer) > LARGEST):
            return
        self._doubts.append(_Doubt(brief, wanted(call), answer))
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
                    self._flawed(doubt.brief, found, seen=1.0)
            if self._doubts:
                self._timer = self._loop.call_later(PAUSE, self._read)

        return note

    def _flawed(self, brief: _Brief, found: str, *, seen: float) -> None:
        _, began, _, target, task = brief
        self._qualities.add(target, task, Evidence(flaws=FLAWS.get(found, 0.0), seen=seen), began)
        if found != SOUND:
            self._meters.counter(FLAWS_TOTAL, target, found).value += 1


def _flaws(doubts: Sequence[_Doubt]) -> list[str | None]:
    return [flaw(doubt.wanted, doubt.answer) for doubt in doubts]


def _seen(record: Record, call: Call, answer: bytes | Ear | None, produced: int) -> str | None:
    """What is wrong at first sight; None where it takes a second one."""
    finish = record.finish
    if finish != "stop":
        if finish == "content_filter":
            return "refused"
        if finish == "length" and call.max_output is None:
            return "cut_short"
    if isinstance(answer, bytes):
        usage = record.usage
        if len(answer) >= SHORT or (usage is not None and usage.output - usage.reasoning > FEW):
            return SOUND
        return None if _bare(answer) else SOUND
    return SOUND if produced else "empty"


def _bare(answer: bytes) -> bool:
    """Whether it looks as if nothing was said in it."""
    place = answer.find(CONTENT)
    return place >= 0 and answer[place + len(CONTENT) : place + len(CONTENT) + 8].lstrip().startswith((b'""', b"null"))
