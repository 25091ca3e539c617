"""How long a target has kept silent while calls wait for it: what it doesn't say is known before they run out of time.

Any answer shows that it is there, whichever call it belongs to, so that a busy target is never taken for a silent one.
"""

import math
from typing import Final

LENIENT: Final = 3.0  # times as long as a whole call usually takes, since answers differ in length
STRICT: Final = 2.0  # times as long as a stream's first content usually takes
UNMINDED: Final = 0.1  # seconds more that say nothing
UNHEARD: Final = 5.0  # seconds, for a target that never answered


class Silence:
    """*due* is when something must have been heard; infinite while nobody waits."""

    __slots__ = ("due",)

    def __init__(self) -> None:
        self.due = math.inf

    def asked(self, now: float, patience: float) -> None:
        """A call begins that should hear something within *patience* seconds."""
        due = now + patience
        self.due = min(self.due, due)

    def heard(self, now: float, patience: float, *, flying: int) -> None:
        """It said something. The *flying*, those that still wait, should hear something within *patience* seconds."""
        self.due = now + patience if flying else math.inf

    def late(self, now: float) -> float:
        """Seconds since something should have been heard; 0 if all is well."""
        return now - self.due if now > self.due else 0.0


def usually(seconds: float | None) -> float:
    """Patience for a call that usually takes *seconds* from beginning to end; None where nobody knows."""
    return UNHEARD if seconds is None else LENIENT * seconds + UNMINDED


def first(seconds: float | None) -> float:
    """The same for a stream's first content."""
    return UNHEARD if seconds is None else STRICT * seconds + UNMINDED
