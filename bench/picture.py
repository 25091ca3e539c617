"""Bars in panels side by side, as an SVG that any page can show."""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

ROW: Final = 22
LEFT: Final = 120
WIDE: Final = 122
GAP: Final = 18
TOP: Final = 64
FONT: Final = "font-family='system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif'"


class Panel(NamedTuple):
    """*values* are drawn from 0 to the largest; *shown* is what stands beside them. *good*: the longer, the better."""

    title: str
    values: Sequence[float]
    shown: Sequence[str]
    good: bool = False


def drawn(title: str, names: Sequence[str], panels: Sequence[Panel], *, plain: Sequence[str] = ()) -> str:
    """A row for each of *names*; *plain* ones are what the others are compared with."""
    width = LEFT + len(panels) * (WIDE + GAP) + GAP
    height = TOP + ROW * len(names) + 16
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' {FONT}>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
        f"<text x='12' y='24' font-size='15' font-weight='600' fill='#1b2733'>{escape(title)}</text>",
    ]
    for number, name in enumerate(names):
        weight = "" if name in plain else " font-weight='600'"
        parts.append(
            f"<text x='{LEFT - 10}' y='{_line(number)}' font-size='12' text-anchor='end' fill='#1b2733'{weight}>"
            f"{escape(name)}</text>"
        )
    for number, panel in enumerate(panels):
        parts += _panel(panel, names, plain, LEFT + number * (WIDE + GAP))
    return "\n".join((*parts, "</svg>", ""))


def _panel(panel: Panel, names: Sequence[str], plain: Sequence[str], left: int) -> list[str]:
    most = max((*panel.values, 0.0)) or 1.0
    parts = [f"<text x='{left}' y='50' font-size='12' fill='#51606e'>{escape(panel.title)}</text>"]
    best = max(panel.values) if panel.good else min(panel.values)
    for number, (name, value, shown) in enumerate(zip(names, panel.values, panel.shown, strict=True)):
        colour = "#b4bec8" if name in plain else "#1f9d8b" if value == best else "#4f86c6"
        length = max((WIDE - 44) * value / most, 1)
        words = f"x='{left + length + 5:.1f}' y='{_line(number)}' font-size='11' fill='#1b2733'"
        parts += [
            f"<rect x='{left}' y='{_line(number) - 11}' width='{length:.1f}' height='14' rx='2' fill='{colour}'/>",
            f"<text {words}>{escape(shown)}</text>",
        ]
    return parts


def _line(number: int) -> int:
    return TOP + ROW * number + 12
