"""How long to wait, how often to try again, when to leave a target alone or to ask a second one beside it: defaults,
and routes of their own mind.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from config import units
from config.problems import Notes, Spot
from config.readers import SHARE, TRUTH, above_zero, choice, duration, number, scalar, whole
from config.schema import Hedge, Retry, Route
from config.section import Entry, Reader, Section, changed
from config.yaml_lines import Fields
from core.target import Provider

MOST_ATTEMPTS = 10

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
_RETRY: Mapping[str, Reader[Any]] = {
    "attempts": whole(1, MOST_ATTEMPTS),
    "backoff": duration("1h", zero=True),
    "max_backoff": duration("1h", zero=True),
    "budget": number(0, 1),
    "longest_wait": duration("1h", zero=True),
}
_QUANTILE = re.compile(r"p([1-9][0-9]?)")
_LONGEST_AFTER = 3600.0
_RETRIES = whole(0, MOST_ATTEMPTS - 1)


def read_params(section: Section, *, inherited: bool) -> bool:
    """Whether what a target can't take is refused (`params: strict`) or dropped and named (`params: drop`)."""
    said = section.read("params", choice(("drop", "strict"), "policy"), None)
    return inherited if said is None else said == "strict"


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


def read_hedge(entry: Entry | None, base: Hedge | None, notes: Notes) -> Hedge | None:
    """A mapping, or a word: `true` for what is usual, `false` for none."""
    if entry is None:
        return base
    if not isinstance(entry.node, Fields):
        return (base or Hedge()) if TRUTH(entry, notes) else None
    section = Section(entry, notes)
    base = base or Hedge()
    after = section.read("after", _AFTER, base)
    at_most = section.read("at_most", SHARE, base.at_most)
    section.close()
    return replace(after, at_most=at_most)


def check_hedge(route: Route, spot: Spot, notes: Notes, *, providers: Mapping[str, Provider]) -> None:
    """Warn where there is nobody that a second attempt could go to."""
    targets = {target.id: target for stage in route.stages for target in stage.targets}
    alone = len(targets) == 1 or not route.fallback
    if route.hedge is None or not alone or any(len(providers[one.provider].keys) > 1 for one in targets.values()):
        return
    notes.warn(spot, "can never work: there is no second target, and no second key of its provider")


def _after(text: str) -> Hedge:
    if (quantile := _QUANTILE.fullmatch(text)) is not None:
        return Hedge(quantile=int(quantile[1]) / 100)
    seconds = units.duration(text)
    if not 0 < seconds <= _LONGEST_AFTER:
        raise ValueError(text)
    return Hedge(seconds=seconds)


_AFTER = scalar(_after, "p1 to p99, or a duration such as 800ms, above 0 to 1h")
