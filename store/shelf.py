"""The files of one slot in their order: which rows still wait for the ledger, and which files nobody needs any more."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from store.records import Beginning, framed
from store.segments import Segment, Stock

PLACE: Final = 32  # bits of a position that say where in a file


class Batch(NamedTuple):
    """Rows *first*, *first* + 1 ... of *owner*, and what to tell `drained` when the ledger has them."""

    owner: str
    first: int
    rows: list[bytes]
    mark: tuple[str, int]


def position(number: int, at: int) -> int:
    """Grows with everything that is written."""
    return number << PLACE | at


class Shelf:
    """*first_row* counts only where there is no file yet. The last file is the one that is written to."""

    __slots__ = ("_drained", "_first_row", "_stock", "_through", "_told", "segments", "size")

    def __init__(
        self,
        directory: Path,
        segments: list[Segment],
        *,
        next_number: int,
        first_row: int,
        size: int,
        through: bool,
        say: Callable[[str, str], None],
    ) -> None:
        self.segments = deque(segments)
        self.size = size
        self._first_row = first_row
        self._through = through
        self._told = 0
        self._drained = (segments[0].first_row if segments else first_row) - 1
        self._stock = Stock(directory, next_number, size, through=through, say=say)

    @property
    def next_row(self) -> int:
        return self.segments[-1].next_row if self.segments else self._first_row

    @property
    def pending(self) -> int:
        """Rows that the ledger hasn't taken."""
        return self.next_row - 1 - self._drained

    def ahead(self) -> bool:
        """Whether there will be another file when this one is full."""
        return self._stock.ahead()

    def turn(self, life: int, end: int) -> Segment | None:
        """Begin the next file, the last one having ended at *end*. None while the disk is full."""
        fresh = self._stock.take()
        if fresh is None:
            return None
        fresh.first_row = self.next_row
        fresh.through = self._through
        head = framed(Beginning(fresh.number, end, fresh.first_row, life, self._through).payload())
        if self.segments:
            self.segments[-1].end = end
        fresh.map[: len(head)] = head
        fresh.end = len(head)
        self.segments.append(fresh)
        return fresh

    def take(self, owner: str, most: int) -> Batch | None:
        """The oldest rows that wait, of one file; the same again until they are drained."""
        first = self._drained + 1
        for segment in self.segments:
            if first < segment.next_row:
                since = first - segment.first_row
                until = min(len(segment.rows), since + most)
                rows = segment.rows_between(since, until)
                return Batch(owner, first, rows, (owner, first + len(rows) - 1))
        return None

    def drained(self, last: int) -> None:
        """The ledger has all rows up to *last*."""
        self._drained = max(self._drained, min(last, self.next_row - 1))

    def told(self, position: int) -> None:
        self._told = max(self._told, position)

    def waits_for_holds(self) -> Segment | None:
        """The oldest file, if open holds are all that it is kept for."""
        oldest = self.segments[0] if len(self.segments) > 1 else None
        return oldest if oldest is not None and oldest.open and self._over(oldest) else None

    def shed(self) -> Iterator[int]:
        """Let go of the oldest files while nobody needs them; their numbers."""
        while len(self.segments) > 1 and not self.segments[0].open and self._over(self.segments[0]):
            oldest = self.segments.popleft()
            self._stock.discard(oldest)
            yield oldest.number

    def idle(self) -> bool:
        """Whether nothing is in here that anybody waits for."""
        return all(not segment.open and self._over(segment) for segment in self.segments)

    def close(self, *, empty: bool) -> None:
        if empty:
            while self.segments:
                self._stock.discard(self.segments.popleft())
        self._stock.close()

    def _over(self, segment: Segment) -> bool:
        counts = segment.weight > 0
        return self._drained >= segment.next_row - 1 and (
            not counts or self._told >= position(segment.number, segment.weight)
        )
