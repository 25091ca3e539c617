"""What providers' own reports of usage cost, worked out by hand from their published prices.

Each row has the report as the provider writes it, the buckets that it means, and the sum in nano-dollars. The prices
in the comments are dollars per million tokens, so a token costs a thousand times as many nano-dollars.
"""

from typing import Any, NamedTuple

import pytest

from adapters.cohere.answer import usage_of as cohere_usage
from adapters.usage import usage_of
from catalog.lookup import Catalog
from core.usage import Usage, shown

PUBLISHED = Catalog({})


class Report(NamedTuple):
    provider: str
    model: str
    raw: dict[str, Any]
    usage: Usage
    cost: int


OPENAI = {
    # 1.25 in, 0.125 read, 10 out; reasoning is output
    "cached and reasoning": Report(
        "openai",
        "gpt-5",
        {
            "prompt_tokens": 2_000,
            "completion_tokens": 500,
            "total_tokens": 2_500,
            "prompt_tokens_details": {"cached_tokens": 1_024},
            "completion_tokens_details": {"reasoning_tokens": 300},
        },
        Usage(input=976, cache_read=1_024, output=500, reasoning=300),
        976 * 1_250 + 1_024 * 125 + 500 * 10_000,
    ),
    # 2 in, 0.1 read, 2.5 written, 10 out
    "written": Report(
        "openai",
        "gpt-6.1-sol",
        {
            "prompt_tokens": 10_000,
            "completion_tokens": 100,
            "prompt_tokens_details": {"cached_tokens": 2_000, "cache_write_tokens": 5_000},
        },
        Usage(input=3_000, cache_read=2_000, cache_write=5_000, output=100),
        3_000 * 2_000 + 2_000 * 100 + 5_000 * 2_500 + 100 * 10_000,
    ),
    # the whole call at 4 in, 15 out
    "long": Report(
        "openai",
        "gpt-6.1-sol",
        {"prompt_tokens": 272_001, "completion_tokens": 1_000},
        Usage(input=272_001, output=1_000),
        272_001 * 4_000 + 1_000 * 15_000,
    ),
    "not yet long": Report(
        "openai",
        "gpt-6.1-sol",
        {"prompt_tokens": 272_000, "completion_tokens": 1_000},
        Usage(input=272_000, output=1_000),
        272_000 * 2_000 + 1_000 * 10_000,
    ),
    # 0.28 in, 0.028 read, 0.42 out
    "more 20: deepseek says it twice": Report(
        "deepseek",
        "deepseek-chat",
        {
            "prompt_tokens": 1_000,
            "completion_tokens": 10,
            "prompt_cache_hit_tokens": 900,
            "prompt_cache_miss_tokens": 100,
            "prompt_tokens_details": {"cached_tokens": 900},
        },
        Usage(input=100, cache_read=900, output=10),
        900 * 28 + 100 * 280 + 10 * 420,
    ),
    # 0.5 in, 0.05 read, 1.5 out
    "mistral: cached": Report(
        "mistral",
        "mistral-large-latest",
        {
            "prompt_tokens": 3_000,
            "completion_tokens": 200,
            "total_tokens": 3_200,
            "prompt_tokens_details": {"cached_tokens": 2_048},
        },
        Usage(input=952, cache_read=2_048, output=200),
        952 * 500 + 2_048 * 50 + 200 * 1_500,
    ),
    # 0.15 in, 0.075 read, 0.6 out; reasoning is output
    "groq: cached and reasoning": Report(
        "groq",
        "openai/gpt-oss-120b",
        {
            "queue_time": 0.01,
            "prompt_tokens": 1_000,
            "completion_tokens": 700,
            "total_tokens": 1_700,
            "prompt_tokens_details": {"cached_tokens": 512},
            "completion_tokens_details": {"reasoning_tokens": 600},
        },
        Usage(input=488, cache_read=512, output=700, reasoning=600),
        488 * 150 + 512 * 75 + 700 * 600,
    ),
    # 1 in, 0.2 read, 2 out; reasoning stands beside the answer, and is output too
    "xai: reasoning beside the answer": Report(
        "xai",
        "grok-code-fast-1",
        {
            "prompt_tokens": 700,
            "completion_tokens": 50,
            "total_tokens": 1_150,
            "prompt_tokens_details": {"text_tokens": 700, "cached_tokens": 650},
            "completion_tokens_details": {"reasoning_tokens": 400},
        },
        Usage(input=50, cache_read=650, output=450, reasoning=400),
        50 * 1_000 + 650 * 200 + 450 * 2_000,
    ),
    # 3 in, 0.3 read, 3.75 written, 15 out
    "openrouter: written": Report(
        "openrouter",
        "anthropic/claude-sonnet-4.5",
        {
            "prompt_tokens": 5_000,
            "completion_tokens": 100,
            "total_tokens": 5_100,
            "prompt_tokens_details": {"cached_tokens": 1_000, "cache_write_tokens": 3_000, "audio_tokens": 0},
        },
        Usage(input=1_000, cache_read=1_000, cache_write=3_000, output=100),
        1_000 * 3_000 + 1_000 * 300 + 3_000 * 3_750 + 100 * 15_000,
    ),
}
OTHERS = {
    # 2 in, 5 written for twelve hours, 10 out
    "openai: kept for twelve hours": Report(
        "openai",
        "gpt-6-sol",
        {
            "input_tokens": 5_000,
            "output_tokens": 10,
            "input_tokens_details": {
                "cache_write_tokens": 4_000,
                "cache_write_tokens_details": {"ttl_12h_tokens": 4_000},
            },
        },
        Usage(input=1_000, cache_write_long=4_000, output=10),
        1_000 * 2_000 + 4_000 * 5_000 + 10 * 10_000,
    ),
    # 2.5 in, 10 out, sound 32 in and 64 out
    "openai: sound": Report(
        "openai",
        "gpt-audio-1.5",
        {
            "prompt_tokens": 150,
            "completion_tokens": 220,
            "prompt_tokens_details": {"audio_tokens": 50},
            "completion_tokens_details": {"audio_tokens": 200},
        },
        Usage(input=100, audio_input=50, output=20, audio_output=200),
        100 * 2_500 + 50 * 32_000 + 20 * 10_000 + 200 * 64_000,
    ),
    # 5 in, 30 out, halved and doubled
    "openai: flex": Report(
        "openai",
        "gpt-5.5",
        {"prompt_tokens": 1_000, "completion_tokens": 100},
        Usage(input=1_000, output=100, tier="flex"),
        (1_000 * 5_000 + 100 * 30_000) // 2,
    ),
    "openai: priority": Report(
        "openai",
        "gpt-5.5",
        {"prompt_tokens": 1_000, "completion_tokens": 100},
        Usage(input=1_000, output=100, tier="priority"),
        (1_000 * 5_000 + 100 * 30_000) * 2,
    ),
    "openai: default": Report(
        "openai",
        "gpt-5.5",
        {"prompt_tokens": 1_000, "completion_tokens": 100},
        Usage(input=1_000, output=100, tier="default"),
        1_000 * 5_000 + 100 * 30_000,
    ),
    # core B.8: 3 in, 15 out; read 0.1x, five minutes 1.25x, an hour 2x
    "anthropic: both kinds of writes": Report(
        "anthropic",
        "claude-sonnet-4-5",
        {
            "input_tokens": 10,
            "cache_creation_input_tokens": 3_000,
            "cache_read_input_tokens": 50_000,
            "cache_creation": {"ephemeral_5m_input_tokens": 1_000, "ephemeral_1h_input_tokens": 2_000},
            "output_tokens": 500,
        },
        Usage(input=10, cache_read=50_000, cache_write=1_000, cache_write_long=2_000, output=500),
        10 * 3_000 + 50_000 * 300 + 1_000 * 3_750 + 2_000 * 6_000 + 500 * 15_000,
    ),
    # 4 in, 20 out, read 0.05x, and a cent for each search
    "anthropic: searches": Report(
        "anthropic",
        "claude-opus-5-5",
        {
            "input_tokens": 100,
            "cache_read_input_tokens": 100_000,
            "output_tokens": 1_000,
            "server_tool_use": {"web_search_requests": 3},
        },
        Usage(input=100, cache_read=100_000, output=1_000, searches=3),
        100 * 4_000 + 100_000 * 200 + 1_000 * 20_000 + 3 * 10_000_000,
    ),
    # read 0.025x of 10
    "anthropic: the cheapest read": Report(
        "anthropic",
        "claude-fable-5-1",
        {"input_tokens": 0, "cache_read_input_tokens": 1_000_000, "output_tokens": 0},
        Usage(cache_read=1_000_000),
        250_000_000,
    ),
    "anthropic: batch": Report(
        "anthropic",
        "claude-haiku-4-5",
        {"input_tokens": 1_000, "output_tokens": 100, "service_tier": "batch"},
        Usage(input=1_000, output=100, tier="batch"),
        (1_000 * 1_000 + 100 * 5_000) // 2,
    ),
    # 6 in, 22.5 out, read 0.6, an hour 2x
    "anthropic: long": Report(
        "anthropic",
        "claude-sonnet-4-20250514",
        {
            "input_tokens": 100_001,
            "cache_read_input_tokens": 90_000,
            "cache_creation": {"ephemeral_1h_input_tokens": 10_000},
            "output_tokens": 10,
        },
        Usage(input=100_001, cache_read=90_000, cache_write_long=10_000, output=10),
        100_001 * 6_000 + 90_000 * 600 + 10_000 * 12_000 + 10 * 22_500,
    ),
    # 1.25 in, 10 out; thoughts are output
    "google: thoughts": Report(
        "google",
        "gemini-2.5-pro",
        {"promptTokenCount": 1_000, "candidatesTokenCount": 200, "thoughtsTokenCount": 300, "totalTokenCount": 1_500},
        Usage(input=1_000, output=500, reasoning=300),
        1_000 * 1_250 + 500 * 10_000,
    ),
    # 2.5 in, 0.25 read, 15 out
    "google: long": Report(
        "google",
        "gemini-2.5-pro",
        {"promptTokenCount": 200_001, "cachedContentTokenCount": 100_000, "candidatesTokenCount": 10},
        Usage(input=100_001, cache_read=100_000, output=10),
        100_001 * 2_500 + 100_000 * 250 + 10 * 15_000,
    ),
    # 1.5 in, 9 out, times 1.8; searches, at 14 a thousand, are no dearer
    "google: priority and searches": Report(
        "google",
        "gemini-3.5-flash",
        {"promptTokenCount": 1_000, "candidatesTokenCount": 100, "trafficType": "ON_DEMAND_PRIORITY"},
        Usage(input=1_000, output=100, searches=2, tier="ON_DEMAND_PRIORITY"),
        (1_000 * 1_500 + 100 * 9_000) * 18 // 10 + 2 * 14_000_000,
    ),
    # nothing is published of sound: not free, but as text
    "google: sound": Report(
        "google",
        "gemini-2.5-flash",
        {"promptTokenCount": 1_000, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 400}]},
        Usage(input=600, audio_input=400),
        1_000 * 300,
    ),
    # 3 in, 0.3 read
    "more 35: bedrock counts apart": Report(
        "bedrock",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        {"inputTokens": 10, "outputTokens": 5, "cacheReadInputTokens": 5_000, "cacheWriteInputTokens": 0},
        Usage(input=10, cache_read=5_000, output=5),
        10 * 3_000 + 5_000 * 300 + 5 * 15_000,
    ),
}


