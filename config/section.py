"""Mappings while they are read: what was said, where, and what nobody asked for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from config.problems import PRIVATE, Notes, Spot, below, printable, setting_in
from config.yaml_lines import Fields, Items, Node, Scalar, is_null, is_text

T = TypeVar("T")
U = TypeVar("U")
LONGEST_SHOWN = 60


class Entry(NamedTuple):
    """A node and where it stands."""

    node: Node
    path: str
    line: int


# None means that the entry was wrong, and that the notes know.
Reader = Callable[[Entry, Notes], T | None]


def got(node: Node) -> str:
    """The kind of thing *node* is, which isn't null; never what it says, which may be a misplaced secret."""
    if not isinstance(node, Scalar):
        return "a list" if isinstance(node, Items) else "a mapping"
    return "text" if is_text(node) else "a number or a truth value"


def shown(scalar: Scalar) -> str:
    """What *scalar* says, for a message about a setting that is no secret; of the environment only who said it."""
    private = (name for name in scalar.variables if PRIVATE.search(name))
    if name := next(private, scalar.outside):
        return f"the value of {name}"
    if is_null(scalar):
        return "nothing"
    text = scalar.text[:LONGEST_SHOWN]
    return repr(text) if is_text(scalar) else text


def entries(entry: Entry) -> tuple[Entry, ...]:
    """The entries of a list; anything else is a list of one."""
    if not isinstance(entry.node, Items):
        return (entry,)
    return tuple(Entry(item, f"{entry.path}[{at}]", item.line) for at, item in enumerate(entry.node.items))


class Section:
    """A mapping while it is read. *close* refuses the keys that nobody took."""

    __slots__ = ("_fields", "_left", "_notes", "_taken", "line", "path")

    def __init__(self, entry: Entry | None, notes: Notes, *, path: str = "") -> None:
        node = entry.node if entry else None
        if entry and not isinstance(node, Fields) and not is_null(entry.node):
            notes.error(entry, f"expected a mapping, got {got(entry.node)}")
        self._fields = node if isinstance(node, Fields) else Fields({}, {}, 0)
        self._left = dict(self._fields.fields)
        self._taken: list[str] = []
        self._notes = notes
        self.path = entry.path if entry else path
        self.line = entry.line if entry else 0

    def take(self, name: str) -> Entry | None:
        """The entry called *name*, unless it says nothing."""
        self._taken.append(name)
        node = self._left.pop(name, None)
        return None if node is None or is_null(node) else Entry(node, *self.at(name))

    def read(self, name: str, reader: Reader[T], default: U) -> T | U:
        entry = self.take(name)
        value = reader(entry, self._notes) if entry else None
        return default if value is None else value

    def says(self, name: str) -> bool:
        return name in self._fields.fields

    def variables(self, name: str) -> tuple[str, ...]:
        """Which variables the entry *name* was made of, even if they are all empty."""
        node = self._fields.fields.get(name)
        nodes = node.items if isinstance(node, Items) else (node,)
        return tuple(dict.fromkeys(name for one in nodes if isinstance(one, Scalar) for name in one.variables))

    def at(self, name: str) -> Spot:
        """Where *name* stands, or would."""
        written = self._fields.written.get(name, name)
        return Spot(below(self.path, written), self._fields.lines.get(name, self.line))

    def every(self) -> tuple[tuple[str, Entry], ...]:
        """All entries of a mapping whose keys are names, even those that say nothing."""
        names = tuple(self._left.items())
        self._left.clear()
        return tuple((name, Entry(node, *self.at(name))) for name, node in names)

    def close(self) -> None:
        for name in self._left:
            written, spot = self._fields.written.get(name, name), self.at(name)
            if setting := setting_in(written):
                # What follows may be its value, which is shown no more than any other.
                spot = spot._replace(path=below(self.path, f"{setting}:..."))
                meant = f"; write `{setting}: ...`, with a space" if setting in self._taken else ""
                self._notes.error(spot, f"unknown key {setting}:...{meant or self._known()}")
            else:
                meant = self._notes.meant(name, self._taken) or self._known()
                self._notes.error(spot, f"unknown key {printable(written)}{meant}")

    def _known(self) -> str:
        return f"; known are {', '.join(sorted(self._taken))}"


class _Settings(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


D = TypeVar("D", bound=_Settings)


def settings(entry: Entry | None, base: D, readers: Mapping[str, Reader[Any]], notes: Notes) -> D:
    """*base* with what *entry* says; *readers* are named like the fields."""
    section = Section(entry, notes)
    changes = changed(section, readers)
    section.close()
    return replace(base, **changes)


def changed(section: Section, readers: Mapping[str, Reader[Any]]) -> dict[str, Any]:
    """What *section* says about the fields in *readers*, and only that."""
    read = {name: section.read(name, reader, None) for name, reader in readers.items()}
    return {name: value for name, value in read.items() if value is not None}
