"""What we observed of targets, providers and credentials. Keyed by name, so that it survives a reload."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from math import inf
from random import Random

from config.schema import Breaker
from core.faults import Blame, Failure, Fault
from core.secret import Secret
from core.target import ADAPTIVE, Concurrency, Provider
from core.usage import Usage
from routing.bench import Benches
from routing.breaker import CLOSED, OPEN, Circuit
from routing.credentials import Credentials, CredentialVitals
from routing.gate import Gate
from routing.headroom import Rooms
from routing.live import Live
from routing.presence import Presence
from routing.pulse import Pulse

_NEWEST_SHARE = 0.2  # of the last latency in the decaying average


class ProviderVitals:
    """*worked* is when an attempt at one of its targets succeeded last, in loop time; *presence* what probes tell."""

    __slots__ = ("presence", "worked")

    def __init__(self) -> None:
        self.worked = -inf
        self.presence = Presence()


class TargetVitals:
    """What we observed of one target.

    *first_content* is the decaying average of seconds to the first content, None before the first success.
    *failed* counts attempts that the caller isn't to blame for; *last_failure* is the last of them. *pulse* is how fast
    it is, *rooms* what is left of its rate limits, *live* what its last hour was like; they are told by
    gateway/call/learning.py. *used* and *worked* are when an attempt last began, and when one succeeded.
    """

    __slots__ = (
        "attempts",
        "circuit",
        "failed",
        "first_content",
        "gate",
        "in_flight",
        "last_failure",
        "live",
        "provider",
        "pulse",
        "rooms",
        "used",
        "worked",
    )

    def __init__(self, provider: ProviderVitals, rng: Random, tell: Callable[[], None] | None = None) -> None:
        self.provider = provider
        self.circuit = Circuit(rng, tell)
        self.gate = Gate()
        self.in_flight = 0
        self.attempts = 0
        self.failed = 0
        self.first_content: float | None = None
        self.last_failure: Failure | None = None
        self.used = 0.0
        self.worked = -inf
        self.pulse = Pulse()
        self.rooms = Rooms()
        self.live = Live()

    @property
    def idle(self) -> bool:
        """Whether nobody has to do with it now."""
        return not (self.in_flight or self.gate.waiting)

    def available(self, now: float) -> bool:
        """The one question strategies and fallback ask."""
        return self.circuit.admits(now) and self.provider.presence.lost is None

    def why_not(self, now: float) -> str | None:
        """Why it isn't available, as a sentence; None if it is."""
        circuit = self.circuit
        if circuit.state is CLOSED or circuit.admits(now):
            return self.provider.presence.why() or None
        cause = f" ({circuit.cause.code})" if circuit.cause is not None else ""
        if now < circuit.until:
            return f"its breaker is open for {math.ceil(circuit.until - now)} s more{cause}"
        return f"its breaker lets one call through at a time, and that one is under way{cause}"

    def begin(self, now: float) -> bool:
        """Count an attempt. What it returns (whether this is the breaker's probe) goes to *end*.

        Nothing may be awaited between asking whether it is available and this.
        """
        if not self.in_flight:
            self.pulse.heard = now
        self.in_flight += 1
        self.attempts += 1
        self.used = now
        circuit = self.circuit
        return circuit.state is not CLOSED and circuit.begin(now)

    def end(
        self,
        now: float,
        failure: Failure | None,
        *,
        probe: bool,
        policy: Breaker,
        first_content: float | None = None,
        took: float = 0.0,
        usage: Usage | None = None,
    ) -> None:
        """The attempt is over, its stream included.

        *first_content* is in seconds since it began, and so is what it *took* (0: unknown); *usage* is that of
        its answer.
        """
        gate, of = self.gate, self.in_flight
        self.in_flight = of - 1
        if of == 1:
            self.pulse.heard = inf
        elif failure is None:
            self.pulse.heard = now
        if failure is None:
            provider = self.provider
            self.worked = provider.worked = now
            if provider.presence.lost is not None:
                provider.presence.well()
            gate.served(now, of, took, first_content, usage)
            self.circuit.succeeded(now, policy, probe=probe)
            if first_content is not None:
                average = self.first_content
                self.first_content = (
                    first_content if average is None else average + _NEWEST_SHARE * (first_content - average)
                )
        else:
            self._failed(now, failure, probe=probe, policy=policy, explained=self._tells(now, failure, of, took))
        if gate.room < inf:
            gate.let_in(self.in_flight)

    def _tells(self, now: float, failure: Failure, of: int, took: float) -> bool:
        """Whether the failure of one of so many calls only says that there are too many."""
        if failure.fault is Fault.TIMEOUT:
            self.gate.slow(now, of, now - took)
        return failure.fault is Fault.OVERLOADED and self.gate.refused(now, of)

    def _failed(self, now: float, failure: Failure, *, probe: bool, policy: Breaker, explained: bool) -> None:
        fault = failure.fault
        if fault.blame is Blame.TARGET or fault.blame is Blame.US:
            self.failed += 1
            self.last_failure = failure
        # Rate limits belong to a credential, and Credentials remember them.
        if fault.blame is Blame.TARGET and fault is not Fault.RATE_LIMITED and not explained:
            self.circuit.failed(now, policy, failure, probe=probe)
            if self.circuit.state is OPEN:
                self.gate.forget()
        else:
            self.circuit.learned_nothing(probe=probe)

    def slower_than(self, now: float, seconds: float) -> None:
        """A stream was given up after *seconds* without content, because another one was quicker."""
        self.pulse.slower_than(now, seconds)
        average = self.first_content
        if average is not None and seconds > average:
            self.first_content = average + _NEWEST_SHARE * (seconds - average)


