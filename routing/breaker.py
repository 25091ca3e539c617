"""A circuit breaker: who fails too often is left alone for a while, then tried with one call.

closed --too many failures--> open --cooldown over, a call begins--> half_open --success--> closed
                                ^------------------failure---------------'

A sign of life ends a cooldown early, but only once: whether calls succeed is for calls to show.
"""

from random import Random

from config.schema import Breaker
from core.faults import Failure, Fault

CLOSED = "closed"
OPEN = "open"
HALF_OPEN = "half_open"

_JITTER = 0.1
# What an answer to a free question may say something about.
_PASSING = frozenset({Fault.UNREACHABLE, Fault.TIMEOUT, Fault.OVERLOADED})


class Circuit:
    """The breaker of one target. *transitions* counts how often each state was entered.

    *probing* is whether the one call that may try an open target is under way, *until* when the cooldown ends,
    *cause* the fault that opened it last.
    """

    __slots__ = (
        "_believes",
        "_calls",
        "_cooldown",
        "_failed",
        "_hopes",
        "_past_calls",
        "_past_failed",
        "_rng",
        "_row",
        "_since",
        "cause",
        "probing",
        "state",
        "transitions",
        "until",
    )

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.state = CLOSED
        self.transitions = {CLOSED: 0, OPEN: 0, HALF_OPEN: 0}
        self.probing = False
        self.until = 0.0
        self.cause: Fault | None = None
        self._cooldown = 0.0
        self._hopes = False  # a sign of life would end this cooldown
        self._forget(0.0)

    def admits(self, now: float) -> bool:
        """Whether a call may begin: any while closed, one at a time once the cooldown is over."""
        return self.state is CLOSED or (not self.probing and now >= self.until)

    def begin(self, now: float) -> bool:
        """Whether the call that begins is the probe; say so when it ends.

        A call that begins before the cooldown is over (because nothing else is left) is a probe too,
        but doesn't make the circuit half-open.
        """
        if self.state is CLOSED or self.probing:
            return False
        if self.state is OPEN and now >= self.until:
            self._enter(HALF_OPEN)
        self.probing = True
        return True

    def learned_nothing(self, *, probe: bool) -> None:
        """The call ended in a way that tells nothing about the target."""
        if probe:
            self.probing = False

    def succeeded(self, now: float, policy: Breaker, *, probe: bool) -> None:
        if probe:
            self.probing = False
            self._enter(CLOSED)
            self._forget(now)
        # A call that began before the circuit opened tells of earlier times.
        elif self.state is CLOSED:
            self._row = 0
            self._count(now, policy.window, 0)

    def failed(self, now: float, policy: Breaker, failure: Failure, *, probe: bool) -> None:
        if probe:
            self.probing = False
            # A failure during the cooldown is what the cooldown expects: it must not make it longer.
            if self.state is HALF_OPEN:
                self._open(now, policy, failure, self._cooldown * 2)
        elif self.state is CLOSED:
            self._row += 1
            self._count(now, policy.window, 1)
            if self._row >= policy.failures or self._too_many(now, policy):
                self._open(now, policy, failure, policy.cooldown)

    def lives(self, now: float) -> None:
        """The provider has answered a question that costs nothing: what was only passing may be over.

        If it wasn't, the next cooldown runs to its end; and so does one that the provider asked for.
        """
        if self.state is OPEN and self._hopes and not self.probing:
            self._believes = self._hopes = False
            self.until = now
            self._enter(HALF_OPEN)

    def _open(self, now: float, policy: Breaker, failure: Failure, cooldown: float) -> None:
        self._enter(OPEN)
        self.cause = failure.fault
        self._hopes = self._believes and failure.fault in _PASSING and failure.retry_after is None
        self._cooldown = min(cooldown, policy.max_cooldown)
        pause = self._cooldown * self._rng.uniform(1 - _JITTER, 1 + _JITTER)
        self.until = now + min(max(pause, failure.retry_after or 0.0), policy.max_cooldown)

    def _enter(self, state: str) -> None:
        self.state = state
        self.transitions[state] += 1

    def _forget(self, now: float) -> None:
        self._believes = True
        self._row = 0
        self._since = now
        self._calls = self._failed = self._past_calls = self._past_failed = 0

    def _count(self, now: float, window: float, failed: int) -> None:
        """Two buckets of one window each stand for a sliding window."""
        age = now - self._since
        if age >= window:
            recent = age < 2 * window
            self._past_calls = self._calls if recent else 0
            self._past_failed = self._failed if recent else 0
            self._calls = self._failed = 0
            self._since = self._since + window if recent else now
        self._calls += 1
        self._failed += failed

    def _too_many(self, now: float, policy: Breaker) -> bool:
        # The past bucket counts as far as the window still reaches into it.
        share = max(0.0, 1 - (now - self._since) / policy.window)
        calls = self._calls + share * self._past_calls
        return calls >= policy.minimum and self._failed + share * self._past_failed >= policy.ratio * calls
