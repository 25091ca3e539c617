"""When a second attempt is to begin beside a slow one, and for how many calls."""

import re
from collections.abc import Mapping
from dataclasses import replace

from config import units
from config.problems import Notes, Spot
from config.readers import TRUTH, scalar
from config.schema import Config, Hedge
from config.section import Entry, Section
from config.yaml_lines import Fields

_QUANTILE = re.compile(r"p([1-9][0-9]?)")
_LONGEST = 3600.0


def read_hedge(entry: Entry | None, base: Hedge | None, notes: Notes) -> Hedge | None:
    """A mapping, or a word: `true` for what is usual, `false` for none."""
    if entry is None:
        return base
    if not isinstance(entry.node, Fields):
        return (base or Hedge()) if TRUTH(entry, notes) else None
    section = Section(entry, notes)
    base = base or Hedge()
    after = section.read("after", _AFTER, base)
    at_most = section.read("at_most", _AT_MOST, base.at_most)
    section.close()
    return replace(after, at_most=at_most)


def check_hedges(config: Config, said: Mapping[str, Spot | None], notes: Notes) -> None:
    """Warn where there is nobody that a second attempt could go to. *said*: where routes speak of it themselves."""
    for name, spot in said.items():
        route = config.routes[name]
        targets = {target.id: target for stage in route.stages for target in stage.targets}
        alone = len(targets) == 1 or not route.fallback
        keys = max((len(config.providers[target.provider].keys) for target in targets.values()), default=0)
        if spot is not None and route.hedge is not None and alone and keys < 2:
            notes.warn(spot, "can never work: there is no second target, and no second key of its provider")


def _after(text: str) -> Hedge:
    if (quantile := _QUANTILE.fullmatch(text)) is not None:
        return Hedge(quantile=int(quantile[1]) / 100)
    seconds = units.duration(text)
    if not 0 < seconds <= _LONGEST:
        raise ValueError(text)
    return Hedge(seconds=seconds)


_AFTER = scalar(_after, "p1 to p99, or a duration such as 800ms, above 0 to 1h")
_AT_MOST = scalar(units.share, "a share such as 5% or 0.05")
