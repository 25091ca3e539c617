"""One rate as a store keeps it: how many units were drawn in each sub-window. Pure: time is handed in.

A unit counts from its sub-window's end for *per* seconds, and for as long as it may be used after it was drawn. So
whatever the moment of its use, no window of *per* seconds around that sees more units used than the limit says.
"""

import math

from store.contract import SUBWINDOWS, WANTED, Draw, Drawn, life, share


def slot_of(now: float, per: float) -> int:
    return math.floor(now * SUBWINDOWS / per)


def end_of(slot: int, per: float) -> float:
    """When the units of a slot may be drawn again."""
    return (slot + 1) * per / SUBWINDOWS + per + life(per)


class Rate:
    """*slots*: units by sub-window. *refused*: when somebody was last refused who may hope for units that go back."""

    __slots__ = ("refused", "slots")

    def __init__(self, slots: dict[int, int] | None = None, *, refused: float = -math.inf) -> None:
        self.slots = {} if slots is None else slots
        self.refused = refused

    def draw(self, draw: Draw, now: float) -> Drawn:
        slot = slot_of(now, draw.per)
        self._let_go(slot, now, draw.per)
        for earlier, units in draw.back:
            self._take_back(earlier, units)
        free = draw.limit - sum(self.slots.values())
        granted = share(free, draw.least, draw.most)
        wait = 0.0
        if granted:
            self.slots[slot] = self.slots.get(slot, 0) + granted
        elif draw.least > 0 and draw.most > 0:
            wait = self._wait(draw, free, now)
            self.refused = now if draw.least <= draw.limit else self.refused
        reset = max((end_of(one, draw.per) for one in self.slots), default=now) - now
        wanted = abs(now - self.refused) < WANTED
        return Drawn(granted, slot, max(0, free - granted), reset, wait, wanted)

    def _let_go(self, current: int, now: float, per: float) -> None:
        """Forget slots that count no more. A slot of the future means that the clock went back: it counts from now."""
        for slot in [slot for slot in self.slots if slot > current]:
            self.slots[current] = self.slots.get(current, 0) + self.slots.pop(slot)
        for slot in [slot for slot in self.slots if end_of(slot, per) <= now]:
            del self.slots[slot]

    def _take_back(self, slot: int, units: int) -> None:
        left = self.slots.get(slot, 0) - units
        if left > 0:
            self.slots[slot] = left
        else:
            self.slots.pop(slot, None)

    def _wait(self, draw: Draw, free: int, now: float) -> float:
        """Seconds until *least* can be drawn, if nobody draws anything before; endless where it is above the limit."""
        for slot in sorted(self.slots):
            free += self.slots[slot]
            if free >= draw.least:
                return end_of(slot, draw.per) - now
        return math.inf
