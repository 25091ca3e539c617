"""How fast a target is: a moving average that jumps up at once and comes down slowly, and counts failures as slow.

Peak-EWMA, as in Finagle: who was slow just now is likely to be slow for the next one, too. But a lone peak, which a
long prompt is enough for, counts as twice the average at most.
"""

from typing import Final

FADES: Final = 10.0  # seconds in which a faster answer takes the place of what was there
LEAST, MOST = 0.05, 0.3  # what a faster answer counts at least, and at most, however soon or late it comes
PEAK: Final = 2.0
SETTLED: Final = 1.25  # times as slow as the last answer is still the same
FEW: Final = 16  # tokens say nothing about the time that each of them takes
UNKNOWN: Final = 5.0  # seconds, for one that failed before it ever answered
LONGEST: Final = 120.0
_BEFORE: Final = 0.2  # of a whole answer's time, until its first token, where nobody has seen that


class Pulse:
    """*first* is in seconds to the first content, None before anything was heard; *pace* in seconds for each token
    after it; *at* when it was heard last, as far as that is settled: while answers are much faster than what is
    believed, another look is due.
    """

    __slots__ = ("_failing", "at", "first", "pace")

    def __init__(self) -> None:
        self.first: float | None = None
        self.pace = 0.0
        self.at = 0.0
        self._failing = False

    def answered(self, now: float, seconds: float, tokens: int, first: float | None = None) -> None:
        """An answer of *tokens* took *seconds*, of which *first* until its first content, where it came in pieces."""
        gap = now - self.at
        if self.first is None or (self._failing and gap >= FADES):
            # What it was while it failed says nothing of what it is.
            self._begin(seconds, tokens, first)
        elif first is None:
            self._whole(seconds, tokens, gap)
        else:
            self.first = moved(self.first, first, gap)
            if tokens >= FEW:
                self.pace = moved(self.pace, max(seconds - first, 0.0) / tokens, gap)
        believed = self.first or 0.0
        if believed <= SETTLED * first if first is not None else believed + self.pace * tokens <= SETTLED * seconds:
            self.at = now
            self._failing = False

    def failed(self, now: float, seconds: float) -> None:
        """An attempt failed after *seconds*, and the target is to blame."""
        self.at = now
        self._failing = True
        former = self.first
        self.pace = min(self.pace * PEAK, LONGEST / 100)
        self.first = min(max(UNKNOWN if former is None else former * PEAK, seconds), LONGEST)

    def given_up(self, now: float, seconds: float, tokens: int) -> None:
        """After *seconds* nobody waited any longer for an answer of *tokens*, or for its first content (0 then)."""
        if self.first is None:
            if seconds >= UNKNOWN:
                self.failed(now, seconds)
            return
        usual = self.first + self.pace * tokens
        if seconds > usual > 0:
            change = min(seconds / usual, PEAK)
            self.at = now
            self.first = min(self.first * change, LONGEST)
            if tokens:
                self.pace = min(self.pace * change, LONGEST / 100)

    def _begin(self, seconds: float, tokens: int, first: float | None) -> None:
        if tokens < FEW:
            self.first = seconds if first is None else first
            return
        self.first = seconds * _BEFORE if first is None else first
        self.pace = max(seconds - self.first, 0.0) / tokens

    def _whole(self, seconds: float, tokens: int, gap: float) -> None:
        """Where only the sum is known, both parts change alike."""
        first = self.first or 0.0
        if not self.pace and tokens >= FEW:
            self.pace = max(seconds - first, 0.0) / tokens
            return
        usual = first + self.pace * tokens
        if usual > 0:
            change = moved(usual, seconds, gap) / usual
            self.first = first * change
            self.pace *= change


def moved(average: float, new: float, gap: float) -> float:
    """*average*, *gap* seconds after it was moved last, by *new*."""
    if new >= average:
        return min(new, average * PEAK) if average else new
    share = gap / FADES
    return average + min(max(share, LEAST), MOST) * (new - average)
