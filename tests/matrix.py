"""What the tests say that they show of each dialect: `python -m tests.matrix` writes it down.

A test says `@pytest.mark.covers("anthropic", "tools", "stream")`, or `refuses` where it shows that something can't be
done and is refused. Marks are read off the tests that pytest collects, so that those of modules, of classes and of
single parameters count, and a test that isn't run shows nothing.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters import ADAPTERS
from catalog import dialects
from catalog.dialects import FEATURES, REFUSED, YES, Shown

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN = "<!-- dialects: begin. `make matrix` writes this table; no word of it is by hand. -->"
END = "<!-- dialects: end -->"
MEANINGS = {"covers": YES, "refuses": REFUSED}


class Mark(NamedTuple):
    test: str
    kind: str
    dialect: str
    features: tuple[str, ...]


class Collected:
    """A plugin that keeps the tests there are."""

    items: list[pytest.Item]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = session.items


def collected() -> list[pytest.Item]:
    """All tests; this takes a while."""
    kept = Collected()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        code = pytest.main(["--collect-only", "-qq"], plugins=[kept])
    if code:
        raise SystemExit("the tests can't be collected: run pytest --collect-only to see why")
    return kept.items


def is_whole(config: pytest.Config) -> bool:
    """Whether all tests are run, and not some of them only."""
    chosen = config.option.keyword or config.option.markexpr
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen


def marks(items: Iterable[pytest.Item]) -> Iterator[Mark]:
    for item in items:
        for kind in MEANINGS:
            for mark in item.iter_markers(kind):
                dialect, *features = mark.args
                yield Mark(item.nodeid, kind, dialect, tuple(features))


def matrix(found: Iterable[Mark]) -> Shown:
    """By the dialects in their order. What a test shows to be possible isn't refused; another name shows the same."""
    known = (mark for mark in found if mark.dialect in ADAPTERS)
    cells = {(ADAPTERS[mark.dialect].make, feature, mark.kind) for mark in known for feature in mark.features}
    return {
        name: {
            feature: next(meaning for kind, meaning in MEANINGS.items() if (dialect.make, feature, kind) in cells)
            for feature in FEATURES
            if any((dialect.make, feature, kind) in cells for kind in MEANINGS)
        }
        for name, dialect in ADAPTERS.items()
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
    table = matrix(marks(collected()))
    dialects.PATH.write_text(written(table), encoding="utf-8")
    README.write_text(in_readme(table), encoding="utf-8")
    print(dialects.text(table))
