"""Which alarms stand: each is told once when it begins and once when it is over, by one process of all.

What the processes know of each other is on the board:

alert/state/PLACE            how an alarm stands (see gateway/watch/alarm.py)
alert/turn/PLACE/NUMBER      who may change it to that number: the first who asks
alert/seen/PLACE/LIFE        one process sees it, until this runs out
alert/rate/LIFE              calls and failures by route, of one process (see gateway/watch/troubles.py)

An alarm is over when nobody has seen it for as long as the operator says (`alerts.settle`), so that it survives
restarts, and what comes and goes is told once. While the store is down one process of each machine tells what it sees.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any, Final, Protocol

from gateway.watch.alarm import FIRING, RESOLVED, Alarm, Standing, read, written
from gateway.watch.troubles import RATE
from store.board import Board
from store.contract import StoreDown

ROOT: Final = "alert/"
STATE: Final = f"{ROOT}state/"
SEEN: Final = f"{ROOT}seen/"
LOOK: Final = 2.0  # seconds between two looks, unless things settle faster
KEPT: Final = 7 * 86400.0  # seconds after which an alarm that still stands is told again
OVER: Final = 3600.0  # seconds for which it is remembered that one is over
TURN: Final = 60.0
RATES: Final = 5.0  # seconds between two tellings of calls and failures
LOCK: Final = "alerts.lock"

Tell = Callable[[Standing], None]
Notices = Mapping[str, bytes]


class Witness(Protocol):
    """Who sees what is wrong (gateway/watch/troubles.py)."""

    def seen(self, notices: Notices, life: str) -> Iterable[Alarm]: ...
    def rates(self) -> bytes: ...


class Alarms:
    """One for each process. *tell* is called once for each change, in one process. *directory* is this machine's.

    *troubles* is asked, at each look, what is wrong as this process sees it; *trouble* is told of mistakes of ours.
    """

    def __init__(
        self, board: Board, directory: Path, tell: Tell, troubles: Witness, trouble: Callable[[BaseException], None]
    ) -> None:
        self._board = board
        self._trouble = trouble
        self._directory = directory
        self._tell = tell
        self._troubles = troubles
        self.settle = 30.0
        self.life = os.urandom(6).hex()
        self.standing: Mapping[str, Standing] = {}  # of the last look, by place; those that stand
        self._alone: dict[str, Standing] = {}  # told while the store was down
        self._last: dict[str, float] = {}  # when each was last seen here, on the clock that nobody sets, as all below
        self._posted: dict[str, float] = {}
        self._began = time.monotonic()
        self._rated = -inf
        self._lock: int | None = None
        self._looking: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._began = time.monotonic()
        self._go_on_looking()

    def _go_on_looking(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._go_on())
        self._looking.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """It ends when it is cancelled, or by a mistake of ours, after which it begins anew."""
        if not task.cancelled() and (mistake := task.exception()) is not None:
            self._trouble(mistake)
            self._go_on_looking()

    async def end(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def look(self) -> None:
        """See what is wrong, and do what follows from it."""
        now = time.monotonic()
        try:
            notices = await self._board.posted(ROOT)
            found = self._found(notices, now, without="store")  # which has just answered
            await self._say_seen(found.values(), now)
            await self._say_rates(now)
            await self._change(found, notices, now)
        except StoreDown:
            self._go_alone(self._found({}, now), now)

    def _found(self, notices: Notices, now: float, *, without: str = "") -> dict[str, Alarm]:
        """What is wrong, but for what is of the kind *without*."""
        seen = self._troubles.seen(notices, self.life)
        found = {alarm.place: alarm for alarm in seen if alarm.kind != without}
        self._last = {place: at for place, at in self._last.items() if now - at < KEPT} | dict.fromkeys(found, now)
        return found

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(min(LOOK, self.settle / 4))
            await self.look()

    async def _say_seen(self, found: Iterable[Alarm], now: float) -> None:
        """Often enough that nobody takes one for over that still is seen."""
        for alarm in found:
            lasts = alarm.lasts or self.settle
            if now - self._posted.get(alarm.place, -inf) > lasts / 3:
                await self._board.post(f"{SEEN}{alarm.place}/{self.life}", b"", lasts)
                self._posted[alarm.place] = now

    async def _say_rates(self, now: float) -> None:
        if now - self._rated > RATES and (rates := self._troubles.rates()):
            await self._board.post(f"{RATE}{self.life}", rates, 3 * RATES)
            self._rated = now

    async def _change(self, found: Mapping[str, Alarm], notices: Notices, now: float) -> None:
        states = {name.removeprefix(STATE): read(value) for name, value in notices.items() if name.startswith(STATE)}
        seen = {name.removeprefix(SEEN).partition("/")[0] for name in notices if name.startswith(SEEN)} | found.keys()
        stand = {place: one for place, one in states.items() if one is not None and one.state == FIRING}
        for place, alarm in found.items():
            if place not in stand:
                last = states.get(place)
                fires = Standing(alarm, 1 if last is None else last.number + 1, FIRING, time.time())
                if await self._turn(place, fires, KEPT, quiet=self._alone.pop(place, None) is not None):
                    stand[place] = fires
        for place, one in list(stand.items()):
            if place not in seen and now - self._began > self.settle:
                await self._turn(place, one._replace(number=one.number + 1, state=RESOLVED), OVER)
                del stand[place]
        for place in [place for place in self._alone if self._is_over(place, now)]:
            self._tell(self._alone.pop(place)._replace(state=RESOLVED))
        self.standing = stand

    async def _turn(self, place: str, standing: Standing, kept: float, *, quiet: bool = False) -> bool:
        """Bring in a change, unless somebody else has been quicker. *quiet*: it was told already."""
        if not await self._board.post(f"{ROOT}turn/{place}/{standing.number}", b"", TURN, only_new=True):
            return False
        await self._board.post(f"{STATE}{place}", written(standing), kept)
        if not quiet:
            self._tell(standing)
        return True

    # While the store is down

    def _go_alone(self, found: Mapping[str, Alarm], now: float) -> None:
        fresh = [place for place in found if place not in self.standing and place not in self._alone]
        over = [place for place in self._alone if self._is_over(place, now)]
        if (fresh or over) and self._speaks():
            for place in fresh:
                self._alone[place] = Standing(found[place], 0, FIRING, time.time())
                self._tell(self._alone[place])
            for place in over:
                self._tell(self._alone.pop(place)._replace(state=RESOLVED))

    def _is_over(self, place: str, now: float) -> bool:
        return now - self._last.get(place, -inf) > self.settle

    def _speaks(self) -> bool:
        """Whether this process is the one of its machine that speaks while there is no board to agree on."""
        if self._lock is None:
            try:
                self._lock = os.open(self._directory / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            except OSError:
                return True  # twice is better than never
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    # For those who ask

    def shown(self) -> Sequence[dict[str, Any]]:
        """All that stand, as of the last look, the newest first."""
        every = (*self.standing.values(), *self._alone.values())
        return [one.told() for one in sorted(every, key=lambda one: -one.since)]

    def counts(self) -> dict[str, int]:
        """How many stand, by kind."""
        found: dict[str, int] = {}
        for one in (*self.standing.values(), *self._alone.values()):
            found[one.alarm.kind] = found.get(one.alarm.kind, 0) + 1
        return found
