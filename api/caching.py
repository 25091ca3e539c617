"""`cache` in a request: what a client wants of answers that are kept. The gateway's own; no provider sees it."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from api.shape import Check, flag
from api.wishes import names
from core.caching import SCOPES, CacheWish
from core.errors import Refusal, invalid

LONGEST: Final = 366 * 86400.0
_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def lifetime(value: Any) -> str | None:
    seconds = _seconds(value)
    fine = seconds is not None and math.isfinite(seconds) and 0 <= seconds <= LONGEST
    return None if fine else "seconds as a number, or a duration such as '10m', up to 366 days"


def scope(value: Any) -> str | None:
    return None if value in SCOPES else f"one of {', '.join(SCOPES)}"


FIELDS: Mapping[str, Check] = {
    "ttl": lifetime,
    "scope": scope,
    "refresh": flag,
    "only": flag,
    "pace": flag,
    "tags": names,
}


def wished(body: Mapping[str, Any]) -> CacheWish | None:
    """Raises Refusal for what can't be meant."""
    asked = body.get("cache")
    if asked is None:
        return None
    found: dict[str, Any] = {}
    for name, value in asked.items():
        if value is None:
            continue
        if (check := FIELDS.get(name)) is None:
            message = f"'cache.{name}' is no such field. There are: {', '.join(FIELDS)}."
            raise Refusal(400, message, param=f"cache.{name}", code="unknown_parameter")
        if (expected := check(value)) is not None:
            raise invalid(f"Invalid 'cache.{name}': expected {expected}.", param=f"cache.{name}")
        found[name] = value
    if "ttl" in found:
        found["ttl"] = _seconds(found["ttl"])
    if "tags" in found:
        tags = found["tags"]
        found["tags"] = (tags,) if isinstance(tags, str) else tuple(tags)
    return CacheWish(**found)


def _seconds(value: Any) -> float | None:
    if isinstance(value, str):
        match = _DURATION.fullmatch(value)
        return None if match is None else float(match[1]) * _UNITS[match[2]]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
