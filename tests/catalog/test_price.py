"""What an answer costs."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.price import SEARCH, Price
from core.usage import Usage

M = 1_000_000
PRICE = Price.of({"input": 2_500 * M, "output": 10_000 * M, "cache_read": 1_250 * M})
FULL = {
    "input": 1_000 * M,
    "output": 2_000 * M,
    "cache_read": 100 * M,
    "cache_write": 1_250 * M,
    "cache_write_long": 2_000 * M,
    "audio_input": 5_000 * M,
    "audio_output": 7_000 * M,
    "image_output": 9_000 * M,
    "search": 10_000 * M,
}
BUCKETS = {name: name for name in FULL if name != "search"} | {"search": "searches"}


def cost(figures, **usage):
    return Price.of(figures).cost(Usage(**usage))


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(), 0),
        (Usage(input=1_000_000), 2_500_000_000),
        (Usage(input=1), 2_500),
        (Usage(output=3), 30_000),
        (Usage(input=1, output=1, reasoning=1), 12_500),
        (Usage(cache_read=2), 2_500),
        (Usage(cache_write=2), 5_000),
        (Usage(input=1_000_000, cost=7), 7),
        (Usage(input=1_000_000, cost=0), 0),
    ],
)
def test_every_bucket_has_its_price_and_the_providers_own_figure_comes_first(usage, cost):
    assert cost == PRICE.cost(usage)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_costs_what_is_said_of_it_and_of_no_other(bucket):
    per = 1_000 if bucket == "search" else M

    assert FULL[bucket] == cost(FULL, **{BUCKETS[bucket]: per})


def test_the_buckets_of_one_call_add_up():
    everything = dict.fromkeys(BUCKETS.values(), 1_000)

    assert sum(FULL[name] // (1 if name == "search" else 1_000) for name in FULL) == cost(FULL, **everything)


@pytest.mark.parametrize(
    ("bucket", "said", "expected"),
    [
        ("cache_read", {}, 3),
        ("cache_write", {}, 3),
        ("cache_write_long", {}, 3),
        ("cache_write_long", {"cache_write": 5}, 5),
        ("cache_write_long", {"cache_write": 1}, 3),
        ("audio_input", {}, 3),
        ("audio_output", {}, 7),
        ("image_output", {}, 7),
        ("cache_write", {"cache_write": 0}, 0),
    ],
)
def test_what_nobody_published_is_never_free_but_what_is_free_is(bucket, said, expected):
    assert expected == cost({"input": 3, "output": 7, **said}, **{bucket: M})


def test_a_search_whose_price_nobody_knows_costs_what_the_dearest_does():
    assert SEARCH == cost({"input": 3, "output": 7}, searches=1_000)
    assert cost({"input": 3, "output": 7, "search": 0}, searches=1_000) == 0


@pytest.mark.parametrize(("tokens", "cost"), [(1, 0), (4, 0), (5, 1), (14, 1), (15, 2)])
def test_halves_are_rounded_up(tokens, cost):
    price = Price.of({"input": 100_000, "output": 0})

    actual = price.cost(Usage(input=tokens))

    assert cost == actual


@pytest.mark.parametrize("figures", [{}, {"input": 1}, {"output": 1}, {"cache_read": 1}])
def test_half_a_price_is_no_price(figures):
    assert Price.of(figures) is None


# Long prompts

LONG = {**FULL, "long": {"above": 1_000, "input": 2_000 * M, "output": 3_000 * M, "cache_read": 200 * M}}
STEPS = {
    "input": M,
    "output": M,
    "long": [{"above": 10, "input": 2 * M, "output": M}, {"above": 20, "input": 3 * M, "output": M}],
}


@pytest.mark.parametrize(("prompt", "each"), [(1_000, 1_000), (1_001, 2_000)])
def test_a_long_prompt_changes_the_price_of_the_whole_call(prompt, each):
    assert prompt * each == cost(LONG, input=prompt)
    assert Price.of(LONG).cost(Usage(input=500, cache_write=prompt - 500, output=1)) == (
        500 * each + (prompt - 500) * max(each, 1_250) + (2_000 if each == 1_000 else 3_000)
    )


@pytest.mark.parametrize(("prompt", "each"), [(10, 1), (11, 2), (20, 2), (21, 3)])
@pytest.mark.parametrize("turned", [False, True])
def test_there_may_be_several_steps_in_any_order(prompt, each, turned):
    steps = STEPS["long"][::-1] if turned else STEPS["long"]

    assert prompt * each == cost({**STEPS, "long": steps}, input=prompt)


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        ("cache_write", 2_000),  # a long prompt's input, since the short prompt's price is less
        ("cache_write_long", 2_000),
        ("audio_input", 5_000),  # not less than a short prompt's
        ("audio_output", 7_000),
    ],
)
def test_what_a_step_does_not_say_is_not_cheaper_than_below_it(bucket, expected):
    over = {} if bucket == "audio_output" else {bucket: 2_000}
    long = {"input": 2_000} if not over else {}

    total = cost(LONG, **over, **long, **({"audio_output": 1_000} if not over else {}))

    assert total == (2_000 * expected if over else 2_000 * 2_000 + 1_000 * expected)


@pytest.mark.parametrize("audio", [0, 6])
def test_every_token_of_the_prompt_makes_it_long(audio):
    assert cost(STEPS, input=2, cache_read=1, cache_write=1, cache_write_long=1, audio_input=audio) == (5 + audio) * (
        2 if audio else 1
    )


def test_half_a_step_is_no_step():
    assert Price.of({"input": 1, "output": 1, "long": {"above": 1, "input": 5}}).steps == ()


# Service tiers


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        *((name, 1_000) for name in ("", "default", "standard", "auto", "scale", "on_demand", "whatever")),
        *((name, 500) for name in ("flex", "FLEX", "ON_DEMAND_FLEX")),
        *((name, 1_800) for name in ("priority", "fast", "ON_DEMAND_PRIORITY", "performance")),
        ("batch", 250),
    ],
)
def test_a_tier_is_a_factor_for_all_but_searches(tier, expected):
    figures = {**FULL, "flex": 500, "priority": 1_800, "batch": 250}

    assert expected == cost(figures, input=1, tier=tier)
    assert FULL["search"] == cost(figures, searches=1_000, tier=tier)


@pytest.mark.parametrize(
    ("tier", "expected"), [("flex", 1_000), ("batch", 1_000), ("priority", 2_000), ("fast", 2_000)]
)
def test_a_discount_that_nobody_published_is_none_and_haste_costs_double(tier, expected):
    assert expected == cost(FULL, input=1, tier=tier)


def test_a_tier_may_have_prices_of_its_own_and_steps():
    flex = {"input": 400 * M, "output": 900 * M, "long": {"above": 10, "input": 700 * M, "output": 900 * M}}
    figures = {**LONG, "flex": flex}

    assert cost(figures, input=1, tier="flex") == 400
    assert cost(figures, input=11, tier="flex") == 7_700
    assert cost(figures, audio_input=1, tier="flex") == 5_000
    assert cost(figures, input=1) == 1_000


def test_a_factor_holds_for_long_prompts_too():
    assert cost({**LONG, "flex": 500}, input=1_001, tier="flex") == 1_001_000


def test_half_a_tier_is_none():
    assert cost({**FULL, "flex": {"input": 1}}, input=1, tier="flex") == 1_000


def test_half_a_nano_dollar_of_a_tier_is_rounded_once():
    assert cost({"input": 1 * M, "output": 1 * M, "flex": 500}, input=1, output=1, tier="flex") == 1
    assert cost({"input": 1 * M, "output": 1 * M, "flex": 500}, input=1, tier="flex") == 1
    assert cost({"input": 1 * M, "output": 1 * M, "flex": 499}, input=1, tier="flex") == 0


# Exactness

tokens = st.integers(0, 10_000_000)
rates = st.integers(0, 10**12)


@given(
    st.fixed_dictionaries(dict.fromkeys(FULL, tokens)),
    st.fixed_dictionaries(dict.fromkeys(FULL, rates)),
    st.integers(0, 9_000),
)
def test_no_nano_dollar_is_lost(counts, prices, factor):
    exact = sum(Decimal(counts[name]) * prices[name] for name in FULL if name != "search") / M * factor / 1_000
    exact += Decimal(counts["search"]) * prices["search"] / 1_000

    total = cost({**prices, "flex": factor}, **{BUCKETS[name]: count for name, count in counts.items()}, tier="flex")

    assert int(exact.quantize(Decimal(1), ROUND_HALF_UP)) == total


@given(
    st.dictionaries(st.sampled_from(sorted(set(FULL) - {"input", "output"})), rates), st.sampled_from(sorted(BUCKETS))
)
def test_no_bucket_is_free_unless_somebody_said_so(said, bucket):
    figures = {"input": 3 * M, "output": 5 * M, **said}

    assert bool(cost(figures, **{BUCKETS[bucket]: 1_000_000})) == (figures.get(bucket) != 0)
