"""The header lines of an answer: which way it went, what it cost, what is left."""

from functools import lru_cache
from typing import Final

from gateway.call.tab import Tab
from quota.purse import Purse
from quota.till import Till
from server.reply import header

NANO: Final = 1_000_000_000
PAID: Final = b"%bx-switchyard-cost-usd: %d.%09d\r\n"
# What a limit is and when all of it is back; what is left of it is another matter for each call.
TOKENS: Final = (
    b"x-ratelimit-limit-tokens: %d\r\nx-ratelimit-remaining-tokens: %%d\r\nx-ratelimit-reset-tokens: %.3fs\r\n"
)
REQUESTS: Final = TOKENS.replace(b"tokens", b"requests")


def lines(tab: Tab, route: str, *, cost: bool = False) -> bytes:
    """*cost*: it is known already. A stream's head goes out before it is."""
    bill, record = tab.bill, tab.bill.record
    text = bill.generation.labels(route, tab.target.id, len(bill.tried) + 1)
    if cost:
        text = PAID % (text, *divmod(record.cost, NANO))
    if record.cache:
        text += b"x-switchyard-cache: %b\r\n" % record.cache.encode()
    if record.dropped:
        text += header("x-switchyard-dropped", ", ".join(record.dropped))
    if record.degraded:
        text += header("x-switchyard-degraded", record.degraded)
    if tab.purse.metered:
        text += limits(bill.shared.till, tab.purse)
    return text


def limits(till: Till, purse: Purse) -> bytes:
    """OpenAI's `x-ratelimit-*`, of whichever limit is the nearest."""
    requests, tokens = till.limits(purse)
    if requests is None:
        return b"" if tokens is None else TOKENS % (tokens[0], tokens[2]) % tokens[1]
    if tokens is None:
        return REQUESTS % (requests[0], requests[2]) % requests[1]
    (limit, left, reset), (most, free, full) = requests, tokens
    return _both(limit, reset, most, full) % (left, free)


@lru_cache(maxsize=1_024)
def _both(limit: int, reset: float, most: int, full: float) -> bytes:
    """Written once for all calls of a moment: digits of fractions are dear."""
    return REQUESTS % (limit, reset) + TOKENS % (most, full)
