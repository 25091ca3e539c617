"""Providers' exports are read, whatever they call things."""

from pathlib import Path

import pytest

from admin.exports import Line, plain, read

EXPORTS = Path(__file__).parent / "exports"
COSTS = [
    Line("2026-11-26", "gpt-5-2026-08-07, input", None, None, 40_000_000),
    Line("2026-11-26", "gpt-5-2026-08-07, output", None, None, 60_000_000),
]
USAGE = [
    Line("2026-11-26", "gpt-5-2026-08-07", 1000, 500, None),
    Line("2026-11-27", "gpt-5-mini", 10, 20, None),
]
CLAUDE = [
    Line("2026-11-26", "claude-haiku-4-5-20251001", 1150, 500, None),
    Line("2026-11-26", "claude-haiku-4-5-20251001", 1, 5, None),
]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("openai-costs.csv", COSTS),
        ("openai-costs.json", COSTS),
        ("openai-usage.json", USAGE),
        ("openai-usage.tsv", USAGE),
        ("anthropic-usage.csv", CLAUDE),
        ("anthropic-usage.json", CLAUDE),
        (
            "anthropic-costs.json",
            [
                Line("2026-11-26", "claude-haiku-4-5-20251001", None, None, 1_237_891_200),
                Line("2026-11-26", "Web Search Usage", None, None, 20_000_000),
            ],
        ),
        (
            "anthropic-costs.csv",
            [
                Line("2026-11-26", "Claude Haiku 4.5", None, None, 1_237_891_200),
                Line("2026-11-26", "", None, None, 20_000_000),
            ],
        ),
        (
            "google.csv",
            [
                Line("2026-11-26", "Gemini 3 Pro Text Output", None, None, 1_234_500_000_000),
                Line("2026-11-27", "Gemini 3 Pro Text Output", None, None, 500_000_000),
            ],
        ),
    ],
)
def test_an_export_is_read(file: str, expected: list[Line]) -> None:
    assert read((EXPORTS / file).read_text(encoding="utf-8")) == expected


def test_columns_can_be_named() -> None:
    text = "\ufeffWhen,What,In,Out,Price\n26.11.,a,1,2,3\n".replace("26.11.", "2026-11-26")
    named = {"date": "When", "model": "What", "input": "In", "output": "Out", "cost": "Price"}

    assert read(text, named) == [Line("2026-11-26", "a", 1, 2, 3_000_000_000)]


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("", {}, "there is nothing in it"),
        ("{}", {}, "no date, or nothing that was used"),
        ('[1, "x"]', {}, "there is nothing in it"),
        ("{", {}, "it is no JSON"),
        (
            "date,model\n2026-11-26,a",
            {},
            "no date, or nothing that was used, in its columns date, model: say --columns",
        ),
        ("model,cost\na,1", {}, "no date, or nothing"),
        ("date,cost\n2026-11-26,1", {"cost": "Price"}, "it has no column 'Price'"),
        ("date,cost\n2026-11-26,much", {}, "'much' is not an amount of dollars"),
        ("date,output\n2026-11-26,much", {}, "'much' is not a number of tokens"),
        ("date,output\n2026-13-26,5", {}, "'2026-13-26' is not a day"),
        ("date,cost,currency\n2026-11-26,5,EUR", {}, "amounts are in EUR"),
    ],
)
def test_what_can_t_be_read_is_told(text: str, columns: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(text, columns)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o-2024-08-06, cached input", "gpt-4o"),
        ("GPT-4o mini", "gpt-4o-mini"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("Claude Opus 4.5", "claude-opus-4-5"),
        ("claude-opus-4-5", "claude-opus-4-5"),
        ("claude-3-5-sonnet@20241022", "claude-3-5-sonnet"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("models/gemini-3-pro", "gemini-3-pro"),
        ("meta/llama", "llama"),
        ("", ""),
    ],
)
def test_a_model_has_one_name_on_both_sides(model: str, expected: str) -> None:
    assert plain(model) == expected
