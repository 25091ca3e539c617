"""Our YAML as it is written: what goes in comes out again when it is read, whatever it is."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from config.problems import Notes
from config.yaml_lines import Fields, Items, Scalar, parse
from moving.page import Noted, amount, page

TEXTS = some.one_of(
    some.text(some.characters(codec="utf-8"), max_size=12),
    some.sampled_from(
        ["on", "no", "null", "~", "1", "1e3", "0x1", "- a", "a: b", "#", "'", '"', "\\", "${A:-}", "*", "&"]
    ),
)
TREES = some.dictionaries(
    TEXTS,
    some.recursive(
        some.one_of(TEXTS, some.integers(0, 99), some.booleans()),
        lambda inner: some.one_of(some.lists(inner, max_size=9), some.dictionaries(TEXTS, inner, max_size=4)),
        max_leaves=12,
    ),
    max_size=4,
)


def read(node):
    match node:
        case Scalar(text=text):
            return text
        case Items(items=items):
            return [read(item) for item in items]
        case Fields(fields=fields):
            return {key: read(value) for key, value in fields.items()}


def said(value):
    """The same, all of it as text."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
        case list():
            return [said(one) for one in value]
        case dict():
            return {key: said(one) for key, one in value.items()}


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_what_was_written_is_read_again(tree):
    notes = Notes("made.yaml")

    found = read(parse(page(tree, ["head\nand\x00more"]), notes))

    notes.check()
    assert said(tree) == found


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1e3", "1000"),
        ("0.50", "0.5"),
        ("2.000", "2"),
        ("1E-9", "0.000000001"),
        ("0", "0"),
        ("0.0", "0"),
        ("100", "100"),
    ],
)
def test_amounts_are_written_in_digits(number, text):
    assert text == amount(Decimal(number))


def test_notes_stand_where_they_are_read():
    long = "w" * 110
    tree = {
        "a": Noted({"x": 1}, "of all"),
        "b": {"c": Noted("d", "short"), "e": Noted("f", long), "g": Noted({"h": Noted("i", "in")}, "out")},
    }

    assert page(tree, []).splitlines() == [
        *("", "# of all", "a:", "  x: 1", ""),
        *("b:", "  c: d  # short", f"  # {long}", "  e: f", "  # out", "  g:", "    h: i  # in"),
    ]


def test_a_long_list_has_a_line_for_each():
    assert page({"a": ["x" * 70, "y" * 70]}, []) == f"\na:\n  - {'x' * 70}\n  - {'y' * 70}\n"
