"""The environment filled into the tree: `${NAME}`, `${NAME:-default}`, defaults in defaults, `$$` for a dollar."""

import re
from collections.abc import Mapping

from config.problems import PRIVATE, Notes, Spot, below
from config.yaml_lines import Fields, Items, Node, Scalar

DEEPEST = 16

_OUTSIDE = re.compile(r"\$\$|\$\{")
_INSIDE = re.compile(r"\$\$|\$\{|\}")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(:-|\})")


def fill(node: Node, env: Mapping[str, str], notes: Notes, path: str = "") -> Node:
    """*node* with every variable replaced. What came from a variable is then read like plain YAML, without quotes.

    Variables are filled into finished text, so nothing in the environment can add keys or lists.
    """
    if isinstance(node, Scalar):
        return _filled(node, env, notes, path)
    if isinstance(node, Items):
        items = (fill(item, env, notes, f"{path}[{at}]") for at, item in enumerate(node.items))
        return node._replace(items=tuple(items))
    return _filled_fields(node, env, notes, path)


def _filled_fields(node: Fields, env: Mapping[str, str], notes: Notes, path: str) -> Fields:
    fields: dict[str, Node] = {}
    lines: dict[str, int] = {}
    names: dict[str, str] = {}
    for written, value in node.fields.items():
        line = node.lines[written]
        name = _filled(Scalar(written, line, plain=False), env, notes, below(path, written))
        key = name.text
        if name.outside:
            names[key] = written
            notes.hide(key, written)
        if key in fields:
            notes.error(Spot(below(path, written), line), f"is the same key as the one on line {lines[key]}")
            continue
        fields[key] = fill(value, env, notes, below(path, written if name.outside else key))
        lines[key] = line
    return node._replace(fields=fields, lines=lines, written=names)


def _filled(scalar: Scalar, env: Mapping[str, str], notes: Notes, path: str) -> Scalar:
    if "$" not in scalar.text and scalar.text.isascii():
        return scalar
    try:
        filling = _Filling(scalar.text, env)
        text, variables = filling.all(), tuple(filling.variables)
        text.encode()
    except UnicodeEncodeError:
        notes.error(Spot(path, scalar.line), "holds half a character (a lone surrogate)")
    except ValueError as error:
        notes.error(Spot(path, scalar.line), str(error))
    else:
        if not variables:
            return scalar._replace(text=text)
        if filling.outside and PRIVATE.search(filling.outside):
            notes.hide(text.strip(), scalar.text)
        return Scalar(text.strip(), scalar.line, plain=True, variables=variables, outside=filling.outside)
    return Scalar("", scalar.line)


def interpolate(text: str, env: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The filled text and the names of the variables that were asked for. Raise ValueError with a sentence."""
    filling = _Filling(text, env)
    return filling.all(), tuple(filling.variables)


class _Filling:
    """One pass over a text, from left to right. *outside* is the first variable that had something to say."""

    def __init__(self, source: str, env: Mapping[str, str]) -> None:
        self.variables: list[str] = []
        self.outside = ""
        self._source = source
        self._env = env
        self._at = 0

    def all(self) -> str:
        """Raise ValueError with a sentence."""
        return self.text(0, live=True)

    def text(self, depth: int, *, live: bool) -> str:
        """Up to the end, or to the brace that closes a default. *live* is false in a default that isn't needed."""
        marks = _INSIDE if depth else _OUTSIDE
        parts: list[str] = []
        while mark := marks.search(self._source, self._at):
            parts.append(self._source[self._at : mark.start()])
            self._at = mark.end()
            if mark.group() == "}":
                return "".join(parts)
            parts.append("$" if mark.group() == "$$" else self._variable(depth + 1, live=live))
        if depth:
            raise ValueError("a ${ is not closed by a }")
        return "".join(parts) + self._source[self._at :]

    def _variable(self, depth: int, *, live: bool) -> str:
        named = _NAME.match(self._source, self._at)
        if named is None:
            raise ValueError("expected ${NAME} or ${NAME:-default}; write $$ for a dollar")
        if depth > DEEPEST:
            raise ValueError(f"defaults are nested more than {DEEPEST} deep")
        name, then = named.groups()
        self._at = named.end()
        if live:
            self.variables.append(name)
        value = self._env.get(name)
        if live and value and not self.outside:
            self.outside = name
        if then == ":-":
            default = self.text(depth, live=live and not value)
            return value or default
        if value is None and live:
            raise ValueError(f"the variable {name} is not set")
        return value or ""
