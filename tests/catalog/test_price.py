"""What an answer costs."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.price import Price
from core.usage import Usage

PRICE = Price.of({"input": 2_500_000_000, "output": 10_000_000_000, "cache_read": 1_250_000_000})
tokens = st.integers(0, 10_000_000)
rates = st.integers(0, 10**12)


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


@pytest.mark.parametrize(("tokens", "cost"), [(1, 0), (4, 0), (5, 1), (14, 1), (15, 2)])
def test_halves_are_rounded_up(tokens, cost):
    price = Price.of({"input": 100_000, "output": 0})

    actual = price.cost(Usage(input=tokens))

    assert cost == actual


@pytest.mark.parametrize("figures", [{}, {"input": 1}, {"output": 1}, {"cache_read": 1}])
def test_half_a_price_is_no_price(figures):
    assert Price.of(figures) is None


@pytest.mark.parametrize(("prompt", "cost"), [(1_000, 10_000), (1_001, 20_020)])
def test_a_long_prompt_changes_the_price_of_the_whole_call(prompt, cost):
    long = Price.of({"input": 20_000_000, "output": 0})
    price = Price(10_000_000, 0, 10_000_000, 10_000_000, 1_000, long)

    actual = price.cost(Usage(input=prompt - 10, cache_read=4, cache_write=6))

    assert cost == actual


@given(st.tuples(tokens, tokens, tokens, tokens), st.tuples(rates, rates, rates, rates))
def test_no_nano_dollar_is_lost(counts, prices):
    input, cache_read, cache_write, output = counts
    exact = sum(Decimal(count) * rate for count, rate in zip(counts, prices, strict=True)) / 1_000_000
    price = Price(prices[0], prices[3], prices[1], prices[2])

    cost = price.cost(Usage(input, cache_read, cache_write, output))

    assert int(exact.quantize(Decimal(1), ROUND_HALF_UP)) == cost
