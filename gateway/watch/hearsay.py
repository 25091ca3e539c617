"""What processes tell each other about the quality of answers, by the store's board.

Each posts its own sums and reads those of all others. A process that takes the place of one that ended goes on from
what that one had posted.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from operator import itemgetter
from typing import Final

import orjson

from routing.quality import Evidence, Place, Qualities, Told, together
from store.board import LARGEST, Board
from store.contract import StoreDown

PREFIX: Final = "quality/"
EVERY: Final = 2.0  # seconds between two looks
AGAIN: Final = 86400.0  # seconds after which what hasn't changed is posted again
KEPT: Final = 35 * 86400.0  # seconds that a notice stays: five half-lives
MOST_PAGES: Final = 64


class Hearsay:
    """*owner* is the name of this process's place, which its successor will have, too."""

    def __init__(self, qualities: Qualities, board: Board, owner: str) -> None:
        self._qualities = qualities
        self._board = board
        self._owner = owner
        self._resumed = False
        self._heard: Mapping[str, bytes] = {}
        self._posted = 0.0
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep(), name="hearsay")

    async def end(self) -> None:
        """With a last word."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._exchange()

    async def _keep(self) -> None:
        while True:
            await self._exchange()
            await asyncio.sleep(EVERY)

    async def _exchange(self) -> None:
        """Without a store, everybody goes by what they have seen themselves."""
        with suppress(StoreDown):
            await self._hear()
            now = time.time()
            if self._qualities.changed or now - self._posted > AGAIN:
                await self._tell(now)

    async def _hear(self) -> None:
        notices = dict(await self._board.posted(PREFIX))
        own = {name: notices.pop(name) for name in list(notices) if _owner(name) == self._owner}
        if not self._resumed:
            # Not before it was read may it be written over.
            self._resumed = True
            self._qualities.resume(heard(own))
        if notices != self._heard:
            self._heard = notices
            self._qualities.hears(await asyncio.to_thread(_together, notices, self._qualities.base))

    async def _tell(self, now: float) -> None:
        own = self._qualities.own(now)
        try:
            told = await asyncio.to_thread(lambda: list(pages(own, now)))
            for number, page in enumerate(told):
                await self._board.post(f"{PREFIX}{self._owner}/{number}", page, KEPT)
        except (StoreDown, asyncio.CancelledError):
            self._qualities.changed = True
            raise
        self._posted = now


def pages(sums: Mapping[Place, Evidence], at: float) -> Iterator[bytes]:
    """Notices for *sums*, as they stand *at* that moment: what weighs most in the first ones."""
    rows = [
        orjson.dumps((*place, *(round(figure, 4) for figure in evidence)))
        for place, evidence in sorted(sums.items(), key=lambda one: -(one[1].opinions + one[1].seen))
    ]
    head = b'{"at":%.3f,"sums":[' % at
    page: list[bytes] = []
    size = len(head)
    count = 0
    for row in rows:
        if page and size + len(row) + 3 > LARGEST:
            yield head + b",".join(page) + b"]}"
            page, size, count = [], len(head), count + 1
            if count == MOST_PAGES:
                return
        page.append(row)
        size += len(row) + 1
    if page:
        yield head + b",".join(page) + b"]}"


def heard(notices: Mapping[str, bytes]) -> list[Told]:
    """What stands on the notices of one process; of what stands on two, the newer one."""
    rows = sorted((row for notice in notices.values() for row in _read(notice)), key=itemgetter(2))
    return list({row[0]: row for row in rows}.values())


def _together(notices: Mapping[str, bytes], base: float) -> dict[Place, Evidence]:
    owners: dict[str, dict[str, bytes]] = {}
    for name, notice in notices.items():
        owners.setdefault(_owner(name), {})[name] = notice
    return together((row for theirs in owners.values() for row in heard(theirs)), base)


def _owner(name: str) -> str:
    return name.removeprefix(PREFIX).rpartition("/")[0]


def _read(notice: bytes) -> Iterable[Told]:
    """Nothing, where it was written by another version that says it otherwise."""
    try:
        page = orjson.loads(notice)
        at = float(page["at"])
        return [((str(target), str(task)), Evidence(*map(float, sums)), at) for target, task, *sums in page["sums"]]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return ()
