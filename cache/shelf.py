"""What a place where answers are kept does, whatever it is made of. One suite of tests runs against all of them."""

from typing import NamedTuple, Protocol

from cache.entry import Entry, Forgetting


class Found(NamedTuple):
    """*since* is how often something was forgotten so far, as `keep` wants to hear it."""

    entry: Entry | None
    since: int


class Figures(NamedTuple):
    entries: int
    bytes: int


class Shelf(Protocol):
    """*now* is unix time. All of it may raise store.contract.StoreDown."""

    async def find(self, mark: bytes, now: float) -> Found: ...

    async def has(self, mark: bytes) -> bool:
        """Whether anything is kept under *mark*, be it too old; it isn't wanted for that."""
        ...

    async def keep(self, mark: bytes, entry: Entry, since: int, now: float) -> bool:
        """False where it is too large, or was to be forgotten *since* it was begun."""
        ...

    async def forget(self, names: Forgetting) -> int:
        """How many entries that were. What is being made meanwhile won't be kept either."""
        ...

    async def figures(self) -> Figures: ...
