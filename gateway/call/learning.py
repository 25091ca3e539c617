"""What an attempt teaches about its target: how fast it is, what answers take, what is left of its rate limits."""

import time
from typing import Final

from core.faults import Blame, Failure, Fault
from gateway.call.tab import Tab
from routing.headroom import Rooms
from upstream.trial import StreamTrial, WholeTrial

# It wasn't waited for to the end: how long it would have taken nobody knows, but longer than that.
GIVEN_UP: Final = (Fault.CANCELLED, Fault.OUT_OF_TIME)


def learn(tab: Tab, failure: Failure | None, first: float | None, now: float) -> None:
    """The attempt of *tab* is over. *first*: so many seconds after it began, its client had content."""
    trial, attempt, vitals = tab.trial, tab.attempt, tab.vitals
    if trial is None:
        return  # nothing was sent
    call, forecast = tab.bill.call, tab.bill.shared.forecast
    usage, seconds = tab.took, now - tab.began - attempt.wait
    taken = 0
    if failure is None:
        output = 0
        if usage is not None:
            output, taken = usage.output, usage.total
            forecast.learn(call, tab.target.id, usage)
        if first is None:
            vitals.pulse.answered(now, seconds, output)
        else:
            vitals.pulse.paced(now, seconds - first + attempt.wait, output)
    elif failure.fault.blame is Blame.TARGET and failure.fault is not Fault.RATE_LIMITED:
        vitals.pulse.failed(now, seconds)
    elif failure.fault in GIVEN_UP and first is None:
        vitals.pulse.given_up(now, seconds, 0 if call.stream else forecast.output(call))
    if trial.head:
        _look(vitals.rooms, attempt.credential, trial, now, number=tab.number, tokens=taken)


def looked(tab: Tab, first: float | None, now: float, weight: int) -> None:
    """At an answer that has come, which counts for *weight*: the same, for those who look at figures."""
    wait, usage, bill = tab.attempt.wait, tab.took, tab.bill
    output = 0 if usage is None else usage.completion
    begun = None if first is None else first - wait
    took = now - tab.began - wait
    tab.vitals.live.look(took, begun, output, bill.costs[-1], route=bill.record.route, weight=weight)


def missed(tab: Tab, failure: Failure, now: float) -> None:
    """What was sent and failed counts for them, too, unless nobody waited for it, or could wait long enough."""
    if tab.trial is not None and failure.fault.blame is not Blame.NOBODY:
        blamed = failure.fault.blame is not Blame.CALLER
        tab.vitals.live.failed(now, route=tab.bill.record.route, blamed=blamed)


def _look(
    rooms: Rooms, credential: int, trial: WholeTrial | StreamTrial, now: float, *, number: int, tokens: int
) -> None:
    """At the headers, unless that was done a moment ago."""
    room = rooms.get(credential)
    if room is None or now >= room.next:
        rooms.told(credential, trial.headers, now, time.time(), number=number, tokens=tokens)
