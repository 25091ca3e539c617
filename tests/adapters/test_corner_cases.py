"""Every corner case that we know of has a test named after it, or a reason why it can't have one."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
TEXT = (Path(__file__).parent / "NOT_APPLICABLE.md").read_text(encoding="utf-8")
CASES = {"core": range(1, 71), "more": range(1, 41)}


@cache
def names():
    """Of all tests."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in TESTS.rglob("test_*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def section(heading):
    (found,) = re.findall(rf"(?ms)^## {heading}[^\n]*\n(.*?)(?=^## |\Z)", TEXT)
    return found


def shown(kind):
    """A test may show two of them: `test_core_4_and_more_32_...`."""
    found = (re.findall(rf"(?:test|and)_{kind}_(\d+)(?=_)", name) for name in names() if name.startswith("test_"))
    return {int(number) for numbers in found for number in numbers}


def excused(kind):
    return [int(number) for number in re.findall(rf"(?m)^- {kind} (\d+): \S.*\S$", section("Not applicable"))]


@pytest.mark.parametrize("kind", CASES)
def test_each_number_has_a_test_or_a_reason_and_never_both(kind):
    told = Counter([*shown(kind), *excused(kind)])

    assert dict.fromkeys(CASES[kind], 1) == told


@pytest.mark.parametrize(("kind", "heading"), [("core", "Core"), ("more", "More")])
def test_each_number_has_a_title(kind, heading):
    titles = re.findall(r"(?m)^(\d+)\. \S.*\.$", section(heading))

    assert list(CASES[kind]) == [int(number) for number in titles]


def test_each_further_trap_has_a_test_or_a_reason():
    lines = [line for line in section("Further traps").splitlines() if line]
    named = [found[1] for line in lines if (found := re.fullmatch(r"- .*: `(test_\w+)`", line))]
    excused = [line for line in lines if re.fullmatch(r"- .*: not applicable, .*\S", line)]

    assert len(lines) == len(named) + len(excused)
    assert [] == [name for name in named if name not in names()]
