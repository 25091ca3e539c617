"""How many tokens an answer took, in buckets that never overlap.

Providers count in opposite directions: with OpenAI cached tokens are inside the prompt count, with
Anthropic outside. Adapters sort that out; everyone else adds buckets up.
"""

from typing import Any, NamedTuple


class Usage(NamedTuple):
    """*input* is what was neither read from a cache nor written to one; *reasoning* is part of *output*."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    estimated: bool = False
    cost: int | None = None  # nano-dollars, where the provider itself says what it charged

    @property
    def prompt(self) -> int:
        return self.input + self.cache_read + self.cache_write

    @property
    def total(self) -> int:
        return self.input + self.cache_read + self.cache_write + self.output


def count(value: object) -> int | None:
    """A token count as providers send it: a finite number that isn't negative, else nothing."""
    if value.__class__ is int:  # which no boolean is
        return value if value >= 0 else None
    if isinstance(value, float) and value >= 0 and value == int_or_none(value):
        return int(value)
    return None


def int_or_none(value: float) -> int | None:
    """The whole part of *value*, or nothing where it has none (infinity, NaN)."""
    try:
        return int(value)
    except (OverflowError, ValueError):
        return None


def shown(usage: Usage) -> dict[str, Any]:
    """OpenAI's `usage` object, derived from the buckets."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
