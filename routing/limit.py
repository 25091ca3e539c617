"""How many calls a target takes at a time, as far as it has shown.

There is no limit until there are signs of one, and then it follows them:

refused, timed out, slower              below what was under way then
good calls, with the limit in use       up by one for each round of them; beyond what was ever refused, by half
twice what was ever refused             none again

A step up is a probe. One that is refused is taken back, and the next one waits for twice as many good calls.
"""

import math
from typing import Final

BACK: Final = 0.9  # of what was under way when calls were refused
LATE: Final = 0.7  # of what was under way when calls timed out, who found that out late
TOLERATED: Final = 0.2  # share of signs among all calls that is chance, and no limit
IN_A_ROW: Final = 3  # signs that are no chance; fewer than what opens a breaker
ENOUGH: Final = 10  # calls, of which a share says something
MEMORY: Final = 40  # calls after which older ones count half
FORGOTTEN: Final = 0.5  # signs, halved again and again
MOST_PATIENCE: Final = 16  # rounds of good calls before the next probe
CLOSE: Final = 3  # calls beyond what was refused, up to which steps are small
AGAIN: Final = 60.0  # seconds after which one round is enough, since calls may be long


class Limit:
    """What one target has shown. *most* calls may be under way at a time; infinite while nothing is known.

    *changed* is when it was last reduced; *calm*: without any signs, one more good call tells nothing new. Wherever
    *flying* is asked for, it is how many calls were under way with the one that has just ended.
    """

    __slots__ = (
        "_follows",
        "_good",
        "_patience",
        "_proven",
        "_refused_at",
        "_row",
        "_served",
        "_signs",
        "calm",
        "changed",
        "most",
    )

    def __init__(self) -> None:
        self._served = 0.0
        self._signs = 0.0
        self._row = 0  # signs since the last good call
        self.calm = False
        self.changed = -math.inf
        self.forget()

    def forget(self) -> None:
        """Nothing is known."""
        self.most: float = math.inf
        self._refused_at = 0
        self._follows = False  # it goes down with those that are under way, as long as more are refused
        self._proven = 0  # the limit before a step that nothing has confirmed yet
        self._patience = 1
        self._good = 0

    def served(self, now: float, flying: int, *, round: int = 1) -> None:
        """A call ended well. It takes *round* of them at least before a step counts as confirmed."""
        self._row = 0
        self._served += 1
        if self._served >= MEMORY:
            self._served /= 2
            self._signs /= 2
        if flying >= self.most:
            self._good += 1
            if self._good >= max(self.most, round):
                self._step(now, max(self.most, round))
        self.calm = self._signs < FORGOTTEN and self._served >= MEMORY / 2 and self.most == math.inf

    def refused(self, now: float, flying: int) -> bool:
        """The target had too much to do. Whether that is explained by how many calls were under way.

        Refused calls are gone at once: what stays under way is what the target has taken, so that the limit
        finds its place while a burst is being refused.
        """
        self._sign()
        if flying < 2:
            return False
        if self._stepped_back(now, flying) or (flying > self.most and not self._follows):
            return True
        if not self._believed():
            return False
        self._shrink(now, flying, BACK)
        self._follows = True
        return True

    def slow(self, now: float, flying: int, began: float) -> None:
        """A call that began at *began* timed out. Those that were under way together tell of one and the same thing."""
        self._sign()
        if flying < 2 or began <= self.changed or self._stepped_back(now, flying):
            return
        if self._believed():
            self._shrink(now, flying, LATE)

    def slower(self, now: float, flying: int, share: float) -> None:
        """Calls that began after the last change take longer than they should, as if *share* of them were enough."""
        if flying > 1 and not self._stepped_back(now, flying):
            self._shrink(now, flying, min(share, BACK))

    def _sign(self) -> None:
        self._signs += 1
        self._row += 1
        self.calm = False

    def _believed(self) -> bool:
        """Whether signs tell of a limit, and not of chance."""
        calls = self._served + self._signs
        return self._row >= IN_A_ROW or (calls >= ENOUGH and self._signs > TOLERATED * calls)

    def _stepped_back(self, now: float, flying: int) -> bool:
        """If it was the last step that went too far: take it back, and wait longer before the next."""
        if not self._proven or flying <= self._proven:
            return False
        self.most = self._proven
        self._patience = min(2 * self._patience, MOST_PATIENCE)
        self._settle(now, flying)
        return True

    def _shrink(self, now: float, flying: int, share: float) -> None:
        self.calm = False
        self.most = max(1, min(self.most, int(share * flying)))
        self._patience = 1
        self._settle(now, flying)

    def _settle(self, now: float, flying: int) -> None:
        self._refused_at = max(flying, int(BACK * self._refused_at))
        self._follows = False
        self._proven = 0
        self._good = 0
        self.changed = now

    def _step(self, now: float, round: float) -> None:
        """As many good calls have ended as the limit lets in, while it was in use."""
        if self._proven:
            self._proven = 0
            self._patience = 1
        if self._good < round * self._patience and now < self.changed + AGAIN:
            return
        self._good = 0
        proven = self._proven = int(self.most)
        self.most = proven + (1 if proven < self._refused_at + CLOSE else max(1, proven // 2))
        if self.most >= 2 * self._refused_at:
            self.forget()
