"""What another gateway was told: a tree whose nodes know their lines, and what of it nobody took."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from config import yaml_lines
from config.problems import Notes, Spot, below
from config.section import Entry, entries, got
from config.yaml_lines import Fields, Items, Node, Scalar, is_null
from moving.findings import Findings, shortened

_REFERENCE: Final = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]*)")
_NUMBER: Final = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE][-+]?[0-9]{1,2})?")
_TRUTH: Final = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}


def parsed(text: str, file: str) -> Entry:
    """The whole of *text*, which is YAML or JSON. Raise ConfigErrors where it is neither, or no mapping."""
    notes = Notes(file)
    # JSON may be indented by tabs, which YAML knows nowhere at the beginning of a line.
    tree = yaml_lines.parse(re.sub(r"(?m)^[\t ]*\t[\t ]*", lambda blank: " " * len(blank[0]), text), notes)
    if not isinstance(tree, Fields):
        notes.error(Spot("", 1), f"expected a mapping, got {got(tree)}")
    notes.check()
    return Entry(tree, "", 1)


def variables(node: Node) -> Iterator[str]:
    """The names that are read from the environment anywhere below *node*."""
    if isinstance(node, Scalar):
        yield from _REFERENCE.findall(node.text)
        return
    for each in node.items if isinstance(node, Items) else node.fields.values():
        yield from variables(each)


class Given:
    """A mapping of the other's. *close* reports all that nobody took."""

    __slots__ = ("_findings", "_left", "entry", "path")

    def __init__(
        self, entry: Entry | None, findings: Findings, *, named: Callable[[str], str] = str, path: str = ""
    ) -> None:
        """*named* gives the keys the spelling by which they are asked for."""
        self._findings = findings
        self.entry = entry
        self.path = entry.path if entry else path
        self._left: dict[str, Entry] = {}
        node = entry.node if entry else None
        if isinstance(node, Fields):
            for key, value in node.fields.items():
                self._left[named(key)] = Entry(value, below(self.path, key), node.lines[key])
        elif entry and not is_null(entry.node):
            findings.leave(entry, f"expected a mapping, got {got(entry.node)}")

    def take(self, name: str) -> Entry | None:
        entry = self._left.pop(name, None)
        return None if entry is None or is_null(entry.node) else entry

    def inner(self, name: str) -> "Given":
        return Given(self.take(name), self._findings, path=below(self.path, name))

    def list(self, name: str) -> tuple[Entry, ...]:
        entry = self.take(name)
        return () if entry is None else entries(entry)

    def text(self, name: str) -> tuple[Entry, str] | None:
        """Words of the other's, to be made ours by `ours`."""
        entry = self.take(name)
        if entry is None or (isinstance(entry.node, Scalar) and entry.node.text.isprintable()):
            return None if entry is None or not isinstance(entry.node, Scalar) else (entry, entry.node.text)
        self._findings.leave(entry, "expected text on one line")
        return None

    def number(self, name: str, most: int = 10**12) -> tuple[Entry, Decimal] | None:
        """Above zero or zero itself, up to *most*."""
        entry = self.take(name)
        if entry is None:
            return None
        number = decimal(entry.node)
        if number is not None and number <= most:
            return entry, number
        self._findings.leave(entry, f"expected a number from 0 to {most}; one in a variable has to be set by hand")
        return None

    def truth(self, name: str) -> tuple[Entry, bool] | None:
        entry = self.take(name)
        if entry is None:
            return None
        known = _TRUTH.get(entry.node.text.lower()) if isinstance(entry.node, Scalar) else None
        if known is None:
            self._findings.leave(entry, "expected true or false")
            return None
        return entry, known

    def every(self) -> tuple[tuple[str, Entry], ...]:
        """All that is left, which is taken with it."""
        left = tuple(self._left.items())
        self._left.clear()
        return left

    def close(self, why: Mapping[str, str], otherwise: str) -> None:
        """*why* says of names what there is instead, *otherwise* of all others."""
        for name, entry in self.every():
            self._findings.leave(entry, why.get(name, otherwise))


def decimal(node: Node) -> Decimal | None:
    text = node.text.replace("_", "") if isinstance(node, Scalar) else ""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def plain(text: str) -> str:
    """*text* where ours would look for variables."""
    return text.replace("$", "$$")


def ours(text: str, *, needed: bool = False) -> str:
    """*text* with its references to the environment in our spelling. *needed*: an unset one is an error."""
    after = "}" if needed else ":-}"
    return _REFERENCE.sub(lambda found: f"${{{found[1]}{after}", plain(text))


def referred(text: str) -> str | None:
    """The variable that *text* is, if it is nothing else."""
    found = _REFERENCE.fullmatch(text)
    return found[1] if found else None


def words(entry: Entry) -> str:
    return shortened(entry.node.text) if isinstance(entry.node, Scalar) else got(entry.node)
