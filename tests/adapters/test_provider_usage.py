"""Usage as providers write it."""

import pytest

from adapters.usage import usage_of
from core.usage import Usage

TICKS = ("cost_in_usd_ticks", 0.1)
DOLLARS = ("cost", 1_000_000_000)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}, Usage(input=10, output=3)),
        ({"prompt_tokens": 10, "total_tokens": 10}, Usage(input=10)),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 30,
                "total_tokens": 130,
                "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 20},
                "completion_tokens_details": {"reasoning_tokens": 10},
            },
            Usage(input=20, cache_read=60, cache_write=20, output=30, reasoning=10),
        ),
        (
            {
                "prompt_tokens": 1000,
                "completion_tokens": 1,
                "prompt_cache_hit_tokens": 900,
                "prompt_cache_miss_tokens": 100,
                "prompt_tokens_details": {"cached_tokens": 900},
            },
            Usage(input=100, cache_read=900, output=1),
        ),
        (
            {"prompt_tokens": 1000, "completion_tokens": 1, "prompt_cache_hit_tokens": 900},
            Usage(input=100, cache_read=900, output=1),
        ),
        (
            {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 50}},
            Usage(cache_read=5, output=2),
        ),
        (
            {
                "prompt_tokens": 5,
                "completion_tokens": 2,
                "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 4},
            },
            Usage(input=0, cache_read=4, cache_write=1, output=2),
        ),
        (
            {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "reasoning_tokens": 9},
            Usage(input=5, output=2, reasoning=2),
        ),
        (
            {
                "prompt_tokens": 5,
                "completion_tokens": 2,
                "total_tokens": 17,
                "completion_tokens_details": {"reasoning_tokens": 10},
            },
            Usage(input=5, output=12, reasoning=10),
        ),
        # Gemini's thoughts, where its OpenAI-compatible endpoint or a relay tells them in the total only.
        (
            {"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623},
            Usage(input=20, output=603, reasoning=405),
        ),
        ({"prompt_tokens": 21, "completion_tokens": 0, "total_tokens": 81}, Usage(input=21, output=60, reasoning=60)),
        (
            {
                "prompt_tokens": 21,
                "completion_tokens": 5,
                "total_tokens": 81,
                "prompt_tokens_details": {"cached_tokens": 11},
            },
            Usage(input=10, cache_read=11, output=60, reasoning=55),
        ),
        # What Mistral's models heard is no answer, and embeddings have none.
        (
            {"prompt_tokens": 4, "completion_tokens": 635, "total_tokens": 3264, "prompt_audio_seconds": 203},
            Usage(input=4, output=635),
        ),
        ({"prompt_tokens": 0, "total_tokens": 8}, Usage()),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": "17"}, Usage(input=5, output=2)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 10**18}, Usage(input=5, output=2)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 3}, Usage(input=5, output=2)),
        ({"prompt_tokens": 5.0, "completion_tokens": 2.0}, Usage(input=5, output=2)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": None}, Usage(input=5, output=2)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "cost": 9}, Usage(input=5, output=2)),
        (None, None),
        ([], None),
        ({}, None),
        ({"prompt_tokens": -1, "completion_tokens": 2}, None),
        ({"prompt_tokens": 1, "completion_tokens": -2}, None),
        ({"prompt_tokens": "5", "completion_tokens": 2}, None),
        ({"prompt_tokens": 1.5, "completion_tokens": 2}, None),
        ({"prompt_tokens": True, "completion_tokens": 2}, None),
        ({"prompt_tokens": None, "completion_tokens": None}, None),
    ],
)
def test_buckets_never_overlap_and_nonsense_is_nothing(reported, expected):
    assert expected == usage_of(reported)


@pytest.mark.parametrize(
    ("field", "reported", "expected"),
    [
        (DOLLARS, {"cost": 0.0002}, 200_000),
        (DOLLARS, {"cost": 0}, 0),
        (
            DOLLARS,
            {"cost": 0.0002, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.004}},
            4_200_000,
        ),
        (DOLLARS, {"cost": 0.0002, "is_byok": True, "cost_details": None}, 200_000),
        (DOLLARS, {"cost": {"total_cost": 0.006, "request_cost": 0.005}}, 6_000_000),
        (DOLLARS, {}, None),
        (DOLLARS, {"cost": -1}, None),
        (DOLLARS, {"cost": "1"}, None),
        (DOLLARS, {"cost": True}, None),
        (DOLLARS, {"cost": 1e300}, None),
        (DOLLARS, {"cost": float("nan")}, None),
        (DOLLARS, {"cost": {"total_cost": None}}, None),
        (TICKS, {"cost_in_usd_ticks": 10_000_000_000}, 1_000_000_000),
    ],
)
def test_what_a_provider_charged_is_taken_in_nano_dollars(field, reported, expected):
    usage = usage_of({"prompt_tokens": 1, "completion_tokens": 1, **reported}, field)

    assert expected == usage.cost
