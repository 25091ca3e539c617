"""Whether a target can do what a call needs, and whether its client wants it there. Calls that need and ask for nothing
don't come here.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from core.call import Call
from core.target import Provider, Target
from core.wishes import NO_WISHES, Wishes
from routing.length import LONG, least_tokens, may_exceed
from routing.naming import named
from routing.outlook import Outlook
from routing.vitals import Vitals

NANO: Final = 1_000_000_000
NOTHING: Final = (None, None, None)


class Reason(NamedTuple):
    """Why not; *for_good*: however long one waits."""

    text: str
    for_good: bool = True


class Known(Protocol):
    """What is known of targets; see routing.candidates.View."""

    @property
    def vitals(self) -> Vitals: ...
    @property
    def usable(self) -> Mapping[str, Provider]: ...
    @property
    def context(self) -> Callable[[Target], int | None] | None: ...
    @property
    def outlook(self) -> Outlook: ...
    @property
    def prefer_local(self) -> bool: ...


def demanding(wishes: Wishes) -> bool:
    """Whether they exclude anybody; others say only who comes first."""
    if wishes is NO_WISHES:
        return False
    sums = (wishes.max_cost, wishes.budget, wishes.max_latency)
    return bool(wishes.avoid or wishes.capabilities or wishes.local) or sums != NOTHING


def excluded(target: Target, call: Call, known: Known) -> Reason | None:
    """Why *target* is no candidate for *call*. What nobody knows of it is never a reason, its price apart."""
    wishes = call.wishes
    if wanted := call.needs | wishes.capabilities:
        has = known.outlook.capabilities[target.id]
        if has and not wanted <= has:
            return Reason(lacking(wanted - has))
    if call.size > LONG and (reason := _too_long(target, call, known)) is not None:
        return reason
    return None if wishes is NO_WISHES else _unwanted(target, call, known)


def liked(targets: Sequence[Target], wishes: Wishes, known: Known) -> frozenset[int]:
    """The numbers of those that come first whatever the strategy says, by the client's word or else the operator's."""
    if wishes.prefer:
        return frozenset(number for number, target in enumerate(targets) if named(target, wishes.prefer))
    if known.prefer_local and wishes.local is None:
        usable = known.usable
        return frozenset(number for number, target in enumerate(targets) if usable[target.provider].local)
    return frozenset()


def lacking(missing: Iterable[str]) -> str:
    return f"the model lacks {' and '.join(sorted(missing))}"


def _too_long(target: Target, call: Call, known: Known) -> Reason | None:
    context = None if known.context is None else known.context(target)
    if context is None or not may_exceed(call, context) or (least := least_tokens(call)) <= context:
        return None
    return Reason(f"the prompt has {least} tokens or more, and its context {context}")


def _unwanted(target: Target, call: Call, known: Known) -> Reason | None:
    wishes = call.wishes
    if wishes.avoid and named(target, wishes.avoid):
        return Reason("the call avoids it (routing.avoid)")
    if wishes.local and not known.usable[target.provider].local:
        return Reason("it isn't local (routing.local)")
    if wishes.max_cost is not None or wishes.budget is not None:
        return _too_dear(target, call, known) or _too_slow(target, wishes, known)
    return _too_slow(target, wishes, known)


def _too_dear(target: Target, call: Call, known: Known) -> Reason | None:
    wishes = call.wishes
    limits = ((wishes.max_cost, "max_cost_usd"), (wishes.budget, "budget_remaining_usd"))
    limit, name = min((limit, name) for limit, name in limits if limit is not None)
    cost = known.outlook.cost(target, call)
    if cost is None:
        # A machine of one's own sends no bill; of anybody else that is not to be hoped.
        free = known.usable[target.provider].local
        return None if free else Reason(f"what it costs isn't known (routing.{name})")
    if cost <= limit:
        return None
    return Reason(f"it would cost about {_dollars(cost)} dollars, and {_dollars(limit)} are allowed (routing.{name})")


def _too_slow(target: Target, wishes: Wishes, known: Known) -> Reason | None:
    if wishes.max_latency is None:
        return None
    seconds = known.vitals.target(target.id).first_content
    if seconds is None or seconds <= wishes.max_latency:
        return None
    text = f"its first content takes about {math.ceil(seconds * 1000)} ms (routing.max_latency_ms)"
    return Reason(text, for_good=False)


def _dollars(nano: int) -> str:
    return f"{nano / NANO:.9f}".rstrip("0").rstrip(".")
