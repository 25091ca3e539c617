"""How hard the model shall think, in the words of its generation."""

from adapters.fields import Fields
from adapters.gemini.traits import Traits
from core.errors import invalid
from core.wire import Json

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
# The numbers of Google's own OpenAI-compatible endpoint.
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
_LEAST_OF_PRO, _MOST_OF_PRO = 128, 32768


def thinking(fields: Fields, traits: Traits) -> Json | None:
    """`thinkingConfig`, or nothing. Whoever asks for an effort gets to see the thoughts."""
    if not traits.thinking:
        fields.drop("reasoning_effort")
    effort = fields.take("reasoning_effort")
    if effort is None:
        return None
    if effort not in _EFFORTS:
        raise invalid(f"Invalid value for 'reasoning_effort': '{str(effort)[:64]}'.", param="reasoning_effort")
    shown: Json = {} if effort == "none" else {"includeThoughts": True}
    if traits.thinking == "thinkingBudget":
        return {"thinkingBudget": _budget(fields, traits, effort), **shown}
    level = _level(traits, effort)
    if level != effort:
        fields.changed("reasoning_effort", level)
    return {"thinkingLevel": level, **shown}


def _budget(fields: Fields, traits: Traits, effort: str) -> int:
    if not traits.pro:
        return _BUDGETS[effort]
    if effort == "none":
        fields.changed("reasoning_effort", "minimal")  # it can't be told not to think at all
        return _LEAST_OF_PRO
    return _MOST_OF_PRO if effort in {"xhigh", "max"} else _BUDGETS[effort]


def _level(traits: Traits, effort: str) -> str:
    if effort in {"none", "minimal"}:
        return "minimal" if traits.minimal else "low"
    return "high" if effort in {"xhigh", "max"} else effort
