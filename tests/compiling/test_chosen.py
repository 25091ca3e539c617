"""What mypyc would only find out when a module is imported, or after two minutes."""

import ast
from functools import cache
from pathlib import Path

import pytest

from compiling.chosen import CHOSEN

HOME = Path(__file__).resolve().parents[2]
PRODUCT = sorted(
    str(file.relative_to(HOME))
    for file in HOME.glob("[a-z]*/**/*.py")
    if file.relative_to(HOME).parts[0] not in {"tests", "bench", "compiled", "node_modules"}
)


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((HOME / file).read_text())


def inherited(file: str) -> list[tuple[str, str]]:
    """Pairs of a class and the file of ours that its base is from."""
    origins = {
        alias.asname or alias.name: f"{node.module.replace('.', '/')}.py"
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    found = []
    for node in ast.walk(tree(file)):
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            name = base.value if isinstance(base, ast.Subscript) else base
            if isinstance(name, ast.Name) and origins.get(name.id) in PRODUCT:
                found.append((node.name, origins[name.id]))
    return found


def test_they_are_there_in_order_and_once():
    assert sorted(set(CHOSEN)) == list(CHOSEN)
    assert set(CHOSEN) <= set(PRODUCT)


@pytest.mark.parametrize("file", PRODUCT)
def test_who_inherits_is_compiled_with_whoever_it_inherits_from(file):
    apart = [pair for pair in inherited(file) if (file in CHOSEN) != (pair[1] in CHOSEN)]

    assert apart == []


@pytest.mark.parametrize("file", CHOSEN)
def test_no_generator_awaits(file):
    generators = [
        node.name
        for node in ast.walk(tree(file))
        if isinstance(node, ast.AsyncFunctionDef) and any(isinstance(part, ast.Yield) for part in ast.walk(node))
    ]

    assert generators == []
