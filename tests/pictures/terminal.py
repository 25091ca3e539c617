"""What a command prints, drawn as a terminal shows it: an SVG in light and dark, whose words can be copied."""

import re
from html import escape

LETTER, LINE, EDGE = 7.55, 19, 18  # pixels, at a size of 12.5
# What stands out, by how a line begins.
MARKS = (
    (re.compile(r"^\$ "), "asked"),
    (re.compile(r"^Mapped with"), "warn"),
    (re.compile(r"^Mapped"), "good"),
    (re.compile(r"^Not mapped"), "bad"),
    (re.compile(r"^\S"), "head"),
)
LOOK = """
svg {
  --paper: #fbfaf8; --line: #dfdcd6; --ink: #1d1c1a; --soft: #66635c;
  --good: #21794a; --warn: #8f5b00; --bad: #b3302a;
}
@media (prefers-color-scheme: dark) {
  svg {
    --paper: #1b1d20; --line: #32363c; --ink: #e9e8e5; --soft: #a09f9b;
    --good: #63c48d; --warn: #e2b04f; --bad: #f28b82;
  }
}
rect { fill: var(--paper); stroke: var(--line); }
text {
  font: 12.5px ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace;
  fill: var(--ink); white-space: pre;
}
.asked, .head, .good, .warn, .bad { font-weight: 600; }
.good { fill: var(--good); } .warn { fill: var(--warn); } .bad { fill: var(--bad); } .place { fill: var(--soft); }
"""
PLACE = re.compile(r"^( +\S+?:\d+: )(.*)$")


def drawn(text: str, *, title: str, most: int = 118) -> str:
    """*most* letters stand in a line; the rest of a longer one goes below it."""
    lines = [part for line in text.rstrip().splitlines() for part in folded(line, most)]
    wide = round(max(map(len, lines)) * LETTER + 2 * EDGE)
    high = len(lines) * LINE + 2 * EDGE
    words = "\n".join(row(line, EDGE + (place + 0.75) * LINE) for place, line in enumerate(lines))
    size = f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{LOOK}</style>\n"
        f'<rect x="0.5" y="0.5" width="{wide - 1}" height="{high - 1}" rx="9"/>\n{words}\n</svg>\n'
    )


def folded(line: str, most: int) -> list[str]:
    if len(line) <= most:
        return [line]
    end = line.rfind(" ", 40, most)
    end = end if end > 0 else most
    return [line[:end], *folded("      " + line[end:].strip(), most)]


def row(line: str, y: float) -> str:
    kind = next((name for pattern, name in MARKS if pattern.match(line)), "")
    found = PLACE.match(line)
    body = f'<tspan class="place">{escape(found[1])}</tspan>{escape(found[2])}' if found else escape(line)
    return f'<text x="{EDGE}" y="{y:g}" class="{kind}" xml:space="preserve">{body}</text>'
