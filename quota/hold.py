"""What one attempt has set aside until its cost is known."""

from typing import Protocol

from quota.allotment import Allotment
from quota.purse import Purse
from quota.rates import Chunk, Rate


class TillLike(Protocol):
    """Where a hold came from, and where it goes back to."""

    def settle(self, hold: "Hold", cost: int, tokens: int, row: bytes) -> None: ...

    def extend(self, hold: "Hold", cost: int) -> bool: ...

    async def stretch(self, hold: "Hold", cost: int) -> bool: ...


class Hold:
    """Settled or released exactly once, on every way out; saying it again is harmless.

    *cost* is what is held, in nano-dollars, until then; *chunks* where the tokens are from. *seats* are what it has of
    its call's, unless somebody takes them over: then they are given back by Till.leave.
    """

    __slots__ = ("_till", "chunks", "cost", "number", "over", "purse", "seats", "tokens")

    def __init__(self, till: TillLike, purse: Purse, number: int, cost: int, tokens: int) -> None:
        self._till = till
        self.purse = purse
        self.number = number
        self.cost = cost
        self.tokens = tokens
        self.chunks: tuple[tuple[Rate, Chunk], ...] = ()
        self.seats: tuple[Allotment, ...] = ()
        self.over = False

    def settle(self, cost: int, tokens: int, row: bytes = b"") -> None:
        """The attempt cost and took so much, which may be more than what is held. *row* is the ledger's."""
        if not self.over:
            self._till.settle(self, cost, tokens, row)

    def release(self, row: bytes = b"") -> None:
        """Nothing was used. The request counts all the same."""
        if not self.over:
            self._till.settle(self, 0, 0, row)

    def extend(self, cost: int) -> bool:
        """Hold so much more, if it is in hand."""
        return not self.over and self._till.extend(self, cost)

    async def stretch(self, cost: int) -> bool:
        """As `extend`, asking the store if need be."""
        return not self.over and (self._till.extend(self, cost) or await self._till.stretch(self, cost))
