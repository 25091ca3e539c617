"""What is the same for a stage's targets at every decision, prepared once: their names, and their providers'."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from core.target import Target

_MOST: Final = 256
_prepared: dict[int, tuple[Sequence[Target], "Lineup"]] = {}


class Lineup(NamedTuple):
    """*ids* in the targets' order; *firsts* are the first target of each provider."""

    ids: tuple[str, ...]
    firsts: tuple[Target, ...]


def lineup(targets: Sequence[Target]) -> Lineup:
    """Found again for the same tuple, which nobody can change."""
    prepared = _prepared.get(id(targets))
    if prepared is not None and prepared[0] is targets:
        return prepared[1]
    ids = tuple([target.id for target in targets])
    firsts: dict[str, Target] = {}
    for target in targets:
        firsts.setdefault(target.provider, target)
    made = Lineup(ids, tuple(firsts.values()))
    if isinstance(targets, tuple):
        if len(_prepared) >= _MOST:
            _prepared.clear()
        _prepared[id(targets)] = targets, made
    return made
