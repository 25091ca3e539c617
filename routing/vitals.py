"""What we observed of targets, providers and credentials. Keyed by name, so that it survives a reload."""

import math
from collections.abc import Mapping
from random import Random

from config.schema import Breaker
from core.faults import Blame, Failure, Fault
from core.secret import Secret
from core.target import Provider
from routing.breaker import CLOSED, Circuit
from routing.credentials import Credentials, CredentialVitals
from routing.headroom import Rooms
from routing.pulse import Pulse

_NEWEST_SHARE = 0.2  # of the last latency in the decaying average


class ProviderVitals:
    """*worked* is when an attempt at one of its targets succeeded last, in loop time."""

    __slots__ = ("worked",)

    def __init__(self) -> None:
        self.worked = -math.inf


class TargetVitals:
    """What we observed of one target.

    *first_content* is the decaying average of seconds to the first content, None before the first success.
    *failed* counts attempts that the caller isn't to blame for; *last_failure* is the last of them. *pulse* is how fast
    it is, *rooms* what is left of its rate limits; both are told by gateway/learning.py.
    """

    __slots__ = (
        "_provider",
        "attempts",
        "circuit",
        "failed",
        "first_content",
        "in_flight",
        "last_failure",
        "pulse",
        "rooms",
        "used",
    )

    def __init__(self, provider: ProviderVitals, rng: Random) -> None:
        self._provider = provider
        self.circuit = Circuit(rng)
        self.in_flight = 0
        self.attempts = 0
        self.failed = 0
        self.first_content: float | None = None
        self.last_failure: Failure | None = None
        self.used = 0.0
        self.pulse = Pulse()
        self.rooms = Rooms()

    def available(self, now: float) -> bool:
        """The one question strategies and fallback ask."""
        return self.circuit.admits(now)

    def why_not(self, now: float) -> str | None:
        """Why it isn't available, as a sentence; None if it is."""
        circuit = self.circuit
        if circuit.state is CLOSED or circuit.admits(now):
            return None
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
        return self.circuit.begin(now)

    def end(
        self,
        now: float,
        failure: Failure | None,
        *,
        probe: bool,
        policy: Breaker,
        first_content: float | None = None,
    ) -> None:
        """The attempt is over, its stream included. *first_content* is in seconds since it began."""
        self.in_flight -= 1
        if not self.in_flight:
            self.pulse.heard = math.inf
        if failure is None:
            self._provider.worked = now
            if self.in_flight:
                self.pulse.heard = now
            self.circuit.succeeded(now, policy, probe=probe)
            if first_content is not None:
                average = self.first_content
                self.first_content = (
                    first_content if average is None else average + _NEWEST_SHARE * (first_content - average)
                )
            return
        fault = failure.fault
        if fault.blame is Blame.TARGET or fault.blame is Blame.US:
            self.failed += 1
            self.last_failure = failure
        # Rate limits belong to a credential, and Credentials remember them.
        if fault.blame is Blame.TARGET and fault is not Fault.RATE_LIMITED:
            self.circuit.failed(now, policy, failure, probe=probe)
        else:
            self.circuit.learned_nothing(probe=probe)


class Vitals:
    """One for each process. *rng* jitters the breakers; *most* targets are remembered."""

    __slots__ = ("_credentials", "_most", "_providers", "_rng", "_targets")

    def __init__(self, rng: Random, *, most: int = 10_000) -> None:
        self._rng = rng
        self._most = most
        self._targets: dict[str, TargetVitals] = {}
        self._providers: dict[str, ProviderVitals] = {}
        self._credentials: dict[str, CredentialVitals] = {}

    def target(self, id: str) -> TargetVitals:
        """Those of `provider/model`, made where there are none yet."""
        vitals = self._targets.get(id)
        if vitals is None:
            if len(self._targets) >= self._most:
                self._drop_idle()
            vitals = self._targets[id] = TargetVitals(self.provider(id.partition("/")[0]), self._rng)
        return vitals

    def provider(self, name: str) -> ProviderVitals:
        vitals = self._providers.get(name)
        if vitals is None:
            vitals = self._providers[name] = ProviderVitals()
        return vitals

    def lives(self, provider: str, now: float) -> None:
        """*provider* has answered a question that costs nothing; see Circuit.lives."""
        for id, vitals in self._targets.items():
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
        return self._targets

    def credentials(self) -> Mapping[str, CredentialVitals]:
        return self._credentials

    def _drop_idle(self) -> None:
        """Wildcard routes make names from clients' text; the tenth that was idle longest makes room."""
        idle = sorted((vitals.used, id) for id, vitals in self._targets.items() if not vitals.in_flight)
        for _, id in idle[: max(1, self._most // 10)]:
            del self._targets[id]
