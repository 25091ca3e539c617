"""OpenRouter, which passes calls on to whoever serves the model."""

from typing import Final

from adapters.accent import Accent
from adapters.draft import Draft
from adapters.signals import Signal
from adapters.usage import NANO
from core.faults import Fault
from core.wire import Json


def _reasoning(draft: Draft) -> None:
    """One object says all about thinking; beside it the short spelling must not say anything else."""
    wanted = draft.body.get("reasoning_effort")
    if isinstance(wanted, str):
        del draft.body["reasoning_effort"]
        given = draft.body.get("reasoning")
        given = given if isinstance(given, dict) else {}
        if not given.keys() & {"effort", "max_tokens", "enabled"}:
            draft.body["reasoning"] = {**given, "effort": wanted}


def _history(draft: Draft) -> None:
    """Thoughts go back as they came, which several models insist on to continue after a tool."""
    messages = draft.body.get("messages") or ()
    if any(message["role"] == "assistant" for message in messages):
        draft.body["messages"] = [_told(message, draft) for message in messages]


def _told(message: Json, draft: Draft) -> Json:
    if message["role"] != "assistant":
        return message
    if "reasoning_content" in message:
        message = {**message, "reasoning": message.get("reasoning") or message["reasoning_content"]}
        del message["reasoning_content"]
    calls = message.get("tool_calls")
    if calls and not message.get("reasoning_details"):
        kept = draft.ask.memory.recall(calls[0]["id"])
        if kept is not None and kept.get("reasoning_details"):
            message = {**message, "reasoning_details": kept["reasoning_details"]}
    return message


def _strictness(draft: Draft) -> None:
    """It drops what a model doesn't take, unless it may only ask those that take everything."""
    if draft.ask.strict:
        given = draft.body.get("provider")
        draft.body["provider"] = {"require_parameters": True, **(given if isinstance(given, dict) else {})}


OPENROUTER: Final = Accent(
    base_url="https://openrouter.ai/api/v1",
    options={"site_url": None, "site_name": None},
    option_headers={"http-referer": "site_url", "x-title": "site_name"},
    tidy=False,
    says=(_reasoning, _history, _strictness),
    keys={"reasoning": "reasoning_content"},
    remembers="reasoning_details",
    cost=("cost", NANO),
    # It says to switch on error_type, then on the availability's code, and only then on the number.
    signals=(
        Signal(
            Fault.CONTEXT_LENGTH,
            codes=("context_length_exceeded", "token_limit_exceeded", "string_too_long", "max_tokens_exceeded"),
        ),
        Signal(Fault.CONTENT_POLICY, codes=("content_policy_violation", "refusal", "flagged_input", "patterns")),
        Signal(Fault.OUT_OF_CREDIT, codes=("weight_exceeds_budget",)),
        Signal(Fault.RATE_LIMITED, codes=("openrouter_in_flight_budget", "in_flight_budget_exhausted")),
        Signal(Fault.RATE_LIMITED, statuses=(402,), waits=True),
        Signal(Fault.OUT_OF_CREDIT, codes=("payment_required", "openrouter_credits", "openrouter_key_limit")),
        Signal(Fault.OUT_OF_CREDIT, "_budget", statuses=(403,)),
        Signal(Fault.BAD_CREDENTIAL, codes=("authentication", "permission_denied")),
        Signal(
            Fault.MODEL_NOT_FOUND,
            codes=(
                "not_found",
                "no_endpoints",
                "model_deprecated",
                "privacy_restricted",
                "constraint_filtered",
                "free_variant_ended",
                "model_unavailable_upstream",
                "model_not_found",
                "wrong_endpoint",
            ),
        ),
        Signal(Fault.BAD_REQUEST, codes=("invalid_request", "invalid_prompt", "payload_too_large", "unprocessable")),
        Signal(Fault.TIMEOUT, codes=("timeout",)),
        Signal(Fault.RATE_LIMITED, codes=("rate_limit_exceeded", "capacity_exhausted")),
        Signal(Fault.OVERLOADED, codes=("provider_overloaded", "temporarily_unavailable")),
        Signal(Fault.BROKEN, codes=("provider_unavailable", "server", "unmapped")),
    ),
)
