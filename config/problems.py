"""What is wrong with a configuration, collected so that the operator reads all of it at once."""

import difflib
import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple, Protocol

from core.secret import PREFIXES

# Searching for similar names is quadratic, and nobody reads the hundredth suggestion.
SUGGESTIONS = 100
COMPARED = 1000
LONGEST_WORD = 64
SHORTEST_HIDDEN = 6  # characters; what is shorter stands in ordinary words

# A variable with such a name is shown by its name alone, wherever it was put by mistake.
PRIVATE = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|URL|DSN", re.IGNORECASE)
# A setting and its value without a space between them are one word to YAML, which then stands where names do.
_SETTING = re.compile(r"([\w-]{1,40})[:=](?=.)", re.DOTALL)
_KEY = re.compile(rf"(sk|(?:{PREFIXES})(?=[-_][\w-]{{20}})|AIza(?=[\w-]{{20}}))[\w-]{{5}}")


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
    """Collects errors and warnings. A place keeps its first error alone: what follows is only its echo.

    *private* are the paths at which secrets stand.
    """

    __slots__ = ("_errors", "_file", "_hidden", "_places", "_warnings", "private")

    def __init__(self, file: str) -> None:
        self._file = file
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []
        self._places: set[str] = set()
        self._hidden: dict[str, str] = {}
        self.private: set[str] = set()

    def error(self, at: Place, message: str) -> None:
        if at.path and at.path in self._places:
            return
        self._places.add(at.path)
        self._errors.append(Problem(self._file, at.line, at.path, message))

    def warn(self, at: Place, message: str) -> None:
        self._warnings.append(Problem(self._file, at.line, at.path, message))

    def hide(self, text: str, written: str) -> None:
        """*text* came from the environment, and is shown as it was *written*."""
        if len(text) >= SHORTEST_HIDDEN:
            self._hidden[text] = written

    def meant(self, word: str, names: Iterable[str]) -> str:
        """The end of a sentence about an unknown *word*: what was probably meant, or nothing."""
        if len(self._errors) > SUGGESTIONS:
            return ""
        close = difflib.get_close_matches(word[:LONGEST_WORD], islice(names, COMPARED), n=1)
        return f"; did you mean {close[0]}?" if close else ""

    def errors(self) -> ConfigErrors:
        return ConfigErrors(self._told(self._errors))

    def check(self) -> None:
        """Raise ConfigErrors if there was any error."""
        if self._errors:
            raise self.errors()

    def warnings(self) -> tuple[str, ...]:
        return tuple(map(str, self._told(self._warnings)))

    def _told(self, problems: list[Problem]) -> tuple[Problem, ...]:
        """In the order of the lines, without what is hidden."""
        told = sorted(problems, key=lambda problem: problem.line)
        if not (self._hidden and told):
            return tuple(told)
        hidden = re.compile("|".join(map(re.escape, sorted(self._hidden, key=len, reverse=True))))

        def bare(text: str) -> str:
            return hidden.sub(lambda found: self._hidden[found[0]], text)

        return tuple(one._replace(path=bare(one.path), message=bare(one.message)) for one in told)


def printable(text: str) -> str:
    """*text*, which is a name, on one line, whatever it holds; no further than to where it seems to be a secret."""
    if key := _KEY.match(text):
        return f"{key[1]}..."
    if (setting := setting_in(text)) and PRIVATE.search(setting):
        return f"{setting}:..."
    return text if text.isprintable() else repr(text)[1:-1]


def setting_in(name: str) -> str:
    """The setting that a *name* begins with if its value stands in it as well, as in `api_key:sk-1`; or nothing."""
    found = _SETTING.match(name)
    return found[1] if found else ""


def below(path: str, key: str) -> str:
    """The path of the entry *key* in the mapping at *path*."""
    return f"{path}.{printable(key)}" if path else printable(key)
