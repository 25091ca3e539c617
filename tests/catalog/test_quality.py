"""How good models are held to be before anybody judged their answers."""

import re

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from catalog.lookup import NOTHING_KNOWN, Catalog
from catalog.published import published
from catalog.quality import PATH, UNKNOWN, family, prior
from core.tasks import TASKS

FILE = orjson.loads(PATH.read_bytes())
CATALOG = Catalog({})
rows = pytest.mark.parametrize("row", FILE["families"], ids=lambda row: row["family"])


def test_the_figures_have_a_date_and_a_source():
    assert FILE["about"]["as_of"] == "2026-11-26"
    assert "judgement of the maintainers" in FILE["about"]["source"]


@rows
def test_a_family_has_figures_within_bounds_and_tasks_that_exist(row):
    assert 0 < row["quality"] < 1
    assert set(row.get("tasks", ())) <= set(TASKS)
    assert all(0 <= row["quality"] + offset <= 1 for offset in row.get("tasks", {}).values())
    assert re.compile(row["family"])


@pytest.mark.parametrize(
    ("provider", "model"),
    sorted(
        (row["provider"], row["model"])
        for models in published().values()
        for row in models.values()
        if "embedding" not in row["model"]
    ),
)
def test_every_published_model_that_talks_has_a_family(provider, model):
    assert set(TASKS) == set(family(model))


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5-20250929"),
        ("accounts/fireworks/models/gpt-oss-120b", "gpt-oss:120b"),
        ("deepseek-ai/DeepSeek-V4-Pro-0813", "deepseek-v4-pro"),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama3.3"),
    ],
)
def test_one_model_is_known_by_all_its_names(name, like):
    assert family(name) == family(like) != {}


@pytest.mark.parametrize(
    ("better", "worse", "task"),
    [
        (("anthropic", "claude-opus-5-5"), ("anthropic", "claude-haiku-4-5-20251001"), "chat"),
        (("openai", "gpt-4o"), ("openai", "gpt-4o-mini"), "chat"),
        (("codestral", "codestral-latest"), ("mistral", "mistral-tiny"), "code_generation"),
        (("openai", "gpt-4o-mini"), ("ollama", "llama2"), "reasoning"),
    ],
)
def test_the_better_model_has_the_higher_figure(better, worse, task):
    one, other = (CATALOG.facts(provider, provider, model) for provider, model in (better, worse))

    assert prior(one, task) > prior(other, task)


def test_a_model_that_nobody_knows_is_in_the_middle():
    assert UNKNOWN == prior(NOTHING_KNOWN, "chat")
    assert {} == family("made-up")


@given(st.one_of([st.from_regex(row["family"], fullmatch=True) for row in FILE["families"]]))
def test_the_first_family_counts_whose_expression_fits(name):
    assume(name == name.lower() and not re.match(r".*/|[a-z-]+\.", name))  # what precedes a name is cut off
    first = next(row for row in FILE["families"] if re.match(row["family"], name))

    assert family(name) == {
        task: pytest.approx(first["quality"] + first.get("tasks", {}).get(task, 0.0), abs=1e-4) for task in TASKS
    }
