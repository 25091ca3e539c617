"""A configuration as operators may see it again: all that it says, and none of its secrets."""

import dataclasses
import math
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from admin.dollars import number
from catalog.price import FACTOR, TIERS
from config.schema import Budget, Config
from core.secret import MASK, Secret

MOST_KEYS: Final = 500  # keys that are shown; there may be tens of thousands
HIDDEN: Final = frozenset({"digest", "headers"})  # what an operator adds to requests may well be a credential
NANO: Final = 1_000_000_000


def redacted(config: Config) -> dict[str, Any]:
    """As JSON. Amounts are dollars; of keys the first MOST_KEYS are shown, and `keys_left_out` counts the others."""
    shown = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    del shown["fingerprint"]
    shown["keys"] = dict(islice(config.keys.items(), MOST_KEYS))
    told: dict[str, Any] = {name: _value(value) for name, value in shown.items()}
    told["max_cost"] = _dollars(config.max_cost)
    told["keys_left_out"] = max(0, len(config.keys) - MOST_KEYS)
    return told


def _value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Secret):
        return MASK if value else None
    if dataclasses.is_dataclass(value):
        return _fields({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, value)
    if hasattr(value, "_asdict"):
        return _fields(value._asdict(), value)
    if isinstance(value, Mapping):
        return {str(key): _value(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, tuple | list):
        return [_value(each) for each in value]
    return MASK


def _fields(fields: Mapping[str, Any], whose: Any) -> dict[str, Any]:
    told = {name: _hidden(value) if name in HIDDEN else _value(value) for name, value in fields.items()}
    if isinstance(whose, Budget):
        told["limit"] = number(whose.limit)
    if "max_cost" in fields:
        told["max_cost"] = _dollars(fields["max_cost"])
    if fields.get("price") is not None:
        told["price"] = _price(fields["price"])
    return told


def _hidden(value: Any) -> Any:
    """That there is something, and for a mapping what it is called."""
    return dict.fromkeys(map(str, value), MASK) if isinstance(value, Mapping) else MASK


def _dollars(nanos: int | None) -> Any:
    return None if nanos is None else number(nanos)


def _price(figures: Mapping[str, Any]) -> dict[str, Any]:
    """In dollars per million tokens, as it is written; see config.schema.ModelFacts."""
    return {name: _figure(name, figure) for name, figure in figures.items()}


def _figure(name: str, figure: Any) -> Any:
    if isinstance(figure, Mapping):
        return _price(figure)
    if isinstance(figure, tuple | list):
        return [_price(each) for each in figure]
    if name == "above":
        return figure
    return figure / (FACTOR if name in TIERS else NANO)
