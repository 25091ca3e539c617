"""The header lines of an answer: which way it went, what it cost, what is left."""

from typing import Final

from gateway.call.tab import Tab
from quota.purse import Purse
from quota.rates import Rate, Told
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
        text = PAID % (text, record.cost // NANO, record.cost % NANO)
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
    if len(purse.requests) == len(purse.tokens) == 1:
        return _both(till.moment(), purse, purse.requests[0], purse.tokens[0])
    requests, tokens = till.limits(purse)
    lines = b"" if requests is None else REQUESTS % (requests[0], requests[2]) % requests[1]
    return lines if tokens is None else lines + TOKENS % (tokens[0], tokens[2]) % tokens[1]


def _both(now: float, purse: Purse, requests: Rate, tokens: Rate) -> bytes:
    """Written once for all calls of a moment, but for what is left: digits of fractions are dear."""
    told = purse.told
    if told is None or not told.holds(now, requests, tokens):
        most, all = requests.standing(now), tokens.standing(now)
        words = REQUESTS % (most[0], most[2]) + TOKENS % (all[0], all[2])
        told = purse.told = Told(now, requests, tokens, words)
    return told.words % (requests.left_at(now), tokens.left_at(now))
