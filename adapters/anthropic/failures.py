"""Anthropic's errors: `error.type` says what kind one is, and where that is vague its words do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.signals import Signal
from core.faults import Fault

SIGNALS: Final = (
    Signal(
        Fault.OUT_OF_CREDIT, codes=("billing_error", "enforced_spend_limit_reached", "contract_spend_limit_reached")
    ),
    Signal(
        Fault.OUT_OF_CREDIT,
        r"credit balance is too low|(?:reach|exceed)\w* .{0,60}spend limit|specified api usage limits",
    ),
    Signal(Fault.CONTEXT_LENGTH, "prompt is too long|exceed context limit|exceeds? the context window"),
    Signal(Fault.CONTENT_POLICY, "blocked by content filtering"),
    # A file that isn't there is the caller's mistake, a model ours.
    Signal(Fault.MODEL_NOT_FOUND, "model", statuses=(404,), codes=("not_found_error",)),
    Signal(Fault.BAD_REQUEST, codes=("invalid_request_error", "request_too_large", "not_found_error")),
    Signal(Fault.BAD_CREDENTIAL, codes=("authentication_error", "permission_error")),
    Signal(Fault.OVERLOADED, codes=("overloaded_error",)),
    Signal(Fault.RATE_LIMITED, codes=("rate_limit_error", "conflict_error")),
    Signal(Fault.TIMEOUT, codes=("timeout_error",)),
    Signal(Fault.BROKEN, codes=("api_error",)),
)
_WINDOWS: Final = {"requests": "requests", "tokens": "tokens", "input-tokens": "tokens", "output-tokens": "tokens"}
_THEIRS = "anthropic-ratelimit-"


def resets(headers: Mapping[str, str]) -> dict[str, str]:
    """Its rate limits as headers of OpenAI's, for responses that don't say how long to wait. Empty windows count."""
    said: dict[str, str] = {}
    for theirs, ours in _WINDOWS.items():
        moment = _epoch(headers.get(f"{_THEIRS}{theirs}-reset", ""))
        left = headers.get(f"{_THEIRS}{theirs}-remaining", "")
        if moment is None or (f"x-ratelimit-reset-{ours}" in said and left != "0"):
            continue
        said[f"x-ratelimit-reset-{ours}"] = moment
        said[f"x-ratelimit-remaining-{ours}"] = left
    return said


def _epoch(moment: str) -> str | None:
    """Seconds of an RFC 3339 time, which tells its own distance from UTC."""
    try:
        when = datetime.fromisoformat(moment)
        return None if when.tzinfo is None else str(int(when.timestamp()))
    except (ValueError, OverflowError):
        return None
