"""Whether a target can take a call now and, if not, why not."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from random import Random
from typing import NamedTuple

from core.call import Call
from core.faults import Fault
from core.target import Provider, Target
from core.wishes import NO_WISHES
from routing.breaker import CLOSED
from routing.credentials import Credentials, Pause
from routing.outlook import Outlook
from routing.retry_budget import RetryBudget
from routing.vitals import TargetVitals, Vitals

Fits = Callable[[Target, Call], str | None]
Context = Callable[[Target], int | None]


class View:
    """What a plan may look at. Made once for each generation.

    *pools*: provider name -> its credentials, for every configured provider. *turns* counts the picks from each
    stage, by route name and stage number. *fits* says why a target can't do what a call needs, or None. *context* is
    a target's context in tokens, None where nobody knows. *outlook* is what is known of targets before they are asked.
    """

    __slots__ = (
        "budget",
        "clock",
        "context",
        "fits",
        "outlook",
        "pools",
        "rng",
        "turns",
        "usable",
        "vitals",
    )

    def __init__(
        self,
        *,
        vitals: Vitals,
        pools: Mapping[str, Credentials],
        providers: Mapping[str, Provider],
        clock: Callable[[], float],
        rng: Random,
        budget: RetryBudget,
        turns: MutableMapping[tuple[str, int], int],
        fits: Fits | None = None,
        context: Context | None = None,
        outlook: Outlook | None = None,
    ) -> None:
        self.vitals = vitals
        self.pools = pools
        self.usable = {name: provider for name, provider in providers.items() if provider.configured}
        self.clock = clock
        self.rng = rng
        self.budget = budget
        self.turns = turns
        self.fits = fits
        self.context = context
        self.outlook = outlook or Outlook()

    def cost(self, target: Target, call: Call) -> int | None:
        """Nano-dollars that *call* will probably cost at *target*; None where nobody knows its price."""
        return self.outlook.cost(target, call)


class Skipped(NamedTuple):
    """A target that wasn't tried, and why.

    *fault* is the one that made it unavailable for a while, None if it can never take this call; *wait* the
    seconds until it can be used again, where known; *tripped* whether only its breaker keeps it away, *unfit* whether
    it can't do what the call asks for.
    """

    target: Target
    reason: str
    fault: Fault | None = None
    wait: float | None = None
    tripped: bool = False
    unfit: bool = False


def obstacle(target: Target, call: Call, view: View, now: float) -> Skipped | None:
    """Why *target* can't take *call*, its credentials aside; None if it can."""
    if target.provider not in view.usable:
        return Skipped(target, f"provider {target.provider} is not configured")
    if view.fits is not None and (reason := view.fits(target, call)) is not None:
        return Skipped(target, reason, unfit=True)
    vitals = view.vitals.target(target.id)
    circuit = vitals.circuit
    if circuit.state is CLOSED or (reason := vitals.why_not(now)) is None:
        return None
    wait = circuit.until - now if circuit.until > now else None
    return Skipped(target, reason, circuit.cause, wait, tripped=True)


def kept_away(target: Target, call: Call, view: View, now: float) -> Skipped | None:
    """The same, with its credentials looked at as well."""
    away = obstacle(target, call, view, now)
    if away is None:
        pool = view.pools[target.provider]
        if not pool.ready(now, target.id):
            away = resting(target, pool.pause(now, target.id))
    return away


class Sifted(NamedTuple):
    """*able* can take the call, with what was observed of each (None where nothing was yet); *skipped* can't."""

    able: Sequence[Target]
    seen: list[TargetVitals | None]
    skipped: list[Skipped]


def sift(targets: Sequence[Target], call: Call, view: View, now: float) -> Sifted:
    """`kept_away` of all *targets*, which asks each only where its provider, or what was observed, leaves any doubt.

    What `obstacle` asks beyond that needs a doubt here as well; tests/routing/test_sift.py compares the two.
    """
    able: list[Target] = []
    seen: list[TargetVitals | None] = []
    skipped: list[Skipped] = []
    observed, fits, plain = view.vitals.targets().get, view.fits, call.wishes is NO_WISHES
    easy: dict[str, bool] = {}
    for target in targets:
        provider = target.provider
        sure = easy.get(provider)
        if sure is None:
            sure = easy[provider] = plain and provider in view.usable and view.pools[provider].untroubled
        vitals = observed(target.id)
        if not (
            sure and (vitals is None or vitals.circuit.state is CLOSED) and (fits is None or fits(target, call) is None)
        ):
            away = kept_away(target, call, view, now)
            if away is not None:
                skipped.append(away)
                continue
        able.append(target)
        seen.append(vitals)
    # As they came where none is left out: what is prepared for the same targets can be found again.
    return Sifted(able if skipped else targets, seen, skipped)


def resting(target: Target, pause: Pause) -> Skipped:
    """All credentials for *target* have to rest, as *pause* says."""
    return Skipped(target, pause.reason, pause.fault, pause.wait)
