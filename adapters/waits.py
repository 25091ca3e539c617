"""How long a provider asks us to wait.

There is no clock in here: moments (an HTTP date, an epoch) are measured from the response's own `date` header, which
whoever received it adds where that is missing (upstream.response). Where there is none all the same, a wait that was
asked for is the longest.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 600.0  # seconds

_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")
_RESETS = ("requests", "tokens", "requests-day", "tokens-minute")
_EPOCH_MS, _EPOCH_S = 1e12, 1e9
_DAY = 86400.0

_NUMBER = re.compile(r"-?\d{1,400}(?:\.\d{0,18})?(?:e[+-]?\d{1,9})?", re.IGNORECASE)
_DURATION = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{0,18})?)(ms|s))?")
_ASKED = re.compile(r"(?:try again in|retry after|retry in) ((?:\d[\d.]{0,18}(?:ms|h|m|s)){1,4})")
_ASKED_SECONDS = re.compile(r"(?:try again in|retry after|retry in) (\d{1,9}(?:\.\d{1,9})?) ?sec")


def retry_after(headers: Mapping[str, str], *, body: float | None, text: str) -> float | None:
    """Seconds, 0 to 600. *body* is what the error's fields say, *text* its words in lower case."""
    wait = _of_headers(headers)
    if wait is None:
        wait = body if body is not None else _of_text(text)
    return None if wait is None else clamped(wait)


def reset_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until a rate limit's window begins again, where only that is told. Exhausted windows come first."""
    now = _moment(headers.get("date"))
    resets: dict[str, float] = {}
    for window in _RESETS:
        wait = _until(headers.get(f"x-ratelimit-reset-{window}"), now)
        if wait is not None:
            resets[window] = wait
    empty = [wait for window, wait in resets.items() if headers.get(f"x-ratelimit-remaining-{window}") == "0"]
    found = max(empty) if empty else min(resets.values(), default=_until(headers.get("x-ratelimit-reset"), now))
    return None if found is None else clamped(found)


def clamped(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST)


def duration(text: str) -> float | None:
    """`6m0s`, `1.5s`, `120ms`, `2h` or a bare number of seconds."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        return None
    hours, minutes, amount, unit = match.groups()
    rest = float(amount or 0) / (1000 if unit == "ms" else 1)
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + rest


def _of_headers(headers: Mapping[str, str]) -> float | None:
    for name in _MILLISECONDS:
        value = headers.get(name, "").strip()
        if _NUMBER.fullmatch(value):
            return float(value) / 1000
    return _until(headers.get("retry-after"), _moment(headers.get("date")), unmeasured=LONGEST)


def _until(value: str | None, now: float | None, *, unmeasured: float | None = None) -> float | None:
    """Seconds from a duration, an epoch in seconds or milliseconds (told by its size) or an HTTP date.

    *unmeasured* is what a moment counts as where there is nothing to measure it from, and so does a number that is too
    large for a duration, and no epoch of these days either.
    """
    if value is None:
        return None
    seconds = duration(value)
    if seconds is not None and seconds <= _EPOCH_S:
        return seconds
    moment = _moment(value) if seconds is None else seconds / 1000 if seconds > _EPOCH_MS else seconds
    if moment is None:
        return None
    if now is None or (seconds is not None and moment < now - _DAY):
        return unmeasured
    return moment - now


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return when.replace(tzinfo=when.tzinfo or UTC).timestamp()


def _of_text(text: str) -> float | None:
    if match := _ASKED_SECONDS.search(text):
        return float(match[1])
    match = _ASKED.search(text)
    return duration(match[1]) if match else None
