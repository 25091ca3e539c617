"""How long to wait, how often to try again, when to leave a target alone: defaults, and routes of their own mind."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from config.problems import Notes
from config.readers import above_zero, choice, duration, number, scalar, whole
from config.schema import Balance, Retry
from config.section import Entry, Reader, Section, changed
from core.target import ADAPTIVE, GRADIENT, OFF, Concurrency

MOST_ATTEMPTS = 10
ON_BREAK = ("continue", "error")

TIMEOUTS: Mapping[str, Reader[Any]] = {
    "connect": duration("5m"),
    "first_content": duration("1h"),
    "idle": duration("1h"),
    "attempt": duration("1d"),
    "total": duration("1d"),
}
BREAKER: Mapping[str, Reader[Any]] = {
    "failures": whole(1, 1000),
    "cooldown": duration("1d"),
    "max_cooldown": duration("1d"),
    "ratio": above_zero(1),
    "minimum": whole(1, 100_000),
    "window": duration("1h"),
}
QUEUE: Mapping[str, Reader[Any]] = {
    "most": whole(1, 10_000),
    "wait": duration("1h", zero=True),
}
_LIMITS = {"adaptive": ADAPTIVE, "gradient": GRADIENT, **dict.fromkeys(("off", "false", "no"), OFF)}
_CALLS = re.compile(r"[1-9][0-9]{0,5}")
_RETRY: Mapping[str, Reader[Any]] = {
    "attempts": whole(1, MOST_ATTEMPTS),
    "backoff": duration("1h", zero=True),
    "max_backoff": duration("1h", zero=True),
    "budget": number(0, 1),
    "longest_wait": duration("1h", zero=True),
}
_WEIGHTS: Mapping[str, Reader[Any]] = {"cost": number(0, 1000), "quality": number(0, 1000), "latency": number(0, 1000)}
_RETRIES = whole(0, MOST_ATTEMPTS - 1)


def _concurrency(text: str) -> Concurrency:
    if _CALLS.fullmatch(text):
        return Concurrency(int(text))
    if text.lower() not in _LIMITS:
        raise ValueError(text)
    return _LIMITS[text.lower()]


CONCURRENCY = scalar(_concurrency, "adaptive, gradient, off, or a number of calls from 1 to 999999")


def read_params(section: Section, *, inherited: bool) -> bool:
    """Whether what a target can't take is refused (`params: strict`) or dropped and named (`params: drop`)."""
    said = section.read("params", choice(("drop", "strict"), "policy"), None)
    return inherited if said is None else said == "strict"


def read_break(section: Section, *, inherited: str) -> str:
    """What becomes of a stream that breaks off after content has gone out."""
    return section.read("on_break", choice(ON_BREAK, "policy"), inherited)


def read_weights(section: Section, base: Balance, notes: Notes) -> Balance:
    """What counts how much; only how they compare matters, so that all of them can't be zero."""
    entry = section.take("weights")
    weights = Section(entry, notes)
    balance = base._replace(**changed(weights, _WEIGHTS))
    weights.close()
    if entry and not any(balance):
        notes.error(entry, "counts nothing at all; at least one weight has to be above 0")
    return balance


def read_retry(entry: Entry | None, base: Retry, notes: Notes) -> Retry:
    """`retries` counts the tries after the first, for those who think of it that way."""
    section = Section(entry, notes)
    changes = changed(section, _RETRY)
    retries = section.read("retries", _RETRIES, None)
    section.close()
    if retries is not None and "attempts" in changes:
        notes.error(section.at("retries"), "says what attempts says already; keep one of them")
    elif retries is not None:
        changes["attempts"] = retries + 1
    return replace(base, **changes)
