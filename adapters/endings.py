"""Why a choice ended, where that isn't said in one of OpenAI's words: what is a failure, what has but another name."""

from collections.abc import Mapping
from typing import Final

from adapters.accent import Accent
from core.faults import Failure, Fault, UpstreamError

USUAL: Final = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})

# Any of them may be met behind any dialect: services pass on what the model's server says.
_FAILED: Final[Mapping[str, Fault]] = {
    "error": Fault.BROKEN,
    "abort": Fault.BROKEN,  # vLLM and SGLang gave it up, and end the stream as if it were whole
    "function_call_filter": Fault.BROKEN,  # Gemini wrote a call that nobody can read
    "insufficient_system_resource": Fault.OVERLOADED,  # DeepSeek
}
FILTERED: Final = "content_filter"
_GRAVITY: Final[Mapping[str, int]] = {"tool_calls": 1, "function_call": 1, "length": 2, FILTERED: 3}


def refuse_failed(reason: str) -> None:
    """Raise UpstreamError for a *reason* that means that the answer failed."""
    fault = _FAILED.get(_first(reason))
    if fault is not None:
        raise UpstreamError(Failure(fault, f"the provider ended the answer with {reason[:100]!r}"))


def in_our_words(reason: str, accent: Accent) -> str | None:
    """OpenAI's name for it; None where there is no other than *reason*."""
    ours = accent.finish.get(reason)
    return FILTERED if ours is None and reason != FILTERED and _first(reason) == FILTERED else ours


def is_worse(reason: str, before: str) -> bool:
    """Whether a choice that has ended for one reason has rather ended for another; both in OpenAI's words."""
    return _GRAVITY.get(reason, 0) > _GRAVITY.get(before, 0)


def withheld(reason: str) -> str:
    """What to tell of an answer that a filter kept back whole."""
    return f"The provider withheld the answer ({reason.partition(':')[2].strip()[:100] or reason})."


def _first(reason: str) -> str:
    """Google's OpenAI-compatible endpoint adds its own reason: `content_filter: PROHIBITED_CONTENT`."""
    return reason.partition(":")[0]
