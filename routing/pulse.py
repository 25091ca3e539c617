"""How fast a target is: a moving average that jumps up at once and comes down slowly, and counts failures as slow.

Peak-EWMA, as in Finagle: who was slow just now is likely to be slow for the next one, too. But a lone peak, which a
long prompt is enough for, counts as twice the average at most.
"""

import math
from typing import Final

FADES: Final = 10.0  # seconds in which a faster answer takes the place of what was there
LEAST, MOST = 0.05, 0.3  # what a faster answer counts at least, and at most, however soon or late it comes
PEAK: Final = 2.0
QUIET: Final = 0.5  # seconds of silence that mean nothing
SETTLED: Final = 1.1  # times as slow as the last answer is still the same
FEW: Final = 16  # tokens say nothing about the time that each of them takes
UNKNOWN: Final = 5.0  # seconds, for one that failed before it ever answered
LONGEST: Final = 120.0
_BEFORE: Final = 0.2  # of a whole answer's time, until its first token, where nobody has seen that


class Pulse:
    """*first* is in seconds to the first content, None before anything was heard; *pace* in seconds for each token
    after it; *at* when an attempt ended last, but while answers are much faster than what is believed it stays, so that
    another look is due. *heard* is the last sign of life (a first content, the end of an
    answer) of attempts that are under way, or when they began; infinity while there are none.
    """

    __slots__ = ("_failing", "at", "first", "heard", "pace")

    def __init__(self) -> None:
        self.first: float | None = None
        self.pace = 0.0
        self.at = 0.0
        self.heard = math.inf
        self._failing = False

    def quiet(self, now: float, in_flight: int) -> float | None:
        """As *first*, where nothing was heard for more than QUIET seconds of the attempts that are under way.

        The more of them wait in vain, the slower it looks: who hangs is known by that before an attempt has failed.
        """
        first, silence = self.first, now - self.heard
        if first is None:
            return silence * in_flight
        return first + max(silence - PEAK * first - QUIET, 0.0) * in_flight

    def opened(self, now: float, first: float) -> None:
        """The first content of an answer is here, after *first* seconds; `paced` follows when all of it is."""
        self.heard = now
        again = self._well_again(now)
        if self.first is None or again:
            self.first = first
        else:
            self.first = moved(self.first, first, now - self.at)
        if not again and self.first <= SETTLED * first:
            self._settle(now)

    def paced(self, now: float, seconds: float, tokens: int) -> None:
        """The rest of an answer that has *opened* took *seconds*, for *tokens*."""
        self._walk(seconds, tokens, now - self.at)

    def answered(self, now: float, seconds: float, tokens: int, first: float | None = None) -> None:
        """An answer of *tokens* took *seconds*, of which *first* until its first content, where it came in pieces."""
        gap, again = now - self.at, self._well_again(now)
        if self.first is None or again:
            self._begin(seconds, tokens, first)
        elif first is None:
            self._whole(seconds, tokens, gap)
        else:
            self.first = moved(self.first, first, gap)
            self._walk(seconds - first, tokens, gap)
        if not again and (self.first or 0.0) + self.pace * tokens <= SETTLED * seconds:
            self._settle(now)

    def failed(self, now: float, seconds: float) -> None:
        """An attempt failed after *seconds*, and the target is to blame."""
        self.at = now
        self._failing = True
        former = self.first
        self.pace = min(self.pace * PEAK, LONGEST / 100)
        self.first = min(max(UNKNOWN if former is None else former * PEAK, seconds), LONGEST)

    def slower_than(self, now: float, seconds: float) -> None:
        """Nobody knows how long it would have taken to its first content, but it was more than *seconds*."""
        if self.first is not None and seconds > self.first:
            self.at = now
            self.first = moved(self.first, seconds, 0.0)

    def given_up(self, now: float, seconds: float, tokens: int) -> None:
        """Nobody waited any longer than *seconds* for an answer of *tokens*, or for its first content (0 then): the
        client left, or the call's time was over.
        """
        if self.first is None:
            if seconds >= UNKNOWN:
                self.failed(now, seconds)
            return
        usual = self.first + self.pace * tokens
        if seconds > usual > 0:
            change = moved(usual, seconds, 0.0) / usual
            self.at = now
            self.first *= change
            if tokens:
                self.pace *= change

    def _well_again(self, now: float) -> bool:
        """Whether it failed, long ago: what was believed since says nothing of an answer of today, which may be chance,
        so that another look is due at once.
        """
        if not self._failing or now - self.at < FADES:
            return False
        self._failing = False
        return True

    def _settle(self, now: float) -> None:
        self.at = now
        self._failing = False

    def _begin(self, seconds: float, tokens: int, first: float | None) -> None:
        if tokens < FEW:
            self.first = seconds if first is None else first
            return
        self.first = seconds * _BEFORE if first is None else first
        self.pace = max(seconds - self.first, 0.0) / tokens

    def _walk(self, seconds: float, tokens: int, gap: float) -> None:
        if tokens >= FEW:
            self.pace = moved(self.pace, max(seconds, 0.0) / tokens, gap)

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
