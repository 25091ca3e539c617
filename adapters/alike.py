"""The ordinary events of one stream, where they are alike to the byte in all but their content.

A read of them is walked through from one to the next: all that isn't content has to be the same, and a content has to
be one JSON string, or what stands in it could be another call of a tool, an error or half an event.

What is looked for in bytes on this path is looked for by `find`: `in` takes them for a number first, and makes an
exception of that, which costs four times as much.
"""

import re
from types import FunctionType
from typing import Final

Swap = tuple[bytes, bytes]

SPACE: Final = 0x20
QUOTE: Final = 0x22
BACKSLASH: Final = 0x5C
FEED: Final = 0x6E  # as in an escaped line feed
_WORDS: Final = re.compile(rb'[^"\\\x00-\x1f]*')
_STRING: Final = re.compile(rb'(?:[^"\\\x00-\x1f]+|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*')


def is_text(data: bytes) -> bool:
    """Whether it is UTF-8, as JSON has to be."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


# Machine code looks at a short content faster by itself than it calls a pattern.
NEAR: Final = 0 if type(is_text) is FunctionType else 32


def content_end(data: bytes, at: int, near: int = NEAR) -> int:
    """Where the string that *at* is in ends: at its quote, or at what no string may hold."""
    stop = min(at + near, len(data) - 1)
    while at < stop:
        byte = data[at]
        if byte == QUOTE or byte < SPACE:
            return at
        if byte == BACKSLASH:
            byte = data[at + 1]
            if byte not in (FEED, QUOTE):
                break
            at += 1
        at += 1
    found = _WORDS.match(data, at)
    at = at if found is None else found.end()
    if data[at : at + 1] != b"\\":
        return at
    found = _STRING.match(data, at)
    return at if found is None else found.end()


class Shape:
    """How all ordinary events of one stream begin and end, to the byte, where nothing in them changes but content.

    *seam* lies between two contents. *overhead* are the bytes of an event that aren't content, *swaps* what is replaced
    in them.
    """

    __slots__ = ("after", "before", "overhead", "seam", "swaps")

    def __init__(self, before: bytes, after: bytes, swaps: tuple[Swap, ...]) -> None:
        self.before = before
        self.after = after
        self.seam = after + before
        self.overhead = len(self.seam)
        self.swaps = swaps

    def without(self, head: int) -> "Shape":
        """The same, but for so many bytes at the beginning."""
        return Shape(self.before[head:], self.after, self.swaps)

    def run(self, data: bytes, start: int) -> tuple[int, int]:
        """The ordinary events that *data* holds from *start* on: where they end, and how many they are; 0, 0 if there
        are none.
        """
        seam, after = self.seam, self.after
        between, behind = len(seam), len(after)
        count = 0
        at = start + between - behind
        if data[start:at] != self.before or not is_text(data):
            return 0, 0
        while True:
            at = content_end(data, at)
            if data[at : at + between] != seam:
                break
            count += 1
            start = at + behind
            at += between
        end = at + behind
        if data[at:end] == after:
            return end, count + 1
        return (start, count) if count else (0, 0)


def shaped(before: bytes, after: bytes, swaps: tuple[Swap, ...]) -> Shape | None:
    """None where an event has more than one line, or where its content is none that a string's end follows."""
    if before.find(b"\n") >= 0 or after.count(b"\n") != 2 or not after.startswith(b'"'):
        return None
    return Shape(before, after, swaps)
