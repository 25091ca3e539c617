"""Our YAML, written with comments."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple, Union

from config.problems import printable

WIDTH: Final = 116

_BARE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*|[0-9]+(?:ms|[smhd])|[0-9]+/(?:s|min|h|day|week|month)")
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"})
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\"}


class Noted(NamedTuple):
    """*value* with a *note* for whoever reads the file."""

    value: "Tree"
    note: str


Tree = Union[str, int, bool, Decimal, Mapping[str, "Tree"], Sequence["Tree"], Noted]  # noqa: UP007  (it names itself)


def page(tree: Mapping[str, Tree], head: Sequence[str]) -> str:
    """*tree* as a file that begins with the lines of *head*. Texts may hold `${NAME}`, which is kept."""
    lines = [_comment(line) for line in head]
    for key, value in tree.items():
        lines += ["", *_entry(key, value, 0)]
    return "\n".join(lines) + "\n"


def amount(number: Decimal) -> str:
    """In digits, without an exponent and without zeros that say nothing."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _entry(key: str, value: Tree, depth: int) -> Iterator[str]:
    indent = "  " * depth
    value, note = value if isinstance(value, Noted) else (value, "")
    short = f"{indent}{_key(key)}: {_flow(value)}"
    if _is_short(value, short, depth):
        yield from _with_note(short, note, indent)
        return
    if note:
        yield indent + _comment(note)
    yield f"{indent}{_key(key)}:"
    for name, inner in value.items() if isinstance(value, Mapping) else ():
        yield from _entry(name, inner, depth + 1)
    for one in value if isinstance(value, (list, tuple)) else ():
        yield f"{indent}  - {_flow(one)}"


def _is_short(value: Tree, short: str, depth: int) -> bool:
    """Whether it stands on one line: *short*."""
    if isinstance(value, Mapping):
        return not value or (depth > 0 and len(short) <= WIDTH and not _speaks(value))
    return isinstance(value, (str, int, Decimal)) or len(short) <= WIDTH


def _with_note(line: str, note: str, indent: str) -> Iterator[str]:
    if note and len(line) + len(note) + 4 > WIDTH:
        yield indent + _comment(note)
        yield line
    else:
        yield f"{line}  {_comment(note)}" if note else line


def _speaks(value: Tree) -> bool:
    """Whether anything in *value* has a note, for which there has to be a line."""
    if isinstance(value, Mapping):
        return any(map(_speaks, value.values()))
    return isinstance(value, Noted)


def _flow(value: Tree) -> str:
    match value:
        case Noted(value=inner):
            return _flow(inner)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return amount(value)
        case str():
            return _scalar(value)
        case Mapping():
            return "{" + ", ".join(f"{_key(key)}: {_flow(one)}" for key, one in value.items()) + "}"
        case _:
            return "[" + ", ".join(map(_flow, value)) + "]"


def _scalar(text: str) -> str:
    """Without quotes where nobody could take it for anything else."""
    if _BARE.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_ESCAPES.get(mark) or _shown(mark) for mark in text) + '"'


def _key(text: str) -> str:
    return text if text == "on" else _scalar(text)


def _shown(mark: str) -> str:
    return mark if mark.isprintable() else f"\\U{ord(mark):08X}"


def _comment(text: str) -> str:
    return f"# {printable(text)}".rstrip()
