"""How many tokens an answer took, in buckets that never overlap.

Providers count in opposite directions: with OpenAI cached tokens are inside the prompt count, with
Anthropic outside. Adapters sort that out; everyone else adds buckets up.
"""

from typing import Any, NamedTuple


class Usage(NamedTuple):
    """*input* is text (and images) neither read from a cache nor written to one; *cache_write_long* are writes that
    are kept for an hour or longer. *reasoning* is part of *output*; audio and images that were made are beside it.
    *searches* are a provider's own tools, each billed by itself. *tier* is the service tier that was served.
    *free_input* and *free_output* were counted by the provider but are not charged, such as a preamble of its own.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    estimated: bool = False
    cost: int | None = None  # nano-dollars, where the provider itself says what it charged
    cache_write_long: int = 0
    audio_input: int = 0
    audio_output: int = 0
    image_output: int = 0
    searches: int = 0
    tier: str = ""
    free_input: int = 0
    free_output: int = 0

    @property
    def prompt(self) -> int:
        return (
            self.input + self.cache_read + self.cache_write + self.cache_write_long + self.audio_input + self.free_input
        )

    @property
    def completion(self) -> int:
        return self.output + self.audio_output + self.image_output + self.free_output

    @property
    def total(self) -> int:
        into, read, written, out, _, _, _, kept, heard, spoken, drawn, _, _, unpaid, given = self
        return into + read + written + out + kept + heard + spoken + drawn + unpaid + given


def added(one: Usage, other: Usage) -> Usage:
    """What two attempts took together; estimated if either is."""
    return Usage(
        input=one.input + other.input,
        cache_read=one.cache_read + other.cache_read,
        cache_write=one.cache_write + other.cache_write,
        output=one.output + other.output,
        reasoning=one.reasoning + other.reasoning,
        estimated=one.estimated or other.estimated,
        cache_write_long=one.cache_write_long + other.cache_write_long,
        audio_input=one.audio_input + other.audio_input,
        audio_output=one.audio_output + other.audio_output,
        image_output=one.image_output + other.image_output,
        searches=one.searches + other.searches,
        tier=other.tier,
        free_input=one.free_input + other.free_input,
        free_output=one.free_output + other.free_output,
    )


def is_nothing(usage: Usage) -> bool:
    """Whether it counts nothing at all: behind a report of the same answer that counts something, that is a mistake."""
    return not (usage.total or usage.cost)


COUNTS = (
    "input",
    "cache_read",
    "cache_write",
    "output",
    "reasoning",
    "cache_write_long",
    "audio_input",
    "audio_output",
    "image_output",
    "searches",
)
"""The buckets that are kept and shown, in this order."""


def counts(usage: Usage) -> tuple[int, ...]:
    """As they are kept."""
    return usage[:5] + usage[7:12]


MOST = 10**9  # tokens of one call; whoever says more says nothing, or had a count fall below zero in 32 bits


def count(value: object) -> int | None:
    """A token count as providers send it: a whole number that isn't negative and not absurd, else nothing."""
    if value.__class__ is int:  # which no boolean is
        return value if 0 <= value <= MOST else None
    if isinstance(value, float) and 0 <= value <= MOST and value == int_or_none(value):
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
    written = usage.cache_write + usage.cache_write_long
    inside = {"cached_tokens": usage.cache_read, "cache_write_tokens": written, "audio_tokens": usage.audio_input}
    outside = {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.audio_output}
    if usage.image_output:
        outside["image_tokens"] = usage.image_output
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "prompt_tokens_details": inside,
        "completion_tokens_details": outside,
    }
