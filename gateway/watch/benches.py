"""Targets taken out by hand, and brought back: who may be, and how other processes are told.

A bench always has an end. It is on the store's board for as long, so that processes that share the store go by it
within a second or so, and one that starts later does, too.
"""

import math
import os
import time
from typing import Final, NamedTuple

import orjson

from config.schema import Config
from core.errors import Refusal
from gateway.generation import Shared
from routing.bench import Bench
from routing.joined import targets_of
from store.board import Board
from store.contract import StoreDown

NAMES: Final = "health/bench/"
LONGEST: Final = 7 * 86400  # seconds
USUAL: Final = 600
LONGEST_REASON: Final = 200
LIFTED: Final = 10.0  # seconds that the notice of an end hangs


class Order(NamedTuple):
    """*until* is unix time; 0: the target is brought back. *by* is the process that was told so."""

    by: str
    until: float
    reason: str


class Hand:
    """The operator's. *board* None: nobody else can be told."""

    __slots__ = ("_board", "_me", "_shared")

    def __init__(self, shared: Shared, board: Board | None) -> None:
        self._shared = shared
        self._board = board
        self._me = os.urandom(6).hex()

    async def bench(self, id: str, seconds: float, reason: str, config: Config) -> Bench:
        """Take it out; raises Refusal where it is out already, or where a route would be left with nothing."""
        now = self._shared.loop.time()
        benches = self._shared.vitals.benches
        if benches.of(id, now) is not None:
            raise Refusal(409, f"{_shown(id)} is benched already.", code="already_benched", param="id")
        if (route := self._left_alone(id, config, now)) is not None:
            message = f"Route {route} would be left without any target: {_shown(id)} is its last one."
            raise Refusal(409, message, code="last_target", param="id")
        bench = Bench(now + seconds, reason)
        benches.put(id, bench)
        self._tell(id, bench)
        await self._post(id, Order(self._me, time.time() + seconds, reason), seconds)
        return bench

    async def unbench(self, id: str) -> None:
        """Bring it back; raises Refusal where it isn't out."""
        benches = self._shared.vitals.benches
        if benches.of(id, self._shared.loop.time()) is None:
            raise Refusal(409, f"{_shown(id)} is not benched.", code="not_benched", param="id")
        benches.lift(id)
        self._tell(id, None)
        await self._post(id, Order(self._me, 0.0, ""), LIFTED)

    def _left_alone(self, id: str, config: Config, now: float) -> str | None:
        """A route all of whose other targets are out, or without a key."""
        benches = self._shared.vitals.benches
        for name, route in config.routes.items():
            targets = targets_of(route)
            if not any(target.id == id for target in targets):
                continue
            others = (target for target in targets if target.id != id and config.providers[target.provider].configured)
            if all(benches.of(target.id, now) is not None for target in others):
                return name
        return None

    def _tell(self, id: str, bench: Bench | None) -> None:
        newsroom = self._shared.newsroom
        if newsroom.listeners:
            told = {"state": "back" if bench is None else "benched", "benched": shown(bench, self._shared)}
            newsroom.put("target", {"time": round(time.time(), 3), "target": id, **told})

    async def _post(self, id: str, order: Order, ttl: float) -> None:
        if self._board is None:
            return
        try:
            await self._board.post(NAMES + id, orjson.dumps(list(order)), ttl)
        except StoreDown:
            self._shared.scribe.event(
                "warning", "a bench was not told to other processes: the store is down", target=id
            )


def heed(name: str, notice: bytes, shared: Shared) -> None:
    """What hangs on the board under NAMES."""
    try:
        _, until, reason = orjson.loads(notice)
        left, said = float(until) - time.time(), str(reason)
    except (ValueError, TypeError):
        return  # another version's
    id, benches = name.removeprefix(NAMES), shared.vitals.benches
    if left <= 0:
        benches.lift(id)
    else:
        benches.put(id, Bench(shared.loop.time() + min(left, LONGEST), said[:LONGEST_REASON]))


def shown(bench: Bench | None, shared: Shared) -> dict[str, object] | None:
    """As JSON, for operators."""
    if bench is None:
        return None
    until = time.time() + bench.until - shared.loop.time()
    return {"until": round(until, 3), "seconds": math.ceil(until - time.time()), "reason": bench.reason}


def _shown(id: str) -> str:
    return id.encode("unicode_escape").decode("ascii")[:128]
