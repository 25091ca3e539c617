"""What is wrong with a configuration, collected so that the operator reads all of it at once."""

import difflib
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple, Protocol

# Searching for similar names is quadratic, and nobody reads the hundredth suggestion.
SUGGESTIONS = 100
COMPARED = 1000
LONGEST_WORD = 64


class Problem(NamedTuple):
    """*line* 0 and an empty *path* mean the file as a whole."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ConfigErrors(Exception):  # noqa: N818  (they come together)
    """Why a text is no configuration: every reason, in the order of the lines. Holds no secret."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Place(Protocol):
    """Anything that knows where it stands in the file."""

    @property
    def path(self) -> str: ...

    @property
    def line(self) -> int: ...


class Spot(NamedTuple):
    """A place, and nothing but."""

    path: str
    line: int


class Notes:
    """Collects errors and warnings. A place keeps its first error alone: what follows is only its echo."""

    __slots__ = ("_errors", "_file", "_places", "_warnings")

    def __init__(self, file: str) -> None:
        self._file = file
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []
        self._places: set[str] = set()

    def error(self, at: Place, message: str) -> None:
        if at.path and at.path in self._places:
            return
        self._places.add(at.path)
        self._errors.append(Problem(self._file, at.line, at.path, message))

    def warn(self, at: Place, message: str) -> None:
        self._warnings.append(Problem(self._file, at.line, at.path, message))

    def meant(self, word: str, names: Iterable[str]) -> str:
        """The end of a sentence about an unknown *word*: what was probably meant, or nothing."""
        if len(self._errors) > SUGGESTIONS:
            return ""
        close = difflib.get_close_matches(word[:LONGEST_WORD], islice(names, COMPARED), n=1)
        return f"; did you mean {close[0]}?" if close else ""

    def errors(self) -> ConfigErrors:
        return ConfigErrors(tuple(sorted(self._errors, key=lambda problem: problem.line)))

    def check(self) -> None:
        """Raise ConfigErrors if there was any error."""
        if self._errors:
            raise self.errors()

    def warnings(self) -> tuple[str, ...]:
        return tuple(map(str, sorted(self._warnings, key=lambda problem: problem.line)))


def printable(text: str) -> str:
    """*text* on one line, whatever it holds."""
    return text if text.isprintable() else repr(text)[1:-1]


def below(path: str, key: str) -> str:
    """The path of the entry *key* in the mapping at *path*."""
    return f"{path}.{printable(key)}" if path else printable(key)
