"""Keys as a person reads them in a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

Told = Mapping[str, Any]

COLUMNS: Final = ("name", "state", "team", "budget", "limits", "models", "expires", "changed_at")
WIDEST: Final = 40
ONCE: Final = "(shown this once)"


def table(keys: Sequence[Told]) -> str:
    """One line for each key, below a line of heads."""
    lines = [tuple(name.replace("_at", "") for name in COLUMNS)]
    lines += [tuple(_short(words(key.get(name))) for name in COLUMNS) for key in keys]
    return aligned(lines)


def brief(told: Told) -> str:
    """One key, a line for each thing that is known of it."""
    shown = {name: value for name, value in told.items() if name != "object"}
    if "key" in shown:
        shown["key"] = f"{shown['key']}  {ONCE}"
    return aligned([(f"{name}:", words(value)) for name, value in shown.items()])


def report(told: Told) -> str:
    """What became of an import: the lines that say more than that all went well, and the sums."""
    lines = [
        (
            f"line {row['line']}",
            row["name"] or "-",
            row["result"],
            row.get("why", "") or "; ".join(row.get("notes", ())),
        )
        for row in told["rows"]
        if "why" in row or "notes" in row
    ]
    ready = sum(row["result"] == "ready" for row in told["rows"])
    sums = [("made", told["made"]), ("there already", told["there"]), ("wrong", told["wrong"]), ("ready", ready)]
    end = ", ".join(f"{count} {what}" for what, count in sums if count) or "nothing to do"
    return f"{aligned(lines)}{end}{'' if told['ok'] else '; nothing was changed'}\n"


def words(value: Any) -> str:
    """A value as one would write it on the command line."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and set(value) == {"usd", "per"}:
        return f"{value['usd']}/{value['per']}"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={words(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(words, value))
    return orjson.dumps(value).decode()


def aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(f"{line}\n" for line in _padded(lines, widths))


def _padded(lines: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for line in lines:
        yield "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()


def _short(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."
