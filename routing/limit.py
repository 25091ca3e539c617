"""How many calls a target takes at a time, as far as it has shown.

There is no limit until there are signs of one, and then it follows them:

refused, timed out, slower    down: below what was under way then
a good call while in use      up by one for each round of them, sooner and sooner as long as nothing speaks against it
grown to twice what was ever refused, or an outage    none again

A step up is a probe. One that is refused is taken back, and the next one waits for twice as many good calls.
"""

import math
from typing import Final

BACK: Final = 0.9  # of what was under way when there was a sign
TOLERATED: Final = 0.05  # share of signs among all calls that is chance, and no limit
MEMORY: Final = 40  # calls after which older ones count half
MOST_PATIENCE: Final = 16  # rounds of good calls before the next probe
SLOW_STEPS: Final = 3  # of one; the next ones grow by half
AGAIN: Final = 60.0  # seconds after which one round is enough, since calls may be long


class Limit:
    """What one target has shown. *most* calls may be under way at a time; infinite while nothing is known.

    Wherever *flying* is asked for, it is how many calls were under way with the one that has just ended.
    """

    __slots__ = ("_good", "_grown", "_patience", "_proven", "_refused_at", "_served", "_shrunk", "_signs", "most")

    def __init__(self) -> None:
        self._served = 0.0
        self._signs = 0.0
        self._shrunk = -math.inf  # when
        self.forget()

    def forget(self) -> None:
        """Nothing is known."""
        self.most: float = math.inf
        self._refused_at = 0
        self._proven = 0  # the limit before a step that nothing has confirmed yet
        self._patience = 1
        self._grown = 0  # steps in a row
        self._good = 0

    def served(self, now: float, flying: int) -> None:
        """A call ended well."""
        self._served += 1
        if self._served >= MEMORY:
            self._served /= 2
            self._signs /= 2
        if flying >= self.most:
            self._good += 1
            if self._good >= self.most:
                self._round(now)

    def refused(self, now: float, flying: int) -> bool:
        """The target had too much to do. Whether that is explained by how many calls were under way.

        Refused calls are gone at once: what stays under way is what the target has taken, so that the limit
        finds its place while a burst is being refused.
        """
        if not self._believed(flying):
            return False
        if not self._stepped_back(now, flying):
            self._shrink(now, flying, BACK)
        return True

    def slow(self, now: float, flying: int, began: float) -> None:
        """A call that began at *began* timed out. Those that were under way together tell of one and the same thing."""
        if began > self._shrunk and self._believed(flying) and not self._stepped_back(now, flying):
            self._shrink(now, flying, BACK)

    def slower(self, now: float, flying: int, share: float) -> None:
        """Calls take longer than they should, as if *share* of those under way were enough."""
        if flying > 1 and not self._stepped_back(now, flying):
            self._shrink(now, flying, min(share, BACK))

    def _believed(self, flying: int) -> bool:
        """Whether a sign tells of a limit, not of chance or of a target that takes nothing at all."""
        self._signs += 1
        if flying < 2:
            return False
        return bool(self._proven) or self._signs > TOLERATED * (self._served + self._signs)

    def _stepped_back(self, now: float, flying: int) -> bool:
        """If it was the last step that went too far: take it back, and wait longer before the next."""
        if not self._proven or flying <= self._proven:
            return False
        self.most, self._proven = self._proven, 0
        self._patience = min(2 * self._patience, MOST_PATIENCE)
        self._refused_at = flying
        self._settle(now)
        return True

    def _shrink(self, now: float, flying: int, share: float) -> None:
        self.most = max(1, min(self.most, int(share * flying)))
        self._refused_at = flying
        self._proven = 0
        self._patience = 1
        self._settle(now)

    def _settle(self, now: float) -> None:
        self._shrunk = now
        self._grown = self._good = 0

    def _round(self, now: float) -> None:
        """As many good calls have ended as the limit lets in, while it was in use."""
        if self._proven:
            self._proven = 0
            self._patience = 1
        if self._good < self.most * self._patience and now < self._shrunk + AGAIN:
            return
        self._good = 0
        self._grown += 1
        proven = self._proven = int(self.most)
        self.most = proven + (1 if self._grown <= SLOW_STEPS else max(1, proven // 2))
        if self.most >= 2 * self._refused_at:
            self.forget()
