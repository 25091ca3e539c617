"""Whether a target gets slower the more calls it has: how long calls take now, over how long they take at best.

Long prompts and answers come to everybody, so that medians of some calls are compared and not single ones.
Streams count by their first content; answers in one piece by the time for each token, or long ones would seem slow.
"""

from statistics import median
from typing import Final

WINDOW: Final = 16  # calls that are looked at together
TOLERANCE: Final = 1.5  # how much longer than at best is nothing to speak of
BETTER: Final = 0.25  # how far the best follows a window that was faster, which may have been luck


class Pace:
    """Of one kind of answers of one target."""

    __slots__ = ("_alone", "_best", "_least", "_seconds")

    def __init__(self, least: float) -> None:
        """*least*: seconds more than at best that nobody minds."""
        self._least = least
        self._best = 0.0
        self._seconds: list[float] = []
        self._alone = True  # none of them had company

    def took(self, seconds: float, flying: int) -> float:
        """A good call took so long, one of *flying*. The share of them that would be fast; 1 where nothing is wrong.

        What is told after a share below 1 is looked at afresh.
        """
        self._seconds.append(seconds)
        self._alone = self._alone and flying <= 1
        if len(self._seconds) < WINDOW:
            return 1.0
        usual, alone = median(self._seconds), self._alone
        self.restart()
        if alone or not self._best:
            # With nobody else there, it is as fast as it gets.
            self._best = usual
        best = self._best
        if usual < best:
            self._best += BETTER * (usual - best)
        return 1.0 if usual - best < self._least else min(1.0, TOLERANCE * best / usual)

    def restart(self) -> None:
        """Forget the calls of the present window."""
        self._seconds.clear()
        self._alone = True
