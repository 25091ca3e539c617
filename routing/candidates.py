"""Whether a target can take a call now and, if not, why not."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from random import Random
from typing import NamedTuple

from core.call import Call
from core.faults import Fault
from core.target import Provider, Target
from routing.bench import words
from routing.breaker import CLOSED
from routing.credentials import Credentials, Pause
from routing.eligibility import demanding, excluded
from routing.length import LONG
from routing.lineup import lineup
from routing.outlook import Outlook
from routing.retry_budget import RetryBudget
from routing.vitals import TargetVitals, Vitals

Fits = Callable[[Target, Call], str | None]
Context = Callable[[Target], int | None]


class View:
    """What a plan may look at. Made once for each generation.

    *pools*: provider name -> its credentials, for every configured provider. *turns* counts the picks from each
    stage, by route name and stage number. *fits* says why a target's provider can't do what a call needs, or None;
    *serves* are pairs of a provider that is usable and an endpoint of which it never says anything.
    *context* is a target's context in tokens, None where nobody knows. *outlook* is what is known of targets before
    they are asked.
    *prefer_local*: local targets come first in each stage.
    """

    __slots__ = (
        "budget",
        "clock",
        "context",
        "fits",
        "outlook",
        "pools",
        "prefer_local",
        "rng",
        "serves",
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
        serves: frozenset[tuple[str, str]] = frozenset(),
        context: Context | None = None,
        prefer_local: bool = False,
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
        self.serves = serves
        self.context = context
        self.prefer_local = prefer_local
        self.outlook = outlook or Outlook()

    def cost(self, target: Target, call: Call) -> int | None:
        """Nano-dollars that *call* will probably cost at *target*; None where nobody knows its price."""
        return self.outlook.cost(target, call)


class Skipped(NamedTuple):
    """A target that wasn't tried, and why.

    *fault* is the one that made it unavailable for a while, None if it can never take this call; *wait* the
    seconds until it can be used again, where known; *tripped* whether only its breaker or failing probes keep it away,
    *unfit* whether it can't do what the call asks for, *benched* whether it was taken out by hand.
    """

    target: Target
    reason: str
    fault: Fault | None = None
    wait: float | None = None
    tripped: bool = False
    unfit: bool = False
    benched: bool = False


def obstacle(target: Target, call: Call, view: View, now: float) -> Skipped | None:
    """Why *target* can't take *call*, its credentials aside; None if it can."""
    away = None
    if (target.provider, call.endpoint) not in view.serves:
        away = _unserved(target, call, view)
    if away is None and (not call.plain or call.size > LONG):
        away = _unfit(target, call, view)
    if away is not None:
        return away
    observed = view.vitals
    if observed.benches and (bench := observed.benches.of(target.id, now)) is not None:
        # To fallback it is as if nobody were there.
        left = bench.until - now
        return Skipped(target, words(bench, now), Fault.UNREACHABLE, left, tripped=True, benched=True)
    vitals = observed.of[target.id]
    if vitals.circuit.state is CLOSED and vitals.provider.presence.lost is None:
        return None if vitals.in_flight < vitals.gate.room else full(target, vitals)
    return _tripped(target, vitals, now)


def _unserved(target: Target, call: Call, view: View) -> Skipped | None:
    if target.provider not in view.usable:
        return Skipped(target, f"provider {target.provider} is not configured")
    if view.fits is not None and (reason := view.fits(target, call)) is not None:
        return Skipped(target, reason, unfit=True)
    return None


def _unfit(target: Target, call: Call, view: View) -> Skipped | None:
    if not (call.needs or call.size > LONG or demanding(call.wishes)):
        return None
    why = excluded(target, call, view)
    return None if why is None else Skipped(target, why.text, unfit=why.for_good)


def _tripped(target: Target, vitals: TargetVitals, now: float) -> Skipped | None:
    """Its breaker or failing probes keep it away, if they do."""
    circuit, presence = vitals.circuit, vitals.provider.presence
    if (reason := vitals.why_not(now)) is None:
        return None
    if circuit.admits(now):
        return Skipped(target, reason, presence.lost, max(0.0, presence.back - now), tripped=True)
    wait = circuit.until - now if circuit.until > now else None
    return Skipped(target, reason, circuit.cause, wait, tripped=True)


def full(target: Target, vitals: TargetVitals) -> Skipped:
    """*target* has all the calls that it takes at a time."""
    gate = vitals.gate
    turn = gate.turn
    line = f", and {gate.waiting} wait" if gate.waiting else ""
    reason = f"it has {vitals.in_flight} calls under way, all it takes now{line}"
    return Skipped(target, reason, Fault.BUSY, None if turn is None else (gate.waiting + 1) * turn)


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


def _easy(target: Target, call: Call, view: View) -> bool:
    """Whether nothing about the provider keeps *call* from any of its targets."""
    provider = target.provider
    if _unserved(target, call, view) is not None or not view.pools[provider].untroubled:
        return False
    vitals = view.vitals
    return vitals.provider(provider).presence.lost is None and not (vitals.benches and vitals.benches.at(provider))


def sift(targets: Sequence[Target], call: Call, view: View, now: float) -> Sifted:
    """`kept_away` of all *targets*, which asks each only where its provider, or what was observed, leaves any doubt.

    What `obstacle` asks beyond that needs a doubt here as well; tests/routing/test_sift.py compares the two.
    """
    ids, firsts = lineup(targets)
    seen = list(map(view.vitals.targets().get, ids))
    picky = call.size > LONG or demanding(call.wishes)
    fine = [one is None or (one.circuit.state is CLOSED and one.in_flight < one.gate.room) for one in seen]
    needs, can = call.needs, view.outlook.capabilities
    hard = {first.provider for first in firsts if not _easy(first, call, view)}
    if not (picky or hard or needs) and False not in fine:
        # As they came: what is prepared for the same targets can be found again.
        return Sifted(targets, seen, [])
    skipped: list[Skipped] = []
    stays: list[int] = []
    for number, target in enumerate(targets):
        if not (
            fine[number]
            and target.provider not in hard
            and (excluded(target, call, view) is None if picky else not needs or needs <= can[target.id])
        ):
            away = kept_away(target, call, view, now)
            if away is not None:
                skipped.append(away)
                continue
        stays.append(number)
    if not skipped:
        return Sifted(targets, seen, skipped)
    return Sifted([targets[number] for number in stays], [seen[number] for number in stays], skipped)


def resting(target: Target, pause: Pause) -> Skipped:
    """All credentials for *target* have to rest, as *pause* says."""
    return Skipped(target, pause.reason, pause.fault, pause.wait)
