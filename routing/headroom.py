"""How much of a provider's own rate limits is left, learned from the headers of its answers."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

OFTEN: Final = 0.25  # seconds between two looks at the headers of one credential and target
SELDOM: Final = 5.0  # where the last ones told nothing
FIXED: Final = 600.0  # a limit that is whole again only after that long refills at once; shorter ones bit by bit
MOST_GAUGES: Final = 8
_EPOCH: Final = 1e9  # a number above it is a time, not a span
_WINDOWS: Final = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
_SPAN: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_UNITS: Final = (86400.0, 3600.0, 60.0, 1.0, 0.001)
_NUMBER: Final = re.compile(r"\d{1,18}(?:\.\d{1,9})?")

# What providers call their limits: the groups are of which, and what is told of it.
_NAMES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<what>limit|remaining|reset)(?P<of>)",  # after ratelimit-, as the IETF drafted it
        r"(?P<what>limit|remaining|reset)-(?P<of>[a-z-]+)",  # OpenAI, Azure, Groq, Fireworks, Cerebras, Mistral
        r"(?P<of>[a-z-]+)-(?P<what>limit|remaining|reset)",  # Anthropic
    )
)
_STARTS: Final = re.compile(
    r"(?P<start>x-ratelimit|ratelimit|anthropic-ratelimit|anthropic-priority|x-ratelimitbysize|ratelimitbysize"
    r"|x-tokenlimit|x-trial-endpoint-call)-(?P<rest>.+)"
)
_TOKENS: Final = ("x-tokenlimit", "x-ratelimitbysize", "ratelimitbysize")  # that don't say what they count


class Reading(NamedTuple):
    """*left* of *limit* (0: untold), whole again in *reset* seconds. *tokens*: of tokens, else of requests."""

    name: str
    tokens: bool
    limit: float
    left: float
    reset: float


@lru_cache(maxsize=2048)
def meaning(header: str) -> tuple[str, str, bool] | None:
    """Which limit *header* is about, what it tells of it, and whether that counts tokens; None for other headers."""
    begins = _STARTS.fullmatch(header)
    if begins is None:
        return None
    start = begins["start"]
    found = next((match for each in _NAMES if (match := each.fullmatch(begins["rest"]))), None)
    if found is None:
        return None
    return f"{start} {found['of']}", found["what"], start in _TOKENS or "token" in found["of"]


def readings(headers: Mapping[str, str], wall: float) -> list[Reading]:
    """What *headers* (names in lower case) tell; *wall* is unix time, for those that say when and not how long."""
    told: dict[tuple[str, bool], dict[str, str]] = {}
    for header, value in headers.items():
        if (known := meaning(header)) is not None:
            name, what, tokens = known
            told.setdefault((name, tokens), {})[what] = value
    found = []
    for (name, tokens), said in told.items():
        left = _number(said.get("remaining", ""))
        if left is None:
            continue
        limit = _number(said.get("limit", "")) or 0.0
        usual = next((span for word, span in _WINDOWS.items() if name.endswith(word)), 60.0)
        reset = seconds(said["reset"], wall) if "reset" in said else usual
        found.append(Reading(name, tokens, limit, left, usual if reset is None else reset))
    return found[:MOST_GAUGES]


def seconds(text: str, wall: float) -> float | None:
    """Until a reset: told as 1m30.5s, as seconds, as unix time in seconds or milliseconds, or as a date and time."""
    text = text.strip()
    if (number := _number(text)) is not None:
        span = number / 1000 - wall if number > _EPOCH * 1000 else number - wall if number > _EPOCH else number
    elif text and (parts := _SPAN.fullmatch(text)) is not None:
        span = sum(float(part) * unit for part, unit in zip(parts.groups(), _UNITS, strict=True) if part)
    else:
        try:
            span = datetime.fromisoformat(text).timestamp() - wall
        except (ValueError, OverflowError):
            return None
    return max(span, 0.0)


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else None


class Gauge(NamedTuple):
    """One limit, as it was told at *at*, when *number* attempts had gone out: *share* (0 to 1) of *limit* was left.

    *refill* is what comes back in a second, and *each* what an attempt takes, until all is *whole* again.
    """

    at: float
    whole: float
    number: int
    share: float
    refill: float
    each: float
    limit: float


def gauge(reading: Reading, now: float, number: int, *, tokens: float, most: float) -> Gauge:
    """*tokens* is what an attempt takes of them; *most* the limit where nobody tells one."""
    limit = max(reading.limit or most, reading.left, 1.0)
    share, span = reading.left / limit, reading.reset
    refill = (1 - share) / span if 0 < span <= FIXED else 0.0
    return Gauge(now, now + span, number, share, refill, (tokens if reading.tokens else 1.0) / limit, limit)


class Headroom:
    """The limits of one credential for one target. *next* is when headers are worth another look."""

    __slots__ = ("_gauges", "_number", "_tokens", "next")

    def __init__(self) -> None:
        self._gauges: dict[str, Gauge] = {}
        self._number = 0
        self._tokens = 0.0
        self.next = 0.0

    def told(self, headers: Mapping[str, str], now: float, wall: float, *, number: int, tokens: int) -> None:
        """*headers* came with the answer to the *number*-th attempt at the target, which took *tokens*."""
        found = readings(headers, wall)
        self.next = now + (OFTEN if found else SELDOM)
        if tokens:
            self._tokens = self._tokens + 0.2 * (tokens - self._tokens) if self._tokens else float(tokens)
        if number < self._number:
            return  # it was sent before the one that is known already
        self._number = number
        gauges = self._gauges
        for reading in found:
            former = gauges.get(reading.name)
            if former is None and len(gauges) >= MOST_GAUGES:
                gauges.clear()
            # Where nobody tells the limit, the most that was ever left stands for it.
            most = 0.0 if former is None else former.limit
            gauges[reading.name] = gauge(reading, now, number, tokens=self._tokens, most=most)

    def room(self, now: float, number: int) -> float | None:
        """The share that is left of the tightest limit, when *number* attempts have gone out; None: none was told."""
        gauges = self._gauges
        if not gauges:
            return None
        least = 1.0
        for at, whole, sent, share, refill, each, _ in gauges.values():
            if now < whole:
                left = share + refill * (now - at) - each * (number - sent)
                if left < least:
                    least = max(left, 0.0)
        return least


class Rooms(dict[int, Headroom]):
    """Of one target, by credential."""

    __slots__ = ()

    def told(
        self, credential: int, headers: Mapping[str, str], now: float, wall: float, *, number: int, tokens: int
    ) -> None:
        headroom = self.get(credential)
        if headroom is None:
            headroom = self[credential] = Headroom()
        headroom.told(headers, now, wall, number=number, tokens=tokens)

    def room(self, now: float, number: int) -> float | None:
        """Of all credentials together, as far as they are known."""
        known, sum = 0, 0.0
        for each in self.values():
            if (room := each.room(now, number)) is not None:
                known += 1
                sum += room
        return sum / known if known else None
