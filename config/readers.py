"""Typed reading of the tree: every reader says what it expected and where, and goes on."""

import re
from collections.abc import Callable, Collection
from typing import TypeVar

from config import units
from config.problems import Notes
from config.section import Entry, Reader, entries, got, shown
from config.yaml_lines import Scalar, is_null
from core.secret import Secret

T = TypeVar("T")
Number = TypeVar("Number", int, float)

_WHOLE = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,12})?")
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def scalar(parse: Callable[[str], T], expected: str) -> Reader[T]:
    """*parse* raises ValueError for what isn't *expected*."""

    def read(entry: Entry, notes: Notes) -> T | None:
        if not isinstance(entry.node, Scalar):
            notes.error(entry, f"expected {expected}, got {got(entry.node)}")
            return None
        try:
            return parse(entry.node.text)
        except ValueError:
            notes.error(entry, f"expected {expected}, got {shown(entry.node)}")
            return None

    return read


def whole(lowest: int, highest: int) -> Reader[int]:
    def parse(text: str) -> int:
        number = int(_matching(_WHOLE, text))
        return _within(number, lowest, highest)

    return scalar(parse, f"a whole number from {lowest} to {highest}")


def number(lowest: float, highest: float) -> Reader[float]:
    def parse(text: str) -> float:
        return _within(float(_matching(_NUMBER, text)), lowest, highest)

    return scalar(parse, f"a number from {lowest:g} to {highest:g}")


def above_zero(highest: float) -> Reader[float]:
    def parse(text: str) -> float:
        value = _within(float(_matching(_NUMBER, text)), 0, highest)
        return _positive(value)

    return scalar(parse, f"a number above 0, up to {highest:g}")


def duration(longest: str, *, zero: bool = False) -> Reader[float]:
    """Up to *longest*, which is written as the operator would."""
    highest = units.duration(longest)

    def parse(text: str) -> float:
        seconds = _within(units.duration(text), 0, highest)
        return seconds if zero else _positive(seconds)

    start = "0" if zero else "above 0"
    return scalar(parse, f"a duration such as 30s or 500ms, {start} to {longest}")


def every(usual: str, *, shortest: str, longest: str) -> Reader[float]:
    """How often something is done, in seconds: a duration, `true` for the *usual* one, or `false` for never (0)."""
    lowest, highest = units.duration(shortest), units.duration(longest)
    words = {word: units.duration(usual) if on else 0.0 for word, on in _TRUTH.items() if word != "1"}

    def parse(text: str) -> float:
        seconds = words.get(text.lower())
        return _within(units.duration(text), lowest, highest) if seconds is None else seconds

    return scalar(parse, f"true, false, or a duration such as {usual}, from {shortest} to {longest}")


def size(highest: str) -> Reader[int]:
    most = units.size(highest)
    return scalar(lambda text: _within(units.size(text), 1, most), f"a size such as 32MiB, up to {highest}")


def choice(names: Collection[str], what: str, named: Callable[[str], str | None] | None = None) -> Reader[str]:
    """One of *names*, which are the known *what*; or something else by which one of them is *named*."""

    def read(entry: Entry, notes: Notes) -> str | None:
        if not isinstance(entry.node, Scalar):
            notes.error(entry, f"expected the name of a {what}, got {got(entry.node)}")
            return None
        if (name := named(entry.node.text) if named else entry.node.text) in names:
            return name
        known = ", ".join(sorted(names))
        meant = notes.meant(entry.node.text, names)
        notes.error(entry, f"expected a {what} ({known}), got {shown(entry.node)}{meant}")
        return None

    return read


def several(reader: Reader[T]) -> Reader[tuple[T, ...]]:
    """A list, or one entry by itself. Entries that say nothing (an unset variable) are left out."""

    def read(entry: Entry, notes: Notes) -> tuple[T, ...]:
        values = (reader(item, notes) for item in entries(entry) if not is_null(item.node))
        return tuple(value for value in values if value is not None)

    return read


def distinct(reader: Reader[T], mark: Callable[[T], object], message: str) -> Reader[tuple[T, ...]]:
    """As *several*, but two values with the same *mark* are an error, of which *message* tells."""

    def read(entry: Entry, notes: Notes) -> tuple[T, ...]:
        marks: set[object] = set()

        def fresh(one: Entry, notes: Notes) -> T | None:
            value = reader(one, notes)
            if value is not None and mark(value) in marks:
                notes.error(one, message)
            elif value is not None:
                marks.add(mark(value))
            return value

        return several(fresh)(entry, notes) or ()

    return read


def secret(entry: Entry, notes: Notes) -> Secret | None:
    """A credential that HTTP can carry; no message shows any of it."""
    node = entry.node
    if not isinstance(node, Scalar):
        notes.error(entry, f"expected a key, got {got(node)}")
        return None
    if _SENDABLE.fullmatch(node.text) is None:
        notes.error(entry, "holds a space or a character that HTTP can't carry (its value is not shown)")
        return None
    notes.private.add(entry.path)
    return Secret(node.text)


def _one_line(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError(text)
    return text


def _truth(text: str) -> bool:
    if (value := _TRUTH.get(text.lower())) is None:
        raise ValueError(text)
    return value


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(text)
    return text


def _within(value: Number, lowest: float, highest: float) -> Number:
    if not lowest <= value <= highest:
        raise ValueError(value)
    return value


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError(value)
    return value


def matching(pattern: re.Pattern[str], expected: str) -> Reader[str]:
    """Text of which all matches *pattern*."""
    return scalar(lambda text: _matching(pattern, text), expected)


TEXT = scalar(_one_line, "text on one line")
TRUTH = scalar(_truth, "true or false")
MONEY = scalar(units.money, "dollars such as 2.50, with at most nine decimals")
