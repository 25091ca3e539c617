"""A canary: who tries it, what its calls tell, and when it goes on or back. Time and counts are handed in."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from config.schema import Canary
from core.call import Call
from core.faults import BY_CODE, Blame, Fault
from routing.guards import BROKEN, FINE, Seen, Side, Verdict, judged

RUNNING: Final = "running"
PASSED: Final = "passed"
ROLLED_BACK: Final = "rolled_back"
STOPPED: Final = "stopped"
UNDER_WAY: Final = frozenset({RUNNING, PASSED})
_STATUSES: Final = UNDER_WAY | {ROLLED_BACK, STOPPED}

# They say something about our limits or the client, and nothing about the target.
_SILENT: Final = frozenset({Fault.LIMITED, Fault.UNSUPPORTED, Fault.OUT_OF_TIME, Fault.CANCELLED})
# What a call is refused with that no target of the canary could take at that moment.
_AWAY: Final = frozenset({"no_target_available", "rate_limit_exceeded"})

_SAID: Final[Mapping[str, str]] = {
    "errors": "{canary:.1%} of its calls failed, where {limit:.1%} may",
    "first_content": "half of its calls waited {canary:.0f} ms or more for the first content, where {limit:.0f} may",
    "cost": "its calls cost {canary:.9f} dollars on average, where {limit:.9f} may",
    "validity": "{canary:.1%} of its answers were flawed, where {limit:.1%} may",
}
_DOLLARS: Final = 1e9


class Standing(NamedTuple):
    """How far a canary has come. *number* counts the changes, *stage* is an index, *since* unix time.

    What is counted, is counted for one number: a change begins anew.
    """

    number: int
    status: str
    stage: int
    since: float
    why: str = ""

    def share(self, canary: Canary) -> float:
        """Of the sessions that try it now."""
        return canary.stages[self.stage] if self.status in UNDER_WAY else 0.0


def begun(now: float, number: int = 0) -> Standing:
    return Standing(number, RUNNING, 0, now)


def stopped(standing: Standing, now: float) -> Standing:
    return Standing(standing.number + 1, STOPPED, standing.stage, now, "stopped by the operator")


def moved(canary: Canary, standing: Standing, ours: Side, rest: Side, now: float) -> Standing | None:
    """What follows from what was counted; None if nothing does yet.

    A canary that has passed is watched on, in periods as long as a stage.
    """
    if standing.status not in UNDER_WAY:
        return None
    verdicts = judged(canary.guard, ours, rest)
    number, stage = standing.number + 1, standing.stage
    if broken := [verdict for verdict in verdicts if verdict.state == BROKEN]:
        return Standing(number, ROLLED_BACK, stage, now, "; ".join(map(said, broken)))
    if now < standing.since + canary.every or ours.calls < canary.minimum:
        return None
    if any(verdict.state != FINE for verdict in verdicts):
        return None
    if stage + 1 < len(canary.stages):
        return Standing(number, RUNNING, stage + 1, now)
    return Standing(number, PASSED, stage, now)


def said(verdict: Verdict) -> str:
    """A sentence about a guard that is broken."""
    unit = _DOLLARS if verdict.guard == "cost" else 1.0
    figures = {"canary": verdict.canary, "limit": verdict.limit}
    return _SAID[verdict.guard].format(**{name: (figure or 0.0) / unit for name, figure in figures.items()})


def session(call: Call, key: str, id: str) -> str:
    """Whose calls belong together: a conversation if the client says so, else a key, else nobody's but this one."""
    body = call.body
    metadata = body.get("metadata")
    named = metadata.get("session_id") if isinstance(metadata, dict) else None
    for who in (call.wishes.session, body.get("user"), body.get("prompt_cache_key"), named):
        if isinstance(who, str) and who:
            return who
    return key or id


class Ended(NamedTuple):
    """What became of a call. *fault* is that of its first attempt, empty if that went well; None if there was none.

    *refused*: the code with which the canary's targets gave up before any attempt. *answered*: in the end the client
    got its answer, whoever gave it.
    """

    fault: str | None
    refused: str = ""
    answered: bool = True
    first: float | None = None
    cost: int = 0
    flawed: bool = False


def seen(ended: Ended) -> Seen | None:
    """What a call tells of the target that it went to first; None if nothing."""
    if ended.fault is None:
        return Seen(failed=True) if ended.refused in _AWAY else None
    if not ended.fault:
        return Seen(failed=False, first=ended.first, cost=ended.cost, flawed=ended.flawed)
    fault = BY_CODE[ended.fault]
    if fault in _SILENT:
        return None
    if fault.blame is Blame.CALLER and not ended.answered:
        return None  # nobody else could do it either
    return Seen(failed=True)


def remembered(standing: Standing, now: float) -> Standing:
    """The same, for a store that forgot it, with what others have counted: until that is there again, its time begins
    anew.
    """
    return standing._replace(since=now) if standing.status in UNDER_WAY else standing


def read(kept: Any, canary: Canary) -> Standing:
    """What was kept of one of *canary*'s, as JSON. Raises TypeError or ValueError for what never was one."""
    number, status, stage, since, why = kept
    counted = type(number) is int and number >= 0 and type(stage) is int and 0 <= stage < len(canary.stages)
    if not (counted and status in _STATUSES and type(since) in (int, float) and type(why) is str):
        raise ValueError("no standing")
    return Standing(number, status, stage, since, why)
