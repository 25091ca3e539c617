"""Usage in buckets, and as OpenAI shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CompletionUsage

from core.usage import COUNTS, Usage, added, is_nothing, shown

counts = st.integers(0, 10**9)
BUCKETS = ("input", "cache_read", "cache_write", "cache_write_long", "audio_input")
MADE = ("output", "audio_output", "image_output")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            Usage(),
            {
                "prompt_tokens": 0,
                "completion_tokens": 0,
                "total_tokens": 0,
                "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
            },
        ),
        (
            Usage(
                input=1,
                cache_read=2,
                cache_write=4,
                cache_write_long=8,
                audio_input=16,
                output=32,
                reasoning=5,
                audio_output=64,
                image_output=128,
                searches=3,
                tier="flex",
            ),
            {
                "prompt_tokens": 31,
                "completion_tokens": 224,
                "total_tokens": 255,
                "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 12, "audio_tokens": 16},
                "completion_tokens_details": {"reasoning_tokens": 5, "audio_tokens": 64, "image_tokens": 128},
            },
        ),
    ],
)
def test_usage_is_shown_as_openai_shows_it(usage, expected):
    assert expected == shown(usage)
    assert CompletionUsage.model_validate(expected).total_tokens == usage.total


@given(st.fixed_dictionaries(dict.fromkeys((*BUCKETS, *MADE), counts)))
def test_every_bucket_is_counted_once(buckets):
    usage = Usage(**buckets)

    assert usage.prompt == sum(buckets[name] for name in BUCKETS)
    assert usage.completion == sum(buckets[name] for name in MADE)
    assert usage.total == usage.prompt + usage.completion == shown(usage)["total_tokens"]


@given(st.lists(counts, min_size=20, max_size=20))
def test_the_parts_of_an_answer_add_up_bucket_by_bucket(numbers):
    names = (*COUNTS, "free_input", "free_output")
    one = Usage(**dict(zip(names, numbers, strict=False)), cost=5)
    other = Usage(**dict(zip(names, reversed(numbers), strict=False)), estimated=True, tier="flex")

    both = added(one, other)

    assert [getattr(both, name) for name in names] == [getattr(one, name) + getattr(other, name) for name in names]
    assert (both.prompt, both.completion) == (one.prompt + other.prompt, one.completion + other.completion)
    assert (both.estimated, both.tier, both.cost) == (True, "flex", None)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [(Usage(), True), (Usage(tier="flex", cost=0), True), (Usage(cost=1), False), (Usage(cache_read=1), False)],
)
def test_nothing_is_no_tokens_and_no_cost(usage, expected):
    assert expected == is_nothing(usage)
