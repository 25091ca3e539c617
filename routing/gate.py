"""What calls pass on their way to a target: its limit, declared or learned, and the line of those who wait."""

import math
from typing import Final

from core.target import Concurrency
from core.usage import Usage
from routing.limit import Limit
from routing.line import Line, Waiting
from routing.pace import WINDOW, Pace

NEWEST: Final = 0.2  # share of the last call in the decaying average
ENOUGH: Final = 16  # tokens of an answer in one piece, before which its start is all that is measured
# Seconds that nobody minds: to the first content of a stream, and for each token of an answer in one piece.
LEAST: Final[tuple[float, ...]] = (0.1, 0.005)


class Gate:
    """Of one target. A call may begin while fewer than *room* are under way; nobody overtakes the line.

    *seconds* is how long a good call is under way, None before the first. Wherever *flying* is asked for, it is how
    many calls are under way now; *of* is how many there were with the one that has just ended.
    """

    __slots__ = ("_declared", "_learned", "_learns", "_line", "_paces", "_promised", "room", "seconds")

    def __init__(self) -> None:
        self._learned = Limit()
        self._learns = True
        self._declared = math.inf
        self._paces: tuple[Pace, ...] | None = None
        self._line = Line()
        self._promised = 0  # places of those who were called from the line, and haven't begun yet
        self.room: float = math.inf
        self.seconds: float | None = None

    @property
    def most(self) -> float:
        """How many calls may be under way at a time; infinite where there is no limit."""
        return min(self._declared, self._learned.most)

    @property
    def waiting(self) -> int:
        return self._line.size

    def heed(self, wanted: Concurrency, flying: int) -> None:
        """What the operator says."""
        self._declared = math.inf if wanted.most is None else wanted.most
        self._learns = wanted.learns
        if not wanted.learns:
            self._learned.forget()
        if not wanted.slows:
            self._paces = None
        elif self._paces is None:
            self._paces = tuple(Pace(least) for least in LEAST)
        self.let_in(flying)

    # What calls tell when they end

    def served(self, now: float, of: int, took: float, first: float | None, usage: Usage | None) -> None:
        """It went well, and *took* so long; *first* as long to the first content, of a stream that took *usage*."""
        if took > 0:
            average = self.seconds
            self.seconds = took if average is None else average + NEWEST * (took - average)
        if self._learns and (self._paces is not None or not self._learned.calm):
            if self._paces is not None:
                self._compare(now, of, took, first, 0 if usage is None else usage.output)
            self._learned.served(now, of + self._promised, round=1 if self._paces is None else WINDOW)

    def refused(self, now: float, of: int) -> bool:
        """The target was overloaded. Whether that is explained by how many calls it had."""
        explained = self._learns and self._learned.refused(now, of)
        self._set_room()
        return explained

    def slow(self, now: float, of: int, began: float) -> None:
        """It timed out."""
        if self._learns:
            self._learned.slow(now, of, began)
            self._set_room()

    def forget(self) -> None:
        """The target is out: what it took before, and what it will take then, are two things."""
        self._learned.forget()

    # The line

    @property
    def turn(self) -> float | None:
        """Seconds from one turn to the next; None where nobody knows."""
        return None if self.seconds is None or self.most == math.inf else self.seconds / self.most

    def ahead(self, key: str, level: int) -> int:
        """How many would go before one more call of *key*."""
        return self._line.ahead(key, level)

    def join(self, who: Waiting, most: int, flying: int) -> bool:
        """Whether *who* may wait, in a line of *most*. It may be its turn at once."""
        if self._line.size == 0 and flying < self.room:
            self._promised += 1
            who.enter()
            self._set_room()
            return True
        joined = self._line.join(who, most)
        self._set_room()
        return joined

    def leave(self, who: Waiting) -> None:
        """*who* waits no longer; harmless for those who aren't in line."""
        self._line.remove(who)
        self._set_room()

    def taken(self) -> None:
        """A place that was kept has its call, which is counted as under way before anything else happens."""
        self._promised -= 1
        self._set_room()

    def given_back(self, flying: int) -> None:
        """A place that was kept isn't wanted any more."""
        self._promised -= 1
        self.let_in(flying)

    def let_in(self, flying: int) -> None:
        """Call those for whom there is a place now. To be asked whenever a call has ended and *room* isn't infinite."""
        most = self.most
        while self._line.size and flying + self._promised < most:
            self._promised += 1
            self._line.next().enter()
        self._set_room()

    def _set_room(self) -> None:
        self.room = 0 if self._line.size else self.most - self._promised

    def _compare(self, now: float, of: int, took: float, first: float | None, output: int) -> None:
        paces = self._paces or ()
        if now - took < self._learned.changed:
            return
        if first is not None:
            share = paces[0].took(first, of)
        elif output >= ENOUGH:
            share = paces[1].took(took / output, of)
        else:
            return
        if share < 1:
            self._learned.slower(now, of, share)
            self._set_room()
            for pace in paces:
                pace.restart()
