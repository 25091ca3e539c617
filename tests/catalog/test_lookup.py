"""What is known about a model, and who says so."""

import subprocess
import sys

import pytest

from catalog.lookup import LONGEST, NOTHING_KNOWN, REMEMBERED, Catalog, unlisted
from catalog.price import Price
from catalog.published import PATH
from config.schema import ModelFacts

PUBLISHED = Catalog({})


@pytest.mark.parametrize(
    ("provider", "dialect", "model", "input"),
    [
        ("openai", "openai", "gpt-4o", 2_500_000_000),
        ("openai", "openai", "gpt-4o-2024-08-06", 2_500_000_000),  # an alias
        ("openai", "openai", "gpt-4o-2024-05-13", 5_000_000_000),  # a dated one with a price of its own
        ("openai", "openai", "gpt-4.1-2025-04-14", 2_000_000_000),  # a date that is not listed
        ("anthropic", "anthropic", "claude-sonnet-4-5", 3_000_000_000),
        ("anthropic", "anthropic", "claude-opus-4-6-20260101", 5_000_000_000),
        ("mine", "anthropic", "claude-sonnet-4-5", 3_000_000_000),  # any name, by its dialect
        ("groq", "openai", "openai/gpt-oss-20b", 75_000_000),  # a known name in another's dialect
        ("openrouter", "openrouter", "anthropic/claude-sonnet-4.5", 3_000_000_000),
        ("openrouter", "openrouter", "openai/o3", 2_000_000_000),  # listed by its vendor alone
        ("aws", "bedrock", "amazon.nova-pro-v1:0", 800_000_000),
        ("aws", "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3_000_000_000),  # an inference profile
        (
            "aws",
            "bedrock",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-haiku-4-5-20251001-v1:0",
            1_000_000_000,
        ),
        ("mine", "google", "gemini-3.8-flash", 750_000_000),
        ("mine", "gemini", "gemini-3.8-flash", 750_000_000),  # the same dialect by its other name
        ("ollama", "ollama", "llama3.1:8b-instruct-q4_0", 0),
        ("ollama", "ollama", "mixtral:8x7b", 0),
    ],
)
def test_a_model_is_found_by_its_id_its_alias_and_without_its_suffix(provider, dialect, model, input):
    found = PUBLISHED.facts(provider, dialect, model)

    assert input == found.price.input


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o-tuned"),
        ("openai", ""),
        ("openrouter", "openai/no-such"),
        ("openrouter", "nobody/gpt-4o"),
        ("openrouter", "gpt-4o"),
        ("ollama", "private-model"),
        ("bedrock", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"),
        ("bedrock", "moon.amazon.nova-pro-v1:0"),
        ("nobody", "gpt-4o"),
    ],
)
def test_an_unknown_model_is_unknown(provider, model):
    assert PUBLISHED.facts(provider, provider, model) is None


def test_everything_published_is_handed_on():
    found = PUBLISHED.facts("google", "google", "gemini-2.5-pro")

    price = found.price
    ((above, long),) = price.steps
    assert (1_250_000_000, 10_000_000_000, 125_000_000, 1_250_000_000) == (
        price.input,
        price.output,
        price.cache_read,
        price.cache_write,
    )
    assert (above, long.input, long.output, long.cache_read) == (200_000, 2_500_000_000, 15_000_000_000, 250_000_000)
    assert (price.search, price.tiers) == (35_000_000_000, {"flex": 500, "priority": 1_800, "batch": 500})
    assert (found.abilities.context, found.abilities.max_output, found.quality["vision"]) == (1_048_576, 65_536, 0.87)
    assert {"tools", "vision", "json_schema", "reasoning", "audio", "files"} == found.abilities.capabilities
    assert found.source.startswith("litellm")


@pytest.mark.parametrize(
    ("provider", "model"),
    [("cohere", "command-a-plus-05-2026"), ("deepseek", "deepseek-math"), ("codestral", "codestral-latest")],
)
def test_an_unknown_price_is_not_free(provider, model):
    found = PUBLISHED.facts(provider, provider, model)

    assert found.price is None


