"""Evidence of how good answers are, taken from finished calls behind their backs, without asking anybody.

Finished calls are put aside and looked at in batches, at most so many a second, for what costs nothing: was there an
answer, was it refused or cut short, did the client ask for it again. Answers of calls that want JSON or offer tools are
read by a thread, so many a second; of all others of these nothing is said, so that the shares come out right. What is
found goes to `routing.quality`, and to whoever waits for it (`Judged`).
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple, Protocol

from api.flaws import FLAWS, FORM, SOUND, flaw, formed, sight
from core.call import Call
from gateway.ear import LARGEST, Ear
from gateway.watch.hearsay import Hearsay
from routing.quality import Evidence, Qualities
from store.board import Board
from telemetry.meters import Meters
from telemetry.record import Record

RECENT: Final = 10_000  # calls that are known by their ids
BATCH: Final = 64  # finished calls that are looked at together, and in each pause at most
PAUSE: Final = 0.25  # seconds in which a batch comes together
AT_ONCE: Final = 32  # answers read in a batch, and streams listened to in a second
MOST: Final = 1_000  # answers read in a batch because somebody waits for it
AGAIN: Final = 60.0  # seconds within which the same question means that the answer wasn't liked
PERSONS: Final = 2  # times that a person asks again; a program does it for ever
ASKED: Final = 5_000  # questions that are remembered at least

FLAWS_TOTAL: Final = "switchyard_answer_flaws_total"
EMBEDDINGS: Final = "embeddings"


class Judged(Protocol):
    """Who has to know what was found. *keen*: whether its answer is to be read even if others aren't."""

    @property
    def keen(self) -> bool: ...
    def close(self, record: Record, flaw: str) -> None: ...


Answer = bytes | Ear | None
# Plain tuples, since one of each is made for every call. The first is a call that was answered: with a whole answer, or
# what was heard of a stream, if anything; of a stream, with how many bytes of content were in it; and with who is to be
# told what was found, soon. Without a call nobody will look at it.
Answered = tuple[Record, Call | None, Answer, int, Judged | None]
# The fields of Finished; and of a question when its last answer ended, by which target it was, for which task, and how
# often it had been asked again.
_Brief = tuple[str, float, str, str, str]
_Question = tuple[float, str, str, int]
_record, _judged = itemgetter(0), itemgetter(4)
_brief = attrgetter("id", "time", "key", "target", "task")


class Finished(NamedTuple):
    """A call that was answered. *time* is unix time when it began."""

    id: str
    time: float
    key: str
    target: str
    task: str


class _Doubt(NamedTuple):
    """An answer that has to be read."""

    record: Record
    call: Call
    answer: bytes | Sequence[bytes]
    judged: Judged | None


