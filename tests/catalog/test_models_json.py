"""The published figures are whole."""

import itertools
from datetime import date

import orjson
import pytest

from catalog.published import PATH, published

FILE = orjson.loads(PATH.read_bytes())
CAPABILITIES = {"tools", "vision", "json_schema", "reasoning", "audio", "files"}
PRICES = {"input", "output", "cache_read", "cache_write", "long"}
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
    assert all(long[kind] >= price[kind] for kind in ("input", "output") if kind in price)


def _passed(row: dict) -> bool:
    day = row.get("retired")
    return day is not None and date.fromisoformat(day) <= date(2026, 11, 20)
