"""The header lines of an answer: which way it went, what it cost, what is left."""

from core.target import Target
from gateway.bill import Bill
from gateway.generation import Generation
from quota.till import Till
from server.reply import header
from telemetry.record import Record

NANO = 1_000_000_000


def lines(
    generation: Generation, till: Till, record: Record, bill: Bill, target: Target, *, route: str, cost: bool = False
) -> bytes:
    """*cost*: it is known already. A stream's head goes out before it is."""
    text = b"%bx-switchyard-attempts: %d\r\n" % (generation.labels(route, target.id), len(bill.tried) + 1)
    if cost:
        text += b"x-switchyard-cost-usd: %d.%09d\r\n" % divmod(record.cost, NANO)
    if record.dropped:
        text += header("x-switchyard-dropped", ", ".join(record.dropped))
    if record.degraded:
        text += header("x-switchyard-degraded", record.degraded)
    if bill.purse is not None and bill.purse.metered:
        text += limits(till, bill)
    return text


def limits(till: Till, bill: Bill) -> bytes:
    """OpenAI's `x-ratelimit-*`, of whichever limit is the nearest."""
    purse = bill.purse
    if purse is None:
        return b""
    text = b""
    for name, figures in zip((b"requests", b"tokens"), till.limits(purse), strict=True):
        if figures is not None:
            text += b"x-ratelimit-limit-%b: %d\r\nx-ratelimit-remaining-%b: %d\r\nx-ratelimit-reset-%b: %.3gs\r\n" % (
                name,
                figures[0],
                name,
                max(0, figures[1]),
                name,
                figures[2],
            )
    return text
