"""How much a model shall think: `reasoning_effort` in the words of each generation."""

from typing import Any, Final, NamedTuple

from adapters.anthropic.model import Model
from adapters.fields import Fields
from core.errors import invalid
from core.wire import Json

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
# Tokens, for models that think by a budget.
_BUDGETS: Final = {"minimal": 1024, "low": 1024, "medium": 2048, "high": 4096, "xhigh": 8192, "max": 16384}
_LEAST = 1024
_INSTEAD: Final = {"minimal": ("low",), "xhigh": ("max", "high"), "max": ("xhigh", "high")}


class Thinking(NamedTuple):
    """The fields `thinking` and `output_config.effort`; None says nothing."""

    config: Json | None = None
    effort: str | None = None


def thinking(fields: Fields, model: Model, *, max_tokens: int, hindered: bool) -> Thinking:
    """Takes reasoning_effort and Anthropic's own `thinking`.

    *hindered*: the call demands a tool, or its history lacks the thoughts that belong to a tool call, and the model
    can't think then.
    """
    own = fields.take("thinking")
    effort = fields.peek("reasoning_effort")
    if effort is not None and effort not in EFFORTS:
        raise invalid(f"Invalid value for 'reasoning_effort': '{str(effort)[:64]}'.", param="reasoning_effort")
    if own is not None:
        return _own(own, fields, model)
    if effort is None:
        return Thinking()
    if effort == "none":
        fields.take("reasoning_effort")
        return _off(fields, model)
    if not model.thinks or hindered:
        fields.drop("reasoning_effort")
        return Thinking()
    if model.thinks == "adaptive":
        # Without `display` the newest models think in silence, and a client that asks for effort wants to see it.
        return Thinking({"type": "adaptive", "display": "summarized"}, _level(fields, model))
    if max_tokens <= _LEAST:
        fields.drop("reasoning_effort")
        return Thinking()
    budget = min(_BUDGETS[fields.take("reasoning_effort")], max(_LEAST, max_tokens // 2))
    return Thinking({"type": "enabled", "budget_tokens": budget})


def _own(own: Any, fields: Fields, model: Model) -> Thinking:
    """A client that speaks of thinking in Anthropic's words knows what it wants."""
    if not isinstance(own, dict) or not isinstance(own.get("type"), str):
        raise invalid("'thinking' must be an object with a 'type'.", param="thinking", code="invalid_type")
    if fields.peek("reasoning_effort") == "none":
        fields.drop("reasoning_effort")
    return Thinking(own, _level(fields, model))


def _off(fields: Fields, model: Model) -> Thinking:
    match model.off:
        case "never":
            effort = "low" if model.efforts else None
            fields.changed("reasoning_effort", effort or "default")
            return Thinking(None, effort)
        case "silence":
            return Thinking()
        case kind:
            return Thinking({"type": kind})


def _level(fields: Fields, model: Model) -> str | None:
    effort: str | None = fields.peek("reasoning_effort")
    if effort is None:
        return None
    if not model.efforts:
        # It thinks as it sees fit; how much can't be said.
        fields.drop("reasoning_effort")
        return None
    fields.take("reasoning_effort")
    if effort in model.efforts:
        return effort
    fitting = next(level for level in _INSTEAD[effort] if level in model.efforts)
    if effort != "minimal":  # which Anthropic has no word for
        fields.changed("reasoning_effort", fitting)
    return fitting
