"""Rows of text as a table for a terminal, or as CSV for a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, names: int, total: Sequence[str] = ()) -> str:
    """The first *names* columns are names, on the left; what follows are figures, on the right."""
    clean = [[_plain(cell) for cell in row] for row in (head, *rows, *([total] if total else []))]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    lines = [_line(row, widths, names) for row in clean]
    rule = "  ".join("-" * width for width in widths).rstrip()
    lines.insert(1, rule)
    if total:
        lines.insert(-1, rule)
    return "\n".join(lines) + "\n"


def _line(row: Sequence[str], widths: Sequence[int], names: int) -> str:
    cells = [
        cell.ljust(width) if place < names else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _plain(cell: str) -> str:
    """Clients choose some of the names, and a terminal obeys what it is shown."""
    return "".join(letter if letter.isprintable() else "?" for letter in cell)


def separated(head: Sequence[str], rows: Sequence[Sequence[str]], *, names: int) -> str:
    """CSV. Names that a spreadsheet would take for a formula are quoted as it wants that."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([*(_inert(cell) for cell in row[:names]), *row[names:]] for row in rows)
    return out.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
