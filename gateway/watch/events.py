"""What happens, as it happens, for whoever wants to watch: calls, breakers, alerts, reloads, targets.

Nothing here is kept, and no call waits for it: news are gathered and told ten times a second, whoever reads slowly
loses the oldest, and where nobody listens a call pays for a look at one attribute. The processes that share a state
directory tell each other (gateway/watch/neighbours.py), but only while one of them has a listener.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from pathlib import Path
from typing import Final

import orjson

from core.errors import Refusal
from gateway.watch.neighbours import Neighbours, Told
from gateway.watch.news import of_breaker, of_call
from routing.vitals import Vitals
from telemetry.record import Record

KINDS: Final = ("call", "breaker", "alert", "reload", "target")
GAP: Final = "gap"
EVERY: Final = 0.1  # seconds between two tellings
SLICE: Final = 64  # news told at a time, so that no call waits for the writing of many
SOON: Final = 0.005  # seconds until the next slice
MOST: Final = 4096  # news that wait to be told
MOST_WAITING: Final = 2000  # events that wait for one listener
MOST_LISTENERS: Final = 64
QUIET: Final = 15.0  # seconds after which a listener is told that we are still there
GREETING: Final = b": listening\n\n"
STILL_HERE: Final = b": still here\n\n"

News = tuple[str, Mapping[str, object] | Record]


class Newsroom:
    """One for each process. *listeners* counts who wants to know, in this process and in its neighbours; while it is 0,
    don't even make up what you would `put`. *neighbours* None: there are none.
    """

    __slots__ = ("_audiences", "_closed", "_lost", "_news", "_timer", "listeners", "neighbours")

    def __init__(self) -> None:
        self.listeners = 0
        self._audiences: set[Audience] = set()
        self.neighbours: Neighbours | None = None
        self._news: deque[News] = deque()
        self._lost = 0  # of what waited to be told
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def begin(self, directory: Path, told: Told) -> None:
        """From here on it hears, and is heard by, all who began with the same *directory*. Raises OSError where there
        can't be a socket in it; then it goes on alone. *told*: see Neighbours.
        """
        neighbours = Neighbours(directory, self._hear, self._count, told)
        neighbours.begin()
        self.neighbours = neighbours

    def hush(self) -> None:
        """The process will end: so do all streams."""
        self._closed = True
        for audience in self._audiences:
            audience.close()

    def end(self) -> None:
        self.hush()
        if self._timer is not None:
            self._timer.cancel()
        if self.neighbours is not None:
            self.neighbours.end()

    # Those to whom something has happened

    def put(self, kind: str, fact: Mapping[str, object]) -> None:
        """*fact* becomes JSON a moment later, and must not change until then."""
        if self.listeners:
            self._take((kind, fact))

    def call(self, record: Record) -> None:
        """A call is over."""
        self._take(("call", record))

    def watch(self, vitals: Vitals, clock: Callable[[], float]) -> None:
        """Tell of every breaker that changes. *clock* is that of *vitals*."""

        def changed(id: str) -> None:
            if self.listeners:
                self._take(("breaker", of_breaker(vitals, id, clock())))

        vitals.watchers.append(changed)

    # Those who want to know

    def listen(self, kinds: Collection[str]) -> AsyncIterator[bytes]:
        """Server-sent events of these *kinds*, from now on; raises Refusal where there are too many listeners."""
        if self._closed or len(self._audiences) >= MOST_LISTENERS:
            code = "shutting_down" if self._closed else "too_many_listeners"
            raise Refusal(503, "No more listeners are taken now.", code=code, headers={"retry-after": "5"})
        return self._attended(Audience(frozenset(kinds)))

    async def _attended(self, audience: "Audience") -> AsyncIterator[bytes]:
        self._audiences.add(audience)
        self._count()
        try:
            async for piece in audience.pieces():
                yield piece
        finally:
            self._audiences.discard(audience)
            self._count()

    def _count(self) -> None:
        """Who listens has changed."""
        neighbours, own = self.neighbours, len(self._audiences)
        if neighbours is not None:
            neighbours.listen(wanted=bool(own))
        self.listeners = own + (0 if neighbours is None else neighbours.listeners)

    # In between

    def _take(self, news: News) -> None:
        if len(self._news) >= MOST:
            self._news.popleft()
            self._lost += 1
        self._news.append(news)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY, self._tell)

    def _tell(self) -> None:
        news = self._news
        pieces = [written(*news.popleft()) for _ in range(min(SLICE, len(news)))]
        if self._lost:
            pieces.insert(0, written(GAP, {"lost": self._lost}))
            self._lost = 0
        self._timer = asyncio.get_running_loop().call_later(SOON, self._tell) if news else None
        self._hear(pieces)
        if self.neighbours is not None:
            self.neighbours.tell(pieces)

    def _hear(self, pieces: Collection[bytes]) -> None:
        for audience in self._audiences:
            audience.hear(pieces)


class Audience:
    """One listener, and what waits for it: at most MOST_WAITING events, of which it loses the oldest."""

    __slots__ = ("_any", "_closed", "_heads", "_lost", "_waiting")

    def __init__(self, kinds: frozenset[str]) -> None:
        self._heads = tuple(b"event: %b\n" % kind.encode() for kind in kinds)
        self._waiting: deque[bytes] = deque()
        self._lost = 0
        self._any = asyncio.Event()
        self._closed = False

    def hear(self, pieces: Collection[bytes]) -> None:
        for piece in pieces:
            if piece.startswith(_GAP):
                self._lost += _lost(piece)
            elif piece.startswith(self._heads):
                if len(self._waiting) >= MOST_WAITING:
                    self._waiting.popleft()
                    self._lost += 1
                self._waiting.append(piece)
        if self._waiting or self._lost:
            self._any.set()

    def close(self) -> None:
        self._closed = True
        self._any.set()

    async def pieces(self) -> AsyncIterator[bytes]:
        yield GREETING
        while not self._closed:
            try:
                async with asyncio.timeout(QUIET):
                    await self._any.wait()
            except TimeoutError:
                yield STILL_HERE
                continue
            self._any.clear()
            if self._lost or self._waiting:
                yield self._taken()

    def _taken(self) -> bytes:
        """All that waits; that something is missing stands where it would have stood."""
        waiting, self._waiting = self._waiting, deque()
        lost, self._lost = self._lost, 0
        return (written(GAP, {"lost": lost}) if lost else b"") + b"".join(waiting)


def written(kind: str, fact: Mapping[str, object] | Record) -> bytes:
    """As a server-sent event. JSON has no line ends, so that none of its values can look like another event."""
    told = of_call(fact) if isinstance(fact, Record) else fact
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(told, default=str))


_GAP: Final = b"event: gap\n"


def _lost(gap: bytes) -> int:
    """How many events are missing, as `written` said it."""
    return int(orjson.loads(gap.partition(b"data: ")[2])["lost"])
