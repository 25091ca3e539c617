"""How hard a model shall think, and how freely it may choose its words, in each family's own fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.bedrock.claude import Claude
from adapters.bedrock.families import Family
from adapters.fields import Fields
from core.errors import invalid
from core.wire import Json

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
# Tokens, as other gateways spend them.
_BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 1024,
    "medium": 2048,
    "high": 4096,
    "xhigh": 8192,
    "max": 16384,
}
_LEAST_BUDGET = 1024
_NOVA = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
_FLAT = {"none": "low", **_NOVA}
_NESTED = {effort: effort for effort in _EFFORTS} | {"minimal": "low"}


@dataclass(slots=True)
class Thinking:
    """*fields* are the model's own, *effort* is Converse's; *thinks*: whether thoughts will come, as far as we know."""

    fields: Json = field(default_factory=dict)
    effort: str | None = None
    thinks: bool = False
    high: bool = False  # Nova then takes no limits


def thinking(fields: Fields, family: Family, *, most: int | None, possible: bool) -> Thinking:
    """Takes reasoning_effort. *most* is the answer's limit in tokens; *possible*: nothing else forbids to think."""
    effort = fields.peek("reasoning_effort")
    if effort is None:
        return Thinking(thinks=family.claude is not None and family.claude.by_default)
    if effort not in _EFFORTS:
        raise invalid(f"'{effort[:64]}' is no effort; {', '.join(_EFFORTS)} are.", param="reasoning_effort")
    if family.claude is not None:
        return _claude(fields, family.claude, effort, most=most, possible=possible)
    match family.effort:
        case "nova":
            fields.take("reasoning_effort")
            if effort == "none":
                return Thinking({"reasoningConfig": {"type": "disabled"}})
            level = _changed(fields, effort, _NOVA[effort])
            config = {"type": "enabled", "maxReasoningEffort": level}
            return Thinking({"reasoningConfig": config}, thinks=True, high=level == "high")
        case "flat":
            fields.take("reasoning_effort")
            return Thinking({"reasoning_effort": _changed(fields, effort, _FLAT[effort])})
        case "nested":
            fields.take("reasoning_effort")
            return Thinking({"reasoning": {"effort": _changed(fields, effort, _NESTED[effort])}})
        case _:
            fields.drop("reasoning_effort")
            return Thinking()


def _claude(fields: Fields, kind: Claude, effort: str, *, most: int | None, possible: bool) -> Thinking:
    if effort == "none":
        fields.take("reasoning_effort")
        return _unthinking(fields, kind)
    if not possible or not (kind.adaptive or (kind.budget and most is not None and most > _LEAST_BUDGET)):
        fields.drop("reasoning_effort")
        return Thinking()
    fields.take("reasoning_effort")
    if most is not None and not kind.adaptive:
        budget = min(_BUDGETS[effort], max(most // 2, _LEAST_BUDGET))
        return Thinking({"thinking": {"type": "enabled", "budget_tokens": budget}}, thinks=True)
    level = _changed(fields, effort, _level(kind, effort))
    # Without this the newer ones sign their thoughts and keep the words to themselves.
    display = {"display": "summarized"} if kind.display else {}
    return Thinking({"thinking": {"type": "adaptive", **display}}, effort=level, thinks=True)


def _unthinking(fields: Fields, kind: Claude) -> Thinking:
    if not kind.by_default:
        return Thinking()
    if kind.between_tools:
        return Thinking({"thinking": {"type": "between_tools"}}, thinks=True)
    if kind.always:
        return Thinking(effort=_changed(fields, "none", "low"), thinks=True)
    return Thinking({"thinking": {"type": "disabled"}})


def _level(kind: Claude, effort: str) -> str:
    if effort == "minimal":
        return "low"
    if effort == "xhigh" and not kind.xhigh:
        effort = "max"
    return effort if effort != "max" or kind.max else "high"


def _changed(fields: Fields, asked: str, given: str) -> str:
    if asked != given:
        fields.changed("reasoning_effort", given)
    return given


def inference(fields: Fields, family: Family, thought: Thinking, *, most: int | None) -> Json:
    """Takes temperature, top_p, top_k, stop and the limits; gives `inferenceConfig`. *most* is what is to be sent."""
    config: Json = {}
    fields.take("max_tokens")
    fields.take("max_completion_tokens")
    if most is not None and thought.high:
        fields.dropped("max_tokens")
    elif most is not None:
        config["maxTokens"] = most
    if not _samples(family, thought):
        fields.drop("temperature", "top_p", "top_k")
    temperature, top_p = fields.take("temperature"), fields.peek("top_p")
    if temperature is not None:
        config["temperature"] = fields.clamped("temperature", temperature, 0, 1)
    if top_p is not None and temperature is not None and family.claude is not None and family.claude.either_sampling:
        fields.drop("top_p")
    elif top_p is not None:
        config["topP"] = fields.clamped("top_p", fields.take("top_p"), 0, 1)
    if sequences := _stop(fields, family):
        config["stopSequences"] = sequences
    return config


def sampled(fields: Fields, family: Family) -> Json:
    """Takes top_k, which every family has in a place of its own, or not at all."""
    if "top_k" not in fields or not family.top_k:
        return {}
    value: Any = fields.take("top_k")
    for name in reversed(family.top_k):
        value = {name: value}
    return dict(value)


def _samples(family: Family, thought: Thinking) -> bool:
    if family.claude is not None:
        return family.claude.sampling and not thought.thinks
    return not thought.high


def _stop(fields: Fields, family: Family) -> list[str]:
    given = fields.take("stop")
    sequences = [given] if isinstance(given, str) else given or []
    # Claude refuses those of blanks only, and nobody can stop at nothing.
    kept = [one for one in sequences if (one.strip() if family.claude is not None else one)]
    if len(kept) < len(sequences):
        fields.dropped("stop")
    return kept
