"""What each dialect can do, as the tests show it: `make matrix` makes dialects.json of their marks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson

PATH: Final = Path(__file__).with_name("dialects.json")
FEATURES: Final = (
    *("text", "stream", "tools", "parallel tools", "tool loop", "image", "pdf"),
    *("json_schema", "reasoning", "stop", "errors"),
)
YES, REFUSED, NOTHING = "yes", "refused", "-"
LEGEND: Final = (
    "yes: a test shows it. refused: the dialect has nothing for it, and a call that asks for it is answered by another "
    "target or by a sentence that says so. -: not applicable, or nothing is promised: it goes on as it came."
)

Shown = Mapping[str, Mapping[str, str]]  # dialect -> feature -> YES or REFUSED; what isn't there doesn't apply


def shown() -> Shown:
    """What was shown when the product was made."""
    found: Shown = orjson.loads(PATH.read_bytes())
    return found


def text(table: Shown) -> str:
    """For a terminal."""
    rows = _rows(table)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(padded)


def markdown(table: Shown) -> str:
    """For the README."""
    head, *rows = _rows(table)
    lines = [head, ["---"] * len(head), *([f"`{name}`", *cells] for name, *cells in rows)]
    return "\n".join("|" + "|".join(f" {cell} " if cell != "---" else cell for cell in line) + "|" for line in lines)


def _rows(table: Shown) -> list[Sequence[str]]:
    cells = ([name, *(can.get(feature, NOTHING) for feature in FEATURES)] for name, can in table.items())
    return [["provider", *FEATURES], *cells]
