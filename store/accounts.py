"""One account as a store keeps it, and what a word of an owner does to it. Pure: time is handed in."""

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from store.contract import LEASE, SLOT_LEASE, WANTED, Heard, Stamp, Tell, share


class Part(NamedTuple):
    """What one owner said last: the stamp of it, its total, what it has in hand, and when it spoke."""

    life: int = -1
    number: int = -1
    spent: int = 0
    leased: int = 0
    seen: float = 0.0


UNHEARD: Final = Part()


class Sums(NamedTuple):
    spent: int
    leased: int
    lost: int


class Account:
    """*refused*: when somebody was last refused for what others have in hand."""

    __slots__ = ("ends", "parts", "refused")

    def __init__(
        self, parts: dict[str, Part] | None = None, *, ends: float = math.inf, refused: float = -math.inf
    ) -> None:
        self.parts = {} if parts is None else parts
        self.ends = ends
        self.refused = refused

    def tell(self, stamp: Stamp, tell: Tell, now: float) -> Heard:
        """Changes nothing where the answer says `late`."""
        known = self.parts.get(stamp.owner, UNHEARD)
        if (stamp.life, stamp.number) <= (known.life, known.number):
            return self._late(tell, known, now)
        own = max(known.spent, tell.spent)
        self.parts[stamp.owner] = Part(stamp.life, stamp.number, own, tell.keep, now)
        self.ends = tell.ends
        self._heal(now)
        spent, leased, lost = self.sums(now, lapses=tell.lapses)
        granted = share(tell.limit - spent - leased, tell.least, tell.most)
        if granted:
            self.parts[stamp.owner] = Part(stamp.life, stamp.number, own, tell.keep + granted, now)
        elif 0 < tell.least <= tell.limit - spent and tell.most > 0:
            self.refused = now
        return Heard(granted, spent, leased + granted, lost, own, wanted=self._wanted(now))

    def restore(self, spent: Mapping[str, int], ends: float) -> None:
        self.ends = ends
        for owner, total in spent.items():
            known = self.parts.get(owner, UNHEARD)
            self.parts[owner] = known._replace(spent=max(known.spent, total))

    def sums(self, now: float, *, lapses: bool) -> Sums:
        """What somebody had in hand who hasn't spoken for long is lost; where it *lapses*, it is free again."""
        spent = leased = silent = 0
        oldest = now - (SLOT_LEASE if lapses else LEASE)
        for part in self.parts.values():
            spent += part.spent
            leased += part.leased
            if part.seen < oldest:
                silent += part.leased
        return Sums(spent, leased - silent, 0) if lapses else Sums(spent, leased, silent)

    def _heal(self, now: float) -> None:
        """Who spoke in the future has spoken now: the clock went back."""
        for owner in [owner for owner, part in self.parts.items() if part.seen > now]:
            self.parts[owner] = self.parts[owner]._replace(seen=now)

    def _late(self, tell: Tell, known: Part, now: float) -> Heard:
        spent, leased, lost = self.sums(now, lapses=tell.lapses)
        return Heard(0, spent, leased, lost, known.spent, wanted=self._wanted(now), late=True, number=known.number)

    def _wanted(self, now: float) -> bool:
        return abs(now - self.refused) < WANTED
