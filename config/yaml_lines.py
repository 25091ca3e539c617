"""YAML as a tree whose nodes know their lines. Types are left to the readers, who know what they expect."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import yaml

from config.problems import Notes, Spot, below, printable

DEEPEST = 40
# Counted with every alias written out, so that a few lines can't unfold into gigabytes.
MOST_NODES = 100_000

# libyaml is twenty times faster, and part of every wheel of PyYAML.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_NOT_TEXT = re.compile(r"~|null|true|false|[-+]?[0-9]*\.?[0-9]+|", re.IGNORECASE)
_QUOTED = re.compile(r"'([^']*)'")


class Scalar(NamedTuple):
    """*plain* is false for quoted text. *variables* are the names of the environment that *text* was made of; *outside*
    is one that said something, where not all of *text* stands in the file.
    """

    text: str
    line: int
    plain: bool = True
    variables: tuple[str, ...] = ()
    outside: str = ""


class Items(NamedTuple):
    items: "tuple[Node, ...]"
    line: int
    size: int = 1


class Fields(NamedTuple):
    """*lines* are where the keys stand, *written* how, where variables were filled in."""

    fields: "Mapping[str, Node]"
    lines: Mapping[str, int]
    line: int
    size: int = 1
    written: Mapping[str, str] = MappingProxyType({})


Node = Scalar | Items | Fields


def is_null(node: Node) -> bool:
    """Whether *node* is `null`, or nothing at all."""
    return isinstance(node, Scalar) and node.plain and node.text in _NULLS


def is_text(scalar: Scalar) -> bool:
    """Whether YAML itself would call this text; not a number, a truth value or nothing."""
    return not scalar.plain or bool(scalar.variables) or _NOT_TEXT.fullmatch(scalar.text) is None


def parse(text: str, notes: Notes) -> Node:
    """An empty mapping, if *text* says nothing. Raise ConfigErrors where it isn't YAML; *notes* get lesser trouble."""
    tree = _Tree(notes)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            tree.take(event)
    except yaml.YAMLError as error:
        notes.error(Spot("", _line(error, text)), _reason(error))
    # chr() refuses "\UFFFFFFFF", and the codecs refuse half a surrogate pair.
    except ValueError:
        notes.error(Spot("", 0), "is not valid YAML: it holds a character that does not exist")
    except _Unreadable as refusal:
        notes.error(Spot(refusal.path, refusal.line), refusal.message)
    else:
        return Fields({}, {}, 1) if tree.root is None or is_null(tree.root) else tree.root
    raise notes.errors()


class _Unreadable(Exception):  # noqa: N818  (never leaves this file)
    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.line = line
        self.message = message


class _Frame(NamedTuple):
    """A list or mapping that is still open. *nodes* of a mapping are keys and values in turn."""

    start: yaml.CollectionStartEvent
    path: str
    nodes: list[Node]

    def path_of_next(self) -> str:
        if isinstance(self.start, yaml.SequenceStartEvent):
            return f"{self.path}[{len(self.nodes)}]"
        key = self.nodes[-1] if len(self.nodes) % 2 else None
        return below(self.path, key.text) if isinstance(key, Scalar) else self.path


class _Tree:
    """Builds nodes from PyYAML's events; no recursion, so that no text can exhaust the stack."""

    def __init__(self, notes: Notes) -> None:
        self.root: Node | None = None
        self._notes = notes
        self._open: list[_Frame] = []
        self._anchors: dict[str, Node] = {}

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._refuse_tag(event)
                self._put(Scalar(event.value, _line_of(event), plain=event.implicit[0]), event.anchor)
            case yaml.AliasEvent():
                self._put(self._aliased(event), None)
            case yaml.CollectionStartEvent():
                self._refuse_tag(event)
                self._enter(event)
            case yaml.CollectionEndEvent():
                frame = self._open.pop()
                node = self._fields(frame) if isinstance(event, yaml.MappingEndEvent) else _items(frame)
                self._put(node, frame.start.anchor)
            case yaml.DocumentStartEvent() if self.root is not None:
                raise _Unreadable("", _line_of(event), "a second document begins here; one file holds one")
            case _:
                pass

    def _path(self) -> str:
        return self._open[-1].path_of_next() if self._open else ""

    def _refuse_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            raise _Unreadable(self._path(), _line_of(event), "tags (words that begin with !) are not used here")

    def _enter(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._open) >= DEEPEST:
            raise _Unreadable("", _line_of(event), f"is nested more than {DEEPEST} deep")
        self._open.append(_Frame(event, self._path(), []))

    def _aliased(self, event: yaml.AliasEvent) -> Node:
        if (node := self._anchors.get(event.anchor or "")) is None:
            raise _Unreadable(self._path(), _line_of(event), "refers (with *) to an anchor that isn't above it")
        return node

    def _put(self, node: Node, anchor: str | None) -> None:
        if _size(node) > MOST_NODES:
            raise _Unreadable("", node.line, f"holds more than {MOST_NODES} values, aliases written out")
        if anchor is not None:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].nodes.append(node)
        else:
            self.root = node

    def _fields(self, frame: _Frame) -> Fields:
        fields: dict[str, Node] = {}
        lines: dict[str, int] = {}
        merged: list[Node] = []
        for key, node in _pairs(frame.nodes):
            if isinstance(key, Scalar) and key.plain and key.text == "<<":
                merged.append(node)
            elif not isinstance(key, Scalar) or not is_text(key):
                place = below(frame.path, key.text) if isinstance(key, Scalar) else frame.path
                self._notes.error(Spot(place, key.line), "a key must be text; put it in quotes")
            elif key.text in fields:
                message = f"stands here and on line {lines[key.text]}; a key may stand once"
                self._notes.error(Spot(below(frame.path, key.text), key.line), message)
            else:
                fields[key.text] = node
                lines[key.text] = key.line
        for node in merged:
            self._merge(node, fields, lines, path=frame.path)
        return Fields(fields, lines, _line_of(frame.start), 1 + sum(map(_size, fields.values())))

    def _merge(self, node: Node, fields: dict[str, Node], lines: dict[str, int], *, path: str) -> None:
        """YAML's `<<`: what *node* says holds where nothing else was said."""
        for source in node.items if isinstance(node, Items) else (node,):
            if not isinstance(source, Fields):
                self._notes.error(Spot(below(path, "<<"), node.line), "expected a mapping to merge")
                return
            for key, value in source.fields.items():
                fields.setdefault(key, value)
                lines.setdefault(key, source.lines[key])


def _items(frame: _Frame) -> Items:
    return Items(tuple(frame.nodes), _line_of(frame.start), 1 + sum(map(_size, frame.nodes)))


def _pairs(nodes: list[Node]) -> Iterator[tuple[Node, Node]]:
    return zip(nodes[::2], nodes[1::2], strict=True)


def _size(node: Node) -> int:
    return 1 if isinstance(node, Scalar) else node.size


def _line_of(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _line(error: yaml.YAMLError, text: str) -> int:
    mark = getattr(error, "problem_mark", None)
    # A character that YAML does not allow comes with its position alone.
    return mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1


def _reason(error: yaml.YAMLError) -> str:
    """PyYAML's words without those it quotes from the file, which may be a piece of a secret."""
    problem = getattr(error, "problem", None) or "it holds a character that YAML does not allow"
    return f"is not valid YAML: {printable(_QUOTED.sub(_harmless, problem))}"


def _harmless(quoted: re.Match[str]) -> str:
    """Single characters and PyYAML's own names, such as '<block end>', are no part of a secret."""
    return quoted[0] if len(quoted[1]) == 1 or quoted[1].startswith("<") else "something"
