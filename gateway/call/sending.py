"""An attempt goes out: its provider is asked, its time runs, and its answer has who hears it. Each returns how it will
end.
"""

import asyncio
from collections.abc import Callable

from config.schema import Timeouts
from core.ask import Ask
from core.faults import Failure
from core.wire import Completion
from gateway.call.bill import Bill
from gateway.call.hedging import Race
from gateway.call.tab import Tab
from gateway.call.telling import Telling
from gateway.lane import Lane
from upstream.trial import StreamTrial, WholeTrial


def ask_whole(
    lane: Lane, ask: Ask, tab: Tab, timeouts: Timeouts, *, until: float, race: Race | None
) -> asyncio.Future[Completion | Failure]:
    """For an answer in one piece, which the whole call has *until* then to wait for."""
    request = tab.request
    trial = WholeTrial(lane.adapter, ask, request, tab.bill.shared.deadlines, discretion=lane.discretion)
    exchange = lane.send(request, tab.attempt.credential, trial, timeouts.connect, tab.lines)
    trial.begin(exchange, seconds=timeouts.attempt, total=timeouts.total, deadline=until)
    tab.sent(trial)
    if race is not None:
        race.sent(tab)
    return trial.outcome


def ask_pieces(
    lane: Lane,
    ask: Ask,
    tab: Tab,
    timeouts: Timeouts,
    *,
    until: float,
    race: Race | None,
    listen: Callable[[Bill], Telling],
) -> asyncio.Future[Failure | None]:
    """For a stream, which is heard by whom *listen* gives, or by the *race* on their behalf."""
    request = tab.request
    trial = StreamTrial(lane.adapter, ask, request, tab.bill.shared.deadlines, discretion=lane.discretion)
    exchange = lane.send(request, tab.attempt.credential, trial, timeouts.connect, tab.lines)
    telling = listen(tab.bill)
    audience = telling if race is None else race.sent(tab)
    first, idle, total = timeouts.first_content, timeouts.idle, timeouts.total
    trial.begin(exchange, audience, first=first, idle=idle, total=total, deadline=until)
    tab.sent(trial)
    telling.follow(tab, trial)
    return trial.ended
