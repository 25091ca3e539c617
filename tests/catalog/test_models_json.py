"""The published figures are whole."""

import itertools
import re
from datetime import date

import orjson
import pytest

from catalog.published import PATH, published

FILE = orjson.loads(PATH.read_bytes())
CAPABILITIES = {"tools", "vision", "json_schema", "reasoning", "audio", "files"}
PRICES = {
    *("input", "output", "cache_read", "cache_write", "cache_write_long"),
    *("audio_input", "audio_output", "image_output", "search", "long"),
}
_GENERATION = re.compile(r"claude-(?:[a-z]+-)?(\d)")
CLAUDES = {
    f"{row['provider']}/{row['model']}": row
    for row in FILE["models"]
    if "reasoning" in row["capabilities"] and _GENERATION.search(row["model"])
}
models = pytest.mark.parametrize("row", FILE["models"], ids=lambda row: f"{row['provider']}/{row['model']}")


def test_the_figures_have_a_date_and_a_source():
    assert FILE["about"]["as_of"] == "2026-11-20"
    assert FILE["about"]["source"]


def test_no_model_is_listed_twice():
    names = [(row["provider"], name) for row in FILE["models"] for name in (row["model"], *row.get("aliases", ()))]

    assert len(names) == len(set(names))
    assert len(names) == len(list(itertools.chain(*published().values())))


@models
def test_a_model_has_a_source_sizes_and_known_words(row):
    assert row["source"]
    assert row["context"] > 0
    assert row.get("max_output", 1) > 0
    assert set(row["capabilities"]) <= CAPABILITIES
    assert row["status"] in {"active", "deprecated", "retired"}
    assert (row["status"] == "retired" and "retired" not in row) or _passed(row) == (row["status"] == "retired")


@models
def test_prices_are_whole_nano_dollars_and_only_local_models_are_free(row):
    price = row.get("price", {"input": 1, "output": 1})
    flat = {**price, **price.get("long", {})}
    flat.pop("long", None)

    assert set(price) <= PRICES
    assert {"input", "output"} <= set(price)
    assert all(isinstance(figure, int) and figure >= 0 for figure in flat.values())
    assert (row["provider"] == "ollama") == (price["input"] == 0)
    assert price["input"] < 1_000 * 10**9


@models
def test_long_prompts_are_never_cheaper(row):
    price = row.get("price", {})
    long = price.get("long", {"above": 1, **price})

    assert long["above"] > 0
    assert all(long[kind] >= price[kind] for kind in set(long) & set(price))


@models
def test_writes_that_are_kept_longer_are_not_cheaper_and_follow_their_providers_rule(row):
    price = row.get("price", {})
    factor = {"anthropic": 2, "openai": 2.5}.get(row["provider"])

    for rates in (price, price.get("long", {})):
        if "cache_write_long" in rates:
            assert rates["cache_write_long"] >= rates["cache_write"]
            assert rates["cache_write_long"] == rates["input"] * factor


def test_what_providers_charge_for_all_of_their_models_is_known_words():
    known = {row["provider"] for row in FILE["models"]}

    for provider, rules in FILE["providers"].items():
        assert provider in known
        assert set(rules) <= {"search", "flex", "priority", "batch"}
        assert all(isinstance(figure, int) and figure > 0 for figure in rules.values())
        assert rules.get("flex", 0) <= 1_000 <= rules.get("priority", 1_000)


def test_all_whose_models_hide_what_they_think_are_vendors_of_some():
    known = {row["provider"] for row in FILE["models"]}

    assert set(FILE["thinkers"]) <= known
    assert all(flags == {"hides_thinking": True} for flags in FILE["thinkers"].values())


@pytest.mark.parametrize(("name", "row"), CLAUDES.items())
def test_claude_thinks_unasked_from_its_fifth_generation_on(name, row):
    generation = int(_GENERATION.search(name)[1])

    assert (generation >= 5) is row.get("flags", {}).get("thinks_by_default", True)


def test_a_rows_own_price_stands_above_its_providers():
    assert published()["google"]["gemini-2.5-pro"]["price"]["search"] == 35_000_000_000
    assert published()["google"]["gemini-3.5-flash"]["price"]["search"] == 14_000_000_000
    assert "flex" not in published()["anthropic"]["claude-opus-5"]["price"]


def _passed(row: dict) -> bool:
    day = row.get("retired")
    return day is not None and date.fromisoformat(day) <= date(2026, 11, 20)
