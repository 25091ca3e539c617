"""Decisions in words: every target, whether it can take the call and if not why, what was seen of it, its place."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any

from config.schema import Route
from core.call import Call
from core.faults import Failure
from core.target import Target
from routing.candidates import View
from routing.decision import Decision, decide
from routing.exhausted import Exhausted
from routing.plan import Attempt, plan
from routing.strategies import STRATEGIES


def onlooking(view: View) -> View:
    """A view for questions: it sees the same, chance is what it would be next, and nothing changes by asking."""
    return View(
        vitals=view.vitals,
        pools={name: pool.aside() for name, pool in view.pools.items()},
        providers=view.usable,
        clock=view.clock,
        rng=copy(view.rng),
        budget=view.budget,
        turns=dict(view.turns),
        fits=view.fits,
        serves=view.serves,
        context=view.context,
        prefer_local=view.prefer_local,
        outlook=view.outlook,
    )


def taken(_: Target) -> Failure | None:
    return None


def foreseen(route: Route, call: Call, view: View, *, caller: str) -> Iterator[Decision]:
    """What would be decided now for each stage, by an onlooking *view*."""
    now = view.clock()
    for number, stage in enumerate(route.stages):
        turn = view.turns.get((route.name, number), -1) + 1
        yield decide(stage, number, call, view, turn=turn, now=now, caller=caller)


def beginning(
    route: Route, call: Call, view: View, *, caller: str, refuses: Callable[[Target], Failure | None] = taken
) -> Attempt | Exhausted:
    """The first attempt that would be sent now, or why there is none; by an onlooking *view*.

    *refuses*: why nothing would be sent to a target, although it isn't skipped; None if something would.
    """
    course = plan(route, call, view, view.clock() + route.timeouts.total, caller=caller)
    try:
        attempt = next(course)
        while (failure := refuses(attempt.target)) is not None:
            attempt = course.send(failure)
        return attempt
    except Exhausted as exhausted:
        return exhausted
    finally:
        course.close()


def told(decision: Decision) -> dict[str, Any]:
    """As JSON; candidates in the order in which they are tried."""
    pick = decision.pick
    reads = STRATEGIES[decision.strategy].reads
    candidates = [
        _candidate(place, decision.targets[number], reads, decision.table[number])
        | ({"preferred": True} if number in decision.preferred else {})
        for place, number in enumerate(decision.order, 1)
    ]
    found = {
        "stage": decision.stage,
        "strategy": decision.strategy,
        "seed": pick.seed,
        "turn": pick.turn,
        "sticky": pick.sticky or None,
        "weights": pick.balance._asdict(),
        "candidates": [*candidates, *(_skipped(each.target, each.reason) for each in decision.skipped)],
    }
    return found if pick.whole is None else found | {"among": pick.whole.among}


def _candidate(place: int, target: Target, reads: Sequence[str], row: Sequence[float | None]) -> dict[str, Any]:
    """*row* are the columns that the strategy *reads*."""
    found: dict[str, Any] = {"target": target.id, "place": place, "verdict": "first" if place == 1 else "then"}
    if target.weight != 1:
        found["weight"] = target.weight
    if reads:
        found["seen"] = dict(zip(reads, row, strict=True))
    return found


def _skipped(target: Target, reason: str) -> dict[str, Any]:
    return {"target": target.id, "place": None, "verdict": "skipped", "reason": reason}
