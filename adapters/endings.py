"""Why a choice ended, where that isn't said in one of OpenAI's words: what is a failure, what has but another name."""

import re
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

# Of what a reason may be made that nobody has told us of.
_WORD: Final = re.compile(r"[a-z]+")
_FAILING: Final = frozenset(
    {"abort", "aborted", "canceled", "cancelled", "error", "exception", "fail", "failed", "failure", "invalid"}
    | {"malformed", "missing", "timeout", "unavailable", "unexpected"}
)
_OBJECTING: Final = frozenset(
    {"block", "blocked", "blocklist", "copyright", "denied", "filter", "filtered", "guardrail", "moderation", "policy"}
    | {"prohibited", "recitation", "refusal", "refused", "safety", "sensitive", "unsafe", "violation"}
)


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


def unheard_of(reason: str) -> str:
    """OpenAI's word for a reason that its dialect has no row for. Raise UpstreamError if it says that the model failed.

    One that says nothing we know of is `length`: there may be more to the answer than is here. Nearly every reason that
    providers came to add told of such an answer. Where a new one turns out harmless, clients take a whole answer for a
    cut one, until it has a row; as `stop`, they would act on half of one, and as a failure, no answer of a model would
    get through from the day on which its provider invents a word.
    """
    words = _WORD.findall(reason.lower())
    if not _FAILING.isdisjoint(words):
        raise UpstreamError(Failure(Fault.BROKEN, f"the provider ended the answer with {reason[:100]!r}"))
    return "length" if _OBJECTING.isdisjoint(words) else FILTERED


def withheld(reason: str) -> str:
    """What to tell of an answer that a filter kept back whole."""
    return f"The provider withheld the answer ({reason.partition(':')[2].strip()[:100] or reason})."


def _first(reason: str) -> str:
    """Google's OpenAI-compatible endpoint adds its own reason: `content_filter: PROHIBITED_CONTENT`."""
    return reason.partition(":")[0]