def charged(report: Report) -> int:
    return PUBLISHED.facts(report.provider, report.provider, report.model).price.cost(report.usage)


@pytest.mark.parametrize("report", (OPENAI | OTHERS).values(), ids=OPENAI | OTHERS)
def test_a_report_costs_what_it_costs_by_hand(report):
    assert report.cost == charged(report)


@pytest.mark.parametrize("report", OPENAI.values(), ids=OPENAI)
def test_a_report_in_openais_words_means_these_buckets(report):
    assert report.usage == usage_of(report.raw)


@pytest.mark.parametrize("report", OTHERS.values(), ids=OTHERS)
def test_the_buckets_hold_every_token_of_the_report_once(report):
    """The dialects' own tests show how they are filled; here the sum of what is charged is that of what is told."""
    told = shown(report.usage)
    raw = report.raw

    prompt = raw.get("prompt_tokens", raw.get("promptTokenCount"))
    if "inputTokens" in raw:
        prompt = raw["inputTokens"] + raw["cacheReadInputTokens"] + raw["cacheWriteInputTokens"]
    if "input_tokens" in raw:
        apart = raw.get("cache_creation", {}).values()
        prompt = raw["input_tokens"] + raw.get("cache_read_input_tokens", 0) + sum(apart)

    assert told["prompt_tokens"] == prompt


