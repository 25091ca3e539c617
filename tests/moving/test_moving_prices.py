"""What a deployment costs that names the model behind it, or says so itself."""

import json

import pytest

from catalog.lookup import Catalog
from catalog.price import Price
from config.load import load
from gateway.commands.moving import prices
from gateway.generation import DIALECTS
from moving import litellm
from routing.strategies import STRATEGIES


def moved(base: str | None, **params: object):
    """What becomes of a deployment in Azure."""
    item = {
        "model_name": "m",
        "litellm_params": {"model": "azure/ours", "api_base": "https://x.openai.azure.com", "api_key": "k", **params},
        "model_info": {"base_model": base},
    }
    text, findings = litellm.imported(json.dumps({"model_list": [item]}), "t", DIALECTS, prices=prices)
    env = {"AZURE_API_KEY_2": "k"}
    config = load(text, env, file="made.yaml", dialects=DIALECTS, strategies=STRATEGIES)
    facts = config.models.get("x.openai.azure.com/ours")
    return (Price.of(facts.price) if facts and facts.price else None), findings


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4.1-mini", "gpt-5.5", "o3", "text-embedding-3-small"])
def test_a_base_model_brings_its_price_to_the_last_digit(model):
    catalog = Catalog({})
    known = catalog.facts("azure", "azure", model) or catalog.facts("openai", "openai", model)

    price, findings = moved(f"azure/{model}")

    assert known.price == price
    assert [f"the price of azure/{model}, written out as the catalog has it today"] == [
        one.text for one in findings.changed if "base_model" in one.path
    ]


def test_a_price_beside_a_base_model_counts():
    price, findings = moved("azure/gpt-4.1", input_cost_per_token="2e-6", output_cost_per_token="3e-6")

    assert (2 * 10**9, 3 * 10**9) == (price.input, price.output)
    assert ["the price beside it counts"] == [one.text for one in findings.left]


def test_a_model_that_nobody_knows_has_no_price():
    price, findings = moved("azure/never-heard-of")

    assert None is price
    assert findings.left[0].text.startswith("nobody knows its price")


def test_without_a_catalog_nothing_has_a_price():
    tree = {
        "model_list": [{"model_name": "m", "litellm_params": {"model": "openai/a"}, "model_info": {"base_model": "a"}}]
    }

    _, findings = litellm.imported(json.dumps(tree), "t", DIALECTS)

    assert findings.left[0].text.startswith("nobody knows its price")


def test_of_two_prices_the_one_beside_the_model_counts_and_the_other_is_told():
    item = {
        "model_name": "m",
        "litellm_params": {"model": "openai/a", "input_cost_per_token": "2e-6", "output_cost_per_token": "3e-6"},
        "model_info": {"input_cost_per_token": "5e-6"},
    }

    text, findings = litellm.imported(json.dumps({"model_list": [item]}), "t", DIALECTS)

    assert "openai/a: {price: {input: 2, output: 3}}" in text
    assert [("model_list[0].model_info.input_cost_per_token", "is said before, in litellm_params")] == [
        (one.path, one.text) for one in findings.left
    ]
