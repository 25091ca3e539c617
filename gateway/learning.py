"""What an attempt teaches about its target: how fast it is, what answers take, what is left of its rate limits."""

import time
from typing import NamedTuple

from core.call import Call
from core.faults import Blame, Failure, Fault
from core.usage import Usage
from gateway.generation import Shared
from routing.headroom import Rooms
from routing.plan import Attempt
from upstream.trial import StreamTrial, WholeTrial


class Outcome(NamedTuple):
    """Of the *number*-th attempt at a target, which *began* then and had its *first* content so many seconds later.

    *usage* is what a good one took.
    """

    number: int
    began: float
    first: float | None
    usage: Usage | None
    failure: Failure | None


def learn(
    shared: Shared, attempt: Attempt, call: Call, trial: WholeTrial | StreamTrial | None, outcome: Outcome
) -> None:
    """*attempt* is over. *trial* None: nothing was sent."""
    if trial is None:
        return
    number, began, first, usage, failure = outcome
    id, wait = attempt.target.id, attempt.wait
    vitals = shared.vitals.target(id)
    now = shared.loop.time()
    taken = 0
    if failure is None:
        output = 0
        if usage is not None:
            output, taken = usage.output, usage.total
            shared.forecast.learn(call, id, usage)
        seconds = now - began - wait
        if first is None:
            vitals.pulse.answered(now, seconds, output)
        else:
            vitals.pulse.paced(now, seconds - first + wait, output)
    elif failure.fault.blame is Blame.TARGET and failure.fault is not Fault.RATE_LIMITED:
        vitals.pulse.failed(now, now - began - wait)
    elif failure.fault is Fault.CANCELLED and first is None:
        vitals.pulse.given_up(now, now - began - wait, 0 if call.stream else shared.forecast.output(call))
    if trial.headers:
        _look(vitals.rooms, attempt.credential, trial, now, number=number, tokens=taken)


def _look(
    rooms: Rooms, credential: int, trial: WholeTrial | StreamTrial, now: float, *, number: int, tokens: int
) -> None:
    """At the headers, unless that was done a moment ago."""
    room = rooms.get(credential)
    if room is None or now >= room.next:
        rooms.told(credential, trial.headers, now, time.time(), number=number, tokens=tokens)
