"""What follows from an attempt that is over: what it cost is paid, and whoever watches its target is told."""

from config.schema import Breaker
from core.errors import Refusal
from core.faults import Blame, Failure, Fault
from gateway.call.learning import learn, looked, missed
from gateway.call.puzzle import puzzled
from gateway.call.tab import Tab
from gateway.call.telling import Telling
from gateway.spent import Spent


def over(tab: Tab, failure: Failure | None, breaker: Breaker, telling: Telling | None) -> None:
    """Once for each attempt. *telling*: if the call streams."""
    bill, attempt, vitals, began = tab.bill, tab.attempt, tab.vitals, tab.began
    generation, now = bill.generation, bill.shared.loop.time()
    tab.end(failure, now)
    if attempt.retry:
        bill.shared.budget.retries -= 1
    first = None if telling is None or telling.first is None else telling.first - began
    vitals.end(now, failure, probe=tab.probe, policy=breaker, first_content=first, took=now - began, usage=tab.took)
    generation.pools[tab.target.provider].told(attempt.credential, failure, now, tab.target.id)
    if failure is not None:
        missed(tab, failure, now)
        if failure.guessed:
            puzzled(bill.shared, tab.target, failure, bill.call)
    elif weight := vitals.live.answered(now):
        looked(tab, first, now, weight)
    if generation.learns or bill.record.decided:
        learn(tab, failure, first, now)


def unsent(refused: Refusal) -> Failure:
    """Nothing was sent: the target can't take the call, and another one may; unless nobody pays for it."""
    if isinstance(refused, Spent):
        return Failure(Fault.LIMITED, refused.message)
    return Failure(Fault.UNSUPPORTED, refused.message, code=refused.code, type=refused.type, param=refused.param)


def broken(failure: Failure) -> Refusal:
    """What a client reads of a stream that broke after content had gone out."""
    fault = failure.fault
    quoted = fault.blame is Blame.CALLER and failure.status is not None
    return Refusal(fault.status, failure.message, code=fault.shown or failure.code, type=failure.type, quoted=quoted)
