"""Answers that are paid slice by slice, for keys that declare huge ones and take little.

The input and a first slice are held; as the answer comes, more is held before it is needed. Where no more can be, the
answer ends there, as if its length had been limited.
"""

from typing import Final

from quota.hold import Hold

SLICE: Final = 1024  # tokens
AHEAD: Final = SLICE // 2  # tokens that must be covered beyond what has come, since the provider doesn't wait for us


class Slices:
    """*covered*: tokens of output that the hold pays. *price*: nano-dollars for one more. *most*: its end."""

    __slots__ = ("_hold", "_most", "_price", "covered")

    def __init__(self, hold: Hold, *, covered: int, price: int, most: int | None) -> None:
        self._hold = hold
        self._price = price
        self._most = most
        self.covered = covered

    def covers(self, produced: int) -> bool:
        """Whether enough is held for *produced* bytes (a token has at least one) and what comes meanwhile."""
        return self.covered >= produced + AHEAD

    def grow(self, produced: int) -> bool:
        """Hold more, of what is in hand."""
        tokens = self._wanted(produced)
        if not self._allowed(tokens) or not self._hold.extend(tokens * self._price):
            return False
        self.covered += tokens
        return True

    async def stretch(self, produced: int) -> bool:
        """Hold more, asking whoever keeps the money; the provider waits meanwhile."""
        tokens = self._wanted(produced)
        if not self._allowed(tokens) or not await self._hold.stretch(tokens * self._price):
            return False
        self.covered += tokens
        return True

    def _wanted(self, produced: int) -> int:
        return max(SLICE, produced + AHEAD - self.covered)

    def _allowed(self, tokens: int) -> bool:
        return self._most is None or self._hold.cost + tokens * self._price <= self._most
