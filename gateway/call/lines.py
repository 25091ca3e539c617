"""The header lines of an answer: which way it went, what it cost, what is left."""

from typing import Final

from gateway.call.tab import Tab
from gateway.generation import Generation
from quota.purse import Purse
from quota.rates import tightest
from quota.till import Till
from server.reply import header
from telemetry.record import Record

NANO: Final = 1_000_000_000
TOKENS: Final = (
    b"x-ratelimit-limit-tokens: %d\r\nx-ratelimit-remaining-tokens: %d\r\nx-ratelimit-reset-tokens: %.3fs\r\n"
)
REQUESTS: Final = TOKENS.replace(b"tokens", b"requests")


def lines(generation: Generation, till: Till, record: Record, tab: Tab, *, route: str, cost: bool = False) -> bytes:
    """*cost*: it is known already. A stream's head goes out before it is."""
    text = b"%bx-switchyard-attempts: %d\r\n" % (generation.labels(route, tab.target.id), len(tab.bill.tried) + 1)
    if cost:
        text += b"x-switchyard-cost-usd: %d.%09d\r\n" % divmod(record.cost, NANO)
    if record.cache:
        text += b"x-switchyard-cache: %b\r\n" % record.cache.encode()
    if record.dropped:
        text += header("x-switchyard-dropped", ", ".join(record.dropped))
    if record.degraded:
        text += header("x-switchyard-degraded", record.degraded)
    if tab.purse.metered:
        text += limits(till, tab.purse)
    return text


def limits(till: Till, purse: Purse) -> bytes:
    """OpenAI's `x-ratelimit-*`, of whichever limit is the nearest."""
    now = till.now()
    requests, tokens = tightest(purse.requests, now), tightest(purse.tokens, now)
    text = b"" if requests is None else REQUESTS % requests
    return text if tokens is None else text + TOKENS % tokens
