"""Answers in the memory of one process, within so many bytes: those go first that save least, or that nobody wants."""

import heapq
from collections import deque
from typing import Final, NamedTuple

from cache.entry import Entry, Forgetting
from cache.shelf import Figures, Found

KEPT_NAMES: Final = 64  # of what was last forgotten
AGEING: Final = 1e-4  # of its worth, by which all others fall behind what is wanted


class _Place(NamedTuple):
    entry: Entry
    rank: float


class Memory:
    """Implements cache.shelf.Shelf. An entry's rank is its worth above that of what was put out last, so that what was
    useful long ago goes in the end, too. *evicted* counts what had to go for want of room.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = 0
        self.evicted = 0
        self._level = 0.0
        self._places: dict[bytes, _Place] = {}
        self._ranks: list[tuple[float, bytes]] = []  # one at least for each entry, never above its rank
        self._ends: list[tuple[float, bytes]] = []
        self._forgotten = 0
        self._lately: deque[tuple[int, Forgetting]] = deque(maxlen=KEPT_NAMES)

    def __len__(self) -> int:
        return len(self._places)

    def look(self, mark: bytes, now: float) -> Found:
        """What is kept under *mark*, at once."""
        place = self._places.get(mark)
        if place is None:
            return Found(None, self._forgotten)
        entry = place.entry
        if now >= entry.ends:
            self._drop(mark)
            return Found(None, self._forgotten)
        self._places[mark] = _Place(entry, self._rank(entry))
        return Found(entry, self._forgotten)

    async def find(self, mark: bytes, now: float) -> Found:
        return self.look(mark, now)

    async def has(self, mark: bytes) -> bool:
        return mark in self._places

    async def keep(self, mark: bytes, entry: Entry, since: int, now: float) -> bool:
        return self.put(mark, entry, since, now)

    def put(self, mark: bytes, entry: Entry, since: int, now: float) -> bool:
        """As *keep*, at once."""
        size = entry.size
        if size > self.most or self._unwanted(entry, since):
            return False
        self._drop(mark)
        while self._ends and self._ends[0][0] <= now:
            self._expire(now)
        self._make_room(size)
        rank = self._rank(entry)
        self._places[mark] = _Place(entry, rank)
        self.bytes += size
        heapq.heappush(self._ranks, (rank, mark))
        heapq.heappush(self._ends, (entry.ends, mark))
        if len(self._ranks) > 2 * len(self._places) + 64 or len(self._ends) > 2 * len(self._places) + 64:
            self._tidy()
        return True

    async def forget(self, names: Forgetting) -> int:
        self._forgotten += 1
        self._lately.append((self._forgotten, names))
        gone = [mark for mark, place in self._places.items() if names.fits(place.entry.labels)]
        for mark in gone:
            self._drop(mark)
        return len(gone)

    async def figures(self) -> Figures:
        return Figures(len(self._places), self.bytes)

    def resize(self, most: int) -> None:
        self.most = most
        self._make_room(0)

    def _rank(self, entry: Entry) -> float:
        """Of what is wanted now: a little above whatever saves as much and was wanted before."""
        worth = entry.worth
        self._level += worth * AGEING
        return self._level + worth

    def _unwanted(self, entry: Entry, since: int) -> bool:
        """Whether it was to be forgotten while it was made."""
        if since == self._forgotten:
            return False
        known = self._lately[0][0] <= since + 1 if self._lately else False
        return not known or any(names.fits(entry.labels) for at, names in self._lately if at > since)

    def _expire(self, now: float) -> None:
        _, mark = heapq.heappop(self._ends)
        place = self._places.get(mark)
        if place is not None and place.entry.ends <= now:
            self._drop(mark)

    def _make_room(self, size: int) -> None:
        while self._places and self.bytes + size > self.most:
            rank, mark = heapq.heappop(self._ranks)
            place = self._places.get(mark)
            if place is None:
                continue
            if place.rank > rank:  # it was wanted since
                heapq.heappush(self._ranks, (place.rank, mark))
                continue
            self._level = max(self._level, rank)
            self._drop(mark)
            self.evicted += 1

    def _drop(self, mark: bytes) -> None:
        place = self._places.pop(mark, None)
        if place is not None:
            self.bytes -= place.entry.size

    def _tidy(self) -> None:
        """Leave nothing but what is there."""
        self._ranks = [(place.rank, mark) for mark, place in self._places.items()]
        self._ends = [(place.entry.ends, mark) for mark, place in self._places.items()]
        heapq.heapify(self._ranks)
        heapq.heapify(self._ends)
