"""Why an answer ended, in OpenAI's words; and when that means that there is none."""

from typing import Any

from adapters.endings import unheard_of
from adapters.failure import broken
from core.faults import Failure, Fault, UpstreamError
from core.wire import Json

# Google's word for none has always been a whole answer's.
_WHOLE = frozenset({"FINISH_REASON_UNSPECIFIED", "STOP", "TOO_MANY_TOOL_CALLS"})
_LENGTH = frozenset({"MAX_TOKENS", "CONTINUATION"})
_FILTERED = frozenset(
    {
        "BLOCKLIST",
        "ESCALATION",
        "IMAGE_OTHER",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_SAFETY",
        "LANGUAGE",
        "MODEL_ARMOR",
        "NO_IMAGE",
        "OTHER",
        "PROHIBITED_CONTENT",
        "PUP_LIMITED_DISABLED",
        "RECITATION",
        "SAFETY",
        "SPII",
    }
)
_ENOUGH = "TOO_MANY_TOOL_CALLS"  # what it has called by then is whole
_FAILED = frozenset({"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", _ENOUGH, "UNEXPECTED_TOOL_CALL"})
_UNSIGNED = "MISSING_THOUGHT_SIGNATURE"


def finish_of(reason: str, *, content: bool, calls: bool) -> str:
    """*content*: there is something besides thoughts; *calls*: there are calls among it.

    Raise UpstreamError where the model failed: words before it are an answer only by their looks.
    """
    if reason in _LENGTH:
        return "length"
    if reason in _FILTERED:
        return "content_filter"
    if reason in _FAILED and not (calls and reason == _ENOUGH):
        raise broken(f"the model ended with {reason}" if content else f"the model ended with {reason} and said nothing")
    if reason == _UNSIGNED:
        # Another model may do without.
        raise UpstreamError(Failure(Fault.UNSUPPORTED, "the model wants a signature of its thoughts that is missing"))
    if reason not in _WHOLE:
        return unheard_of(reason)
    return "tool_calls" if calls else "stop"


def blocked(answer: Json) -> str | None:
    """What to tell of a prompt that was refused; None for one that wasn't."""
    feedback: Any = answer.get("promptFeedback")
    reason = feedback.get("blockReason") if isinstance(feedback, dict) else None
    if not isinstance(reason, str) or answer.get("candidates"):
        return None
    told = feedback.get("blockReasonMessage")
    return told if isinstance(told, str) and told else f"The provider blocked the prompt ({reason})."


def withheld(candidate: Json, reason: str) -> str:
    """What to tell of an answer that was refused."""
    told = candidate.get("finishMessage")
    return told if isinstance(told, str) and told else f"The provider withheld the answer ({reason})."
