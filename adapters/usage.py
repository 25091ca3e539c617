"""OpenAI's `usage` object, and what its relatives made of it, as buckets that never overlap."""

from typing import Any

from core.filled import filled
from core.usage import Usage, count
from core.wire import Json

NANO = 1_000_000_000  # nano-dollars in a dollar
_NOTHING = dict[str, Any]().get
_LONGEST_TIER = 32
_MOST = 1e9  # dollars; nobody charges that for a call, so it is no number to believe


def usage_of(value: Any, cost: tuple[str, float] | None = None, tier: Any = None) -> Usage | None:
    """*cost* names the field in which the provider says what it charged, and its unit in nano-dollars.

    *tier* is what the answer says of its service tier. Absent or malformed counts give nothing at all: then an
    estimate is the better bill. Predicted tokens that were rejected are among the output, as they are billed.
    """
    if not isinstance(value, dict):
        return None
    get = value.get
    prompt, output = count(get("prompt_tokens")), count(get("completion_tokens", 0))
    if prompt is None or output is None:
        return None
    inside, outside = get("prompt_tokens_details"), get("completion_tokens_details")
    charged = _charged(value, *cost) if cost else None
    tier = _tier(tier) if tier else ""
    # What a total has beside the two; embeddings have but one.
    beyond = (count(get("total_tokens")) or 0) - prompt - output if "completion_tokens" in value else 0
    if not (
        beyond > 0
        or (inside and (inside.__class__ is not dict or any(inside.values())))
        or (outside and (outside.__class__ is not dict or any(outside.values())))
        or get("prompt_cache_hit_tokens")
        or get("reasoning_tokens")
    ):
        # As most are: there is nothing to be sorted.
        return filled(Usage, (prompt, 0, 0, output, 0, False, charged, 0, 0, 0, 0, 0, tier, 0, 0))
    of = inside.get if inside.__class__ is dict else _NOTHING
    made = outside.get if outside.__class__ is dict else _NOTHING
    # DeepSeek says it at the top, its newer answers in both places; they are never added up.
    cached = _amount_of(of("cached_tokens") or get("prompt_cache_hit_tokens"))
    reasoning = _amount_of(made("reasoning_tokens") or get("reasoning_tokens"))
    if beyond > 0 and (beyond == reasoning or not (reasoning or get("prompt_audio_seconds"))):
        # xAI counts reasoning beside the answer, Google's OpenAI-compatible endpoint in the total only. What Mistral
        # hears is there, too, and no part of the answer.
        reasoning = beyond
        output += beyond
    cached = min(cached, prompt)
    written = min(_amount_of(of("cache_write_tokens")), prompt - cached)
    heard = min(_amount_of(of("audio_tokens")), prompt - cached - written)
    spoken = min(_amount_of(made("audio_tokens")), output)
    drawn = min(_amount_of(made("image_tokens")), output - spoken)
    output -= spoken + drawn
    reasoning = min(reasoning, output)
    rest = prompt - cached - written - heard
    return Usage(rest, cached, written, output, reasoning, False, charged, 0, heard, spoken, drawn, 0, tier)


def response_usage(value: Any, tier: Any, searches: int) -> Usage | None:
    """What POST /responses says of itself. What was written to the cache for 12 hours costs more."""
    if not isinstance(value, dict):
        return None
    prompt, output = count(value.get("input_tokens")), count(value.get("output_tokens"))
    if prompt is None or output is None:
        return None
    inside, outside = _details(value, "input_tokens_details"), value.get("output_tokens_details")
    cached = min(_detail(inside, "cached_tokens"), prompt)
    written = min(_detail(inside, "cache_write_tokens"), prompt - cached)
    long = min(_detail(inside.get("cache_write_tokens_details"), "ttl_12h_tokens"), written)
    return Usage(
        input=prompt - cached - written,
        cache_read=cached,
        cache_write=written - long,
        cache_write_long=long,
        output=output,
        reasoning=min(_detail(outside, "reasoning_tokens"), output),
        searches=searches,
        tier=_tier(tier),
    )


def _tier(value: Any) -> str:
    return value if value.__class__ is str and len(value) <= _LONGEST_TIER else ""


def _detail(part: Any, name: str) -> int:
    """A count inside *part*; 0 where there is none."""
    return _amount_of(part.get(name)) if part and isinstance(part, dict) else 0


def _amount_of(value: Any) -> int:
    return (count(value) or 0) if value else 0


def _details(usage: Json, name: str) -> Json:
    value = usage.get(name)
    return value if isinstance(value, dict) else {}


_DEAREST = 10**15  # nano-dollars of one call: a million dollars; whoever claims more is not believed


def _charged(usage: Json, name: str, unit: float) -> int | None:
    value = usage.get(name)
    amount = _amount(value.get("total_cost") if isinstance(value, dict) else value)
    if amount is None:
        return None
    if usage.get("is_byok"):
        # With a key of one's own the cost is only OpenRouter's fee.
        amount += _amount(_details(usage, "cost_details").get("upstream_inference_cost")) or 0
    charged = round(amount * unit)
    return charged if charged <= _DEAREST else None


def _amount(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value * 1.0 < _MOST * NANO:
        return value
    return None
