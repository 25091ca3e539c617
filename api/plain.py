"""POST /api/v1/complete and what else asks in the plain form: one flat object of options, translated into a chat call.

Every name may be written as `max_tokens` or as `maxTokens`. What a refusal names is what the client wrote, in the first
of the two spellings.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import orjson

from api import chat
from api.shape import Check, check, missing, number, text, text_or_texts, thing, wrong
from core.call import Call
from core.errors import Refusal, invalid

AUTO: Final = "auto"  # who names no model leaves the choice to the gateway

# As a client writes it: the field of `routing` that it becomes.
WISHES: Final[Mapping[str, str]] = {
    "avoid": "avoid",
    "budget_remaining": "budget_remaining_usd",
    "enable_fallback": "fallback",
    "execution_id": "session",
    "max_cost": "max_cost_usd",
    "max_latency_ms": "max_latency_ms",
    "prefer": "prefer",
    "prefer_local": "local",
    "required_capability": "capability",
    "strategy": "strategy",
    "task_type": "task",
}
_WRITTEN: Final = {f"routing.{field}": name for name, field in WISHES.items()}

# What a chat call takes under the same name.
SAME: Final = (
    *(
        "cache",
        "frequency_penalty",
        "logit_bias",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "metadata",
        "models",
    ),
    *("parallel_tool_calls", "presence_penalty", "reasoning_effort", "response_format", "seed", "service_tier", "stop"),
    *("temperature", "tool_choice", "tools", "top_p", "user", "verbosity"),
)
OWN: Final[Mapping[str, Check]] = {
    "cost_constraints": thing,
    "model": text,
    "prompt": text,
    "provider": text,
    "provider_options": thing,
    "workspace_id": text,
}
NAMES: Final = tuple(sorted({*OWN, *SAME, *WISHES}))
COST: Final[Mapping[str, Check]] = {"max_cost": number, "preferred_models": text_or_texts}
PROVIDER: Final[Mapping[str, Check]] = {"preferred_provider": text}
_SPELLED: Final = {
    re.sub("_([a-z])", lambda found: found[1].upper(), name): name for name in (*NAMES, *COST, *PROVIDER)
}


def call_of(fields: Mapping[str, Any], *, stream: bool) -> Call:
    """Options as a client wrote them -> Call, or a Refusal that names the field."""
    written = _written(fields, NAMES)
    check(written, OWN)
    body: dict[str, Any] = {name: written[name] for name in SAME if name in written}
    body["messages"] = _messages(written)
    body["model"] = _model(written)
    if routing := _routing(written):
        body["routing"] = routing
    if stream:
        body["stream"] = True
    with plain_words():
        return chat.parse(orjson.dumps(body))


def workspace(fields: Mapping[str, Any]) -> str | None:
    """Whose money is meant to be spent, if the client says so, in options that `call_of` has taken."""
    found: str | None = fields.get("workspace_id") or fields.get("workspaceId")
    return found


@contextmanager
def plain_words() -> Iterator[None]:
    """What is refused inside is refused by the names that the client wrote."""
    try:
        yield
    except Refusal as refused:
        name = _WRITTEN.get(refused.param or "")
        if name is None:
            raise
        message = refused.message.replace(f"'{refused.param}'", f"'{name}'")
        raise Refusal(refused.status, message, code=refused.code, param=name, type=refused.type) from None


def _written(fields: Mapping[str, Any], known: Collection[str], inside: str = "") -> dict[str, Any]:
    """*fields* by our spelling of their names. Null means absent."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        ours = _SPELLED.get(name, name)
        if ours not in known:
            shown = inside + name.encode("unicode_escape").decode("ascii")[:64]
            message = f"'{shown}' is no such field. There are: {', '.join(known)}."
            raise Refusal(400, message, param=shown, code="unknown_parameter")
        if value is None:
            continue
        if ours in found:
            raise invalid(f"'{inside}{ours}' is there twice, in two spellings.", param=inside + ours)
        found[ours] = value
    return found


def _messages(written: Mapping[str, Any]) -> Any:
    prompt, messages = written.get("prompt"), written.get("messages")
    if prompt is not None and messages is not None:
        raise invalid("Say 'prompt' or 'messages', and not both.", param="prompt")
    if prompt is None and messages is None:
        raise missing("prompt")
    return messages if prompt is None else [{"role": "user", "content": prompt}]


def _model(written: Mapping[str, Any]) -> str:
    model: str = written.get("model") or AUTO
    provider: str = written.get("provider") or ""
    alone = not provider or model == AUTO or model.startswith(f"{provider}/")
    return model if alone else f"{provider}/{model}"


def _routing(written: Mapping[str, Any]) -> dict[str, Any]:
    found = {field: written[name] for name, field in WISHES.items() if name in written}
    cost = _inside(written, "cost_constraints", COST)
    if "max_cost" in cost:
        if "max_cost_usd" in found:
            raise invalid("'max_cost' is there twice.", param="cost_constraints.max_cost")
        found["max_cost_usd"] = cost["max_cost"]
    preferred = [*_providers(written), *_models(cost.get("preferred_models", ()))]
    if preferred and "prefer" in found:
        message = "'prefer' is there beside another option that says who is preferred."
        raise invalid(message, param="prefer")
    if preferred:
        found["prefer"] = preferred
    return found


def _providers(written: Mapping[str, Any]) -> Iterator[str]:
    """A provider that is named without a model is preferred."""
    preferred = _inside(written, "provider_options", PROVIDER).get("preferred_provider")
    if preferred:
        yield preferred
    if written.get("provider") and written.get("model") in {None, "", AUTO}:
        yield written["provider"]


def _models(names: str | list[str]) -> Iterator[str]:
    """A model that is named without a provider is meant wherever it is."""
    for name in [names] if isinstance(names, str) else names:
        yield name if "/" in name or "*" in name else f"*/{name}"


def _inside(written: Mapping[str, Any], name: str, known: Mapping[str, Check]) -> dict[str, Any]:
    found = _written(written.get(name, {}), known, f"{name}.")
    for field, value in found.items():
        if (expected := known[field](value)) is not None:
            raise wrong(f"{name}.{field}", expected)
    return found
