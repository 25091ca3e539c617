"""Anthropic's `usage`: its counts don't overlap, and `input_tokens` is only what no cache had."""

from collections.abc import Mapping
from typing import Any, Final

from core.usage import Usage, count
from core.wire import Json

_TIERS: Final[Mapping[str, str]] = {"standard": "default", "priority": "priority", "batch": "default"}


def usage_of(given: Any) -> Usage | None:
    """Nothing at all where there is no usage, or one that makes no sense: then an estimate is the better bill."""
    if not isinstance(given, dict) or (given.get("input_tokens") is None and given.get("output_tokens") is None):
        return None
    rounds = _rounds(given)
    short, long = _inside(given, "cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
    counts = (
        _sum(rounds, "input_tokens"),
        _sum(rounds, "output_tokens"),
        _sum(rounds, "cache_read_input_tokens"),
        _sum(rounds, "cache_creation_input_tokens"),
        *_inside(given, "server_tool_use", "web_search_requests"),
        *_inside(given, "output_tokens_details", "thinking_tokens"),
    )
    if None in {*counts, short, long}:
        return None
    plain, output, read, written, searches, reasoning = (number or 0 for number in counts)
    written = written or (short or 0) + (long or 0)
    hours = min(long or 0, written)
    return Usage(
        input=plain,
        cache_read=read,
        cache_write=written - hours,
        cache_write_long=hours,
        output=output,
        reasoning=min(reasoning, output),
        searches=searches,
        tier=_tier(given),
    )


def tier_shown(given: Any) -> dict[str, str]:
    """The `service_tier` that OpenAI's clients know, where one is told."""
    if not isinstance(given, dict):
        return {}
    if given.get("speed") == "fast":
        return {"service_tier": "priority"}
    tier = _TIERS.get(str(given.get("service_tier")))
    return {} if tier is None else {"service_tier": tier}


def _tier(given: Json) -> str:
    """In Anthropic's words, since each has a price of its own."""
    tier = "fast" if given.get("speed") == "fast" else given.get("service_tier")
    return tier if isinstance(tier, str) else ""


def _rounds(given: Json) -> list[Json]:
    """What is to be added up: a compaction of the context is told among the iterations only."""
    rounds = given.get("iterations")
    found = [one for one in rounds if isinstance(one, dict)] if isinstance(rounds, list) else []
    return found or [given]


def _sum(rounds: list[Json], name: str) -> int | None:
    counts = [_amount(one.get(name)) for one in rounds]
    return None if None in counts else sum(number or 0 for number in counts)


def _inside(given: Json, part: str, *names: str) -> list[int | None]:
    inner = given.get(part)
    return [_amount(inner.get(name)) if isinstance(inner, dict) else 0 for name in names]


def _amount(value: Any) -> int | None:
    return 0 if value is None else count(value)
