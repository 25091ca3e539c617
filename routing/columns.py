"""What strategies may read of targets, each as a column of numbers: None where nobody knows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from core.call import Call
from core.target import Target
from core.tasks import task_of
from routing.candidates import View
from routing.lineup import lineup
from routing.pick import known_all
from routing.pulse import QUIET
from routing.vitals import TargetVitals

STRONG: Final = 0.7  # whose quality for a task is that much is good at it


class Sight(NamedTuple):
    """What columns are made of. *seen* are the vitals of each target, None of those that were never called."""

    targets: Sequence[Target]
    seen: Sequence[TargetVitals | None]
    call: Call
    view: View
    now: float


Column = Callable[[Sight], Sequence[float | None]]


def in_flight(sight: Sight) -> Sequence[float | None]:
    """Attempts under way."""
    return [0 if one is None else one.in_flight for one in sight.seen]


def latency(sight: Sight) -> Sequence[float | None]:
    """Milliseconds that an answer of the expected length will take."""
    now = sight.now
    thousands = sight.view.outlook.forecast.output(sight.call) * 1000
    return [
        None
        if one is None
        or (first := pulse.first if now - (pulse := one.pulse).heard <= QUIET else pulse.quiet(now, one.in_flight))
        is None
        else first * 1000 + pulse.pace * thousands
        for one in sight.seen
    ]


def idle(sight: Sight) -> Sequence[float | None]:
    """Seconds since something was heard."""
    now = sight.now
    return [None if one is None or (pulse := one.pulse).first is None else now - pulse.at for one in sight.seen]


def cost(sight: Sight) -> Sequence[float | None]:
    """Nano-dollars that the call will probably cost. A machine of one's own costs nothing unless it has a price."""
    found = sight.view.outlook.costs(sight.targets, sight.call)
    if known_all(found):
        return found
    usable = sight.view.usable
    return [
        0 if one is None and usable[target.provider].local else one
        for target, one in zip(sight.targets, found, strict=True)
    ]


def quality(sight: Sight) -> Sequence[float | None]:
    """From 0 to 1, for the call's task."""
    known = sight.view.outlook.qualities(task_of(sight.call), sight.now)
    return list(map(known.__getitem__, lineup(sight.targets).ids))


def local(sight: Sight) -> Sequence[float | None]:
    """1 for a machine of one's own."""
    near = {name for name, provider in sight.view.usable.items() if provider.local}
    return [1 if target.provider in near else 0 for target in sight.targets]


def match(sight: Sight) -> Sequence[float | None]:
    """How many it has of the capabilities that are needed or wished for; being good at the task is one more."""
    call, known = sight.call, sight.view.outlook.capabilities
    wished = call.wishes.capabilities | call.needs
    counts = [len(wished & known[target.id]) for target in sight.targets] if wished else [0] * len(sight.targets)
    if not call.wishes.task:
        return counts
    return [count + ((good or 0.0) >= STRONG) for count, good in zip(counts, quality(sight), strict=True)]


def headroom(sight: Sight) -> Sequence[float | None]:
    """What is left (0 to 1) of the tightest of its rate limits: those of its provider, and those of the operator."""
    now, declared = sight.now, sight.view.outlook.declared
    told = [None if one is None or not one.rooms else one.rooms.room(now, one.attempts) for one in sight.seen]
    if declared is None:
        return told
    own = [declared(target, now) for target in sight.targets]
    return [
        one if other is None else other if one is None else min(one, other)
        for one, other in zip(told, own, strict=True)
    ]


COLUMNS: Final[Mapping[str, Column]] = {
    "in_flight": in_flight,
    "latency": latency,
    "idle": idle,
    "cost": cost,
    "quality": quality,
    "local": local,
    "match": match,
    "headroom": headroom,
}
