"""What the tests say that they show of each dialect, read from their marks: `python -m tests.matrix` writes it down.

A test says `@pytest.mark.covers("anthropic", "tools", "stream")`, or `refuses` where it shows that something can't be
done and is refused. The dialect may be a tuple of several. Marks of modules and of parameters count as well.
"""

import ast
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from adapters import ADAPTERS
from catalog import dialects
from catalog.dialects import FEATURES, REFUSED, YES, Shown

HOME = Path(__file__).resolve().parent.parent
README = HOME / "README.md"
BEGIN = "<!-- dialects: begin. `make matrix` writes this table; no word of it is by hand. -->"
END = "<!-- dialects: end -->"
MEANINGS = {"covers": YES, "refuses": REFUSED}


class Mark(NamedTuple):
    """*place* is `file:line`."""

    place: str
    kind: str
    dialects: tuple[str, ...]
    features: tuple[str, ...]


def marks() -> Iterator[Mark]:
    """All of them, in the order of the files."""
    for file in sorted((HOME / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"pytest.mark.{kind}" for kind in MEANINGS}:
                yield _mark(node, f"{file.relative_to(HOME)}:{node.lineno}")


def _mark(node: ast.Call, place: str) -> Mark:
    first, *features = (ast.literal_eval(argument) for argument in node.args)
    return Mark(
        place,
        node.func.attr,
        (first,) if isinstance(first, str) else tuple(first),
        tuple(features),  # type: ignore[attr-defined]
    )


def matrix(found: Iterable[Mark]) -> Shown:
    """By the dialects in their order; what a test shows to be possible isn't refused."""
    cells = {(name, feature, mark.kind) for mark in found for name in mark.dialects for feature in mark.features}
    return {
        name: {
            feature: meaning
            for feature in FEATURES
            for kind, meaning in MEANINGS.items()
            if (name, feature, kind) in cells
        }
        for name in ADAPTERS
    }


def written(table: Shown) -> str:
    """As JSON, a line for each dialect."""
    lines = (f"  {json.dumps(name)}: {json.dumps(can)}" for name, can in table.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def in_readme(table: Shown) -> str:
    """The README with *table* where it belongs."""
    before, begin, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{dialects.markdown(table)}\n\n{end}{after}"


if __name__ == "__main__":
    table = matrix(marks())
    dialects.PATH.write_text(written(table), encoding="utf-8")
    README.write_text(in_readme(table), encoding="utf-8")
    print(dialects.text(table))
