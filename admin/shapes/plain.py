"""The plain form of a call: one flat object of options, and an answer without a frame around it."""

from collections.abc import Mapping
from typing import Any, Final

from admin.shapes.models import FACTS
from admin.shapes.openai import CHAT
from admin.shapes.words import (
    COUNT,
    DOLLARS,
    FLAG,
    NUMBER,
    TEXT,
    Fields,
    Schema,
    about,
    either,
    maybe,
    named,
    one_of,
    some,
    thing,
    word,
)

# What a chat call takes under the same name.
SAME: Final = (
    *("cache", "frequency_penalty", "logit_bias", "max_completion_tokens", "max_tokens", "metadata", "models"),
    *("parallel_tool_calls", "presence_penalty", "reasoning_effort", "response_format", "seed", "service_tier", "stop"),
    *("temperature", "tool_choice", "tools", "top_p", "user", "verbosity"),
)
NAMES: Final = maybe(either(TEXT, some(TEXT)))
WISH: Final[Fields] = {
    "prompt": about(maybe(TEXT), "this, or `messages`"),
    "messages": maybe(some(named("Message"), minItems=1)),
    "model": about(maybe(TEXT), "auto, if absent"),
    "provider": about(maybe(TEXT), "whose model it is; without a model, who is preferred"),
    "provider_options": maybe({**thing({}, {"preferred_provider": maybe(TEXT)}), "additionalProperties": False}),
    "cost_constraints": maybe(
        {**thing({}, {"max_cost": maybe(NUMBER), "preferred_models": NAMES}), "additionalProperties": False}
    ),
    "workspace_id": about(maybe(TEXT), "the key's own team, or one of its tags"),
    "strategy": maybe(TEXT),
    "task_type": maybe(TEXT),
    "required_capability": NAMES,
    "prefer": NAMES,
    "avoid": NAMES,
    "prefer_local": maybe(FLAG),
    "max_cost": about(maybe(NUMBER), "dollars"),
    "budget_remaining": about(maybe(NUMBER), "dollars"),
    "max_latency_ms": maybe(NUMBER),
    "enable_fallback": maybe(FLAG),
    "execution_id": about(maybe(TEXT), "calls with the same one stay together"),
    **{name: CHAT[name] for name in SAME},
}


def _spelled(name: str) -> str:
    """`max_tokens` as `maxTokens`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _wish() -> dict[str, Any]:
    """Every name in both spellings, and no other."""
    return {
        **thing({}, {**WISH, **{_spelled(name): schema for name, schema in WISH.items()}}),
        "additionalProperties": False,
    }


SHAPES: Final[Mapping[str, Schema]] = {
    "PlainCall": about(_wish(), "names may be written with underscores or without: maxTokens"),
    "PlainAnswer": {
        **thing(
            {
                "object": word("completion"),
                "id": TEXT,
                "content": TEXT,
                "finish_reason": maybe(TEXT),
                "route": TEXT,
                "target": TEXT,
                "provider": TEXT,
                "model": TEXT,
                "usage": maybe(named("Tokens")),
                "cost_usd": DOLLARS,
                "estimated": FLAG,
                "latency_ms": NUMBER,
                "first_content_ms": maybe(NUMBER),
                "attempts": COUNT,
                "dropped": about(some(TEXT), "fields that the target couldn't take"),
                "degraded": about(maybe(TEXT), "the route whose budget was spent, if another answered"),
                "capabilities": about(thing(FACTS), "of the model that answered"),
            },
            {"reasoning": TEXT, "tool_calls": some({}), "refusal": TEXT},
        ),
        "additionalProperties": True,
    },
    "PlainEvents": about(
        thing({"event": one_of("content", "reasoning", "tool_calls", "refusal", "done", "error"), "data": TEXT}),
        "one of the events, whose data is JSON; `done` has all that an answer has besides what was said",
    ),
}
