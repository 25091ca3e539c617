"""Canaries as they fly: which calls try them, what came of it, and how far they have come.

What processes have to know of each other is on the board, below `canary/MARK/`, where MARK is the definition's:

standing            how far it has come
turn/NUMBER         who may put up the standing of that number: the first who asks
seen/NUMBER/LIFE    what one process has counted under that standing

So all decide by the same figures, only one of them says so, and a canary goes on after a restart where it was. While
the store can't be reached, it stays as it is. A store that has forgotten some of it, or all, is told again: of two
standings the one with the higher number is the later one.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Literal

import orjson

from config.schema import Canary, Config
from core.call import Call
from gateway.flight import Flight, Part
from routing.canary import PASSED, Standing, begun, moved, read, remembered, stopped
from routing.guards import Side
from store.board import Board
from store.contract import StoreDown
from telemetry.meters import Meters

Announce = Callable[[Mapping[str, Any]], None]
Action = Literal["restart", "stop"]

ROOT: Final = "canary/"
LOOK: Final = 0.5  # seconds between two looks at the board
KEPT: Final = 90 * 86400.0  # seconds for which it is remembered how far a canary had come
AGAIN: Final = 86400.0  # seconds after which it is said again
TURN: Final = 60.0
LEAST_SEEN: Final = 3600.0
TRIES: Final = 5
STAGE: Final = "switchyard_canary_stage"


class Canaries:
    """One for each process. *announce* is told what happens, in one process only.

    Raises StoreDown nowhere but in `act`.
    """

    __slots__ = ("_announce", "_begun", "_board", "_flights", "_life", "_looking", "_meters", "_names")

    def __init__(self, board: Board, meters: Meters, announce: Announce) -> None:
        self._board = board
        self._meters = meters
        self._announce = announce
        self._life = os.urandom(6).hex()
        self._flights: dict[str, Flight] = {}  # by mark
        self._names: dict[str, Flight] = {}  # by route
        self._looking: asyncio.Task[None] | None = None
        self._begun = False

    # On the way of calls whose route has a canary

    def part(self, canary: Canary, call: Call, key: str, id: str) -> Part | None:
        """The part that a call takes; None if none is taken by anybody."""
        flight = self._flights.get(canary.mark)
        return None if flight is None else flight.part(canary, call, key, id)

    def flight(self, canary: Canary) -> Flight | None:
        """How it stands here."""
        return self._flights.get(canary.mark)

    # How they get on

    def heed(self, config: Config) -> None:
        """Go by a new configuration: a canary that was changed begins anew."""
        old, former = self._flights, self._names
        routes = {route.name: route.canary for route in config.routes.values() if route.canary is not None}
        self._names = {name: old.get(canary.mark) or Flight(name, canary) for name, canary in routes.items()}
        self._flights = {flight.canary.mark: flight for flight in self._names.values()}
        for name in former.keys() - self._names.keys():
            self._meters.forget(STAGE, name)
        for flight in self._names.values():
            self._show(flight)
        self._keep_looking()

    async def begin(self) -> None:
        """From here on the board is looked at. Waits until it is known how they stand, if anybody can say so."""
        for _ in range(TRIES):
            await self.look()
            if all(flight.standing is not None for flight in self._flights.values()):
                break  # else somebody was quicker to begin one, and is heard now
        self._begun = True
        self._keep_looking()

    async def end(self) -> None:
        self._begun = False
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
            await self.look()

    async def look(self) -> None:
        """Tell what was counted, hear what the others have, and do what follows from it."""
        if not self._flights:
            return
        try:
            await self._post_seen()
            notices = await self._board.posted(ROOT)
            for flight in list(self._flights.values()):
                await self._look_at(flight, notices, time.time())
        except StoreDown:
            return

    def _keep_looking(self) -> None:
        if self._begun and self._flights and (self._looking is None or self._looking.done()):
            self._looking = asyncio.get_running_loop().create_task(self._go_on_looking())

    async def _go_on_looking(self) -> None:
        while self._flights:
            await asyncio.sleep(min(LOOK, *(flight.canary.every / 4 for flight in self._flights.values())))
            await self.look()

    async def _look_at(self, flight: Flight, notices: Mapping[str, bytes], now: float) -> None:
        notice, mine = notices.get(_place(flight, "standing")), flight.standing
        if notice is None:
            # Nobody has ever flown it, or the board has forgotten.
            await self._put_up(flight, begun(now) if mine is None else remembered(mine, now), only_new=True)
            return
        standing = _standing(flight, notice)
        if mine is not None and (standing is None or standing.number < mine.number):
            await self._put_up(flight, remembered(mine, now))
            return
        if standing is None:
            return  # it isn't flown until the operator says how it is to go on
        if standing != mine:
            self._adopt(flight, standing, now)
            return
        if flight.counted and self._seen_at(flight) not in notices:
            flight.fresh = True  # that was forgotten, and what others have counted may have been
            return
        ours, rest = flight.sums(_others(flight, notices, self._life))
        following = moved(flight.canary, standing, ours, rest, now)
        if following is not None:
            await self._turn(flight, following)
        elif now - flight.told > AGAIN:
            await self._put_up(flight, standing)

    async def _turn(self, flight: Flight, standing: Standing) -> bool:
        """Bring in a new standing, unless somebody else has been quicker: then it will be heard of."""
        place = _place(flight, f"turn/{standing.number}")
        if not await self._board.post(place, self._life.encode(), TURN, only_new=True):
            return False
        before = flight.standing
        await self._put_up(flight, standing)
        if before is None or before.status != PASSED or standing.status != PASSED:
            self._announce(flight.event(before, standing))
        return True

    async def _put_up(self, flight: Flight, standing: Standing, *, only_new: bool = False) -> None:
        notice = orjson.dumps(tuple(standing))
        if await self._board.post(_place(flight, "standing"), notice, KEPT, only_new=only_new):
            self._adopt(flight, standing, time.time())

    def _adopt(self, flight: Flight, standing: Standing, now: float) -> None:
        flight.adopt(standing, now)
        self._show(flight)

    def _show(self, flight: Flight) -> None:
        self._meters.gauge(STAGE, flight.route).value = flight.number

    async def _post_seen(self) -> None:
        for flight in list(self._flights.values()):
            if flight.standing is not None and flight.fresh:
                flight.fresh = False
                await self._board.post(self._seen_at(flight), flight.seen(), max(LEAST_SEEN, 4 * flight.canary.every))

    def _seen_at(self, flight: Flight) -> str:
        number = 0 if flight.standing is None else flight.standing.number
        return _place(flight, f"seen/{number}/{self._life}")

    # For the operator

    async def shown(self) -> list[dict[str, Any]]:
        """How all of them stand, with all that was counted. Raises StoreDown."""
        notices = await self._board.posted(ROOT)
        return [flight.shown(_others(flight, notices, self._life)) for flight in self._names.values()]

    async def act(self, route: str, action: Action) -> bool:
        """Whether *route* has a canary. Raises StoreDown."""
        flight = self._names.get(route)
        if flight is None:
            return False
        for _ in range(TRIES):
            notices = await self._board.posted(_place(flight, ""))
            now = time.time()
            known = (_standing(flight, notices.get(_place(flight, "standing"))), flight.standing)
            standing = max((one for one in known if one is not None), default=begun(now))
            following = begun(now, standing.number + 1) if action == "restart" else stopped(standing, now)
            if await self._turn(flight, following):
                return True
        raise StoreDown("others are changing it at the same time")


def _place(flight: Flight, name: str) -> str:
    return f"{ROOT}{flight.canary.mark}/{name}"


def _standing(flight: Flight, notice: bytes | None) -> Standing | None:
    if notice is None:
        return None
    try:
        return read(orjson.loads(notice), flight.canary)
    except (TypeError, ValueError):
        return None  # another version's, which means nothing here


def _others(flight: Flight, notices: Mapping[str, bytes], life: str) -> Sequence[tuple[Side, Side]]:
    """What the other processes, and former lives of this one, have counted under the flight's standing."""
    if flight.standing is None:
        return ()
    start = _place(flight, f"seen/{flight.standing.number}/")
    found = []
    for name, value in notices.items():
        if name.startswith(start) and name != start + life:
            with suppress(TypeError, ValueError):  # another version's
                ours, rest = orjson.loads(value)
                found.append((Side.again(ours), Side.again(rest)))
    return found