def _adaptive(_id: str) -> Concurrency:
    return ADAPTIVE


class Observed(dict[str, TargetVitals]):
    """By `provider/model`; *make* makes what isn't there yet."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[str], TargetVitals]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, id: str) -> TargetVitals:
        vitals = self[id] = self._make(id)
        return vitals


class Vitals:
    """One for each process. *rng* jitters the breakers; *most* targets are remembered.

    *of* are those of each target. *watchers* are told the id of a target after each change of its breaker's state.
    *benches*: what the operator has taken out.
    """

    __slots__ = ("_concurrency", "_credentials", "_most", "_providers", "_rng", "benches", "of", "watchers")

    def __init__(self, rng: Random, *, most: int = 10_000) -> None:
        self._rng = rng
        self._most = most
        self.of = Observed(self._begin)
        self._providers: dict[str, ProviderVitals] = {}
        self._credentials: dict[str, CredentialVitals] = {}
        self.benches = Benches()
        self.watchers: list[Callable[[str], None]] = []
        self._concurrency: Callable[[str], Concurrency] = _adaptive

    def target(self, id: str) -> TargetVitals:
        """Those of `provider/model`, made where there are none yet."""
        return self.of[id]

    def _begin(self, id: str) -> TargetVitals:
        if len(self.of) >= self._most:
            self._drop_idle()
        vitals = TargetVitals(self.provider(id.partition("/")[0]), self._rng, partial(self._changed, id))
        vitals.gate.heed(self._concurrency(id), 0)
        return vitals

    def heed(self, concurrency: Callable[[str], Concurrency]) -> None:
        """What the operator says of how many calls a target takes at a time, from now on."""
        self._concurrency = concurrency
        for id, vitals in self.of.items():
            vitals.gate.heed(concurrency(id), vitals.in_flight)

    def provider(self, name: str) -> ProviderVitals:
        vitals = self._providers.get(name)
        if vitals is None:
            vitals = self._providers[name] = ProviderVitals()
        return vitals

    def lives(self, provider: str, now: float) -> None:
        """*provider* has answered a question that costs nothing; see Circuit.lives."""
        for id, vitals in self.of.items():
            if id.startswith(f"{provider}/"):
                vitals.circuit.lives(now)

    def credential(self, name: str, secret: Secret | None) -> CredentialVitals:
        """Those of *name*; new ones when the operator has replaced the secret, which deserves a fresh start."""
        vitals = self._credentials.get(name)
        if vitals is None or vitals.secret != secret:
            vitals = self._credentials[name] = CredentialVitals(name, secret)
        return vitals

    def pool(self, provider: Provider) -> Credentials:
        """The credentials of *provider*, with what we know of them. Make it once for each generation."""
        if not provider.keys:
            return Credentials((self.credential(provider.name, None),))
        return Credentials(
            tuple(self.credential(f"{provider.name}#{number}", key) for number, key in enumerate(provider.keys, 1))
        )

    def targets(self) -> Mapping[str, TargetVitals]:
        """Those that there are."""
        return self.of

    def credentials(self) -> Mapping[str, CredentialVitals]:
        return self._credentials

    def _changed(self, id: str) -> None:
        for watcher in self.watchers:
            watcher(id)

    def _drop_idle(self) -> None:
        """Wildcard routes make names from clients' text; the tenth that was idle longest makes room."""
        idle = sorted((vitals.used, id) for id, vitals in self.of.items() if vitals.idle)
        for _, id in idle[: max(1, self._most // 10)]:
            del self.of[id]
