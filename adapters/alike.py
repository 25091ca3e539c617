"""The ordinary events of one stream, where they are alike to the byte in all but their content.

There are two ways to tell that a read holds nothing else: to count what only such events have, which takes a few long
searches, and to walk from one to the next. Walking looks at every byte of a content, and compares all the others: in
machine code it takes a third of what counting takes, in the interpreter the triple. So each form has its own. Counting
lets pass what differs in nothing that tells of what kind an event is; walking takes such an event for another one.

What is looked for in bytes on this path is looked for by `find`: `in` takes them for a number first, and makes an
exception of that, which costs four times as much.
"""

from types import FunctionType
from typing import Final

Swap = tuple[bytes, bytes]

TELLING: Final = 16  # bytes before a content that tell of what kind it is
NEAR: Final = 32  # bytes of a content, for more of which it is quicker to count
SPACE: Final = 0x20
QUOTE: Final = 0x22
BACKSLASH: Final = 0x5C
UNKNOWN: Final = (-1, 0)  # where a run ends, and how many events it has: that has to be counted


def feeds(data: bytes) -> int:
    """How many line feeds there are. *replace* leaps from one to the next, where *count* would look at every byte."""
    return len(data) - len(data.replace(b"\n", b""))


COMPILED: Final = type(feeds) is not FunctionType


class Shape:
    """How all ordinary events of one stream begin and end, to the byte, where nothing in them changes but content.

    *opening* and *closing* are as much of the two as can be counted quickly, and not be faked by text. *seam* lies
    between two contents. *overhead* are the bytes of an event that aren't content, *swaps* what is replaced in them.
    """

    __slots__ = ("after", "before", "closing", "opening", "overhead", "seam", "swaps", "walks")

    def __init__(
        self, before: bytes, after: bytes, closing: bytes, swaps: tuple[Swap, ...], *, walks: bool = COMPILED
    ) -> None:
        self.before = before
        self.after = after
        self.opening = before[-TELLING:]
        self.closing = closing
        self.seam = after + before
        self.overhead = len(self.seam)
        self.swaps = swaps
        self.walks = walks and after.startswith(b'"')  # which is what it would stop at

    def without(self, head: int) -> "Shape":
        """The same, but for so many bytes at the beginning."""
        return Shape(self.before[head:], self.after, self.closing, self.swaps)

    def run(self, data: bytes, start: int) -> tuple[int, int]:
        """The ordinary events that *data* holds from *start* on: where they end, and how many they are.

        0, 0 if there are none; where they are counted also if there are others between them, or one that is broken.
        """
        if not data.startswith(self.before, start):
            return 0, 0
        end, count = self._walk(data, start) if self.walks else UNKNOWN
        return (end, count) if end >= 0 else self._counted_run(data, start)

    def all_in(self, data: bytes) -> int:
        """How many ordinary events *data*, which begins and ends like one, consists of; 0 if there is anything else."""
        size = len(data)
        end, count = self._walk(data, 0) if self.walks else UNKNOWN
        if end < 0:
            return self._counted(data, feeds(data), 0, size)
        return count if end == size else 0

    def _walk(self, data: bytes, start: int) -> tuple[int, int]:
        """The same as *run* for what begins like an ordinary event; UNKNOWN where a content is long."""
        size, seam, after = len(data), self.seam, self.after
        between, behind = len(seam), len(after)
        ahead = between - behind
        count = 0
        at = start + ahead
        while True:
            near = at + NEAR
            while at < size:
                byte = data[at]
                if byte == QUOTE or byte < SPACE:
                    break
                if at >= near:
                    return UNKNOWN
                at += 2 if byte == BACKSLASH else 1
            if data[at : at + between] != seam:
                break
            count += 1
            start = at + behind
            at += between
        end = at + behind
        if data[at:end] == after:
            return end, count + 1
        return (start, count) if count else (0, 0)

    def _counted_run(self, data: bytes, start: int) -> tuple[int, int]:
        before, after = self.before, self.after
        end = data.find(after, data.rfind(before, start) + len(before)) + len(after)
        if end < len(after):
            return 0, 0
        # What is beside them is short, and is what can be copied.
        count = self._counted(data, feeds(data) - feeds(data[:start]) - feeds(data[end:]), start, end)
        return (end, count) if count else (0, 0)

    def _counted(self, data: bytes, lines: int, start: int, end: int) -> int:
        """How many ordinary events *data*, which begins and ends like one, consists of from *start* to *end*; 0 if
        there is anything else.

        Two short searches are quicker than one for all that is between two contents, above all in an interpreter that
        was built with a profile, which holds long searches to be rare.
        """
        count = data.count(self.closing, start, end)
        return count if 2 * count == lines and count == data.count(self.opening, start, end) else 0


def shaped(before: bytes, after: bytes, swaps: tuple[Swap, ...]) -> Shape | None:
    """None where an end could not be told from what text may hold, or where an event has more than one line."""
    if after.count(b"\n") != 2 or before.find(b"\n") >= 0:
        return None
    # A quote behind its first byte, or else the line feed, is what text can't hold.
    closing = after[:-2] if b'"' in after[1:] else after[:-1]
    return Shape(before, after, closing, swaps)
