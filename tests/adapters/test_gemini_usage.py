"""How many tokens an answer of Gemini took."""

import orjson
import pytest
from gemini_calls import answer, candidate, counts, decoded


def body(given, **more):
    return orjson.loads(decoded(given, **more).body)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            counts(100, 10, 145, thoughtsTokenCount=30, toolUsePromptTokenCount=5, cachedContentTokenCount=40),
            {"prompt": 105, "completion": 40, "total": 145, "cached": 40, "reasoning": 30},
        ),
        (counts(100, 40, 140, thoughtsTokenCount=30), {"prompt": 100, "completion": 40, "total": 140, "reasoning": 30}),
        (counts(5, 0, 15, thoughtsTokenCount=10), {"prompt": 5, "completion": 10, "reasoning": 10}),
        ({"promptTokenCount": 7}, {"prompt": 7, "completion": 0, "total": 7}),
        ({"promptTokenCount": 7, "cachedContentTokenCount": None}, {"prompt": 7, "cached": 0}),
        ({"promptTokenCount": 7, "cachedContentTokenCount": 9}, {"prompt": 7, "cached": 7}),
    ],
)
def test_core_53_usage_counts_everything_once(usage, expected):
    told = body(answer(candidate("x"), usageMetadata=usage))["usage"]

    found = {
        "prompt": told["prompt_tokens"],
        "completion": told["completion_tokens"],
        "total": told["total_tokens"],
        "cached": told["prompt_tokens_details"]["cached_tokens"],
        "reasoning": told["completion_tokens_details"]["reasoning_tokens"],
    }
    assert expected == {name: found[name] for name in expected}


def test_sounds_and_images_are_counted_apart():
    usage = counts(
        100,
        60,
        promptTokensDetails=[{"modality": "TEXT", "tokenCount": 40}, {"modality": "AUDIO", "tokenCount": 60}],
        cachedContentTokenCount=30,
        cacheTokensDetails=[{"modality": "AUDIO", "tokenCount": 20}, "x"],
        candidatesTokensDetails=[{"modality": "IMAGE", "tokenCount": 50}, {"modality": "AUDIO", "tokenCount": 4}],
    )

    made = decoded(answer(candidate("x"), usageMetadata=usage)).usage

    assert (30, 30, 40) == (made.input, made.cache_read, made.audio_input)
    assert (6, 50, 4) == (made.output, made.image_output, made.audio_output)
    assert (100, 60) == (made.prompt, made.completion)


@pytest.mark.parametrize("usage", [None, {}, "x", {"promptTokenCount": "7"}, {"promptTokenCount": -1}])
def test_usage_that_is_none_is_left_to_an_estimate(usage):
    made = decoded(answer(candidate("hello"), usageMetadata=usage))

    assert made.usage is None
    assert made.produced > 0
    assert "usage" not in orjson.loads(made.body)


@pytest.mark.parametrize(
    ("more", "tier"),
    [
        ({"usageMetadata": counts(1, 1, serviceTier="STANDARD")}, "default"),
        ({"usageMetadata": counts(1, 1), "serviceTier": "flex"}, "flex"),
        ({"serviceTier": "priority"}, "priority"),
        ({"serviceTier": "unspecified"}, None),
        ({}, None),
    ],
)
def test_the_service_tier_is_told_where_it_is_known(more, tier):
    made = decoded(answer(candidate("x"), **more))

    assert tier == orjson.loads(made.body).get("service_tier")
    assert made.usage is None or made.usage.tier == (tier or "")


def test_searches_are_counted():
    searched = candidate("x", groundingMetadata={"webSearchQueries": ["a", "b"]})

    assert 2 == decoded(answer(searched, usageMetadata=counts(1, 1))).usage.searches
