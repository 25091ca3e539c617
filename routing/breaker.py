"""A circuit breaker: who fails too often is left alone for a while, then tried with one call.

closed --too many failures--> open --cooldown over, a call begins--> half_open --success--> closed
                                ^------------------failure---------------'

A stream may last for minutes, and for as long as its client likes to read: once it has content, the next call is let
through beside it. Whichever ends first decides.

Each time it opens the cooldown is twice as long as the last time, and for each cooldown that it then stays closed it is
once less: who fails again after a short success is left alone for longer.

A sign of life ends a cooldown early, but only once: whether calls succeed is for calls to show. What other processes
saw opens it, too, or lets it be tried.
"""

import math
from collections import deque
from collections.abc import Callable
from random import Random

from config.schema import Breaker
from core.faults import Failure, Fault

CLOSED = "closed"
OPEN = "open"
HALF_OPEN = "half_open"

_JITTER = 0.1
_MOST_DOUBLINGS = 30
LATEST = 2  # times the minimum: so many of the latest calls are looked at by themselves
_MOST_LATEST = 1000
# What an answer to a free question may say something about.
PASSING = frozenset({Fault.UNREACHABLE, Fault.TIMEOUT, Fault.OVERLOADED})


class Circuit:
    """The breaker of one target. *transitions* counts how often each state was entered.

    *probing* is whether the one call that may try an open target is under way and has no content yet, *until* when the
    cooldown ends, *cause* the fault that opened it last, *heard* whether it was another process that met it. *strikes*:
    how often it was opened, less what was forgiven since. *tell* is called after each change of the state.
    """

    __slots__ = (
        "_before",
        "_believes",
        "_calls",
        "_closed",
        "_failed",
        "_hopes",
        "_marks",
        "_past_calls",
        "_past_failed",
        "_rng",
        "_row",
        "_since",
        "_tell",
        "cause",
        "heard",
        "probing",
        "state",
        "strikes",
        "transitions",
        "until",
    )

    def __init__(self, rng: Random, tell: Callable[[], None] | None = None) -> None:
        self._rng = rng
        self._tell = tell
        self.state = CLOSED
        self.transitions = {CLOSED: 0, OPEN: 0, HALF_OPEN: 0}
        self.probing = False
        self.until = 0.0
        self.cause: Fault | None = None
        self.heard = False
        self.strikes = 0
        self._closed = 0.0  # since when
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

    def speaks(self) -> None:
        """The probe has content. Its end still has to tell; meanwhile another call may try."""
        self.probing = False

    def learned_nothing(self, *, probe: bool) -> None:
        """The call ended in a way that tells nothing about the target."""
        if probe:
            self.probing = False

    def succeeded(self, now: float, policy: Breaker, *, probe: bool) -> None:
        if probe:
            self.probing = False
        if probe and self.state is not CLOSED:
            self._forget(now)
            self._enter(CLOSED)
        # A call that began before the circuit opened tells of earlier times.
        elif self.state is CLOSED:
            self._row = 0
            if now - self._since >= policy.window:
                self._turn(now, policy.window)
            self._calls += 1

    def failed(self, now: float, policy: Breaker, failure: Failure, *, probe: bool) -> None:
        if probe:
            self.probing = False
        if probe and self.state is not CLOSED:
            # A failure during the cooldown is what the cooldown expects: it must not make it longer.
            if self.state is HALF_OPEN:
                self._open(now, policy, failure)
        elif self.state is CLOSED:
            self._row += 1
            if now - self._since >= policy.window:
                self._turn(now, policy.window)
            self._calls += 1
            self._failed += 1
            self._marks.append(self._before + self._calls)
            if self._row >= policy.failures or self._too_many(now, policy):
                self._forgive(now, policy)
                self._open(now, policy, failure)

    def lives(self, now: float) -> None:
        """The provider has answered a question that costs nothing: what was only passing may be over.

        If it wasn't, the next cooldown runs to its end; and so does one that the provider asked for.
        """
        if self.state is OPEN and self._hopes and not self.probing:
            self._believes = self._hopes = False
            self.until = now
            self._enter(HALF_OPEN)

    def warned(self, until: float, cause: Fault, strikes: int) -> None:
        """Another process has opened its own: as if this one had, unless it is trying just now. Where it has already,
        its cooldown may become longer, never shorter.
        """
        if self.probing:
            return
        self.strikes = max(self.strikes, strikes)
        if self.state is OPEN:
            self.until = max(self.until, until)
            return
        self.cause = cause
        self.until = until
        self.heard = True
        self._hopes = self._believes and cause in PASSING
        self._enter(OPEN)

    def cheered(self, now: float) -> None:
        """Another process has closed its own: a call may try it."""
        if self.state is OPEN and not self.probing:
            self.until = now
            self._enter(HALF_OPEN)

    def _open(self, now: float, policy: Breaker, failure: Failure) -> None:
        cooldown = min(math.ldexp(policy.cooldown, min(self.strikes, _MOST_DOUBLINGS)), policy.max_cooldown)
        pause = cooldown * self._rng.uniform(1 - _JITTER, 1 + _JITTER)
        self.until = now + min(max(pause, failure.retry_after or 0.0), policy.max_cooldown)
        self.cause = failure.fault
        self.heard = False
        self.strikes += 1
        self._hopes = self._believes and failure.fault in PASSING and failure.retry_after is None
        self._enter(OPEN)

    def _forgive(self, now: float, policy: Breaker) -> None:
        if self.strikes:
            self.strikes = max(0, self.strikes - int((now - self._closed) / policy.cooldown))

    def _enter(self, state: str) -> None:
        self.state = state
        self.transitions[state] += 1
        if self._tell is not None:
            self._tell()

    def _forget(self, now: float) -> None:
        self._believes = True
        self._closed = now
        self._row = 0
        self._since = now
        self._calls = self._failed = self._past_calls = self._past_failed = 0
        self._before = 0  # calls until this bucket began
        self._marks: deque[int] = deque(maxlen=_MOST_LATEST)  # the numbers of those that failed

    def _turn(self, now: float, window: float) -> None:
        """Begin another bucket: two of one *window* each stand for a sliding window."""
        recent = now - self._since < 2 * window
        self._before += self._calls
        self._past_calls = self._calls if recent else 0
        self._past_failed = self._failed if recent else 0
        self._calls = self._failed = 0
        self._since = self._since + window if recent else now

    def _too_many(self, now: float, policy: Breaker) -> bool:
        # The past bucket counts as far as the window still reaches into it.
        share = max(0.0, 1 - (now - self._since) / policy.window)
        calls = self._calls + share * self._past_calls
        if calls < policy.minimum:
            return False
        if self._failed + share * self._past_failed >= policy.ratio * calls:
            return True
        # Many good calls before a target fell ill would hide that for as long as the window lasts.
        latest = min(LATEST * policy.minimum, _MOST_LATEST)
        enough = math.ceil(policy.ratio * latest)
        number = self._before + self._calls  # of the last call
        return calls >= latest and len(self._marks) >= enough and self._marks[-enough] > number - latest
