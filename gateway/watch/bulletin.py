"""What the processes that share a store tell each other of health: breakers that open or close, and probes.

One learns it, the others know it a second later, and of all only one asks a provider in each round. No call waits for
any of this; while the store is down, everybody is for himself.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

from core.faults import Failure
from gateway.generation import Generation, Shared
from gateway.mistakes import told
from gateway.watch.benches import NAMES as BENCH
from gateway.watch.benches import heed as heed_bench
from gateway.watch.notices import (
    BREAKER,
    HEALTH,
    PROBE,
    ROUND,
    Change,
    Probed,
    changed,
    mark,
    probed,
    read_change,
    read_probed,
)
from gateway.watch.sightings import Look
from routing.breaker import CLOSED, OPEN
from store.board import Board
from store.contract import StoreDown

Work = Callable[[], Coroutine[None, None, None]]

LOOK: Final = 1.0  # seconds between two looks at the board
MOST_NEWS: Final = 1000  # breakers that changed since the last notice; more are not told of
CLOSED_FOR: Final = 10.0  # seconds that a notice of a closed breaker hangs
LATER: Final = (1.05, 1.15)  # of the time that is left for who has opened a breaker
ROUNDS: Final = 3.0  # for which the answer of a probe hangs


class Bulletin:
    """One for each process. *board* None: there is nobody else to talk to.

    *heard* gets a provider's name and what another process's probe of it has shown.
    """

    def __init__(self, shared: Shared, board: Board | None, heard: Callable[[str, Probed], None]) -> None:
        self._heard = heard
        self._shared = shared
        self._board = board
        self._me = os.urandom(6).hex()
        self._marks: Mapping[str, str] = {}
        self._names: Mapping[str, str] = {}  # by mark and name of the provider
        self._news: dict[str, None] = {}
        self._any = asyncio.Event()
        self._read: dict[str, bytes] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def heed(self, generation: Generation) -> None:
        """Speak of the providers of *generation* from now on, and listen to nothing else."""
        if self._board is not None and not self._tasks:
            self._shared.vitals.watchers.append(self._changed)
            self._begin(partial(self._speak, self._board))
            self._begin(partial(self._listen, self._board))
        self._marks = {name: mark(lane.provider) for name, lane in generation.lanes.items()}
        self._names = {f"{mark}/{name}": name for name, mark in self._marks.items()}

    async def end(self) -> None:
        if self._changed in self._shared.vitals.watchers:
            self._shared.vitals.watchers.remove(self._changed)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Work) -> None:
        task = self._shared.loop.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(partial(self._over, work))

    def _over(self, work: Work, task: asyncio.Task[None]) -> None:
        """A task ends when it is cancelled, or by a mistake of ours, after which it begins anew."""
        self._tasks.discard(task)
        if not task.cancelled() and (mistake := task.exception()) is not None:
            self._shared.scribe.event("error", "internal error", **told(mistake))
            self._begin(work)

    # Probes

    async def mine(self, provider: str, every: float) -> bool:
        """Whether it's for this process to ask *provider*; else another one has, less than *every* seconds ago."""
        if self._board is None:
            return True
        try:
            name = f"{ROUND}{self._marks[provider]}/{provider}"
            return await self._board.post(name, b"", every, only_new=True)
        except StoreDown:
            return True

    async def looked(self, provider: str, look: Look, failure: Failure | None, *, every: float) -> None:
        """Tell the others what came of asking."""
        if self._board is not None:
            with suppress(StoreDown):
                name = f"{PROBE}{self._marks[provider]}/{provider}"
                await self._board.post(name, probed(self._me, look, failure), every * ROUNDS)

    # Breakers

    def _changed(self, id: str) -> None:
        if len(self._news) < MOST_NEWS:
            self._news[id] = None
            self._any.set()

    async def _speak(self, board: Board) -> None:
        while True:
            await self._any.wait()
            self._any.clear()
            news, self._news = self._news, {}
            for id in news:
                with suppress(StoreDown):
                    await self._post(board, id)

    async def _post(self, board: Board, id: str) -> None:
        mark = self._marks.get(id.partition("/")[0])
        circuit = self._shared.vitals.target(id).circuit
        if mark is None or circuit.heard:
            return
        name, at = f"{BREAKER}{mark}/{id}", time.time()
        if circuit.state is CLOSED:
            await board.post(name, changed(Change(self._me, at)), CLOSED_FOR)
        elif circuit.state is OPEN and (left := circuit.until - self._shared.loop.time()) > 0:
            await board.post(name, changed(Change(self._me, at, left, circuit.cause, circuit.strikes)), left)

    # Listening

    async def _listen(self, board: Board) -> None:
        while True:
            await asyncio.sleep(LOOK)
            with suppress(StoreDown):
                await self._look(board)

    async def _look(self, board: Board) -> None:
        notices = dict(await board.posted(HEALTH))
        before, self._read = self._read, notices
        for name, notice in notices.items():
            if before.get(name) != notice:
                self._hear(name, notice)

    def _hear(self, name: str, notice: bytes) -> None:
        if name.startswith(BREAKER):
            change = read_change(notice)
            if change is not None and change.by != self._me:
                self._hear_change(name.removeprefix(BREAKER), change)
        elif name.startswith(BENCH):
            heed_bench(name, notice, self._shared)
        elif name.startswith(PROBE):
            provider, seen = self._names.get(name.removeprefix(PROBE)), read_probed(notice)
            if provider is not None and seen is not None and seen.by != self._me:
                self._heard(provider, seen)

    def _hear_change(self, place: str, change: Change) -> None:
        mark, _, id = place.partition("/")
        if self._marks.get(id.partition("/")[0]) != mark:
            return
        shared = self._shared
        now, age = shared.loop.time(), max(0.0, time.time() - change.at)
        vitals = shared.vitals.target(id)
        if change.cause is None:
            vitals.circuit.cheered(now)
        elif age < change.left and vitals.worked < now - age:
            # What this process has seen itself since then counts for more. Who has opened it shall try it first, so
            # that the others needn't.
            left = (change.left - age) * shared.rng.uniform(*LATER)
            vitals.circuit.warned(now + left, change.cause, change.strikes)