class Assessor:
    """One for each process; all of it belongs to the loop's thread. *room*: for how many more calls in this pause."""

    def __init__(self, loop: asyncio.AbstractEventLoop, qualities: Qualities, meters: Meters) -> None:
        self._loop = loop
        self._qualities = qualities
        self._meters = meters
        self.room = BATCH
        self._fresh: list[tuple[Record, Call, Answer, int, Judged | None]] = []
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

    def ear(self, call: Call, judged: Judged | None) -> Ear | None:
        """What is to hear a stream, if its answer has to be read, and if it is one of those that are."""
        if not formed(call):
            return None
        if judged is not None and judged.keen:
            return Ear()
        second = int(self._loop.time())
        if second != self._second:
            self._second, self._ears = second, 0
        self._ears += 1
        return Ear() if self._ears <= AT_ONCE else None

    def answered(
        self, record: Record, call: Call, answer: Answer, produced: int, judged: Judged | None = None
    ) -> Answered:
        """What has to be kept of a call until it is told to be finished. Of so many, some are enough to know how many
        are flawed; what all others have said, which may be much, can be let go of at once.
        """
        if self.room <= 0 and judged is None:
            return record, None, None, 0, None
        self.room -= 1
        return record, call, answer, produced, judged

    def finished(self, *calls: Answered) -> None:
        """These were answered to their end."""
        self._recent.extend(map(_brief, map(_record, calls)))
        self._fresh += [
            (record, call, answer, produced, judged)
            for record, call, answer, produced, judged in calls
            if call is not None
        ]
        if any(map(_judged, calls)):
            self._catch_up()
        if calls and self._timer is None:
            self._timer = self._loop.call_later(PAUSE, self._due)

    def copied(self, record: Record, call: Call, answer: Answer, produced: int) -> None:
        """As *finished*, of a copy: nobody has asked for it, so that nobody can ask again."""
        body = {name: wanted for name, wanted in call.body.items() if name in FORM}
        self.finished(self.answered(record, call._replace(body=body), answer, produced))

    def recall(self, id: str, key: str | None) -> Finished | None:
        """The newest call with that id that was answered here (to *key*, unless None), if it was lately."""
        for one in reversed(self._recent):
            if one[0] == id and key in {None, one[2]}:
                return Finished(*one)
        return None

    def look(self, now: float) -> None:
        """What was counted becomes evidence; to be called about once a second. *now* is unix time."""
        self._catch_up()
        counted, self._sound = self._sound, {}
        for (target, task), times in counted.items():
            self._qualities.add(target, task, Evidence(seen=times), now)
        self._qualities.tick(now)

    async def end(self) -> None:
        self._catch_up()
        if self._timer is not None:
            self._timer.cancel()
        self._doubts.clear()
        if self._reading is not None:
            await asyncio.wait([self._reading])
        self.look(time.time())
        if self._hearsay is not None:
            await self._hearsay.end()

    # At first sight

    def _due(self) -> None:
        self._timer = None
        self._catch_up()
        if self._doubts and self._reading is None:
            self._read()

    def _catch_up(self) -> None:
        fresh, self._fresh, self.room = self._fresh, [], BATCH
        for record, call, answer, produced, judged in fresh:
            found: str | None = SOUND
            if record.endpoint != EMBEDDINGS:
                self._ask(record, call)
                found = self._seen(record, call, answer, produced, judged)
            if judged is not None and found is not None:
                judged.close(record, found)

    def _seen(self, record: Record, call: Call, answer: Answer, produced: int, judged: Judged | None) -> str | None:
        """The flaw that is seen; None where somebody will read the answer."""
        if formed(call):
            heard = answer.whole if isinstance(answer, Ear) else answer
            return None if heard and self._doubt(record, call, heard, judged) else SOUND
        body = answer if isinstance(answer, bytes) else None
        found = sight(call, record.finish, body, produced)
        if found == SOUND:
            place = (record.target, record.task)
            self._sound[place] = self._sound.get(place, 0) + 1
        elif found is not None:
            self._flawed(record, found)
        elif not self._doubt(record, call, body or b"", judged):
            return SOUND
        return found

    # What the client does

    def _ask(self, record: Record, call: Call) -> None:
        """The same question again, soon after its answer: that one wasn't good enough."""
        messages = call.body.get("messages")
        if not messages or (last := messages[-1]).get("role") != "user":
            return
        if not isinstance(text := last.get("content"), str):
            return
        mark = hash((record.key, call.model, call.size, text))
        asked = self._asked
        before = asked.get(mark) or self._asked_before.get(mark)
        times = 0 if before is None else self._again(before, record.time)
        if len(asked) >= ASKED:
            self._asked_before, self._asked = asked, {}
            asked = self._asked
        asked[mark] = (record.time + record.total / 1e3, record.target, record.task, times)

    def _again(self, before: _Question, began: float) -> int:
        """How often a question that was asked *before* has been asked again by now."""
        since = began - before[0]
        if since >= AGAIN:
            return 0
        # Nobody asks again before the answer is there: that is a program, too.
        times = before[3] + 1 if since >= 0.0 else PERSONS + 1
        if times <= PERSONS:
            self._add(before[1], before[2], "asked_again", began, seen=0.0)
        return times

    # What has to be read

    def _doubt(self, record: Record, call: Call, answer: bytes | Sequence[bytes], judged: Judged | None) -> bool:
        """Have it read, unless that is too much."""
        most = MOST if judged is not None and judged.keen else AT_ONCE
        if len(self._doubts) >= most or (isinstance(answer, bytes) and len(answer) > LARGEST):
            return False
        self._doubts.append(_Doubt(record, call, answer, judged))
        return True

    def _read(self) -> None:
        doubts, self._doubts = self._doubts, []
        self._reading = self._loop.run_in_executor(None, _flaws, doubts)
        self._reading.add_done_callback(partial(self._note, doubts))

    def _note(self, doubts: Sequence[_Doubt], read: asyncio.Future[list[str | None]]) -> None:
        self._reading = None
        for doubt, found in zip(doubts, read.result(), strict=True):
            if found is not None:
                self._flawed(doubt.record, found)
            if doubt.judged is not None:
                doubt.judged.close(doubt.record, found or SOUND)
        if self._doubts and self._timer is None:
            self._timer = self._loop.call_later(PAUSE, self._due)

    def _flawed(self, record: Record, found: str) -> None:
        self._add(record.target, record.task, found, record.time, seen=1.0)

    def _add(self, target: str, task: str, found: str, began: float, *, seen: float) -> None:
        self._qualities.add(target, task, Evidence(flaws=FLAWS.get(found, 0.0), seen=seen), began)
        if found != SOUND:
            self._meters.counter(FLAWS_TOTAL, target, found).value += 1


def _flaws(doubts: Sequence[_Doubt]) -> list[str | None]:
    return [flaw(doubt.call, doubt.answer) for doubt in doubts]
