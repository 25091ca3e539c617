"""What a client reads when there isn't enough left for its call: whose, how much, and when there is again."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Self

from catalog.bound import Bound, Unbounded
from config.schema import Route
from core.errors import Refusal
from core.faults import Failure, Fault
from quota.till import Rates
from quota.words import Shortage
from routing.match import Routes

NANO: Final = 1_000_000_000
WHEN_SPENT: Final = "when_spent"
MONEY: Final = ("budget",)
# Somebody else's target may still have room for the call.
TIMES: Final = {"1": "second", "60": "minute", "3600": "hour", "86400": "day"}
ELSEWHERE: Final = ("provider/", "target/")
CLOSED: Final = "Whether the budget of {} allows this call can't be known now: the store is down."


class Spent(Refusal):
    """No target of the route can be paid for: it is the caller's own account that is empty, or everybody's."""

    def __init__(self, shortage: Shortage, rates: Rates | None = None) -> None:
        self.shortage = shortage
        if shortage.down:
            message = CLOSED.format(shortage.scope)
            super().__init__(503, message, code="budget_unavailable", headers=_wait(shortage.wait or 5.0))
            return
        never = shortage.kind in MONEY or too_big(shortage)
        headers = {} if never else _wait(shortage.wait)
        if shortage.kind not in MONEY:
            headers |= left(rates)
        if never:
            # The official clients would ask twice more; nothing will have changed.
            headers["x-should-retry"] = "false"
        code = "rate_limit_exceeded"
        if shortage.kind in MONEY:
            code = "insufficient_quota"
        super().__init__(
            429,
            said(shortage),
            code=code,
            type=code if shortage.kind in MONEY else shortage.kind,
            headers=headers,
            extra={"quota": shown(shortage)},
        )


class Detour(NamedTuple):
    """The *route* that answers in place of the one that was asked for, since *scope* has too little left. Kept among
    the decisions of a call, of which it is one.
    """

    scope: str
    route: str

    def kept(self) -> list[Any]:
        return [WHEN_SPENT, *self]

    @classmethod
    def again(cls, kept: Sequence[Any]) -> Self | None:
        """None for any other decision."""
        return cls(*kept[1:]) if len(kept) == 3 and kept[0] == WHEN_SPENT else None


def degraded(spent: Spent, routes: Routes) -> Route | None:
    """The route that a spent budget names in place of the one that was asked for."""
    name = spent.shortage.when_spent
    return None if name is None else routes.find(name)


def left(rates: Rates | None) -> dict[str, str]:
    """OpenAI's `x-ratelimit-*`, as official clients read them."""
    headers = {}
    for name, figures in zip(("requests", "tokens"), rates or (), strict=False):
        if figures is not None:
            limit, remaining, reset = figures
            headers[f"x-ratelimit-limit-{name}"] = str(limit)
            headers[f"x-ratelimit-remaining-{name}"] = str(max(0, remaining))
            headers[f"x-ratelimit-reset-{name}"] = f"{reset:.3g}s"
    return headers


def elsewhere(shortage: Shortage) -> Failure | None:
    """What the plan is told where another target may have room; None where none can."""
    if not shortage.scope.startswith(ELSEWHERE):
        return None
    return Failure(Fault.LIMITED, said(shortage), code="rate_limit_exceeded", retry_after=shortage.wait or None)


def unbounded(bound: Unbounded) -> Failure:
    """Whoever has a budget may only ask for what has an end."""
    message = f"{bound.reason}, so that nobody can say what this call may cost at most"
    return Failure(Fault.UNSUPPORTED, message, code="cost_unknown", param=bound.param)


def too_dear(bound: Bound, most: int, gone: int = 0) -> Failure:
    """*gone* is what other attempts of the same call have cost, or may."""
    before = f" after attempts that took {dollars(gone)}" if gone else ""
    more = f"more than the {dollars(most)} that one call may; ask for less"
    message = f"this call may cost {dollars(bound.cost)}{before}, {more}"
    return Failure(Fault.UNSUPPORTED, message, code="max_cost_exceeded", param="max_completion_tokens")


def said(shortage: Shortage) -> str:
    """One sentence with the level, the limit, what is spent, what is held and when it resets."""
    whose = _whose(shortage.scope)
    window = _per(shortage.per)
    again = f" It resets at {_moment(shortage.resets)}." if shortage.resets is not None else ""
    if shortage.kind in MONEY:
        return (
            f"The budget of {whose} ({dollars(shortage.limit)}{window}) has too little left: {dollars(shortage.spent)} "
            f"is spent, {dollars(shortage.held)} is held by calls under way, and this one may cost "
            f"{dollars(shortage.needed)}.{again}"
        )
    if shortage.kind == "concurrent":
        return f"{whose.capitalize()} has {shortage.limit} calls under way, its limit."
    if too_big(shortage):
        return (
            f"This call may take {shortage.needed} tokens, more than {whose} may in all{window}: {shortage.limit}. "
            "Ask for less, by max_completion_tokens for instance."
        )
    return (
        f"Rate limit of {whose}: {shortage.limit} {shortage.kind}{window}. Used {shortage.spent + shortage.held}, "
        f"this call needs {shortage.needed}. Try again in {max(shortage.wait, 0.001):.3g} s."
    )


def too_big(shortage: Shortage) -> bool:
    """Whether waiting doesn't help: all that there ever is wouldn't do."""
    return shortage.kind == "tokens" and shortage.needed > shortage.limit


def shown(shortage: Shortage) -> dict[str, Any]:
    """For programs."""
    figures: dict[str, Any] = {"scope": shortage.scope, "kind": shortage.kind, "per": shortage.per or None}
    if shortage.kind in MONEY:
        names = ("limit", "spent", "held", "needed")
        figures |= {f"{name}_usd": getattr(shortage, name) / NANO for name in names}
    else:
        figures |= {"limit": shortage.limit, "used": shortage.spent, "held": shortage.held, "needed": shortage.needed}
    figures["resets_at"] = None if shortage.resets is None else _moment(shortage.resets)
    return figures


def dollars(nanos: int) -> str:
    """As people write them: cents, and more digits only where there are some."""
    whole, rest = divmod(abs(nanos), NANO)
    digits = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"{'-' if nanos < 0 else ''}${whole}.{digits}"


def _whose(scope: str) -> str:
    kind, _, name = scope.partition("/")
    if kind == "key" and "/model/" in name:
        key, _, model = name.partition("/model/")
        return f"key {key} for {model}"
    return f"{kind} {name}" if name else "this service"


def _per(per: str) -> str:
    per = TIMES.get(per, per)
    if not per or per == "total":
        return " in all" if per else ""
    return f" per {per} s" if per.replace(".", "").isdigit() else f" per {per}"


def _wait(seconds: float) -> dict[str, str]:
    return {"retry-after": str(max(1, math.ceil(seconds)))}


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
