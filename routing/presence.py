"""Whether a provider is there, as far as questions that cost nothing tell.

Some failures in a row take its targets away, some good answers in a row bring them back, and so does a call that
succeeds. What a question can't tell (whether a key is good, whether there is quota left) changes nothing.
"""

from core.faults import Failure, Fault
from core.target import Thresholds
from routing.breaker import PASSING

_BAD_GATEWAY = 502  # of whoever stands before it, and found nobody


class Presence:
    """*lost* is the fault for which its targets are left alone, None while they aren't; *back* when they may be there
    again at the earliest. *times* counts how often that happened.
    """

    __slots__ = ("_bad", "_good", "back", "lost", "times")

    def __init__(self) -> None:
        self.lost: Fault | None = None
        self.back = 0.0
        self.times = 0
        self._bad = self._good = 0  # in a row

    def beat(self, thresholds: Thresholds) -> None:
        """A question was answered."""
        self._bad = 0
        self._good += 1
        if self.lost is not None and self._good >= thresholds.up:
            self.well()

    def missed(self, fault: Fault, now: float, thresholds: Thresholds, *, every: float) -> None:
        """A question was not answered, in a way that `tells`; the next one is asked in *every* seconds."""
        self._good = 0
        self._bad += 1
        if self._bad < thresholds.down:
            return
        if self.lost is None:
            self.times += 1
        self.lost = fault
        self.back = now + every * thresholds.up

    def well(self) -> None:
        """A call has succeeded, or nobody asks any more."""
        self.lost = None
        self._bad = self._good = 0

    def why(self) -> str:
        """A sentence, while it is lost."""
        return f"its provider's probes fail ({self.lost.code})" if self.lost is not None else ""


def tells(failure: Failure) -> bool:
    """Whether a question that failed so says that nobody is there."""
    return failure.fault in PASSING or failure.status == _BAD_GATEWAY
