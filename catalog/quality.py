"""How good a model is at a task, before anybody has judged its answers here: a tier for each family of models."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from core.tasks import TASKS

PATH: Final = Path(__file__).with_name("quality.json")
UNKNOWN: Final = 0.5
NOTHING_SAID: Final[Mapping[str, float]] = {}

# What precedes a name: the folders of a router, and the region and vendor of a cloud.
_BEFORE: Final = re.compile(r"^(?:.*/)?(?:[a-z-]+\.)*")
_LETTERS: Final = re.compile(r"(?:[a-z]+(?=[a-z]))?")
_GROUP: Final = re.compile(r"\([^()]*\)")


class Rated(Protocol):
    """A catalog's Model, or whatever else carries its figures by task."""

    @property
    def quality(self) -> Mapping[str, float]: ...


def prior(model: Rated, task: str) -> float:
    """From 0 to 1: the operator's figure, else that of the model's family, else 0.5."""
    return model.quality.get(task, UNKNOWN)


def family(name: str) -> Mapping[str, float]:
    """The figures of a model by its name, one for every task; none for a name of no known family."""
    bare = _BEFORE.sub("", name.lower())
    for opening, pattern, row in _families():
        if bare.startswith(opening) and _compiled(pattern).match(bare):
            return _figures(row)
    return NOTHING_SAID


def ready() -> None:
    """Read what names are held against: no call is to wait for the disk, or to fail where no file can be opened."""
    _families()


@cache
def _families() -> tuple[tuple[str, str, Mapping[str, Any]], ...]:
    """Few patterns are ever compiled: a start asks for some names, and must not wait."""
    rows: list[Mapping[str, Any]] = orjson.loads(PATH.read_bytes())["families"]
    return tuple((_opening(row["family"]), row["family"], row) for row in rows)


def _opening(pattern: str) -> str:
    """How every name begins that *pattern* fits, as far as one sees it at once: the last letter may be optional."""
    return "" if "|" in _GROUP.sub("", pattern) else _LETTERS.findall(pattern)[0]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _figures(row: Mapping[str, Any]) -> Mapping[str, float]:
    quality: float = row["quality"]
    offsets: Mapping[str, float] = row.get("tasks", {})
    return {task: round(min(max(quality + offsets.get(task, 0.0), 0.0), 1.0), 4) for task in TASKS}
