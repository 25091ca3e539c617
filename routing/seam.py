"""Where the rest of a broken answer joins what the client has: no word twice, and none lost.

A model that is handed the beginning of its answer may go on to the letter. Others are asked to repeat the last words,
the anchor, and to go on from there; what stands before the anchor is talk. Text is held back until the seam is found.
"""

import re
from typing import Final

from core.ask import Onward

LOOK: Final = 200  # characters of talk that may precede the anchor
SURE: Final = 16  # a shorter anchor may occur in any talk: only where the text begins is it the anchor
RUN: Final = 8  # a repeated run of this length is a repetition
_LENGTHS: Final = (48, 96, 192, 384)  # of anchors
_WORD: Final = 24  # how much longer an anchor gets, so that it begins with a whole word
_FENCE: Final = "```"
# What may stand between the beginning of a text and its first word without being talk.
_FRAME: Final = re.compile(r"\s*(?:```[^\n`]*\n\s*)?(?:\.\.\.|…)?\s*")


def mended(said: str) -> str:
    """*said* with the halves of characters put together that came in different pieces; others are replaced, but for
    one at the very end.
    """
    if said.isascii():
        return said
    whole = said.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    half = whole[-1:] if "\ud800" <= whole[-1:] <= "\udbff" else ""
    return whole[: len(whole) - len(half)].encode("utf-8", "replace").decode() + half


def shown(said: str) -> str:
    """What of *said* can be shown to a model: all but half a character at its end."""
    return said[:-1] if "\ud800" <= said[-1:] <= "\udbff" else said


def anchor(said: str) -> str:
    """The last words of *said*, as many as it takes to know them again; without the blanks at its end."""
    end = shown(said).rstrip()
    found = ""
    for length in _LENGTHS:
        start = max(0, len(end) - length)
        word = max((end.rfind(blank, max(0, start - _WORD), start) for blank in " \n"), default=-1)
        found = end[word + 1 if word >= 0 and start else start :].lstrip()
        if end.find(found) + len(found) == len(end):
            break
    return found


class Seam:
    """One for each attempt to go on with an answer. *said* is what the client has, as `mended` leaves it.

    *found*: what is fed goes through. *lost*: there is no seam, and nothing of this text may be used.
    """

    __slots__ = ("_gap", "_half", "_held", "_pattern", "_said", "_way", "found", "lost")

    def __init__(self, said: str, way: Onward) -> None:
        self._said = shown(said)
        self._half = said[len(self._said) :]
        self._way = way
        self._held = ""
        end = self._said.rstrip()
        # Blanks at the end of what was said: the model doesn't know whether they are there.
        self._gap = "" if way == "exact" else self._said[len(end) :]
        self._pattern = re.compile(r"\s+".join(map(re.escape, anchor(said).split()))) if way == "" else None
        self.found = way == "exact" and not self._half
        self.lost = False

    def feed(self, text: str) -> str:
        """What of *text*, and of what was held back, is new to the client."""
        if self.found:
            return text
        self._held += text
        return self._join(last=False)

    def close(self) -> str:
        """The text has ended: what is left of it. Without a seam it is *lost*."""
        return "" if self.found else self._join(last=True)

    def _join(self, *, last: bool) -> str:
        if self.lost or not (self._way in {"exact", "trimmed"} or self._begins(last=last)):
            return ""
        rest = self._held
        if self._gap and not last and not rest.strip():
            return ""  # more blanks may come
        if self._gap:
            new = rest.lstrip()
            rest = _between(self._gap, rest[: len(rest) - len(new)]) + new
        if self._half:
            if not rest and not last:
                return ""
            rest = self._completed(rest)
        self._held, self.found = "", not self.lost
        return rest

    def _begins(self, *, last: bool) -> bool:
        """Whether it is known where the text that is held begins to be new. Then no more than that is held."""
        end = self._ends_echo(last=last) if self._pattern is None else self._ends_anchor(last=last)
        if end is None:
            return False
        self._held = self._held[end:]
        self._way = "trimmed"  # what is left is to fit the gap in
        return True

    def _ends_echo(self, *, last: bool) -> int | None:
        """Some repeat the beginning that they were handed, all of it."""
        said, held = self._said.rstrip(), self._held
        if held.startswith(said):
            return len(said)
        if said.startswith(held) and not last:
            return None
        self._gap = ""  # it knows of the blanks
        return 0

    def _ends_anchor(self, *, last: bool) -> int | None:
        held, pattern = self._held, self._pattern
        assert pattern is not None
        match = pattern.search(held)
        if match is not None and self._plausible(match):
            return match.end()
        if not last and len(held) < LOOK + len(pattern.pattern):
            return None
        end = self._overlap()
        self.lost = end is None
        return end

    def _plausible(self, match: re.Match[str]) -> bool:
        """Whether what stands before the anchor may be dropped."""
        before = self._held[: match.start()]
        if before.count(_FENCE) % 2 and self._said.count(_FENCE) % 2 == 0:
            return False  # all of it stands in a box that nobody opened, and will be closed
        return _FRAME.fullmatch(before) is not None or (len(before) <= LOOK and len(match[0]) >= SURE)

    def _overlap(self) -> int | None:
        """Where a text ends to repeat that repeats less than it was asked to, but at once."""
        frame = _FRAME.match(self._held)
        begin = 0 if frame is None else frame.end()
        said = self._said.rstrip()
        if _FENCE in self._held[:begin] and said.count(_FENCE) % 2 == 0:
            return None
        for length in range(min(len(said), len(self._held) - begin), RUN - 1, -1):
            if said.endswith(self._held[begin : begin + length]):
                return begin + length
        return None

    def _completed(self, rest: str) -> str:
        """The client has half a character: what follows must begin with all of it, and the other half goes out."""
        first, half = rest[:1], self._half
        if first == half:
            return rest[1:]
        pair = first.encode("utf-16-be", "surrogatepass")
        if len(pair) == 4 and pair[:2] == half.encode("utf-16-be", "surrogatepass"):
            return pair[2:].decode("utf-16-be", "surrogatepass") + rest[1:]
        self.lost = True
        return ""


def _between(gap: str, space: str) -> str:
    """What of *space* goes out, where the client has *gap* in its place already."""
    for length in range(min(len(gap), len(space)), 0, -1):
        if gap.endswith(space[:length]):
            return space[length:]
    if "\n" in space and "\n" not in gap:
        return space[space.index("\n") :]
    return ""
