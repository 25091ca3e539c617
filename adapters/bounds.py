"""Which calls have to be looked at because of their model's limits: decided with one look-up.

Most calls have none of the fields that their model might refuse.
"""

from typing import Final, NamedTuple

from adapters.limits import Limits, limits_of, watched
from core.ask import Abilities, Ask

REMEMBERED: Final = 1_024  # models; clients may make names up, so this has an end


class _Known(NamedTuple):
    abilities: Abilities
    limits: Limits | None
    watched: frozenset[str]


class Bounds:
    """Remembers the limits of a provider's models, for as long as what is known of a model stays the same."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def of(self, ask: Ask) -> Limits | None:
        """The limits that may matter to this call; None for nearly all."""
        known = self._known.get(ask.target.model)
        if known is None or known.abilities is not ask.model:
            known = self._learn(ask)
        limits = known.limits
        if limits is None or ask.call.endpoint != "chat":
            return None
        return None if limits.chat and known.watched.isdisjoint(ask.call.body) else limits

    def _learn(self, ask: Ask) -> _Known:
        model, abilities = ask.target.model, ask.model
        limits = limits_of(model, abilities)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        known = self._known[model] = _Known(abilities, limits, watched(limits))
        return known
