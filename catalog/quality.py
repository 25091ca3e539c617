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
    for pattern, figures in _families():
        if pattern.match(bare):
            return figures
    return NOTHING_SAID


@cache
def _families() -> tuple[tuple[re.Pattern[str], Mapping[str, float]], ...]:
    """Read when first asked for, since a start must not wait for it."""
    rows: list[Mapping[str, Any]] = orjson.loads(PATH.read_bytes())["families"]
    return tuple((re.compile(row["family"]), _figures(row)) for row in rows)


def _figures(row: Mapping[str, Any]) -> Mapping[str, float]:
    quality: float = row["quality"]
    offsets: Mapping[str, float] = row.get("tasks", {})
    return {task: round(min(max(quality + offsets.get(task, 0.0), 0.0), 1.0), 4) for task in TASKS}