def test_the_operator_adds_a_model():
    own = ModelFacts(
        price={"input": 0, "output": 5},
        context=131_072,
        max_output=8_192,
        capabilities=("tools", "code"),
        quality={"chat": 0.7},
    )

    found = Catalog({"lab/llama": own}).facts("lab", "openai", "llama")

    assert Price.of({"input": 0, "output": 5}) == found.price
    assert (131_072, 8_192, {"tools", "code"}, 0.7) == (
        found.abilities.context,
        found.abilities.max_output,
        found.abilities.capabilities,
        found.quality["chat"],
    )
    assert found.source == "configuration"


def test_the_operator_overrides_field_by_field():
    catalog = Catalog({"openai/gpt-4o": ModelFacts(quality={"chat": 0.9})})
    listed = PUBLISHED.facts("openai", "openai", "gpt-4o")

    found = catalog.facts("openai", "openai", "gpt-4o")

    assert (listed.price, listed.abilities.context, listed.abilities.max_output, listed.abilities.capabilities) == (
        found.price,
        found.abilities.context,
        found.abilities.max_output,
        found.abilities.capabilities,
    )
    assert found.quality == {**listed.quality, "chat": 0.9}
    assert f"configuration, {listed.source}" == found.source


def test_an_overridden_price_takes_no_figure_from_the_published_one():
    catalog = Catalog({"openai/gpt-4o": ModelFacts(price={"input": 1, "output": 2})})

    found = catalog.facts("openai", "openai", "gpt-4o")

    assert Price.of({"input": 1, "output": 2}) == found.price
    assert found.price.tiers == {}


def test_half_an_overridden_price_is_unknown():
    catalog = Catalog({"openai/gpt-4o": ModelFacts(price={"input": 1})})

    found = catalog.facts("openai", "openai", "gpt-4o")

    assert found.price is None


def test_an_override_is_for_its_provider_alone():
    catalog = Catalog({"azure-eu/gpt-4o": ModelFacts(context=7)})

    assert catalog.facts("azure-eu", "azure", "gpt-4o").abilities.context == 7
    assert catalog.facts("azure", "azure", "gpt-4o").abilities.context == 128_000


def test_what_is_remembered_has_an_end():
    catalog = Catalog({})

    for number in range(REMEMBERED + 10):
        catalog.facts("openai", "openai", f"made-up-{number}")
    catalog.facts("openai", "openai", "x" * (LONGEST + 1))

    assert len(catalog._remembered) == 10
    assert catalog.facts("openai", "openai", "gpt-4o") is catalog.facts("openai", "openai", "gpt-4o")


def test_the_figures_are_read_only_when_asked_for():
    program = (
        "import catalog.lookup as lookup, catalog.published as published\n"
        "lookup.Catalog({})\n"
        "print(published.published.cache_info().currsize)"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PATH.parent.parent
    )

    assert ran.stdout == "0\n"


def test_a_model_that_nobody_listed_is_as_good_as_its_family():
    unheard = unlisted("claude-opus-5-5-20270101")

    assert (unheard.price, unheard.source) == (None, "")
    assert PUBLISHED.facts("anthropic", "anthropic", "claude-opus-5-5").quality == unheard.quality
    assert unlisted("made-up") is NOTHING_KNOWN


@pytest.mark.parametrize(
    ("dialect", "model", "own", "hides"),
    [
        ("openai", "gpt-99", ModelFacts(capabilities=("reasoning",)), True),
        ("azure", "gpt-99", ModelFacts(capabilities=("reasoning",)), True),
        ("openrouter", "x-ai/grok-99", ModelFacts(capabilities=("reasoning",)), True),
        ("openai", "gpt-99", ModelFacts(capabilities=("reasoning",), flags={"hides_thinking": False}), False),
        ("openai", "gpt-99", ModelFacts(capabilities=("tools",)), None),
        ("openai", "qwen3", ModelFacts(capabilities=("reasoning",)), None),
        ("vllm", "gpt-oss", ModelFacts(capabilities=("reasoning",)), None),
        ("openai", "gpt-5", ModelFacts(), True),
        ("openai", "gpt-5", ModelFacts(flags={"hides_thinking": False}), False),
        ("openai", "gpt-4o", ModelFacts(), None),
    ],
)
def test_what_a_vendors_thinkers_have_in_common_goes_for_all_that_reason(dialect, model, own, hides):
    found = Catalog({f"mine/{model}": own}).facts("mine", dialect, model)

    assert hides == found.abilities.flags.get("hides_thinking")
