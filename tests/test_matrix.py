"""The table of what each dialect can do: made of marks on tests, and nowhere else."""

import pytest

from adapters import ADAPTERS
from adapters.openai import OpenAI
from catalog import dialects
from catalog.dialects import FEATURES, REFUSED, YES
from core.target import Provider
from tests.matrix import BEGIN, END, README, Mark, in_readme, marks, matrix, written

RENEW = "run `make matrix`"
OWN = [name for name, one in ADAPTERS.items() if not isinstance(one.make(Provider(name=name, dialect=name)), OpenAI)]


def mark(kind, dialect, *features):
    return Mark("test", kind, dialect, features)


def test_what_is_covered_can_be_done_and_what_is_refused_can_not():
    table = matrix([mark("covers", "cohere", "text", "image"), mark("refuses", "cohere", "pdf")])

    assert {"text": YES, "image": YES, "pdf": REFUSED} == table["cohere"]
    assert {} == table["ollama"]
    assert list(ADAPTERS) == list(table)


def test_another_name_of_a_dialect_shows_the_same():
    table = matrix([mark("covers", "google", "text")])

    assert {"text": YES} == table["google"] == table["gemini"]


def test_the_table_has_a_row_for_each_dialect_and_a_column_for_each_feature():
    head, first, *_ = dialects.text({"a": {"text": YES}, "long": {}}).splitlines()

    assert ["provider", *" ".join(FEATURES).split()] == head.split()
    assert ["a", YES, *["-"] * (len(FEATURES) - 1)] == first.split()


def test_the_markdown_is_the_same_table():
    head, line, row = dialects.markdown({"a": {"stop": REFUSED}}).splitlines()

    assert f"| provider | {' | '.join(FEATURES)} |" == head
    assert len(FEATURES) + 2 == line.count("|") == row.count("|")
    assert row.startswith("| `a` | - |")
    assert "| refused | - |" in row


def test_the_readme_has_one_place_for_it():
    text = README.read_text(encoding="utf-8")

    assert (1, 1) == (text.count(BEGIN), text.count(END))
    assert text.index(BEGIN) < text.index(END)


def test_the_readme_holds_what_is_shipped():
    assert in_readme(dialects.shown()) == README.read_text(encoding="utf-8"), RENEW


def test_what_is_shipped_names_the_dialects_there_are():
    assert list(ADAPTERS) == list(dialects.shown()), RENEW


@pytest.mark.parametrize("name", OWN)
def test_of_a_dialect_of_its_own_everything_is_known(name):
    assert [] == [feature for feature in FEATURES if feature not in dialects.shown()[name]]


def test_what_is_shipped_is_what_the_tests_show(shown):
    assert written(matrix(marks(shown))) == dialects.PATH.read_text(encoding="utf-8"), RENEW


def test_marks_name_dialects_and_features_there_are(shown):
    odd = [one for one in marks(shown) if one.dialect not in ADAPTERS or not set(FEATURES).issuperset(one.features)]

    assert [] == odd


def test_nothing_is_said_to_be_refused_that_works(shown):
    said = {kind: set() for kind in ("covers", "refuses")}
    for one in marks(shown):
        said[one.kind] |= {(one.dialect, feature) for feature in one.features}

    assert set() == said["covers"] & said["refuses"]


def test_what_shows_something_is_never_skipped(shown):
    excused = [item.nodeid for item in shown for name in ("skip", "skipif", "xfail") if item.get_closest_marker(name)]

    assert [] == excused