def test_more_20_a_cached_token_is_not_subtracted_twice():
    usage = usage_of(OPENAI["more 20: deepseek says it twice"].raw)

    assert (usage.prompt, usage.input, usage.cache_read) == (1_000, 100, 900)


def test_more_26_what_the_provider_charged_is_never_worked_out_again():
    raw = {
        "prompt_tokens": 100_000,
        "completion_tokens": 100,
        "cost": 0.0002,
        "is_byok": True,
        "cost_details": {"upstream_inference_cost": 0.004},
    }
    price = PUBLISHED.facts("openrouter", "openrouter", "openai/o3").price

    cost = price.cost(usage_of(raw, ("cost", 1_000_000_000)))

    assert cost == 4_200_000


def test_what_xai_says_that_it_charged_counts():
    raw = {**OPENAI["xai: reasoning beside the answer"].raw, "cost_in_usd_ticks": 12_345_678}
    price = PUBLISHED.facts("xai", "xai", "grok-code-fast-1").price

    assert price.cost(usage_of(raw, ("cost_in_usd_ticks", 0.1))) == 1_234_568


def test_coheres_own_preamble_is_not_charged():
    raw = {
        "billed_units": {"input_tokens": 100.0, "output_tokens": 20.0},
        "tokens": {"input_tokens": 1_600.0, "output_tokens": 25.0},
        "cached_tokens": 1_024.0,
    }
    usage = cohere_usage(raw)
    price = PUBLISHED.facts("cohere", "cohere", "command-a-03-2025").price

    # 2.5 in, 10 out
    assert usage == Usage(input=100, output=20, free_input=1_500, free_output=5)
    assert price.cost(usage) == 100 * 2_500 + 20 * 10_000


def test_more_35_cached_tokens_of_bedrock_are_part_of_the_prompt():
    usage = OTHERS["more 35: bedrock counts apart"].usage

    told = shown(usage)

    assert (told["prompt_tokens"], told["prompt_tokens_details"]["cached_tokens"]) == (5_010, 5_000)


@pytest.mark.parametrize(
    ("model", "each"), [("claude-3-opus", 30_000), ("claude-3-haiku", 500), ("claude-3-5-haiku-20241022", 1_600)]
)
def test_long_writes_whose_published_price_is_another_models_cost_twice_the_input(model, each):
    price = PUBLISHED.facts("anthropic", "anthropic", model).price

    assert 1_000 * each == price.cost(Usage(cache_write_long=1_000))
