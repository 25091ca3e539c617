"""`routing` and `models` in a request: what a client asks of routing for this call. Both are the gateway's own."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from api.shape import Check, flag, number, text, texts
from core.errors import Refusal, invalid
from core.wishes import NO_WISHES, Wishes

NANO: Final = 1_000_000_000
MOST_NAMES: Final = 32
LONGEST: Final = 256
MOST_DOLLARS: Final = 1_000_000
LONGEST_WAIT: Final = 3_600_000  # milliseconds


def names(value: Any) -> str | None:
    if isinstance(value, str):
        value = [value]
    if texts(value) is not None or len(value) > MOST_NAMES or not all(0 < len(one) <= LONGEST for one in value):
        return f"a name or an array of at most {MOST_NAMES} names"
    return None


def dollars(value: Any) -> str | None:
    return _between(value, MOST_DOLLARS, "dollars")


def milliseconds(value: Any) -> str | None:
    return _between(value, LONGEST_WAIT, "milliseconds")


def seed(value: Any) -> str | None:
    fine = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63
    return None if fine else "an integer from 0 to 2^63 - 1"


def _between(value: Any, most: int, unit: str) -> str | None:
    fine = number(value) is None and math.isfinite(value) and 0 <= value <= most
    return None if fine else f"a number of {unit} from 0 to {most}"


def _tuple(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _set(value: Any) -> frozenset[str]:
    return frozenset(_tuple(value))


def _nanos(value: float) -> int:
    return int(value * NANO)


def _seconds(value: float) -> float:
    return value / 1000


def _same(value: Any) -> Any:
    return value


# As a client writes it: what it must be, the field of Wishes, and how it gets there.
FIELDS: Mapping[str, tuple[Check, str, Callable[[Any], Any]]] = {
    "strategy": (text, "strategy", _same),
    "task": (text, "task", _same),
    "capability": (names, "capabilities", _set),
    "prefer": (names, "prefer", _tuple),
    "avoid": (names, "avoid", _tuple),
    "local": (flag, "local", _same),
    "max_cost_usd": (dollars, "max_cost", _nanos),
    "budget_remaining_usd": (dollars, "budget", _nanos),
    "max_latency_ms": (milliseconds, "max_latency", _seconds),
    "fallback": (flag, "fallback", _same),
    "session": (text, "session", _same),
    "seed": (seed, "seed", _same),
}


def wishes(body: Mapping[str, Any]) -> Wishes:
    """Raises Refusal for what can't be meant; whether names exist is for those to say who know them."""
    found: dict[str, Any] = {}
    asked = body.get("routing")
    for name, value in (asked or {}).items():
        if value is None:
            continue
        if (rule := FIELDS.get(name)) is None:
            message = f"'routing.{name}' is no such field. There are: {', '.join(FIELDS)}."
            raise Refusal(400, message, param=f"routing.{name}", code="unknown_parameter")
        check, field, read = rule
        if (expected := check(value)) is not None:
            raise invalid(f"Invalid 'routing.{name}': expected {expected}.", param=f"routing.{name}")
        found[field] = read(value)
    if body.get("models"):
        if (expected := names(body["models"])) is not None:
            raise invalid(f"Invalid 'models': expected {expected}.", param="models")
        found["models"] = _tuple(body["models"])
    return Wishes(**found) if found else NO_WISHES
