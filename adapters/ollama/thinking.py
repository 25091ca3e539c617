"""Whether and how hard a model thinks: OpenAI's `reasoning_effort`, or Ollama's own `think`."""

from collections.abc import Mapping
from typing import Any

from adapters.fields import Fields
from core.ask import Abilities
from core.errors import invalid

Think = bool | str

_EFFORTS: Mapping[str, Think] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "max",
    "max": "max",
}
_LEVELS = frozenset({"low", "medium", "high", "max"})


def thinks(model: Abilities) -> bool:
    """Whether the model may be able to."""
    return not model.capabilities or "reasoning" in model.capabilities


def think(fields: Fields, name: str, model: Abilities) -> Think | None:
    """None: not said, which for a thinking model means that it does. *name* is the model's."""
    field = "think" if "think" in fields else "reasoning_effort"
    if field == "think":
        fields.drop("reasoning_effort")
    given = fields.peek(field)
    if given is None:
        return None
    wanted = _own(given) if field == "think" else _effort(given)
    if not thinks(model):
        # It would be refused upstream, though the answer is the same.
        (fields.drop if wanted else fields.ignore)(field)
        return None
    fields.take(field)
    if _is_gpt_oss(name):
        return _level(fields, field, wanted)
    return wanted


def _effort(given: str) -> Think:
    if given not in _EFFORTS:
        raise invalid(f"Invalid value for 'reasoning_effort': '{given[:64]}'.", param="reasoning_effort")
    return _EFFORTS[given]


def _own(given: Any) -> Think:
    if isinstance(given, bool) or (isinstance(given, str) and given in _LEVELS):
        return given
    raise invalid("'think' is a boolean, or one of low, medium, high and max.", param="think")


def _level(fields: Fields, field: str, wanted: Think) -> Think:
    """gpt-oss knows three levels, ignores booleans and can't be kept from thinking."""
    level = {False: "low", "max": "high"}.get(wanted)
    if level is None:
        return "medium" if wanted is True else wanted
    fields.changed(field, level)
    return level


def _is_gpt_oss(name: str) -> bool:
    return name.rpartition("/")[2].lower().startswith("gpt-oss")
