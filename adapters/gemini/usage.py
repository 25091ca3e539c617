"""Gemini's `usageMetadata` as buckets that never overlap."""

from typing import Any

from core.usage import Usage, count
from core.wire import Json

_TIERS = {"standard": "default", "unspecified": "", "service_tier_unspecified": ""}


def usage_of(value: Any, *, searches: int = 0, tier: str = "") -> Usage | None:
    """*searches* are those of the answer's grounding, *tier* is what the answer says beside its usage.

    Counts of zero are left out on the wire; one that is no count gives nothing at all, since then an estimate is
    the better bill.
    """
    if not isinstance(value, dict) or not value:
        return None
    prompt, tools = _amount(value, "promptTokenCount"), _amount(value, "toolUsePromptTokenCount")
    answer, thoughts = _amount(value, "candidatesTokenCount"), _amount(value, "thoughtsTokenCount")
    if prompt is None or tools is None or answer is None or thoughts is None:
        return None
    prompt += tools
    cached = min(_amount(value, "cachedContentTokenCount") or 0, prompt)
    heard = _of(value, "promptTokensDetails", "AUDIO") - _of(value, "cacheTokensDetails", "AUDIO")
    heard = min(max(heard, 0), prompt - cached)
    # Some models count their thoughts among the candidates; the total tells.
    made = answer if thoughts <= answer and prompt + answer == _amount(value, "totalTokenCount") else answer + thoughts
    drawn = min(_of(value, "candidatesTokensDetails", "IMAGE"), made)
    spoken = min(_of(value, "candidatesTokensDetails", "AUDIO"), made - drawn)
    output = made - drawn - spoken
    return Usage(
        input=prompt - cached - heard,
        cache_read=cached,
        output=output,
        reasoning=min(thoughts, output),
        audio_input=heard,
        audio_output=spoken,
        image_output=drawn,
        searches=searches,
        tier=tier_of(value.get("serviceTier")) or tier,
    )


def tier_of(value: Any) -> str:
    """A service tier as OpenAI calls it; empty where it isn't said."""
    name = value.lower() if isinstance(value, str) else ""
    return _TIERS.get(name, name)


def _amount(usage: Json, name: str) -> int | None:
    value = usage.get(name)
    return 0 if value is None else count(value)


def _of(usage: Json, name: str, modality: str) -> int:
    """What one kind of content took."""
    listed = usage.get(name)
    if not listed or not isinstance(listed, list):
        return 0
    total = 0
    for one in listed:
        if isinstance(one, dict) and one.get("modality") == modality:
            total += count(one.get("tokenCount")) or 0
    return total
